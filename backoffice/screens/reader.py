"""Who reads a page: taken once per request and handed on, so that nothing below asks the web for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backoffice import auth, edge, locale
from models.person.roles import Person


@dataclass(frozen=True)
class Reader:
    """The signed-in person, the moment of the request (UTC) and the language of the page (`zh` or `en`)."""

    person: Person
    now: datetime
    language: str


def current_reader() -> Reader:
    """The reader of the running request. :raises NotSignedIn: when nobody is signed in."""
    return Reader(auth.current_person(), edge.now(), locale.language())
