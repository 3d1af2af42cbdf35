"""Files as answers: the header that names them, in any script, and their content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from flask import Response
from werkzeug.datastructures import Headers

from config.later import Later
from models.attachment import service as attachment
from models.attachment.rules import PDF

marking = Later("models.attachment.marking")

CHUNK = 255 * 1024

SAFE = "!#$&+-.^_`|~"
"""What stands for itself in an extended parameter (RFC 8187), beside letters and digits."""


def disposition(name: str, *, inline: bool = False) -> str:
    """The Content-Disposition of a file. Headers hold Latin letters only, so that a name in another script is written
    twice: percent-encoded for browsers, and as far as it is plain for the rest."""
    how = "inline" if inline else "attachment"
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    if plain == name:
        return f'{how}; filename="{plain}"'
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=SAFE)}"


def serve(row: Mapping[str, Any], *, inline: bool, mark: str = "") -> Response:
    """An attached file as an answer: of the type that its content has, never run by the browser. A PDF bears `mark`
    on each of its pages (X1). :raises NotMarkable: for one that cannot, and for another file that would be looked at
    without its mark."""
    content = attachment.content(row["file"])
    headers = Headers()
    headers["Content-Disposition"] = disposition(row["name"], inline=inline)
    if mark and row["type"] == PDF:
        return Response(marking.marked_pdf(content.read(), mark, row["name"]), mimetype=PDF, headers=headers)
    if mark and inline:
        raise marking.NotMarkable(name=row["name"])
    headers["Content-Length"] = str(row["size"])
    return Response(_chunks(content), mimetype=row["type"], headers=headers)


def _chunks(content: Any) -> Iterator[bytes]:
    while piece := content.read(CHUNK):
        yield piece
