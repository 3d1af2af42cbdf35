"""Saved views of every type: what may be listed may be saved, and a shared view tells nobody of a field that is not
theirs to see (X6)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from config.database import database
from models import access, listing, registry
from models.access import Purpose
from models.declarations import RecordType
from models.listing import written
from models.listing.written import Leaf
from models.saved_view import rules, service
from models.saved_view.document import VIEWS
from tests.contract.test_bad_input import NASTY
from tests.contract.test_record_rights import House, house
from tests.factories.desks import Desk

__all__ = ["house"]


def queries(rt: RecordType) -> dict[str, str]:
    """An address for each field that can be filtered, sorted or shown by: its name, and the query."""
    known = listing.queryable(rt, rt.fields)
    made = {}
    for name, field in known.items():
        if field.filterable:
            made[f"filter {name}"] = urlencode([written.pair_of(Leaf(name, "filled"))])
            made[f"group {name}"] = f"where=any({name}:filled,number:filled)"
        if listing.sortable(field):
            made[f"sort {name}"] = f"sort=-{name}"
    shown = (f.name for f in rt.fields if f.kind not in ("embedded_list", "files"))
    return made | {f"columns {name}": f"columns={name}" for name in shown}


def reaches(desk: Desk, rt: RecordType) -> bool:
    return not access.reach(desk.person, rt, Purpose.VIEW).nothing


def test_a_view_is_offered_to_those_who_may_see_each_of_its_fields_and_to_nobody_else(house: House) -> None:
    """Whatever was stored: here each view is shared with everybody, behind the back of the rules."""
    hidden = 0
    for rt in registry.all_types():
        rows: list[dict[str, Any]] = [
            {
                "owner": house.desks[0].person.id,
                "owner_name": "Somebody",
                "type": rt.slug,
                "name": f"Kept {name}"[:90],
                "address": [list(pair) for pair in parse_qsl(query)],
                "position": at,
                "rev": 1,
                "audience": "service/",
            }
            for at, (name, query) in enumerate(queries(rt).items())
        ]
        database()[VIEWS].insert_many(rows)
        for desk in house.kinds_of_people():
            if not reaches(desk, rt) or desk.person.department != "service":
                continue
            page = desk.text(f"/records/{rt.slug}/views") + desk.text(f"/records/{rt.slug}/")
            for row in rows:
                answer = desk.get(f"/records/{rt.slug}/", query_string=[tuple(pair) for pair in row["address"]])
                offered = f"{row['name']}<" in page
                assert offered is (answer.status_code == 200), (desk.person.name, rt.slug, row["name"])
                hidden += not offered
    assert hidden > 5


def test_every_list_that_can_be_opened_can_be_saved_shared_and_opened_again(house: House) -> None:
    saved = 0
    for rt in registry.all_types():
        desk = next((one for one in house.desks if one.person.name == "head"), house.desks[0])
        if not reaches(desk, rt):
            continue
        at = f"/records/{rt.slug}/"
        for name, query in list(queries(rt).items())[::7]:
            if desk.get(f"{at}?{query}").status_code != 200:
                continue
            desk.send(f"{at}views?{query}", title=name[:40])
            made = service.of_type(desk.person, rt.slug)[-1]
            assert desk.get(f"{at}?{query}").status_code == 200
            pointing = not rules.shareable(made.address, listing.queryable(rt, rt.fields))
            data = {"department": "service", "role": "", "rev": "1"}
            assert desk.post(f"{at}views/{made.id}/share", data).status_code == (422 if pointing else 303), query
            service.remove(desk.person, made.id, rev=service.get(made.id).rev, now=made.id.generation_time)
            saved += 1
    assert saved > 20


def test_nothing_that_is_sent_about_a_view_is_a_failure(house: House) -> None:
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    house.app.testing = False
    desk = next(one for one in house.desks if one.person.name == "head")
    rt = next(rt for rt in registry.all_types() if reaches(desk, rt) and rt.fields[0].filterable)
    at = f"/records/{rt.slug}/views"
    made = service.save(desk.person, rt.slug, "Kept", [("number", "filled")])
    for value in NASTY:
        for path, data in (
            (f"{at}?number=filled", {"title": value}),
            (f"{at}?number=filled", {"title": "x", "instead": value}),
            (f"{at}/{made.id}/rename", {"title": value, "rev": value}),
            (f"{at}/{made.id}/rename", {"title": value, "rev": "99"}),
            (f"{at}/{made.id}/share", {"department": value, "role": value, "rev": "1"}),
            (f"{at}/{made.id}/remove", {"rev": value}),
        ):
            status = desk.client.post(path, data=data).status_code
            assert status in (303, 400, 404, 409, 422, 403), (path, value[:20], status)
        for name in ("q", "sort", "columns", "where", "number", "x"):
            status = desk.client.post(at, data={"title": "x"}, query_string={name: value}).status_code
            assert status in (303, 400, 409, 422), (name, value[:20], status)
    assert service.get(made.id).audience == ""
