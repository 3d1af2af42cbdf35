"""Lists of records: the same filters, search, sort and keyset pages as the screens, read by the same parser."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request

from backoffice import at_hand
from backoffice.api import bodies, once, schemas
from backoffice.api.addresses import open_type, record_path, type_for
from backoffice.api.caller import Before, as_guessed, asked_ahead, caller, of_lists
from backoffice.api.problems import PREFIX, Problem
from backoffice.api.values import Rows
from models import access, listed, listing, records
from models.access import Purpose
from models.declarations import Field, RecordType
from models.errors import Forbidden, Refusal
from models.idempotency import Answer
from models.listing import Plan, Question, address
from models.listing.address import Asked
from models.person.roles import Person

SIZES = address.PAGE_SIZES


class LooksAlike(Problem):
    """A new record may repeat one that is there; `found` names those, as the caller may see them."""

    code, status = "looks_alike", 409
    zh = "可能已有相同的记录；确认不同后请带上 sure: true 再次提交。"
    en = "This may be there already. Look at `found`; send it again with `sure: true` if it is another one."


@dataclass(frozen=True)
class Wanted:
    """A page of a list as it was asked for, settled for one caller before its records are."""

    asked: Asked
    rows: Rows
    plan: Plan

    @classmethod
    def of(cls, slug: str, caller: Person, language: str, now: datetime) -> Wanted:
        """What the request's address asks for. :raises NotFound: :raises BadQuery:"""
        rt, person = type_for(caller, slug), of_lists(caller)
        visible = access.visible_fields(person, rt)
        known, names = listing.queryable(rt, visible), [f.name for f in visible]
        asked = address.read(request.args.items(multi=True), known, person, now, columns=names)
        reach = access.reach(person, rt, Purpose.VIEW)
        rows = Rows(person, rt, reach, shown_fields(rt, visible, asked.query.columns), language)
        return cls(asked, rows, listing.plan(rt, reach, asked.query, visible, only=rows.stored))


def ahead(before: Before, now: datetime) -> Question | None:
    """The question for the list that the request asks for, when it asks for one. What is wrong with it is said when it
    is known who asks."""
    if request.endpoint != "api.get_get_list" or not request.view_args:
        return None
    with suppress(Refusal):
        wanted = Wanted.of(request.view_args["slug"], before.person, before.language, now)
        g.list_asked = wanted
        return wanted.plan.question()
    return None


def get_list(slug: str) -> Response:
    """A page of a type's records, newest number first unless sorted. Classified ones that it shows in full are in the
    audit trail first and count as read (X7)."""
    me, found = caller(), asked_ahead()
    bodies.check_answerable()
    asked: Wanted | None = g.get("list_asked") if as_guessed() else None
    wanted = asked or Wanted.of(slug, me.person, me.language, me.now)
    rows, page = wanted.rows, listing.read(wanted.plan, found)
    listed.note(rows.reader, rows.classified(page.rows), me.now, via="api", leaves=True, lately=at_hand.lately())
    body = {
        "items": rows.made(page.rows),
        "left_empty": rows.left_empty(page.rows),
        "unreadable": rows.unreadable,
        "next": page.next or None,
        "previous": page.previous or None,
    }
    response = answered(body)
    at = f"{PREFIX}/{slug}"
    links = [("next", "after", page.next), ("prev", "before", page.previous)]
    shown = [f'<{at}?{wanted.asked.address(**{name: token})}>; rel="{rel}"' for rel, name, token in links if token]
    if shown:
        response.headers["Link"] = ", ".join(shown)
    return response


def shown_fields(rt: RecordType, visible: tuple[Field, ...], columns: tuple[str, ...]) -> tuple[Field, ...]:
    """The fields of a list's rows: those asked for, else the title and what is declared as listed."""
    if columns:
        return tuple(f for f in visible if f.name in columns)
    return tuple(f for f in visible if f.listed or f.name == rt.title)


def create(slug: str) -> Response:
    """Make a record."""
    rt, me = open_type(slug), caller()
    bodies.check_answerable()
    bodies.check_parameters()
    fields = records.form_fields(me.person, rt)
    body = bodies.read(schemas.new_body(fields), fields)
    values = bodies.pointed(me.person, fields, body["values"])

    def prepare() -> None:
        if not access.may_create(me.person, rt):
            raise Forbidden()

    def write(_ready: None) -> Answer:
        try:
            made = records.create(me.person, slug, values, now=me.now, sure=body.get("sure", False))
        except records.LooksAlike as alike:
            raise LooksAlike(extra={"found": [_alike(one) for one in alike.found]}) from None
        return once.written(201, slug, made, location=record_path(slug, made["number"]))

    return once.carry_out(json.dumps(body, sort_keys=True).encode(), prepare, write)


def _alike(one: Any) -> dict[str, Any]:
    sight = one.sight
    return {"type": sight.rt.slug, "number": sight.number, "locked": not sight.full, "reasons": list(one.reasons)}


def answered(body: Any, status: int = 200) -> Response:
    """JSON as an answer."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, content_type="application/json")


def link(at: str, **parameters: str) -> str:
    """An address with parameters."""
    return f"{at}?{urlencode(parameters)}"


ROUTES = (("/<type:slug>", "GET", get_list), ("/<type:slug>", "POST", create))
