"""What every class of record routes stands on: closed to whoever is not signed in, and no view is run twice."""

from __future__ import annotations

import re

from flask import flash
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.screens.closed import ClosedView
from models.declarations import RecordType
from models.errors import NotFound
from models.listing import BadQuery

LONGEST_REV = 9


class RecordRoutes(ClosedView):
    """Routes under `/records`. What a person may do there is asked of the models for each request."""

    @expose("/")  # type: ignore[untyped-decorator]
    def nothing(self) -> None:
        """There is no page of all types. :raises NotFound:"""
        raise NotFound()


def say_handed_in(rt: RecordType, number: str, language: str) -> None:
    """Tell whoever handed in a record of a type, whatever it asks for, that others have it now."""
    flash(_("%(what)s %(number)s is handed in.", what=rt.label.text(language), number=number), "success")


def is_handed_in(rt: RecordType) -> bool:
    """Whether a new record of a type waits for others than those who made it."""
    turn = rt.workflow.states[0].turn if rt.workflow else ()
    return bool(turn) and {"owner", "creator"}.isdisjoint(turn)


def revision(text: str | None) -> int:
    """The revision that a form was made from. :raises BadQuery: when it does not say."""
    if text is None or not re.fullmatch(rf"[0-9]{{1,{LONGEST_REV}}}", text):
        raise BadQuery(parameter="rev")
    return int(text)
