"""Merging on the screen: choosing, comparing, picking, taking back, and the address of the merged record (F7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from models import records, registry, schema, store
from models.declarations import Relation, Rule
from models.destruction import holds
from models.person.roles import Role
from tests.factories.types import SAMPLE
from tests.factories.web import Clock
from tests.integration.web.records.conftest import Make, Sit
from tests.integration.web.records.test_writing import hidden

AT = "/records/sample/"


@pytest.fixture
def sample(demo_app: Any) -> Iterator[None]:
    merged = replace(SAMPLE, rights=replace(SAMPLE.rights, merge=(Rule(Relation.DEPARTMENT, (Role.HEAD,)),)))
    registry.register(merged)
    schema.migrate()
    yield
    registry.unregister("sample")


def stored(record: dict[str, Any]) -> dict[str, Any]:
    return store.fetch("sample", record["_id"])


def test_two_records_are_compared_merged_and_taken_apart_again(sit: Sit, make: Make) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    keep = make(owner.person, name="Lamp", people=[{"name": "Zhao"}])
    other = make(owner.person, name="Lantern", pieces="3", people=[{"name": "Qian"}])
    at = AT + keep["number"]
    assert "Merge with" in head.text(at)
    assert "field=merged_into" in head.text(f"{at}/merge")
    page = head.text(f"{at}/merge?with={other['number']}")
    for word in ("Lantern", "Zhao", "Qian", "Both stay", "goes into the archive"):
        assert word in page, word

    picks = {"pick-name": "other", "pick-pieces": "keep"}
    data = {"with": other["number"], "rev": hidden(page, "rev"), "other_rev": hidden(page, "other_rev"), **picks}
    assert head.send(f"{at}/merge", **data).location == at

    result = stored(keep)
    assert (result["name"], result["pieces"]) == ("Lantern", None)
    assert [row["name"] for row in result["people"]] == ["Zhao", "Qian"]
    again = head.send(f"{at}/merge", **data)
    assert again.location == at
    assert stored(keep)["rev"] == 2

    answer = head.get(AT + other["number"])
    assert (answer.status_code, answer.location) == (302, at)
    assert "stands here as it was" in head.text(f"{AT}{other['number']}?kept=1")
    assert "merged it into another record" in head.text(f"{AT}{other['number']}/history")
    page = head.text(at)
    assert f"{other['number']} was merged into this record" in page
    assert "Take back" in page
    assert "Take back" not in owner.text(at)

    assert head.send(f"{at}/unmerge", other=other["number"]).location == at
    assert stored(other)["archived_at"] is None
    assert "Lantern" in head.text(AT + other["number"])


def test_while_a_legal_hold_keeps_them_together_the_page_says_so_instead(sit: Sit, make: Make, clock: Clock) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    keep, other = make(owner.person), make(owner.person, name="Lantern")
    at = AT + keep["number"]
    data = {"with": other["number"], "rev": "1", "other_rev": "1"}
    assert head.send(f"{at}/merge", **data).location == at
    holds.place(head.person, "sample", keep["number"], "Lawsuit", now=clock.now)
    page = head.text(at)
    assert ("A legal hold keeps the two together" in page, "Take back" in page) == (True, False)
    assert "A legal hold keeps" not in owner.text(at)
    assert "on legal hold" in head.send(f"{at}/unmerge", 409, other=other["number"]).text
    assert stored(other)["merged_into"] == keep["_id"]


def test_nobody_else_is_offered_or_given_a_merge(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST)
    keep, other = make(owner.person), make(owner.person, name="Lantern")
    at = AT + keep["number"]
    assert "Merge with" not in owner.text(at)
    owner.text(f"{at}/merge", 403)
    owner.send(f"{at}/merge", 403, **{"with": other["number"], "rev": "1", "other_rev": "1"})
    owner.send(f"{at}/unmerge", 404, other=other["number"])
    assert owner.get(f"{AT}lookup?field=merged_into&q=La").status_code == 404
    assert stored(keep)["rev"] == stored(other)["rev"] == 1


def test_what_cannot_be_merged_says_so_where_the_other_is_chosen(sit: Sit, make: Make) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    keep = make(owner.person)
    at = AT + keep["number"]
    for number, status in ((keep["number"], 409), ("YP-2026-000999", 404), ("\x00$ne", 404)):
        page = head.get(f"{at}/merge", query_string={"with": number})
        assert page.status_code == status
        assert "Not merged" in page.get_data(as_text=True)


def test_a_comparison_that_is_out_of_date_is_shown_anew(sit: Sit, make: Make, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    keep, other = make(owner.person), make(owner.person, name="Lantern")
    records.change(owner.person, "sample", other["number"], {"name": "Torch"}, rev=1, now=now)
    data = {"with": other["number"], "rev": "1", "other_rev": "1"}
    page = head.send(f"{AT}{keep['number']}/merge", 409, **data).get_data(as_text=True)
    assert "Torch" in page
    assert hidden(page, "other_rev") == "2"
    for wrong in ({"pick-name": "both"}, {"pick-verdict": "keep"}, {"pick-$where": "x"}):
        page = head.send(f"{AT}{keep['number']}/merge", 422, **{**data, "other_rev": "2"}, **wrong).get_data(
            as_text=True
        )
        assert "That cannot be picked" in page
    for wrong in ({"rev": "x"}, {"other_rev": ""}):
        head.send(f"{AT}{keep['number']}/merge", 400, **{**data, **wrong})


def test_a_locked_or_hidden_record_is_neither_compared_nor_named(sit: Sit, make: Make) -> None:
    owner, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    keep = make(owner.person, name="Lamp")
    other = make(owner.person, name="Lantern", level="top_secret")
    custodian = sit(Role.CUSTODIAN)
    for number in (other["number"], "YP-2026-000999"):
        page = custodian.text(f"{AT}{keep['number']}/merge?with={number}", 403)
        assert "Lantern" not in page
    outside = sit(Role.HEAD, department="sales")
    outside.text(f"{AT}{keep['number']}/merge", 404)
    assert "Lantern" in head.text(f"{AT}{keep['number']}/merge?with={other['number']}")


def test_the_address_of_a_merged_record_does_not_name_what_its_reader_may_not_know(
    sit: Sit, make: Make, now: datetime
) -> None:
    owner, other_owner, head = sit(Role.SPECIALIST), sit(Role.SPECIALIST), sit(Role.HEAD)
    keep = make(owner.person, name="Lamp", level="top_secret")
    other = make(other_owner.person, name="Lantern")
    data = {"with": other["number"], "rev": "1", "other_rev": "1"}
    head.send(f"{AT}{keep['number']}/merge", **data)
    for page in (other["number"], f"{other['number']}/history"):
        assert keep["number"] not in other_owner.text(AT + page, 404)
    assert keep["number"] in str(owner.get(AT + other["number"]).location)
