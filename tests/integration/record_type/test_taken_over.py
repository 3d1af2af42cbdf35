"""A new version of the product takes stored types over that a former one accepted: what it cannot take is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from pymongo.database import Database

from models import checks, numbering, records, registry, schema, store
from models.bulk_change.document import Kind
from models.bulk_change.offers import offers
from models.checks import names, rights, workflow
from models.customer.document import CUSTOMER
from models.errors import Forbidden
from models.person.roles import SYSTEM, Role
from models.record_type import service
from models.record_type.plain import WrongDefinition, from_plain, to_plain
from tests.factories.definitions import visit, visit_with
from tests.factories.desks import Desk, seat
from tests.factories.people import person

Run = Callable[..., Result]
DB = Database[dict[str, Any]]

FLOW: dict[str, Any] = {
    "states": [
        {"value": "open", "label": {"zh": "进行中", "en": "Open"}, "tone": "info"},
        {"value": "done", "label": {"zh": "已完成", "en": "Done"}, "tone": "good", "final": True},
    ],
    "transitions": [
        {
            "name": "finish",
            "label": {"zh": "完成", "en": "Finish"},
            "source": ["open"],
            "target": "done",
            "by": ["owner"],
            "asks": ["level", "level_basis"],
        }
    ],
}
RIGHTS = {name: rule for name, rule in visit()["rights"].items() if name in ("create", "edit", "archive")}
ASKS_FOR_A_LEVEL = visit(classified=True, rights=RIGHTS, workflow=FLOW)
FOR_THE_HEAD = visit_with(name="verdict", viewers=["head"])
ASKS_FOR_WHAT_OWNERS_DO_NOT_READ = FOR_THE_HEAD | {
    "workflow": {
        **FLOW,
        "transitions": [{**FLOW["transitions"][0], "by": ["owner", "head"], "asks": ["verdict"]}],
    }
}
CALLED_LIKE_A_MARK = visit_with(name="held")
MENDED = visit_with(name="kept_back")
POINTS_TO_IT = visit_with(name="of", kind="reference", to="visit") | {"slug": "loan", "number": "JY-{year}-{seq:05d}"}
LEFT_OUT = "E001 visit.held: the engine or a role has this name"


@pytest.fixture
def upgraded(db: DB, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has definitions put by a former version of the product, and starts a process of this one."""

    def upgrade(*definitions: dict[str, Any]) -> None:
        with monkeypatch.context() as former:
            former.setattr(workflow, "OF_SECRECY", ())
            former.setattr(names, "MARKS", frozenset[str]())
            former.setattr(names, "IN_ORDER", names.PATTERN)
            former.setattr(rights, "_unique", lambda case: ())
            former.setattr(workflow, "_for_some", lambda case, flow, move: ())
            former.setattr(rights, "_title_and_due", lambda case: ())
            for definition in definitions:
                service.put(definition, actor=SYSTEM, now=now)
        for definition in definitions:
            registry.unregister(definition["slug"])
        service._adopted.clear()
        service.refresh()

    return upgrade


def in_force() -> set[str]:
    return {rt.slug for rt in registry.all_types()}


def test_a_stored_type_whose_move_asks_for_a_level_stays_in_force_and_is_not_put_like_this_again(
    upgraded: Callable[[dict[str, Any]], None], now: datetime
) -> None:
    upgraded(ASKS_FOR_A_LEVEL)
    assert "visit" in in_force()
    assert service.left_out() == {}
    made = records.create(person(Role.HEAD), "visit", {"visitor": "王敏"}, now=now)
    assert made["state"] == "open"
    assert "E035" in {finding.code for finding in checks.check(registry.all_types())}
    with pytest.raises(WrongDefinition) as refused:
        service.put({**ASKS_FOR_A_LEVEL, "icon": "circle"}, actor=SYSTEM, now=now)
    assert {finding.code for finding in refused.value.findings} == {"E035"}


def test_check_warns_of_it(upgraded: Callable[[dict[str, Any]], None], command: Run) -> None:
    upgraded(ASKS_FOR_A_LEVEL)
    schema.migrate()
    warned = command("check")
    assert (warned.exit_code, "  E035 visit.workflow.finish: " in warned.stdout) == (0, True)


