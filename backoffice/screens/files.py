"""Attached files, served only through a record that the reader sees and that points to them."""

from __future__ import annotations

import base64

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from backoffice.downloads import PNG, page_of_pdf, picture, serve, unchanged
from backoffice.screens import borrowing, list_page, record_page
from backoffice.screens.base import view_of
from backoffice.screens.cells import person_ids, record_url, size_text
from backoffice.screens.reader import current_reader
from backoffice.screens.routes import RecordRoutes
from models import names, records
from models.access import Purpose
from models.attachment.rules import IMAGES, PDF, SHOWN
from models.errors import NotFound
from models.listing import BadQuery

LARGEST_IMAGE = 8 * 1024 * 1024
"""A larger one is shown by itself, and not within a page."""
LONGEST_PAGE = 4


class FileRoutes(RecordRoutes):
    """The files of a record: to keep, and to look at."""

    @expose("/<slug>/<number>/files/<file_id>")  # type: ignore[untyped-decorator]
    def file(self, slug: str, number: str, file_id: str) -> ResponseReturnValue:
        """Download a file. Out of a classified record that is an export, under a card one with a receipt."""
        view_of(slug, self.admin)
        reader = current_reader()
        sight = records.taken_out(reader.person, slug, number, reader.now, file_id)
        row = records.pointed_file(sight, file_id)
        if (held := unchanged(row, sight.level)) is not None:
            return held
        return serve(row, inline=False, now=reader.now, mark=borrowing.file_mark(sight, reader))

    @expose("/<slug>/<number>/files/<file_id>/view")  # type: ignore[untyped-decorator]
    def file_shown(self, slug: str, number: str, file_id: str) -> ResponseReturnValue:
        """Look at an image or PDF on the screen, under the reader's watermark (X1); at a PDF of a classified record
        page by page, as pictures: whoever may only look is not given the file (X4)."""
        view, reader = view_of(slug, self.admin), current_reader()
        sight = records.read(reader.person, slug, number, Purpose.VIEW, reader.now, file_id=file_id)
        row = records.pointed_file(sight, file_id)
        if row["type"] not in SHOWN:
            raise NotFound()
        mark = record_page.watermark(sight, reader)
        paged = row["type"] == PDF and bool(mark)
        if not paged and (row["type"] not in IMAGES or row["size"] > LARGEST_IMAGE):
            return unchanged(row, sight.level) or serve(row, inline=True, now=reader.now, mark=mark)
        number_of_page = _asked_page() if paged else 1
        drawn, count = page_of_pdf(row, number_of_page, mark, reader.now) if paged else (picture(row, mark), 1)
        kind = PNG if paged else row["type"]
        people = person_ids(sight.values)
        found = names.resolve(reader.person, [(sight.fields, sight.values)], language=reader.language, people=people)
        return self.page(
            "records/file.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            file={
                "name": row["name"],
                "size": size_text(row["size"]),
                "data": f"data:{kind};base64,{base64.b64encode(drawn).decode()}",
                "page": number_of_page,
                "pages": count,
            },
            notices=borrowing.notices(sight, reader),
            watermark=mark,
            urls={
                "record": record_url(slug, sight.number),
                "download": record_url(slug, sight.number, "file", file_id=file_id) if sight.leaves else "",
                "page": record_url(slug, sight.number, "file_shown", file_id=file_id),
            },
        )


def _asked_page() -> int:
    """Which page the address asks for. :raises BadQuery:"""
    asked = request.args.get("page", "1")
    if not (asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_PAGE):
        raise BadQuery(parameter="page")
    return int(asked)
