"""Merging two records of a type, and taking a merge back: the same use case as on the screens (F7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote

from flask import Response

from backoffice.api import bodies, once, schemas
from backoffice.api.addresses import open_type
from backoffice.api.caller import caller
from backoffice.api.records import conflict
from models import access
from models.errors import StaleRecord
from models.idempotency import Answer
from models.merge import service
from models.merge.unmoved import Unmoved, left_behind
from models.records import Sight

Pair = tuple[Sight, Sight]
PASSED_OVER = "Passed-Over"
"""The header that names, as `type/number`, the records that could not be opened: they point to the merged one still,
or, of a merge that is taken back, have their pointer again and nothing else."""


def merge(slug: str, number: str) -> Response:
    """Merge another record into the one of the address, which survives with its number."""
    rt, me = open_type(slug), caller()
    bodies.check_answerable()
    bodies.check_parameters()
    body = bodies.read(schemas.merge_body(access.editable_fields(me.person, rt)))
    revs = bodies.version(body), int(body["with_rev"])

    def write(pair: Pair) -> Answer:
        try:
            merged = service.merge_seen(me.person, *pair, body.get("picks", {}), revs=revs, now=me.now)
        except StaleRecord as stale:
            place = 0 if stale.current["_id"] == pair[0].id else 1
            raise conflict(pair[place], stale, revs[place], {}) from None
        into = service.merged_into(me.person, pair[0])
        over = next((one.passed_over for one in into if one.id == pair[1].id), ())
        return _naming(over, once.written(200, slug, merged))

    return once.carry_out(
        once.digestible(body), lambda: (once.read(slug, number), once.read(slug, body["with"])), write
    )


def unmerge(slug: str, number: str) -> Response:
    """Take a merge into the record of the address back; answers the record that is one of its own again."""
    open_type(slug)
    me = caller()
    bodies.check_answerable()
    bodies.check_parameters()
    body = bodies.read(schemas.UNMERGE_BODY)

    def write(survivor: Sight) -> Answer:
        parted = service.undo_seen(me.person, survivor, body["with"], now=me.now)
        return _naming(left_behind(me.person, survivor), once.written(200, slug, parted))

    return once.carry_out(once.digestible(body), lambda: once.read(slug, number), write)


def _naming(over: Iterable[Unmoved], answer: Answer) -> Answer:
    named = ", ".join(quote(f"{one.slug}/{one.number}") for one in over)
    return replace(answer, headers={**answer.headers, PASSED_OVER: named}) if named else answer


ROUTES = (
    ("/<type:slug>/<number>/merge", "POST", merge),
    ("/<type:slug>/<number>/unmerge", "POST", unmerge),
)
