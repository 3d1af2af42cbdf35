"""Attached files: sent first, then pointed to by a record; fetched through a record that the caller sees."""

from __future__ import annotations

from flask import Response, current_app, request

from backoffice.api import bodies
from backoffice.api.addresses import open_type
from backoffice.api.caller import caller
from backoffice.api.lists import answered
from backoffice.api.problems import BadRequest, WrongContent
from backoffice.downloads import serve, unchanged
from models import records
from models.access import Purpose
from models.access_request import receipt
from models.attachment import service as attachment
from models.errors import Forbidden, Sentence
from models.watermark import watermark

BYTES = "application/octet-stream"
LONGEST_NAME = 200


def upload() -> Response:
    """Store a file. It is the caller's until a record takes it, by its id in a field of files, within a day."""
    me = caller()
    bodies.check_answerable()
    bodies.check_parameters("name")
    if me.person.read_only:
        raise Forbidden()
    name = request.args.get("name", "")
    if not 0 < len(name) <= LONGEST_NAME or "\x00" in name:
        wrong = Sentence(f"应为 1 至 {LONGEST_NAME} 个字符。", f"This is 1 to {LONGEST_NAME} characters.")
        raise BadRequest(errors={"name": wrong}, what=Sentence("文件名", "name"))
    if request.mimetype != BYTES:
        raise WrongContent(wanted=BYTES)
    settings = current_app.config["SETTINGS"]
    row = attachment.put(
        request.stream,
        name,
        person=me.person,
        now=me.now,
        limit=settings.max_upload_bytes,
        clamd=settings.clamd_url,
    )
    return answered({**row, "file": str(row["file"])}, 201)


def download(slug: str, number: str, file_id: str) -> Response:
    """The content of a file to which a record points, or a part of it; 304 where the caller has it already. Out of a
    classified record that is an export, each time."""
    open_type(slug)
    me = caller()
    bodies.check_parameters()
    sight = records.taken_out(me.person, slug, number, me.now, file_id)
    row = records.pointed_file(sight, file_id)
    if (held := unchanged(row, sight.level)) is not None:
        return held
    number = receipt.note(me.person, sight, Purpose.EXPORT, "file", now=me.now, what="API")
    mark = watermark(sight.level, me.person, me.now, me.person.language, number)
    return serve(row, inline=False, now=me.now, mark=mark)


ROUTES = (("/files", "POST", upload), ("/<type:slug>/<number>/files/<file_id>", "GET", download))
