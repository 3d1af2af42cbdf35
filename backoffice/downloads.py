"""Files as answers: the header that names them, in any script, and their content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any
from urllib.parse import quote

from flask import Response
from werkzeug.datastructures import Headers

from config.later import Later
from models.attachment import service as attachment
from models.attachment import wrapping
from models.attachment.rules import PDF, PICTURES, NotMarkable

images, marking = Later("models.attachment.images"), Later("models.attachment.marking")

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
    """An attached file as an answer: of the type that its content has, never run by the browser.

    With a `mark` (X1) a PDF bears it on each of its pages and a picture in itself; anything else leaves in a ZIP beside
    a sheet with the mark. :raises NotMarkable: for a PDF that cannot bear it, and for what would be looked at without.
    """
    if mark:
        return _marked(row, inline, mark)
    content = attachment.content(row["file"])
    return _streamed(content, row["name"], row["type"], row["size"], inline=inline)


def picture(row: Mapping[str, Any], mark: str) -> bytes:
    """An attached picture to be shown in a page, with the mark, if any, in itself. :raises NotMarkable:"""
    with attachment.content(row["file"]) as content:
        if not mark:
            return content.read()
        # What is too large to be marked need not be held in full to be refused.
        held = content.read(images.MOST_BYTES + 1)
    return bytes(images.marked_image(held, row["type"], mark, row["name"]))


def _marked(row: Mapping[str, Any], inline: bool, mark: str) -> Response:
    headers = {"Content-Disposition": disposition(row["name"], inline=inline)}
    if row["type"] == PDF:
        with attachment.content(row["file"]) as content:
            held = content.read(marking.MOST_BYTES + 1)
        return Response(marking.marked_pdf(held, mark, row["name"]), mimetype=PDF, headers=headers)
    if row["type"] in PICTURES:
        try:
            return Response(picture(row, mark), mimetype=row["type"], headers=headers)
        except NotMarkable:
            if inline:
                raise
    if inline:
        raise NotMarkable(name=row["name"])
    with attachment.content(row["file"]) as content:
        made, size, name = wrapping.wrapped(content, row["name"], mark)
    return _streamed(made, name, wrapping.ZIP, size, inline=False)


def _streamed(content: IO[bytes], name: str, kind: str, size: int, *, inline: bool) -> Response:
    headers = Headers()
    headers["Content-Disposition"] = disposition(name, inline=inline)
    headers["Content-Length"] = str(size)
    answer = Response(_chunks(content), mimetype=kind, headers=headers)
    answer.call_on_close(content.close)
    return answer


def _chunks(content: IO[bytes]) -> Iterator[bytes]:
    while piece := content.read(CHUNK):
        yield piece
    content.close()
