"""What a form may send: each route names its fields, and anything else is refused before the route is run.

A route that names nothing takes the form's token only, so that a new form is closed until it says what is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, request

from backoffice.form_body import FormRequest
from models.errors import Refusal

TOKEN = "csrf_token"  # noqa: S105 - the name of a field
TAKES = "takes_fields"
LONGEST_NAME = 60
BARE = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable[..., Any])


class UnknownFormField(Refusal):
    """The form holds a field that is not in it for this person."""

    code, status = "unknown_field", 400
    zh, en = "表单中没有“{field}”这个字段。", "There is no field “{field}” in this form."


@dataclass(frozen=True)
class Fields:
    """The names that a route takes; with `more`, others too, which the route checks itself."""

    names: frozenset[str] = frozenset()
    more: bool = False


def takes(*names: str, more: bool = False) -> Callable[[View], View]:
    """Name the fields of the form that a route takes. With `more` the route knows the others only once it runs, such
    as those of a record, and has to `check` them itself."""

    def mark(view: View) -> View:
        setattr(view, TAKES, Fields(frozenset(names), more))
        return view

    return mark


def init_app(app: Flask, of_libraries: Mapping[str, Iterable[str]], *, apart: str) -> None:
    """Check every form that is sent, except to the blueprint `apart`, which takes none. `of_libraries` names the fields
    of routes that are not ours, by endpoint.

    To be called after the gate and the check of tokens: strangers and stale forms are told so first.
    """
    app.request_class = FormRequest
    app.extensions[TAKES] = {endpoint: Fields(frozenset(names)) for endpoint, names in of_libraries.items()}

    def check_form() -> None:
        if request.endpoint is None or request.method in BARE or request.blueprint == apart:
            return
        fields = taken(current_app, request.endpoint)
        if not fields.more:
            check((*request.form, *request.files), {*fields.names, TOKEN})

    app.before_request(check_form)


def taken(app: Flask, endpoint: str) -> Fields:
    """The fields that a route takes."""
    of_libraries: dict[str, Fields] = app.extensions[TAKES]
    found: Fields | None = getattr(app.view_functions[endpoint], TAKES, None)
    return found or of_libraries.get(endpoint, Fields())


def check(sent: Iterable[str], known: Iterable[str]) -> None:
    """:raises UnknownFormField: for the first sent name that is not known."""
    allowed = frozenset(known)
    for name in sent:
        if name not in allowed:
            raise UnknownFormField(field=name[:LONGEST_NAME])


def typed_text(posted: Mapping[str, str], name: str, shown: str = "") -> str:
    """The text of an input, its lines ended as stored ones are; what was shown, where it was not on the page."""
    return posted.get(name, shown).replace("\r\n", "\n")
