"""X3, X8, People: a definition that is put again opens no field to people from whom the version before kept it, and a
stored type lets nobody sign what they asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import barred, levels_before, records, registry, store
from models.access import Purpose
from models.moves import NotYourOwn
from models.person.roles import SYSTEM, Person, Role
from models.record_type import service
from models.record_type.plain import WrongDefinition
from tests.factories.definitions import visit
from tests.factories.people import person

DB = Database[dict[str, Any]]
RIGHTS = {"create": ["specialist", "head"], "edit": [{"relation": "own"}]}
SECRET = {"level": "confidential", "level_basis": "往来"}
VIEWERS = "a record above internal holds or held a value for it: more people would read it than before"
WITHHELD = "an open record holds or held what is withheld: whom it concerns would read it"


@pytest.fixture
def owner(db: DB) -> Person:
    return person(Role.SPECIALIST, name="Owner")


@pytest.fixture
def head(db: DB) -> Person:
    return person(Role.HEAD, name="Head")


def defined(*fields: dict[str, Any], **changes: Any) -> dict[str, Any]:
    made = [{"label": {"zh": "增项", "en": "Added"}, "group": "visit", **one} for one in fields]
    return {**visit(classified=True, rights=RIGHTS), "fields": [*visit()["fields"], *made], **changes}


def put(definition: dict[str, Any], now: datetime) -> dict[str, str]:
    """What is wrong with a definition that an administrator puts; nothing where it is in force."""
    try:
        service.put(definition, actor=person(Role.ADMINISTRATOR, department="it"), now=now)
    except WrongDefinition as refused:
        return {one.field: one.text.en for one in refused.findings if one.code == "E034"}
    return {}


def pay(*viewers: str) -> dict[str, Any]:
    return defined({"name": "pay", "kind": "text", "viewers": list(viewers)})


def test_viewers_of_what_is_above_internal_become_no_more(owner: Person, head: Person, now: datetime) -> None:
    put(pay("head", "auditor"), now)
    record = records.create(head, "visit", {"visitor": "G", "pay": "HIDDEN", **SECRET}, now=now)
    record = store.change("visit", record["_id"], {"owner": owner.id}, actor=SYSTEM, now=now)
    assert put(pay(), now) == {"pay": VIEWERS}
    assert put(pay("head", "specialist"), now) == {"pay": VIEWERS}
    assert put(pay("head"), now) == {}
    assert put(pay("head", "auditor"), now) == {"pay": VIEWERS}
    assert put(defined(), now) == {}  # taken out: what it held is still there
    assert put(pay(), now) == {"pay": VIEWERS}
    assert put(pay("head"), now) == {}
    store.change("visit", record["_id"], {"pay": None}, actor=head, now=now)
    assert put(pay(), now) == {"pay": VIEWERS}  # its history tells it
    assert "pay" not in records.see(owner, "visit", record["number"], Purpose.VIEW, now).values
    store.change("visit", record["_id"], {"level": "internal"}, actor=head, now=now)
    assert put(pay(), now) == {}


def test_a_put_that_broke_off_is_no_pass_for_what_became_secret_since(
    owner: Person, head: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(pay("head"), now)
    about = {"name": "about", "kind": "reference", "to": "complaint"}
    wider = defined({"name": "pay", "kind": "text", "viewers": []}, about)

    def dies(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(levels_before, "bring_before", dies)
        with pytest.raises(KeyboardInterrupt):
            put(wider, now)
    record = records.create(head, "visit", {"visitor": "G", "pay": "HIDDEN", **SECRET}, now=now)
    store.change("visit", record["_id"], {"owner": owner.id}, actor=SYSTEM, now=now)
    assert put(wider, now) == {"pay": VIEWERS}
    assert "pay" not in records.see(owner, "visit", record["number"], Purpose.VIEW, now).values


def test_an_unreadable_list_of_viewers_was_open_to_nobody(head: Person, now: datetime, db: DB) -> None:
    put(pay("head"), now)
    records.create(head, "visit", {"visitor": "G", "pay": "HIDDEN", **SECRET}, now=now)
    at = {"_id": "visit", "definition.fields.name": "pay"}
    db["record_type"].update_one(at, {"$set": {"definition.fields.$.viewers": [7]}, "$inc": {"version": 1}})
    assert put(pay("head"), now) == {"pay": VIEWERS}


def inquiry(withheld: bool = True, final: tuple[str, ...] = ("done",), **concern: Any) -> dict[str, Any]:
    suspect = {"name": "suspect", "kind": "person"}
    other = {"name": "other", "kind": "person"}
    found = {"name": "found", "kind": "text", "editable": False, "withheld": withheld}
    states = [
        {"value": one, "label": {"zh": one, "en": one}, "final": one in final} for one in ("open", "late", "done")
    ]
    move = {"label": {"zh": "下一步", "en": "Next"}, "by": ["head"]}
    steps = [("next", "open", "late"), ("end", "late", "done")]
    moves = [{**move, "name": name, "source": [source], "target": target} for name, source, target in steps]
    concerns = [{"field": "suspect", **concern}] if withheld or concern else []
    flow = {"states": states, "transitions": moves if "late" not in final else moves[:1]}
    return defined(suspect, other, found, concerns=concerns, workflow=flow)


def test_what_is_withheld_stays_so_while_a_record_is_open(owner: Person, head: Person, now: datetime) -> None:
    put(inquiry(), now)
    record = records.create(owner, "visit", {"visitor": "G", "suspect": str(owner.id)}, now=now)
    store.change("visit", record["_id"], {"found": "HIDDEN"}, actor=SYSTEM, now=now)
    assert put(inquiry(withheld=False), now) == {"found": WITHHELD, "concerns": WITHHELD}
    assert put(inquiry(field="other"), now) == {"concerns": WITHHELD}
    assert put(defined(), now)["concerns"] == WITHHELD
    records.move(head, "visit", record["number"], "next", {}, rev=2, now=now)
    assert put(inquiry(final=("late", "done")), now) == {"workflow.late": WITHHELD}
    assert "found" not in records.see(owner, "visit", record["number"], Purpose.VIEW, now).values
    records.move(head, "visit", record["number"], "end", {}, rev=3, now=now)
    assert put(inquiry(field="other"), now) == {}
    assert put(inquiry(withheld=False), now) == {}


def signed(*not_by: str, **changes: Any) -> dict[str, Any]:
    states = [
        {"value": "open", "label": {"zh": "待办", "en": "Open"}, "turn": ["head"]},
        {"value": "done", "label": {"zh": "完成", "en": "Done"}, "final": True},
    ]
    move = {"name": "approve", "label": {"zh": "批准", "en": "Approve"}, "source": ["open"], "target": "done"}
    moves = [{**move, "by": ["turn"], "not_by": list(not_by), "signature": True, **changes}]
    return defined({"name": "buddy", "kind": "person"}, workflow={"states": states, "transitions": moves})


@pytest.mark.parametrize("not_by", ["buddy", "owner", "creator"])
def test_nobody_signs_what_they_asked_for_whatever_a_stored_type_says(head: Person, now: datetime, not_by: str) -> None:
    service.put(signed(not_by), actor=SYSTEM, now=now)
    other = person(Role.HEAD, name="Other")
    record = records.create(head, "visit", {"visitor": "G"}, now=now)
    handed = store.change("visit", record["_id"], {"owner": other.id}, actor=SYSTEM, now=now)
    for one in (head, other):  # who made it, and whose it is
        with pytest.raises(NotYourOwn):
            records.move(one, "visit", record["number"], "approve", {}, rev=handed["rev"], now=now, fresh=True)
    assert barred.of_person(head, registry.get("visit").rt, {}) == {record["_id"]}
    third = person(Role.HEAD, name="Third")
    done = records.move(third, "visit", record["number"], "approve", {}, rev=handed["rev"], now=now, fresh=True)
    assert done["state"] == "done"


def test_the_owner_signs_what_the_type_lets_the_owner_sign_and_another_asked(
    owner: Person, head: Person, now: datetime
) -> None:
    service.put(signed("creator", by=["owner"]), actor=SYSTEM, now=now)
    rt = registry.get("visit").rt
    assert rt.workflow is not None
    assert rt.workflow.kept_from(rt.workflow.transition("approve")) == ("creator",)
    record = records.create(owner, "visit", {"visitor": "G"}, now=now)
    with pytest.raises(NotYourOwn):
        records.move(owner, "visit", record["number"], "approve", {}, rev=1, now=now, fresh=True)
    store.change("visit", record["_id"], {"owner": head.id}, actor=SYSTEM, now=now)
    assert records.move(head, "visit", record["number"], "approve", {}, rev=2, now=now, fresh=True)["state"] == "done"


def test_no_stored_type_says_that_who_asked_may_sign(now: datetime) -> None:
    definition = signed("buddy")
    definition["workflow"]["asked_by"] = []
    with pytest.raises(WrongDefinition) as refused:
        service.put(definition, actor=SYSTEM, now=now)
    assert {(one.code, one.field) for one in refused.value.findings} == {("E038", "workflow.asked_by")}
