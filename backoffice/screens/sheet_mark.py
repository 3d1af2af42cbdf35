"""The mark of what a sheet showed to a person: they decide on that, and on nothing else (docs/adr/0016).

It is keyed, so that nobody reads out of it what the sheet does not say.
"""

from __future__ import annotations

import hmac

from flask import current_app, request

from models.person.roles import Person

FIELD = "_shown"
"""The input of a sheet that holds its mark; no field begins so."""


def of(person: Person, facts: str) -> str:
    """The mark of the facts on a person's sheet; '' where it shows none."""
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.digest(key, f"sheet\0{person.id}\0{facts}".encode(), "sha256").hex() if facts else ""


def was_sent(person: Person, facts: str) -> bool:
    """Whether the form that is sent comes from a sheet on which these facts were shown to the person."""
    return hmac.compare_digest(of(person, facts).encode(), sent().encode())


def sent() -> str:
    """The mark in the form that is sent; '' without one."""
    return request.form.get(FIELD, "")
