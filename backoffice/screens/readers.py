"""Who has read a record (X7): every reading, print, export and refused try, for those who may know. Neighbours that say
the same stand in one line, with their number and the span of their times."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from flask import request, url_for
from flask_admin import expose

from backoffice.screens import audit_words as words
from backoffice.screens import cells
from backoffice.screens.cells import record_url
from backoffice.screens.closed import ClosedView
from backoffice.screens.reader import Reader, current_reader
from models import audit, ownership, records
from models.access import Purpose
from models.errors import Forbidden
from models.listing import BadQuery
from models.person.roles import Permission

PAGE = 50
"""Lines on a page."""
LOOKED_AT = 500
"""So many readings make up the lines of a page at most; a line that would have more is continued on the next."""
Context = dict[str, Any]


class ReadersView(ClosedView):
    """The readings of one record, newest first, by keyset; closed to everybody without `readers:read`."""

    needs = Permission.READERS_READ

    def is_visible(self) -> bool:
        """It is reached from a record."""
        return False

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """:raises BadQuery: always: no record is named."""
        raise BadQuery(parameter="number")

    @expose("/<slug>/<number>")  # type: ignore[untyped-decorator]
    def of_record(self, slug: str, number: str) -> str:
        """Who has read this record. :raises NotFound: :raises Locked: when the reader may not read it themselves.
        :raises Forbidden: when they read it and it is not of their department."""
        reader = current_reader()
        before = _before(request.args.get("before", ""))
        sight = records.read(reader.person, slug, number, Purpose.VIEW, reader.now)
        if not ownership.knows_readers(reader.person, sight.values):
            raise Forbidden()
        found = audit.readings(sight.id, LOOKED_AT + 1, before)
        runs = audit.runs(found[:LOOKED_AT])
        following = ""
        if len(found) > LOOKED_AT or len(runs) > PAGE:
            runs = runs[:PAGE]
            last = str(runs[-1].last["_id"])
            following = url_for("readers.of_record", slug=slug, number=sight.number, before=last)
        return self.page(
            "readers.html",
            number=sight.number,
            level=words.level(sight.values),
            rows=[_row(run, reader) for run in runs],
            people=[_person(one, reader) for one in audit.readers(sight.id)],
            record_url=record_url(slug, sight.number),
            next_url=following,
            first_url=url_for("readers.of_record", slug=slug, number=sight.number) if before else "",
        )


def _before(text: str) -> ObjectId | None:
    if text and not ObjectId.is_valid(text):
        raise BadQuery(parameter="before")
    return ObjectId(text) if text else None


def _row(run: audit.Run, reader: Reader) -> Context:
    row, language = dict(run.latest), reader.language
    moments = dict.fromkeys(cells.moment_full(at, language) for at in (run.first_at, row["at"]))
    return {
        "at": cells.span_short(run.first_at, row["at"], language),
        "full": " – ".join(moments),
        "count": words.times(run.count) if run.count > 1 else "",
        "who": words.who(row),
        "what": words.what(row, language),
        "tone": "bad" if row["action"] == "refused" else "neutral",
        # What else stood on the same page of a list is nothing of this record (X6).
        "level": "" if isinstance(row["level"], list) else words.level(row),
    }


def _person(one: Context, reader: Reader) -> Context:
    return {
        "who": one["name"],
        "count": words.times(one["count"]),
        "last": cells.moment_short(one["last"], reader.language),
    }
