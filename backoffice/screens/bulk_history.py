"""The bulk changes that a person may know of: their own, the head those of the department, auditor and administrator
all of them, without a word of what the records hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_admin import BaseView, expose

from backoffice import auth
from backoffice.screens import bulk_page as pages
from backoffice.screens.reader import Reader, current_reader
from models import registry
from models.bulk_change import service
from models.bulk_change.document import Plan
from models.errors import NotFound

Context = dict[str, Any]


class BulkChangesView(BaseView):
    """The latest bulk changes, newest first."""

    def is_accessible(self) -> bool:
        """Whoever is signed in has a list, if an empty one."""
        return auth.known_person() is not None

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a view once: Flask-Admin would run it again after any TypeError in it."""
        return fn(self, *args, **kwargs)

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """The bulk changes that the reader may know of."""
        reader = current_reader()
        lines = [made for plan in service.recent(reader.person) if (made := _line(plan, reader)) is not None]
        rendered: str = self.render("records/bulk_list.html", plans=lines)
        return rendered


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
