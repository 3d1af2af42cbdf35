"""Merging is no side door: what somebody may not know of takes no part in what they are told (X3, X6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from models import access, listing, names, records, registry, store
from models.access import Purpose
from models.errors import Invalid, NotFound, Refusal
from models.exchange.pointing import Pointing
from models.listing import ListQuery, merged
from models.merge import service
from models.person.roles import Person, Role
from tests.factories.commands import commands
from tests.factories.people import person
from tests.integration.merge.conftest import MERGED, lamp, now_of


@pytest.fixture
def custodian(owner: Person) -> Person:
    return person(Role.CUSTODIAN, name="Custodian")


@pytest.fixture
def stranger(owner: Person) -> Person:
    """Somebody with a top-secret record of their own, of which the owner knew nothing before it was merged."""
    return person(Role.SPECIALIST, name="Stranger")


@pytest.fixture
def pair(owner: Person, stranger: Person, head: Person, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """A record of the owner's, into which one was merged; whose that was does not read it any more."""
    keep, other = lamp(owner, now, level="top_secret"), lamp(stranger, now, name="Lantern", level="top_secret")
    service.merge(head, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now)
    return keep, other


def found(who: Person, text: str) -> list[str]:
    """The numbers of the samples that a search finds."""
    rt = registry.get("sample").rt
    reach = access.reach(who, rt, Purpose.VIEW)
    return [row["number"] for row in listing.page(rt, reach, ListQuery(q=text), rt.fields).rows]


def test_only_records_within_reach_are_counted_as_pointing(owner: Person, custodian: Person, now: datetime) -> None:
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    for level in ("internal", "secret", "confidential", "top_secret"):
        lamp(owner, now, name="Child", level=level, parent=other["_id"])
    records.create(owner, "pointing", {"lamp": other["_id"]}, now=now)
    compared = service.compare(custodian, "sample", keep["number"], other["number"], now)
    assert compared.pointing == 3  # of the card of a confidential one, too, the pointer is no part


def test_a_pointer_that_is_not_theirs_to_see_is_not_counted(owner: Person, custodian: Person, now: datetime) -> None:
    secret = tuple(replace(f, viewers=(Role.HEAD,)) if f.name == "parent" else f for f in MERGED.fields)
    registry.register(replace(MERGED, fields=secret))
    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    store.create("sample", {"name": "Child", "parent": other["_id"]}, actor=owner, now=now)
    assert service.compare(custodian, "sample", keep["number"], other["number"], now).pointing == 0


def test_a_merged_record_is_named_to_who_reads_what_it_became_and_to_nobody_else(
    owner: Person, head: Person, stranger: Person, pair: tuple[dict[str, Any], dict[str, Any]], now: datetime
) -> None:
    keep, other = pair
    for one in pair:
        with pytest.raises(NotFound):
            records.see(stranger, "sample", one["number"], Purpose.VIEW, now)
    for who in (head, owner):
        seen = records.read(who, "sample", keep["number"], Purpose.VIEW, now)
        assert [one.number for one in service.merged_into(who, seen)] == [other["number"]]
        assert "merged_from" not in seen.values
        said = repr([row["changes"] for row in records.versions_of(seen)])
        assert other["number"] not in said


