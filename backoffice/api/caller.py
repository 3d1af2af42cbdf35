"""Who calls: the person behind a bearer token, with their rights or narrower. Cookies are never looked at here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson import ObjectId
from flask import current_app, g, request

from backoffice import at_hand, edge
from config.policy import policy
from models.access import READING, Purpose
from models.errors import Refusal
from models.listing import Question
from models.person import api_level
from models.person import service as people
from models.person.known import as_before
from models.person.roles import Means, Person
from models.token import rules
from models.token import service as tokens
from models.token.rate import Allowance
from models.token.service import Token

LANGUAGES = ("zh", "en")
LONGEST_HEADER = 200
MOST_REMEMBERED = 1_000


class NoToken(Refusal):
    """The request carries no bearer token."""

    code, status = "no_token", 401
    zh, en = "请在 Authorization 头中提供令牌。", "Send a token in the Authorization header."
    challenge = "Bearer"


class BadToken(NoToken):
    """The token is unknown, expired, revoked, or its person's account has ended: all answer alike."""

    code = "bad_token"
    zh, en = "令牌无效、已过期或已撤销。", "The token is not valid, has expired or was revoked."
    challenge = 'Bearer error="invalid_token"'


@dataclass(frozen=True)
class Caller:
    """The person behind the request's token, the token, the moment (UTC) and the language of messages."""

    person: Person
    token: Token
    now: datetime
    language: str


@dataclass(frozen=True)
class Before:
    """Whom a token stood for when it last served, with their rights and language. It opens nothing: what is asked for
    with it is taken only where the request turns out to have the same (X6)."""

    person: Person
    language: str


Ahead = Callable[[Before, datetime], Question | None]
"""What to ask together with who asks, on the guess that nothing about them has changed."""

_before: dict[str, Before] = {}


def identify(ahead: Ahead) -> None:
    """Find out who calls, before every request of the API. :raises NoToken: :raises TooManyRequests:"""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise NoToken()
    secret, now = secret.strip(), edge.now()
    if len(secret) > LONGEST_HEADER:
        raise BadToken()
    # Taken out until the request is let in: a token that has ended, or had its requests, is guessed about once.
    key = tokens.fingerprint(secret)
    before = _before.pop(key, None)
    found = tokens.find(secret, now, _beside, ahead(before, now) if before is not None else None)
    if found is None:
        raise BadToken()
    at_hand.keep(found.answer)
    token = found.token
    allowance: Allowance = current_app.extensions["api_allowance"]
    said = asked_language()
    person = people.person_of(found.account, said or LANGUAGES[0])
    g.caller_language = said or person.language
    acting = replace(
        person,
        grants=_leaving(found.grants),
        only=token.types,
        levels=rules.levels_up_to(policy().api.highest_level, api_level.of(found.account)),
        read_only=token.read_only,
        through=Means(token.id, token.name),
    )
    g.person = as_before(acting)
    allowance.spend(token.id, now)
    g.caller = Caller(g.person, token, now, language())
    after = Before(g.person, g.caller.language)
    g.as_before = before == after
    g.ahead = found.ahead if g.as_before else None
    if len(_before) >= MOST_REMEMBERED:
        _before.clear()
    _before[key] = after


def _leaving(grants: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """The person's grants for a program, where every answer leaves the screen: those for export (X4), for all uses."""
    export = grants.get(Purpose.EXPORT.value, frozenset())
    return {use.value: export for use in READING}


def of_lists(person: Person) -> Person:
    """Who asks, for lists and searches: what they have borrowed leaves under its card, one by one, and never with a
    list (X4)."""
    return replace(person, grants={}) if any(person.grants.values()) else person


def _beside(person: ObjectId, _now: datetime) -> list[dict[str, Any]]:
    return at_hand.stages(person, None)


def as_guessed() -> bool:
    """Whether the caller has the rights and the language with which was guessed before they were known, if it was: then
    what was worked out for them holds, though nothing may have been asked with it."""
    right: bool = g.as_before
    return right


def asked_ahead() -> list[dict[str, Any]] | None:
    """What was found ahead (`identify`); None where nothing was asked, or with other rights than the caller has."""
    found: list[dict[str, Any]] | None = g.ahead
    return found


def caller() -> Caller:
    """Who makes the running request."""
    found: Caller = g.caller
    return found


def language() -> str:
    """`zh` or `en` for messages: what Accept-Language says, else the person's own, else Chinese."""
    known = g.get("caller_language")
    return known if known in LANGUAGES else asked_language() or LANGUAGES[0]


def asked_language() -> str:
    """The first language of Accept-Language that there is here; '' for none."""
    for value in request.accept_languages.values():
        primary = value.lower().partition("-")[0]
        if primary in LANGUAGES:
            return primary
    return ""
