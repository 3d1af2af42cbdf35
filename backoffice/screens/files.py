"""Attached files, served only through a record that the reader sees and that points to them."""

from __future__ import annotations

import base64

from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice.downloads import picture, serve, unchanged
from backoffice.screens import borrowing, list_page, record_page
from backoffice.screens.base import view_of
from backoffice.screens.cells import person_ids, record_url, size_text
from backoffice.screens.reader import current_reader
from backoffice.screens.routes import RecordRoutes
from models import names, records
from models.access import Purpose
from models.attachment.rules import IMAGES, SHOWN
from models.errors import NotFound

LARGEST_IMAGE = 8 * 1024 * 1024
"""A larger one is shown by itself, and not within a page."""


class FileRoutes(RecordRoutes):
    """The files of a record: to keep, and to look at."""

    @expose("/<slug>/<number>/files/<file_id>")  # type: ignore[untyped-decorator]
    def file(self, slug: str, number: str, file_id: str) -> ResponseReturnValue:
        """Download a file. Out of a classified record that is an export, under a card one with a receipt."""
        view_of(slug, self.admin)
        reader = current_reader()
        sight = records.taken_out(reader.person, slug, number, reader.now, file_id)
        row = records.pointed_file(sight, file_id)
        return unchanged(row, sight.level) or serve(row, inline=False, mark=borrowing.file_mark(sight, reader))

    @expose("/<slug>/<number>/files/<file_id>/view")  # type: ignore[untyped-decorator]
    def file_shown(self, slug: str, number: str, file_id: str) -> ResponseReturnValue:
        """Look at an image or PDF on the screen, under the reader's watermark (X1)."""
        view, reader = view_of(slug, self.admin), current_reader()
        sight = records.read(reader.person, slug, number, Purpose.VIEW, reader.now, file_id=file_id)
        row = records.pointed_file(sight, file_id)
        if row["type"] not in SHOWN:
            raise NotFound()
        mark = record_page.watermark(sight, reader)
        if row["type"] not in IMAGES or row["size"] > LARGEST_IMAGE:
            return unchanged(row, sight.level) or serve(row, inline=True, mark=mark)
        content = base64.b64encode(picture(row, mark)).decode()
        people = person_ids(sight.values)
        found = names.resolve(reader.person, [(sight.fields, sight.values)], language=reader.language, people=people)
        return self.page(
            "records/file.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            file={"name": row["name"], "size": size_text(row["size"]), "data": f"data:{row['type']};base64,{content}"},
            watermark=mark,
            urls={
                "record": record_url(slug, sight.number),
                "download": record_url(slug, sight.number, "file", file_id=file_id),
            },
        )