def test_a_stored_type_whose_numbers_had_no_digits_stays_in_force_and_its_newest_is_first(
    upgraded: Callable[[dict[str, Any]], None], now: datetime, db: DB
) -> None:
    upgraded(visit(number="LF-{year}-{seq}"))
    assert service.left_out() == {}
    head = person(Role.HEAD)
    first = records.create(head, "visit", {"visitor": "王敏"}, now=now)
    db["record_visit"].update_one({"_id": first["_id"]}, {"$set": {"number": "LF-2026-57"}})
    db[numbering.COUNTERS].update_one({"_id": "visit:2026"}, {"$set": {"seq": 57}})
    made = [records.create(head, "visit", {"visitor": "王敏"}, now=now)["number"] for _ in range(3)]
    assert made == sorted([*made, "LF-2026-57"])[1:]
    with pytest.raises(WrongDefinition) as refused:
        service.put(visit(number="LF-{year}-{seq}", icon="circle"), actor=SYSTEM, now=now)
    assert {finding.code for finding in refused.value.findings} == {"E036"}
    with pytest.raises(WrongDefinition) as refused:
        service.put(visit(number="LF-{year}-{seq:05d}"), actor=SYSTEM, now=now)
    assert {finding.code for finding in refused.value.findings} == {"E034"}
    service.put(visit(number="LF-{year}-B{seq:05d}"), actor=SYSTEM, now=now)
    made.append(records.create(head, "visit", {"visitor": "王敏"}, now=now)["number"])
    assert made == sorted(made)


def test_it_does_not_keep_another_type_from_being_withdrawn(
    upgraded: Callable[[dict[str, Any]], None], now: datetime
) -> None:
    upgraded(ASKS_FOR_A_LEVEL)
    service.put(visit(slug="loan", number="JY-{year}-{seq:05d}"), actor=SYSTEM, now=now)
    service.withdraw("loan", actor=SYSTEM, now=now)
    assert "loan" not in in_force()


def test_a_type_that_is_left_out_is_named_by_check_and_migrate_until_it_is_mended(
    upgraded: Callable[[dict[str, Any]], None], now: datetime, command: Run
) -> None:
    upgraded(CALLED_LIKE_A_MARK)
    assert "visit" not in in_force()
    schema.migrate()
    found = command("check")
    assert (found.exit_code, f"  {LEFT_OUT}\n" in found.stdout) == (1, True)
    for arguments in (["migrate"], ["migrate", "--quiet"]):
        told = command(*arguments)
        assert told.exit_code == 0
        assert told.stdout.splitlines()[-2:] == [
            "The record type visit is left out, with all its records:",
            f"  {LEFT_OUT}",
        ]
    shown = json.loads(command("types", "show", "visit").stdout)
    assert shown == CALLED_LIKE_A_MARK | {"version": 1}
    shown["fields"][-1]["name"] = "kept_back"
    service.put(shown, actor=SYSTEM, now=now)
    assert "visit" in in_force()
    assert command("migrate").exit_code == 0
    mended = command("check")
    assert (mended.exit_code, "visit" in mended.stdout) == (0, False)


def test_a_type_that_points_to_one_that_is_left_out_comes_back_with_it(
    upgraded: Callable[..., None], now: datetime
) -> None:
    upgraded(CALLED_LIKE_A_MARK, POINTS_TO_IT)
    assert set(service.left_out()) == {"visit", "loan"}
    schema.prepare(from_plain(visit(slug="loan", number="JY-{year}-{seq:05d}")))
    service.put(MENDED, actor=SYSTEM, now=now)
    assert {"visit", "loan"} <= in_force()
    assert service.left_out() == {}
    assert schema.missing() == [], "the indexes of the one that came back are there, too"
    made = records.create(person(Role.HEAD), "visit", {"visitor": "王敏"}, now=now)
    lent = records.create(person(Role.HEAD), "loan", {"visitor": "王敏", "of": str(made["_id"])}, now=now)
    assert lent["of"] == made["_id"]


def test_both_come_back_in_a_process_that_hears_of_it_from_the_database(
    upgraded: Callable[..., None], now: datetime, db: DB
) -> None:
    upgraded(CALLED_LIKE_A_MARK, POINTS_TO_IT)
    mended = {"version": 2, "definition": to_plain(from_plain(MENDED))}
    db[service.TYPES].update_one({"_id": "visit"}, {"$set": mended})
    assert service.refresh() == ["loan", "visit"]
    assert {"visit", "loan"} <= in_force()
    assert (service.left_out(), service.refresh()) == ({}, [])


