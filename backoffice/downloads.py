"""Files as answers: the header that names them, in any script, and their content, in full or a part of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import IO, Any
from urllib.parse import quote

from flask import Response, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from config.later import Later
from models.attachment import service as attachment
from models.attachment import wrapping
from models.attachment.rules import PDF, PICTURES, NotMarkable
from models.watermark import is_marked

images = Later("models.attachment.images")

CHUNK = 255 * 1024
PNG = "image/png"

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


def unchanged(row: Mapping[str, Any], level: str) -> Response | None:
    """The answer 304 for whoever has an attached file already, out of a record of this level; None where it is to be
    sent. A copy with a mark is made anew each time."""
    if is_marked(level) or not request.if_none_match.contains_weak(_tag(row)):
        return None
    answer = Response(status=304)
    answer.set_etag(_tag(row))
    return answer


def serve(row: Mapping[str, Any], *, inline: bool, now: datetime, mark: str = "") -> Response:
    """An attached file as an answer: of the type that its content has, never run by the browser; the part of it that
    the request asks for, if it does.

    With a `mark` (X1) a PDF bears it on each of its pages and a picture in itself; anything else leaves in a ZIP beside
    a sheet with the mark. Such a copy is another one each time, so that no parts of it can be put together.

    :raises NotMarkable: for a PDF that cannot bear it, and for what would be looked at without. :raises PdfsBusy:
    :raises RequestedRangeNotSatisfiable: for a part that lies behind its end.
    """
    if mark:
        answer = _marked(row, inline, mark, now)
        answer.headers["Accept-Ranges"] = "none"
        return answer
    size, part = row["size"], _asked_part(row)
    start, stop = part or (0, size)
    content = attachment.content(row["file"], start)
    answer = _streamed(content, row["name"], row["type"], stop - start, inline=inline)
    answer.set_etag(_tag(row))
    answer.headers["Accept-Ranges"] = "bytes"
    if part:
        answer.status_code, answer.response = 206, _first(content, stop - start)
        answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return answer


def _tag(row: Mapping[str, Any]) -> str:
    """What stands for a file's content: its id, since a stored file is never changed."""
    return str(row["file"])


def _asked_part(row: Mapping[str, Any]) -> tuple[int, int] | None:
    """From which byte up to which of a file the request asks; None for all of it, as for what need not be understood:
    another unit, several parts at once, a part of something else (RFC 9110, 14.2)."""
    size, wanted = row["size"], request.range
    if request.method != "GET" or wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return None
    if request.headers.get("If-Range", f'"{_tag(row)}"') != f'"{_tag(row)}"':
        return None
    [(first, _)] = wanted.ranges
    found = (0, size) if first < -size else wanted.range_for_length(size)
    if found is None:
        raise RequestedRangeNotSatisfiable(size)
    return found


def picture(row: Mapping[str, Any], mark: str) -> bytes:
    """An attached picture to be shown in a page, with the mark, if any, in itself. :raises NotMarkable:"""
    with attachment.content(row["file"]) as content:
        if not mark:
            return content.read()
        # What is too large to be marked need not be held in full to be refused.
        held = content.read(images.MOST_BYTES + 1)
    return bytes(images.marked_image(held, row["type"], mark, row["name"]))


def page_of_pdf(row: Mapping[str, Any], number: int, mark: str, now: datetime) -> tuple[bytes, int]:
    """A page of an attached PDF as a PNG that bears the mark, and how many pages there are: to be looked at where the
    file itself may not leave (X4). :raises NotFound: no such page. :raises NotMarkable: :raises PdfsBusy:"""
    drawn, count = attachment.page_of_pdf(row, number, now)
    return bytes(images.marked_image(drawn, PNG, mark, row["name"], page=True)), count


def _marked(row: Mapping[str, Any], inline: bool, mark: str, now: datetime) -> Response:
    headers = {"Content-Disposition": disposition(row["name"], inline=inline)}
    if row["type"] == PDF:
        return Response(attachment.marked_pdf(row, mark, now), mimetype=PDF, headers=headers)
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


def _first(content: IO[bytes], left: int) -> Iterator[bytes]:
    while left and (piece := content.read(min(CHUNK, left))):
        yield piece
        left -= len(piece)
    content.close()