def test_the_number_of_a_merged_record_finds_nothing_for_who_may_not_know_it(
    owner: Person, head: Person, stranger: Person, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    keep, other = pair
    for who in (head, owner):
        assert found(who, other["number"]) == found(who, other["number"].lower()) == [keep["number"]]
        assert found(who, other["number"][-6:]) == []
    for number in (other["number"], keep["number"]):
        assert found(stranger, number) == []


def test_the_name_of_a_merged_record_finds_nothing_for_who_does_not_read_it(
    owner: Person, head: Person, stranger: Person, pair: tuple[dict[str, Any], dict[str, Any]], now: datetime
) -> None:
    keep, _ = pair
    record = now_of(keep)
    store.change("sample", keep["_id"], {"name": "Lamp"}, actor=head, now=now, rev=record["rev"])
    for who, finds in ((head, [keep["number"]]), (owner, [keep["number"]]), (stranger, [])):
        assert found(who, "Lantern") == found(who, "Lamp") == finds


def test_the_name_of_a_merged_record_of_which_one_has_the_card_finds_nothing(
    owner: Person, head: Person, stranger: Person, now: datetime
) -> None:
    keep, other = lamp(owner, now, level="secret"), lamp(stranger, now, name="Lantern", level="secret")
    service.merge(head, "sample", keep["number"], other["number"], {"name": "keep"}, revs=(1, 1), now=now)
    assert found(head, "Lantern") == found(owner, "Lantern") == [keep["number"]]
    assert found(stranger, "Lantern") == []
    assert not records.see(stranger, "sample", other["number"], Purpose.VIEW, now).full


def test_the_name_of_a_time_of_another_level_leads_only_who_would_have_read_it_then(
    owner: Person, head: Person, stranger: Person, now: datetime
) -> None:
    keep, other = (lamp(owner, now, name=name, level="top_secret") for name in ("Lantern", "Lamp"))
    service.merge(head, "sample", keep["number"], other["number"], {"name": "other"}, revs=(1, 1), now=now)
    assert found(head, "Lantern") == found(owner, "Lantern") == [keep["number"]]
    assert found(stranger, "Lantern") == found(stranger, "Lamp") == []
    store.change("sample", keep["_id"], {"level": "internal"}, actor=head, now=now)
    assert found(stranger, "Lamp") == [keep["number"]]
    assert found(stranger, "Lantern") == []
    assert found(owner, "Lantern") == [keep["number"]]


def test_however_many_took_another_name_it_is_asked_once_how_secret_they_were(
    owner: Person, head: Person, now: datetime
) -> None:
    asked = []
    for _ in range(3):
        keep, other = (lamp(owner, now, name=name, level="top_secret") for name in ("Lantern", "Lamp"))
        service.merge(head, "sample", keep["number"], other["number"], {"name": "other"}, revs=(1, 1), now=now)
        with commands.heard() as heard:
            found(head, "Lantern")
        asked.append(heard.count("find record_version"))
    assert asked == [2, 2, 2]
    assert len(found(head, "Lantern")) == 3


def test_where_nothing_is_merged_that_is_asked_once_in_a_while(
    owner: Person, head: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged.forget()
    keep, other = (lamp(owner, now, name=name) for name in ("Lamp", "Lantern"))
    with commands.heard() as heard:
        assert [found(head, "Lantern") for _ in range(3)] == [[other["number"]]] * 3
    assert heard.count("find merge") == 1
    service.merge(head, "sample", keep["number"], other["number"], {"name": "keep"}, revs=(1, 1), now=now)
    assert found(head, "Lantern") == [keep["number"]], "who merged finds it at once"
    service.undo(head, "sample", keep["number"], other["number"], now=now)
    monkeypatch.setattr(merged, "NONE_SECONDS", 0.0)
    with commands.heard() as heard:
        assert [found(head, "Lantern") for _ in range(2)] == [[other["number"]]] * 2
    assert heard.count("find merge") == 2


def test_a_name_that_is_not_theirs_to_read_leads_nobody(
    head: Person, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    rt = registry.get("sample").rt
    reach = access.reach(head, rt, Purpose.VIEW)
    readable = tuple(field for field in rt.fields if field.name != "name")
    assert listing.page(rt, reach, ListQuery(q="Lantern"), rt.fields).rows
    assert merged.once_named(rt, reach, "Lantern", readable) == []


def test_taking_back_a_merge_that_one_may_not_know_of_is_taking_back_none(
    pair: tuple[dict[str, Any], dict[str, Any]], head: Person, stranger: Person, now: datetime
) -> None:
    keep, other = pair
    for who, number in ((stranger, other["number"]), (stranger, "YP-2026-999999"), (head, "YP-2026-999999")):
        with pytest.raises(NotFound):
            service.undo(who, "sample", keep["number"], number, now=now)


def test_a_merged_record_leads_only_to_what_the_reader_may_know(
    owner: Person, stranger: Person, pair: tuple[dict[str, Any], dict[str, Any]], head: Person, now: datetime
) -> None:
    keep, other = pair
    field = registry.get("pointing").rt.by_name["lamp"]
    assert names.pointed(head, field, other["number"]) == keep["_id"]
    assert Pointing(head).find(field, other["number"]) == keep["_id"]
    assert names.pointed(stranger, field, other["number"]) == other["number"], "as one that never was"
    assert not hasattr(Pointing(stranger).find(field, other["number"]), "binary")
    with pytest.raises(Refusal):
        records.create(stranger, "pointing", {"lamp": other["number"]}, now=now)
    seen = records.read(owner, "sample", other["number"], Purpose.VIEW, now)
    assert service.leads_to(owner, seen) == keep["number"]


def test_whether_fields_out_of_sight_differ_is_not_told(owner: Person, custodian: Person, now: datetime) -> None:
    alike = [lamp(owner, now) for _ in range(2)]
    differing = [lamp(owner, now), store.create("sample", {"name": "Lamp", "salary": Decimal(5)}, actor=owner, now=now)]
    notes = {
        service.compare(custodian, "sample", first["number"], second["number"], now).unseen
        for first, second in (alike, differing)
    }
    assert notes == {True}


def test_a_refusal_about_a_field_out_of_sight_names_neither_field_nor_figure(
    owner: Person, custodian: Person, head: Person, now: datetime
) -> None:
    hidden = tuple(replace(f, viewers=(Role.HEAD,)) if f.name == "people" else f for f in MERGED.fields)
    registry.register(replace(MERGED, fields=hidden))
    rows = [[{"name": f"{side}{i}"} for i in range(60)] for side in "ab"]
    keep, other = (store.create("sample", {"name": "Lamp", "people": some}, actor=owner, now=now) for some in rows)
    for who, told in ((head, True), (custodian, False)):
        with pytest.raises(Refusal) as refused:
            service.merge(who, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now)
        said = refused.value.text("en")
        assert ("People" in said and "120" in said) is told, said
        assert ("People" in said or "120" in said) is told, said


def test_a_rule_that_refuses_a_field_out_of_sight_is_told_without_its_name(
    owner: Person, custodian: Person, now: datetime
) -> None:
    def refuse(draft: registry.Draft) -> None:
        draft.problem("salary", "工资不对", "The salary is 5")
        draft.problem("amount", "金额不对", "The amount is wrong")

    keep, other = lamp(owner, now), lamp(owner, now, name="Lantern")
    registry.register(MERGED, registry.Hooks(prepare=(refuse,)))
    with pytest.raises(Invalid) as refused:
        service.merge(custodian, "sample", keep["number"], other["number"], {}, revs=(1, 1), now=now)
    assert set(refused.value.problems) == {"amount", ""}
    assert "salary" not in refused.value.problems[""].en.lower()
