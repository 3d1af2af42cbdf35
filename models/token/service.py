"""Tokens with which a program acts as a person: made, shown once, kept as a hash, found again, revoked.

A token never opens more than its person, and ends at once when it expires, is revoked, or its person is disabled or
gets a new password: it carries the account's `fs_uniquifier`, as sessions do. Its 256 random bits cannot be guessed,
so that a plain SHA-256 keeps it safe at rest.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import OperationFailure

from config.database import database, transaction
from models import access, audit, registry, schema
from models.access import Purpose
from models.access_request import grants
from models.errors import Invalid, NotFound, Refusal
from models.listing import Question
from models.person import service as people
from models.person.document import USERS
from models.person.roles import Person
from models.person.session import Beside
from models.person.whose import Whose
from models.token import rules

TOKENS = "token"
ALPHABET = string.ascii_letters + string.digits
AT_ONCE = 1_000
"""Documents in one answer, where a list is asked for with the token: more than any page and what stands beside it."""
LONGEST_MS = 1_000
"""A list that takes longer than this is asked for once it is known for whom."""

Row = dict[str, Any]

_whose = Whose(TOKENS, "hash")

schema.declare(
    {
        TOKENS: [
            IndexModel([("hash", ASCENDING)], unique=True, name="hash"),
            IndexModel([("user", ASCENDING), ("created", DESCENDING)], name="user"),
            IndexModel([("prefix", ASCENDING)], name="prefix"),
        ]
    }
)


class MadeAlready(Refusal):
    """A form that makes a token was sent twice."""

    code, status = "token_made_already", 409
    zh = "此令牌已经生成，密文只显示一次。如未记下，请撤销后重新生成。"
    en = "This token was made already, and its secret is shown once. If it was not kept, revoke it and make another."


class TooManyTokens(Refusal):
    """The person has as many tokens in force as one may have."""

    code, status = "too_many_tokens", 409
    zh = "您已有 {most} 个有效令牌，请先撤销不用的。"
    en = "You have {most} tokens in force. Revoke those that are not used any more."


@dataclass(frozen=True)
class Token:
    """A token as people may know it. `types` is None for every type; `ended` says why it opens nothing any more:
    `expired`, `revoked` or ''."""

    id: ObjectId
    user: ObjectId
    name: str
    prefix: str
    types: frozenset[str] | None
    read_only: bool
    created: datetime
    expires: datetime
    last_used: datetime | None
    ended: str = ""


def create(
    actor: Person,
    user: Mapping[str, Any],
    *,
    name: str,
    now: datetime,
    days: int = rules.USUAL_LIFE.days,
    types: Collection[str] = (),
    read_only: bool = False,
    token_id: ObjectId | None = None,
) -> tuple[Token, str]:
    """Make a token for a stored account and return it with its secret, which is kept nowhere. No `types` means all.
    What is sent again with the same `token_id` makes no second one.

    :raises Invalid: naming what is wrong. :raises TooManyTokens: :raises MadeAlready:
    """
    name = " ".join(name.split())
    problems = rules.problems(name, days, types, reached(people.person_of(user)))
    if problems:
        raise Invalid(problems)
    prefix = "bo_" + "".join(secrets.choice(ALPHABET) for _ in range(8))
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    row = {
        "_id": token_id or ObjectId(),
        "hash": fingerprint(secret),
        "user": user["_id"],
        "uniquifier": user["fs_uniquifier"],
        "name": name,
        "prefix": prefix,
        "types": sorted(types) or None,
        "read_only": read_only,
        "created": now,
        "expires": now + timedelta(days=days),
        "last_used": None,
        "revoked": None,
    }

    def work() -> None:
        people.one_at_a_time(user["_id"])
        if database()[TOKENS].find_one({"_id": row["_id"]}, {"_id": 1}) is not None:
            raise MadeAlready()
        held = {"user": user["_id"], "expires": {"$gt": now}, "revoked": None}
        if database()[TOKENS].count_documents(held, limit=rules.MOST_TOKENS) >= rules.MOST_TOKENS:
            raise TooManyTokens(most=rules.MOST_TOKENS)
        database()[TOKENS].insert_one(row)
        detail = {"token": prefix, "types": row["types"] or [], "read_only": read_only, "days": days}
        audit.append("token_made", actor, people.subject_of(user), now=now, detail=detail)

    transaction(work)
    return _read(row, now), secret


def reached(person: Person) -> list[str]:
    """The slugs of the types of which a person can reach something or to which they can add."""
    return [
        rt.slug
        for rt in registry.all_types()
        if not access.reach(person, rt, Purpose.VIEW).nothing or access.may_create(person, rt)
    ]


@dataclass(frozen=True)
class Bearer:
    """What a token in force stands for: its person's stored account, and their grants in force by use (X5). `answer` is
    all of the answer, with what was asked for beside them; `ahead` what the question found that was asked first, None
    where none was."""

    token: Token
    account: dict[str, Any]
    grants: dict[str, frozenset[str]]
    answer: list[Row]
    ahead: list[Row] | None = None


def find(secret: str, now: datetime, beside: Beside | None = None, ahead: Question | None = None) -> Bearer | None:
    """Whom the secret of a token in force stands for; None for any other. One question to the database once it is known
    whose it is; notes the use. `beside` gives for a person stages that add documents to the answer; `ahead` is a
    question that is asked with it.

    A disabled account or a changed password ends the token here and now.
    """
    if rules.FORM.fullmatch(secret) is None:
        return None
    hashed = fingerprint(secret)
    user = _whose.find(hashed)
    if user is None:
        return None
    more = beside(user, now) if beside else []
    rows, first = _answered(hashed, [*_questions(user, now), *more], ahead)
    row, account = (next((one[name] for one in rows if name in one), None) for name in ("token", "account"))
    if row is None or not rules.in_force(row["expires"], row["revoked"], now):
        return None
    if account is None or account["fs_uniquifier"] != row["uniquifier"]:
        return None
    if row["last_used"] is None or now - row["last_used"] >= rules.USE_NOTED_EVERY:
        database()[TOKENS].update_one({"_id": row["_id"]}, {"$max": {"last_used": now}})
    held = grants.by_use((one["grant"] for one in rows if "grant" in one), people.person_of(account))
    return Bearer(_read(row, now), account, held, rows, first)


def _answered(hashed: str, more: list[Row], ahead: Question | None) -> tuple[list[Row], list[Row] | None]:
    """The answer about a token with what is asked beside it, and what the question found that goes ahead of it: the
    latter's documents keep their `_id`. That one comes first, since only the first may name its index."""
    token: list[Row] = [{"$match": {"hash": hashed}}, {"$project": {"_id": 0, "token": "$$ROOT"}}]
    if ahead is not None:
        stages = [*ahead.stages, {"$unionWith": {"coll": TOKENS, "pipeline": token}}, *more]
        with suppress(OperationFailure):  # it takes too long, or its index is not made yet: asked alone it is told
            found = list(
                database()[ahead.collection].aggregate(
                    stages, hint=ahead.index, batchSize=AT_ONCE, maxTimeMS=LONGEST_MS
                )
            )
            return [one for one in found if "_id" not in one], [one for one in found if "_id" in one]
    return list(database()[TOKENS].aggregate([*token, *more])), None


