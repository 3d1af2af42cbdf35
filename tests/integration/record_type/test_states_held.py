"""States in which records stand are not taken out of a stored type."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import records, registry
from models.access import Purpose
from models.person.roles import SYSTEM, Role
from models.record_type import service
from models.record_type.plain import WrongDefinition
from tests.factories.definitions import visit
from tests.factories.people import person

DB = Database[dict[str, Any]]

FLOW: dict[str, list[dict[str, Any]]] = {
    "states": [
        {"value": "open", "label": {"zh": "待办", "en": "Open"}},
        {"value": "half", "label": {"zh": "办理中", "en": "Half way"}},
        {"value": "done", "label": {"zh": "完成", "en": "Done"}, "final": True},
    ],
    "transitions": [
        {
            "name": f"{source}_{target}",
            "label": {"zh": f"至{target}", "en": f"To {target}"},
            "source": [source],
            "target": target,
            "by": ["owner"],
        }
        for source, target in (("open", "half"), ("half", "done"), ("open", "done"))
    ],
}


def flow_without(*states: str) -> dict[str, Any]:
    """The workflow without some states, and without the moves from and to them."""
    moves = [one for one in FLOW["transitions"] if not {one["target"], *one["source"]} & set(states)]
    return {"states": [one for one in FLOW["states"] if one["value"] not in states], "transitions": moves}


def test_a_state_or_workflow_is_taken_out_only_when_no_record_stands_in_it(db: DB, now: datetime) -> None:
    service.put(visit(workflow=FLOW), actor=SYSTEM, now=now)
    head = person(Role.HEAD)
    numbers = [records.create(head, "visit", {"visitor": "x"}, now=now)["number"] for _ in range(3)]
    for number in numbers[:2]:
        records.move(head, "visit", number, "open_half", {}, rev=1, now=now)
    records.set_archived(head, "visit", numbers[0], True, rev=2, now=now, note="x")
    for changed, found in (
        ({"workflow": flow_without("half")}, {"half": "2 stored records stand in it"}),
        ({}, {"half": "2 stored records stand in it", "open": "a stored record stands in it"}),
    ):
        with pytest.raises(WrongDefinition) as refused:
            service.put(visit(**changed), actor=SYSTEM, now=now)
        assert {one.field: one.text.en for one in refused.value.findings if one.code == "E034"} == {
            f"workflow.{state}": said for state, said in found.items()
        }
    assert registry.get("visit").rt.version == 1
    service.withdraw("visit", actor=SYSTEM, now=now)
    with pytest.raises(WrongDefinition):
        service.put(visit(workflow=flow_without("half")), actor=SYSTEM, now=now)
    service.put(visit(workflow=FLOW), actor=SYSTEM, now=now)
    records.set_archived(head, "visit", numbers[0], False, rev=3, now=now)
    for number, rev in ((numbers[0], 4), (numbers[1], 2)):
        records.move(head, "visit", number, "half_done", {}, rev=rev, now=now)
    service.put(visit(workflow=flow_without("half")), actor=SYSTEM, now=now)
    assert records.see(head, "visit", numbers[1], Purpose.VIEW, now).values["state"] == "done"
