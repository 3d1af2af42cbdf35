"""The bulk changes that a person may know of: their own, the head those of the department, auditor and administrator
all of them, without a word of what the records hold."""

from __future__ import annotations

from typing import Any

from flask_admin import expose

from backoffice.screens import bulk_page as pages
from backoffice.screens.closed import ClosedView
from backoffice.screens.reader import Reader, current_reader
from models import registry
from models.bulk_change import service
from models.bulk_change.document import Plan
from models.errors import NotFound

Context = dict[str, Any]


class BulkChangesView(ClosedView):
    """The latest bulk changes, newest first."""

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """The bulk changes that the reader may know of."""
        reader = current_reader()
        lines = [made for plan in service.recent(reader.person) if (made := _line(plan, reader)) is not None]
        return self.page("records/bulk_list.html", plans=lines)


def _line(plan: Plan, reader: Reader) -> Context | None:
    """A bulk change in one line; without its note and its address for those who only look after it."""
    try:
        rt = registry.get(plan.type).rt
    except NotFound:  # the type was taken out of force
        return None
    made = pages.line(rt, plan, reader)
    if made["own"] or service.oversees(reader.person, plan):
        return made | {"url": pages.at(plan)}
    return made | {"url": "", "note": ""}
