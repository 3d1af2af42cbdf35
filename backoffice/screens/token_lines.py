"""A person's access tokens as lines of a table; never a secret."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import ObjectId
from flask_babel import gettext as _

from backoffice.screens import cells
from models import registry
from models.token import service as tokens
from models.token.service import Token

Context = dict[str, Any]


def lines(person: ObjectId, now: datetime, language: str, url: Callable[[str], str]) -> list[Context]:
    """The tokens of a person, newest first; those in force with the address, by their id, where they are revoked."""
    return [
        {**line(one, language), "revoke_url": "" if one.ended else url(str(one.id))}
        for one in tokens.of_person(person, now)
    ]


def line(token: Token, language: str) -> Context:
    """One token: what it is for, what it opens, when it was used, when and whether it ended."""
    labels = [rt.plural.text(language) for rt in registry.all_types() if rt.slug in (token.types or ())]
    words = {"": _("in force"), "expired": _("expired"), "revoked": _("revoked")}
    return {
        "name": token.name,
        "prefix": token.prefix,
        "opens": labels,
        "read_only": token.read_only,
        "expires": cells.moment_short(token.expires, language),
        "used": cells.moment_short(token.last_used, language) if token.last_used else "",
        "state": {"text": words[token.ended], "tone": "neutral" if token.ended else "good"},
    }