def _questions(user: ObjectId, now: datetime) -> list[Row]:
    account = [{"$match": {"_id": user, "active": True}}, {"$project": {"_id": 0, "account": "$$ROOT"}}]
    return [{"$unionWith": {"coll": USERS, "pipeline": account}}, grants.beside(user, now)]


def of_person(user: ObjectId, now: datetime) -> list[Token]:
    """A person's tokens, newest first; those that ended long ago are left out."""
    wanted = {"user": user, "expires": {"$gt": now - rules.LONGEST_LIFE}}
    rows = database()[TOKENS].find(wanted).sort("created", DESCENDING).limit(2 * rules.MOST_TOKENS)
    return [_read(row, now) for row in rows]


def revoke(actor: Person, user: Mapping[str, Any], token: ObjectId | str, now: datetime) -> Token:
    """End a token of an account, by id or by what is shown of it; one that has ended stays as it is. People end their
    own; an administrator, or a command, anybody's.

    :raises NotFound: when the account has no such token. :raises Forbidden: it is another person's.
    """
    _require_right(actor, user)
    wanted = {"user": user["_id"], **({"_id": token} if isinstance(token, ObjectId) else {"prefix": token})}

    def work() -> Token:
        row = database()[TOKENS].find_one(wanted)
        if row is None:
            raise NotFound()
        if row["revoked"] is None:
            _revoke(actor, user, row, now)
        return _read(row, now)

    return transaction(work)


def revoke_all(actor: Person, user: Mapping[str, Any], now: datetime) -> int:
    """End every token of an account that is in force, and return how many there were. :raises Forbidden: they are
    another person's."""
    _require_right(actor, user)

    def work() -> int:
        people.one_at_a_time(user["_id"])  # none that is made at this moment is left over
        held = {"user": user["_id"], "expires": {"$gt": now}, "revoked": None}
        rows = list(database()[TOKENS].find(held).sort("_id", 1))
        for row in rows:
            _revoke(actor, user, row, now)
        return len(rows)

    return transaction(work)


def _require_right(actor: Person, user: Mapping[str, Any]) -> None:
    if actor.id != user["_id"]:
        people.require_right(actor)


def _revoke(actor: Person, user: Mapping[str, Any], row: Row, now: datetime) -> None:
    row["revoked"] = now
    database()[TOKENS].update_one({"_id": row["_id"]}, {"$set": {"revoked": now}})
    audit.append("token_revoked", actor, people.subject_of(user), now=now, detail={"token": row["prefix"]})


def _read(row: Mapping[str, Any], now: datetime) -> Token:
    ended = "revoked" if row["revoked"] else "expired" if row["expires"] <= now else ""
    return Token(
        row["_id"],
        row["user"],
        row["name"],
        row["prefix"],
        frozenset(row["types"]) if row["types"] else None,
        row["read_only"],
        row["created"],
        row["expires"],
        row["last_used"],
        ended,
    )


def fingerprint(secret: str) -> str:
    """As what a secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()
