"""What every class of record routes stands on: closed to whoever is not signed in, and no view is run twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask_admin import BaseView, expose

from backoffice import auth
from models.errors import NotFound
from models.listing import BadQuery

LONGEST_REV = 9


class RecordRoutes(BaseView):
    """Routes under `/records`. What a person may do there is asked of the models for each request."""

    def is_accessible(self) -> bool:
        """Only whoever is signed in; Flask-Admin would let everybody in."""
        return auth.known_person() is not None

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a view once: Flask-Admin would run it again, without its arguments, after any TypeError in it."""
        return fn(self, *args, **kwargs)

    def page(self, template: str, **context: Any) -> str:
        """A page in the product's frame."""
        rendered: str = self.render(template, **context)
        return rendered

    @expose("/")  # type: ignore[untyped-decorator]
    def nothing(self) -> None:
        """There is no page of all types. :raises NotFound:"""
        raise NotFound()


def revision(text: str | None) -> int:
    """The revision that a form was made from. :raises BadQuery: when it does not say."""
    if text is None or not re.fullmatch(rf"[0-9]{{1,{LONGEST_REV}}}", text):
        raise BadQuery(parameter="rev")
    return int(text)
