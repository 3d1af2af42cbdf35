"""Attached files, served only through a record that the reader sees and that points to them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from bson import ObjectId
from flask import Response
from flask.typing import ResponseReturnValue
from flask_admin import expose
from werkzeug.datastructures import Headers

from backoffice.screens import list_page, record_page
from backoffice.screens.base import view_of
from backoffice.screens.cells import person_ids, record_url, size_text
from backoffice.screens.downloads import disposition
from backoffice.screens.reader import current_reader
from backoffice.screens.routes import RecordRoutes
from models import names, records
from models.access import Purpose
from models.attachment import service as attachment
from models.attachment.rules import IMAGES, SHOWN
from models.errors import NotFound, Refusal
from models.records import Locked, Sight

CHUNK = 255 * 1024
LARGEST_IMAGE = 8 * 1024 * 1024


class NotToLeave(Refusal):
    """The record may be read on screen; what it holds leaves only by borrowing (X4)."""

    code, status = "not_to_leave", 403
    zh = "您可以在屏幕上查看此记录；下载附件须办理借阅。"
    en = "You may read this on screen; to download its files, borrow the record."


class FileRoutes(RecordRoutes):
    """The files of a record: to keep, and to look at."""

    @expose("/<slug>/<number>/files/<file_id>")  # type: ignore[untyped-decorator]
    def file(self, slug: str, number: str, file_id: str) -> ResponseReturnValue:
        """Download a file. Out of a classified record that is an export."""
        view_of(slug, self.admin)
        reader = current_reader()
        purpose = records.leaving_purpose(slug, number)
        sight = records.see(reader.person, slug, number, purpose, reader.now)
        if not sight.full:
            raise NotToLeave() if records.again(reader.person, slug, number).full else Locked()
        return serve(pointed_row(sight, file_id), inline=False)

    @expose("/<slug>/<number>/files/<file_id>/view")  # type: ignore[untyped-decorator]
    def file_shown(self, slug: str, number: str, file_id: str) -> ResponseReturnValue:
        """Look at an image or PDF on the screen: images under the reader's watermark (X1), a PDF as it is."""
        view, reader = view_of(slug, self.admin), current_reader()
        sight = records.read(reader.person, slug, number, Purpose.VIEW, reader.now)
        row = pointed_row(sight, file_id)
        if row["type"] not in SHOWN:
            raise NotFound()
        if row["type"] not in IMAGES or row["size"] > LARGEST_IMAGE:
            return serve(row, inline=True)
        content = base64.b64encode(attachment.content(row["file"]).read()).decode()
        people = person_ids(sight.values)
        found = names.resolve(reader.person, [(sight.fields, sight.values)], language=reader.language, people=people)
        return self.page(
            "records/file.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            file={"name": row["name"], "size": size_text(row["size"]), "data": f"data:{row['type']};base64,{content}"},
            watermark=record_page.watermark(sight, reader),
            urls={
                "record": record_url(slug, sight.number),
                "download": record_url(slug, sight.number, "file", file_id=file_id),
            },
        )


def pointed_row(sight: Sight, file_id: str) -> dict[str, Any]:
    """The row of a file that the record, as this reader sees it, points to. :raises NotFound:"""
    if ObjectId.is_valid(file_id):
        wanted = ObjectId(file_id)
        for field in sight.fields:
            for row in (sight.values.get(field.name) or ()) if field.kind == "files" else ():
                if row["file"] == wanted:
                    return dict(row)
    raise NotFound()


def serve(row: dict[str, Any], *, inline: bool) -> Response:
    """A file as an answer: of the type that its content has, never run by the browser."""
    content = attachment.content(row["file"])
    headers = Headers()
    headers["Content-Disposition"] = disposition(row["name"], inline=inline)
    headers["Content-Length"] = str(row["size"])
    return Response(_chunks(content), mimetype=row["type"], headers=headers)


def _chunks(content: Any) -> Iterator[bytes]:
    while piece := content.read(CHUNK):
        yield piece
