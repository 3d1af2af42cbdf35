"""Merging two records of a type, and taking a merge back: the same use case as on the screens (F7)."""

from __future__ import annotations

from dataclasses import replace

from flask import Response

from backoffice.api import bodies, once, passed_over, schemas
from backoffice.api.addresses import open_type
from backoffice.api.caller import caller
from backoffice.api.records import conflict
from models import access
from models.errors import StaleRecord
from models.idempotency import Answer
from models.merge import service
from models.merge.unmoved import Unreached, left_behind
from models.records import Sight

Pair = tuple[Sight, Sight]


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
            raise conflict(pair[place], stale, revs[place], {}, ("rev", "with_rev")[place]) from None
        into = service.merged_into(me.person, pair[0])
        over = next((one.passed_over for one in into if one.id == pair[1].id), Unreached())
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


def _naming(over: Unreached, answer: Answer) -> Answer:
    return replace(answer, headers={**answer.headers, **passed_over.header([over])})


ROUTES = (
    ("/<type:slug>/<number>/merge", "POST", merge),
    ("/<type:slug>/<number>/unmerge", "POST", unmerge),
)