def test_what_is_wrong_with_one_that_stays_left_out_is_logged_once(
    upgraded: Callable[..., None], now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    upgraded(CALLED_LIKE_A_MARK, POINTS_TO_IT)
    logged = [line for line in caplog.messages if "is left as it was" in line]
    assert len(logged) == 2
    service.put(visit(slug="other", number="QT-{year}-{seq:05d}"), actor=SYSTEM, now=now)
    assert set(service.left_out()) == {"visit", "loan"}
    assert [line for line in caplog.messages if "is left as it was" in line] == logged


def test_the_same_definition_again_says_why_it_is_left_out(
    upgraded: Callable[[dict[str, Any]], None], now: datetime
) -> None:
    upgraded(CALLED_LIKE_A_MARK)
    with pytest.raises(WrongDefinition) as refused:
        service.put(CALLED_LIKE_A_MARK, actor=SYSTEM, now=now)
    assert [finding.line() for finding in refused.value.findings] == [LEFT_OUT]


def test_a_type_is_not_named_any_more_when_it_is_withdrawn(
    upgraded: Callable[[dict[str, Any]], None], now: datetime
) -> None:
    upgraded(CALLED_LIKE_A_MARK)
    assert [finding.line() for finding in service.left_out()["visit"]] == [LEFT_OUT]
    service.withdraw("visit", actor=SYSTEM, now=now)
    assert service.left_out() == {}


def test_a_stored_type_whose_name_the_product_has_taken_is_named_and_the_product_s_stays(
    db: DB, now: datetime, upgraded: Callable[[dict[str, Any]], None]
) -> None:
    upgraded(visit())
    row = db[service.TYPES].find_one({"_id": "visit"}) or {}
    db[service.TYPES].insert_one({**row, "_id": "customer", "definition": {**row["definition"], "slug": "customer"}})
    service.refresh()
    assert [finding.code for finding in service.left_out()["customer"]] == ["E001"]
    db[service.TYPES].delete_one({"_id": "customer"})
    service.refresh()
    assert service.left_out() == {}
    assert registry.get("customer").rt is CUSTOMER


def test_a_stored_type_whose_unique_value_tells_of_hidden_records_stays_in_force_and_is_not_put_like_this_again(
    upgraded: Callable[[dict[str, Any]], None], now: datetime
) -> None:
    upgraded(visit_with(unique=True))
    assert (service.left_out(), "visit" in in_force()) == ({}, True)
    assert {finding.code for finding in checks.check(registry.all_types())} == {"E037"}
    with pytest.raises(WrongDefinition) as refused:
        service.put(visit_with(unique=True) | {"icon": "circle"}, actor=SYSTEM, now=now)
    assert {finding.code for finding in refused.value.findings} == {"E037"}


def test_a_stored_type_whose_move_asks_for_what_its_makers_do_not_read_stays_in_force_and_the_move_is_for_who_reads_it(
    upgraded: Callable[[dict[str, Any]], None], now: datetime
) -> None:
    upgraded(ASKS_FOR_WHAT_OWNERS_DO_NOT_READ)
    assert (service.left_out(), "visit" in in_force()) == ({}, True)
    assert {finding.code for finding in checks.check(registry.all_types())} == {"E039"}
    with pytest.raises(WrongDefinition) as refused:
        service.put(ASKS_FOR_WHAT_OWNERS_DO_NOT_READ | {"icon": "circle"}, actor=SYSTEM, now=now)
    assert {finding.code for finding in refused.value.findings} == {"E039"}
    owner, head, rt = person(Role.SPECIALIST), person(Role.HEAD), registry.get("visit").rt
    made = records.create(owner, "visit", {"visitor": "王敏"}, now=now)
    made = store.change("visit", made["_id"], {"verdict": "暗"}, actor=head, now=now)
    sent = {"verdict": "written over"}
    with pytest.raises(Forbidden):
        records.move(owner, "visit", made["number"], "finish", sent, rev=made["rev"], now=now)
    assert store.fetch("visit", made["_id"])["verdict"] == "暗"
    assert [[move.name for move in records.moves(who, rt, made)] for who in (owner, head)] == [[], ["finish"]]
    assert [offer.name for offer in offers(owner, rt) if offer.kind is Kind.MOVE] == []
    assert records.move(head, "visit", made["number"], "finish", {}, rev=made["rev"], now=now)["state"] == "done"


def test_the_sheet_of_such_a_move_shows_nobody_what_they_do_not_read(
    upgraded: Callable[[dict[str, Any]], None], demo_app: Flask, head: Desk, now: datetime
) -> None:
    upgraded(ASKS_FOR_WHAT_OWNERS_DO_NOT_READ)
    owner = seat(demo_app, Role.SPECIALIST, now=now)
    made = records.create(owner.person, "visit", {"visitor": "王敏"}, now=now)
    store.change("visit", made["_id"], {"verdict": "HIDDENWORD"}, actor=head.person, now=now)
    at = f"/records/visit/{made['number']}"
    assert "HIDDENWORD" in head.text(f"{at}/do/finish")
    assert f"{at}/do/finish" not in owner.text(at)
    assert "HIDDENWORD" not in owner.text(f"{at}/do/finish", status=403)


def test_a_stored_type_that_is_due_by_what_some_read_is_left_out_until_it_is_mended(
    upgraded: Callable[[dict[str, Any]], None], now: datetime
) -> None:
    told = visit_with(name="trial_on", kind="date", viewers=["head"])
    upgraded(told | {"due": "trial_on"})
    assert {slug: {one.code for one in found} for slug, found in service.left_out().items()} == {"visit": {"E008"}}
    with pytest.raises(WrongDefinition) as refused:
        service.put(told | {"due": "trial_on", "icon": "circle"}, actor=SYSTEM, now=now)
    assert {(one.code, one.field) for one in refused.value.findings} == {("E008", "due")}
    service.put(told, actor=SYSTEM, now=now)
    assert service.left_out() == {}
