"""One search over every type that the caller reaches; and who the caller is."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from backoffice import at_hand
from backoffice.api import bodies
from backoffice.api.caller import caller, of_lists
from backoffice.api.lists import answered, link, shown_fields
from backoffice.api.problems import PREFIX
from backoffice.api.values import Rows
from models import access, listed, listing, registry
from models.access import Purpose
from models.declarations import RecordType
from models.listing import BadQuery, ListQuery, Page
from models.person.service import department_name
from models.token import service as tokens

FOUND = 10


def find() -> Response:
    """The first records of each type that hold every word of `q` and that the caller reads in full; classified ones are
    in the audit trail first and count as read (X7)."""
    bodies.check_answerable()
    bodies.check_parameters("q")
    text = request.args.get("q", "").strip()
    if "\x00" in text or not text:
        raise BadQuery(parameter="q")
    found = [hits for rt in registry.all_types() if (hits := _found(rt, text)) is not None]
    shown = [one for rows, page in found for one in rows.classified(page.rows)]
    me = caller()
    listed.note(me.person, shown, me.now, via="api", leaves=True, lately=at_hand.lately())
    return answered({"groups": [_group(rows, page, text) for rows, page in found]})


def _found(rt: RecordType, text: str) -> tuple[Rows, Page] | None:
    me = caller()
    person = of_lists(me.person)
    reach = access.reach(person, rt, Purpose.VIEW).without_cards
    if reach.nothing:
        return None
    visible = access.visible_fields(person, rt)
    rows = Rows(person, rt, reach, shown_fields(rt, visible, ()), me.language)
    page = listing.page(rt, reach, ListQuery(q=text, limit=FOUND), visible, only=rows.stored)
    return (rows, page) if page.rows else None


def _group(rows: Rows, page: Page, text: str) -> dict[str, Any]:
    rt = rows.rt
    more = link(f"{PREFIX}/{rt.slug}", q=text) if page.next else None
    return {"type": rt.slug, "label": rt.plural.text(rows.language), "items": rows.made(page.rows), "more": more}


def me() -> Response:
    """Who calls, and what the token opens."""
    bodies.check_answerable()
    bodies.check_parameters()
    now = caller()
    person, token = now.person, now.token
    return answered(
        {
            "id": str(person.id),
            "name": person.name,
            "email": person.email,
            "roles": sorted(role.value for role in person.roles),
            "department": {"code": person.department, "name": department_name(person.department, now.language)},
            "language": now.language,
            "types": tokens.reached(person),
            "token": {
                "name": token.name,
                "prefix": token.prefix,
                "read_only": token.read_only,
                "expires": token.expires.isoformat(),
            },
        }
    )


ROUTES = (("/search", "GET", find), ("/me", "GET", me))
