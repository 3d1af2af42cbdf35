"""D1, D3: a proposal says why; an open contract, complaint or credit report stands against it until it is settled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from config.database import database
from models import records, registry, store
from models.destruction import candidates, matters, pointing, service
from models.errors import Invalid
from models.person.roles import SYSTEM
from tests.factories.commands import commands
from tests.factories.planted import unruled
from tests.integration.destruction.conftest import WEEK, YEARS, Cast, carried_out, old_file, signed
from tests.integration.destruction.pointing import closed_pointing

OPEN: dict[str, dict[str, Any]] = {
    "contract": {"subject": "Lamps", "kind": "sale"},
    "complaint": {"summary": "Late", "facts": "Late again", "contact_phone": "13900000002"},
    "credit_report": {},
}


@pytest.mark.parametrize("why", ["", "   "])
def test_without_a_reason_nothing_is_proposed(cast: Cast, old: dict[str, Any], now: datetime, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        service.propose(cast.owner, "customer", [old["number"]], why, now=now)
    assert set(refused.value.problems) == {"reason"}


@pytest.mark.parametrize("slug", OPEN)
def test_what_is_open_about_a_file_keeps_it_and_is_named(
    cast: Cast, old: dict[str, Any], now: datetime, slug: str
) -> None:
    values = {**OPEN[slug], "customer": old["_id"], "owner": cast.owner.id}
    made = store.create(slug, values, actor=cast.owner, now=now)
    with pytest.raises(service.NotDestructible) as refused:
        service.propose(cast.owner, "customer", [old["number"]], "Outdated", now=now)
    assert f"{made['number']} is open" in refused.value.text("en")
    final = next(state.value for state in registry.get(slug).rt.workflow.states if state.final)  # type: ignore[union-attr]
    with unruled(registry.get(slug).rt):
        store.change(slug, made["_id"], {"state": final}, actor=cast.owner, now=now)
    asked = service.propose(cast.owner, "customer", [old["number"]], "Outdated", now=now + YEARS)
    assert asked["state"] == "proposed"


@pytest.mark.parametrize("slug", OPEN)
def test_what_is_open_about_a_file_keeps_it_in_the_archive_too(
    cast: Cast, old: dict[str, Any], now: datetime, slug: str
) -> None:
    """Whoever puts a contract away has not ended it, and nobody signs for that."""
    values = {**OPEN[slug], "customer": old["_id"], "owner": cast.owner.id}
    made = store.create(slug, values, actor=cast.owner, now=now)
    store.change(slug, made["_id"], {"archived_at": now}, actor=cast.owner, now=now)
    with pytest.raises(service.NotDestructible) as refused:
        service.propose(cast.owner, "customer", [old["number"]], "Outdated", now=now)
    assert f"{made['number']} is open" in refused.value.text("en")


def test_what_is_archived_before_it_is_ended_is_not_destroyed_itself(cast: Cast, now: datetime) -> None:
    then = now - YEARS
    values = {**OPEN["complaint"], "owner": cast.owner.id, "archived_at": then}
    made = store.create("complaint", values, actor=cast.owner, now=then)
    with pytest.raises(service.NotDestructible) as refused:
        service.propose(cast.owner, "complaint", [made["number"]], "Outdated", now=now)
    assert "is open itself" in refused.value.text("en")
    assert candidates.of(cast.owner, now, "complaint") == []


@pytest.mark.parametrize("state", ["draft", "returned", "approved"])
def test_a_contract_that_was_never_signed_can_be_ended(
    cast: Cast, old: dict[str, Any], now: datetime, state: str
) -> None:
    values = {**OPEN["contract"], "customer": old["_id"], "owner": cast.owner.id, "state": state}
    made = store.create("contract", values, actor=cast.owner, now=now)
    records.move(cast.owner, "contract", made["number"], "end", {}, rev=1, now=now, note="Nothing came of it")
    assert store.fetch("contract", made["_id"])["state"] == "ended"


@pytest.mark.parametrize("slug", OPEN)
def test_what_is_settled_and_archived_comes_back_when_its_customer_is_destroyed(
    cast: Cast, old: dict[str, Any], now: datetime, slug: str
) -> None:
    made = closed_pointing(cast, slug, old, now)
    with unruled(registry.get(slug).rt):
        store.change(slug, made["_id"], {"archived_at": now - YEARS}, actor=cast.owner, now=now - YEARS)
    signed(cast, [old], now)
    carried_out(now + WEEK)
    later = now + 2 * WEEK
    back = store.change(slug, made["_id"], {"archived_at": None}, actor=cast.head, now=later, action="restore")
    assert (back["archived_at"], back["customer"]) == (None, old["_id"])


@pytest.mark.parametrize("busy", [False, True])
def test_what_is_open_about_more_records_is_asked_for_in_no_more_queries(cast: Cast, now: datetime, busy: bool) -> None:
    rt = registry.get("customer").rt
    files = [old_file(cast, now, name=f"公司{place}有限公司") for place in range(20)]
    about = dict[str, str]()
    for one in files[:3] if busy else ():
        values = {**OPEN["complaint"], "customer": one["_id"], "owner": cast.owner.id}
        about[one["number"]] = store.create("complaint", values, actor=cast.owner, now=now)["number"]

    def asked(some: list[dict[str, Any]]) -> list[str]:
        with commands.heard() as heard:
            found = matters.against(rt, some, cast.owner, now)
        named = {number: [one.text.en for one in told] for number, told in found.items()}
        label = registry.get("complaint").rt.label.en
        wanted = {number: [f"{label} {complaint} is open"] for number, complaint in about.items()}
        assert named == {one["number"]: wanted[one["number"]] for one in some if one["number"] in wanted}
        return heard

    alone = asked(files[:1])
    assert asked(files) == alone


def test_of_many_open_ones_about_a_file_three_are_named_and_of_those_one_may_not_know_no_number(
    cast: Cast, now: datetime
) -> None:
    rt, file = registry.get("customer").rt, old_file(cast, now)
    values = {**OPEN["complaint"], "customer": file["_id"], "owner": cast.owner.id}
    numbers = [store.create("complaint", values, actor=cast.owner, now=now)["number"] for _ in range(4)]
    [told] = matters.against(rt, [file], cast.owner, now).values()
    assert sum(number in one.text.en for one in told for number in numbers) == 3
    [unknown] = matters.against(rt, [file], SYSTEM, now).values()
    assert [one.text for one in unknown] == [matters.HIDDEN]


def test_of_many_open_ones_about_many_files_no_more_is_read_than_is_told(cast: Cast, now: datetime) -> None:
    rt = registry.get("customer").rt
    busy, quiet = (old_file(cast, now, name=name) for name in ("忙公司", "静公司"))
    loser = old_file(cast, now, name="并公司")
    database()["record_customer"].update_one({"_id": loser["_id"]}, {"$set": {"merged_into": busy["_id"]}})
    numbers = []
    for place in range(12):
        about = loser if place % 2 else busy
        values = {**OPEN["complaint"], "customer": about["_id"], "owner": cast.owner.id}
        numbers.append(store.create("complaint", values, actor=cast.owner, now=now)["number"])
    with commands.returned() as rows:
        found = matters.against(rt, [busy, quiet], cast.owner, now)
    label = registry.get("complaint").rt.label.en
    assert {one.text.en for one in found.pop(busy["number"])} == {f"{label} {one} is open" for one in numbers[:3]}
    assert found == {}
    assert sum(rows) <= 4


def test_of_many_cards_under_which_a_file_is_out_no_more_are_read_than_are_told(cast: Cast, now: datetime) -> None:
    rt, file = registry.get("customer").rt, old_file(cast, now)
    for _ in range(9):
        values = {"uses": ["print"], "reason": "x", "type_asked": "customer", "department": "service", "state": "out"}
        rows_of = [{"number": file["number"], "level": "secret"}] * 2
        store.create("access_request", {**values, "items": rows_of}, actor=cast.owner, now=now)
    with commands.returned() as rows:
        [told] = matters.against(rt, [file], cast.owner, now).values()
    assert len(told) == matters.SHOWN
    assert sum(rows) == 1


def test_what_points_to_a_file_twice_is_told_once_and_a_part_of_it_keeps_nothing(cast: Cast, now: datetime) -> None:
    rt = registry.get("customer").rt
    file, part, other = (old_file(cast, now, name=name) for name in ("整公司", "分公司", "另公司"))
    made = store.create(
        "complaint", {**OPEN["complaint"], "customer": file["_id"], "owner": cast.owner.id}, actor=cast.owner, now=now
    )
    own = {one["_id"]: file["_id"] for one in (file, part)} | {other["_id"]: other["_id"]}
    together = [[file["_id"], part["_id"]], [other["_id"]]]
    lists = {"rows": [{"one": file["_id"]}, {"one": part["_id"]}], "again": part["_id"]}
    complaints, customers = database()["record_complaint"], database()["record_customer"]
    complaints.update_one({"_id": made["_id"]}, {"$set": lists})
    customers.update_one({"_id": part["_id"]}, {"$set": {"again": file["_id"]}})
    customers.update_one({"_id": other["_id"]}, {"$set": {"again": file["_id"]}})
    paths = ["customer", "rows.one", "again"]
    [told] = pointing.first(registry.get("complaint").rt, paths, own, {}, 3).items()
    assert (told[0], [one["number"] for one in told[1]]) == (file["_id"], [made["number"]])
    [told] = pointing.first(rt, ["again"], own, {}, 3, together).items()
    assert (told[0], [one["_id"] for one in told[1]]) == (file["_id"], [other["_id"]])


@pytest.mark.parametrize("slug", OPEN)
def test_what_is_settled_about_a_file_keeps_it_for_as_long_as_it_is_kept_itself(
    cast: Cast, old: dict[str, Any], now: datetime, slug: str
) -> None:
    """An ended contract that has to be kept would lose with whom it was made."""
    rt, customers = registry.get(slug).rt, registry.get("customer").rt
    made = closed_pointing(cast, slug, old, now)
    assert matters.against(customers, [old], cast.owner, now) == {}
    with unruled(rt):
        store.change(slug, made["_id"], {"archived_at": now}, actor=cast.owner, now=now)
    [told] = matters.against(customers, [old], cast.owner, now).values()
    label = rt.label
    assert [(one.kind, one.text.zh, one.text.en) for one in told] == [
        ("retention", f"{label.zh} {made['number']} 保存期未满", f"{label.en} {made['number']} has to be kept yet")
    ]
    [unknown] = matters.against(customers, [old], SYSTEM, now).values()
    assert [one.text for one in unknown] == [matters.HIDDEN_KEPT]
    with pytest.raises(service.NotDestructible):
        service.propose(cast.owner, "customer", [old["number"]], "Outdated", now=now)
    later = now + YEARS
    assert service.propose(cast.owner, "customer", [old["number"]], "Outdated", now=later)["state"] == "proposed"


def test_a_merged_record_is_not_proposed_but_what_it_was_merged_into(cast: Cast, now: datetime) -> None:
    whole, part = old_file(cast, now, name="总公司"), old_file(cast, now, name="分公司")
    database()["record_customer"].update_one({"_id": part["_id"]}, {"$set": {"merged_into": whole["_id"]}})
    with pytest.raises(service.PartOfAnother) as refused:
        service.propose(cast.owner, "customer", [whole["number"], part["number"]], "Outdated", now=now)
    assert (refused.value.status, part["number"] in refused.value.text("en")) == (409, True)
