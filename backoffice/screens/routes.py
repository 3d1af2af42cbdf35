"""What every class of record routes stands on: closed to whoever is not signed in, and no view is run twice."""

from __future__ import annotations

import re

from flask_admin import expose

from backoffice.screens.closed import ClosedView
from models.errors import NotFound
from models.listing import BadQuery

LONGEST_REV = 9


class RecordRoutes(ClosedView):
    """Routes under `/records`. What a person may do there is asked of the models for each request."""

    @expose("/")  # type: ignore[untyped-decorator]
    def nothing(self) -> None:
        """There is no page of all types. :raises NotFound:"""
        raise NotFound()


def revision(text: str | None) -> int:
    """The revision that a form was made from. :raises BadQuery: when it does not say."""
    if text is None or not re.fullmatch(rf"[0-9]{{1,{LONGEST_REV}}}", text):
        raise BadQuery(parameter="rev")
    return int(text)
