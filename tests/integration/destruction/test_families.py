"""D2, D3: names in the history of what pointed to a file once, of merged files, and what a hold on it means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from models import registry, store
from models.declarations import RecordType
from models.destruction import holds, service, words
from models.destruction.document import SLUG
from models.destruction.service import NotDestructible
from models.merge import service as merging
from tests.factories.planted import unruled
from tests.integration.destruction.conftest import WEEK, YEARS, Cast, carried_out, old_file, sign, signed
from tests.integration.destruction.house import said
from tests.integration.destruction.pointing import closed_pointing, moved

NAME = "Lostlampname"


def merged(cast: Cast, survivor: dict[str, Any], loser: dict[str, Any], now: datetime) -> None:
    revs = (store.fetch("customer", survivor["_id"])["rev"], store.fetch("customer", loser["_id"])["rev"])
    with unruled(registry.get("customer").rt):
        merging.merge(cast.head, "customer", survivor["number"], loser["number"], {}, revs=revs, now=now)


def test_a_name_stays_in_no_history_of_what_points_elsewhere_now(cast: Cast, now: datetime) -> None:
    first, second = old_file(cast, now, name=NAME), old_file(cast, now, name="别的公司有限公司")
    one = closed_pointing(cast, "review", first, now)
    moved("review", one, second, cast, now - YEARS, customer_name=second["name"])
    signed(cast, [first], now)
    carried_out(now + WEEK)
    assert said({NAME}) == {}
    assert store.fetch("review", one["_id"])["customer_name"] == "别的公司有限公司"


def test_one_that_points_elsewhere_to_a_file_of_the_same_name_keeps_it(cast: Cast, now: datetime) -> None:
    first, second = old_file(cast, now, name=NAME), old_file(cast, now, name=NAME)
    one = closed_pointing(cast, "review", first, now)
    moved("review", one, second, cast, now - YEARS)
    signed(cast, [first], now)
    carried_out(now + WEEK)
    assert store.fetch("review", one["_id"])["customer_name"] == NAME


@pytest.mark.parametrize("renamed", [False, True])
def test_the_name_of_a_file_that_was_merged_into_it_stays_nowhere(cast: Cast, now: datetime, renamed: bool) -> None:
    survivor, loser = old_file(cast, now, name="留下公司有限公司"), old_file(cast, now, name=NAME)
    one = closed_pointing(cast, "review", loser, now)
    if renamed:
        store.change("customer", loser["_id"], {"name": "Newlampname"}, actor=cast.owner, now=now - YEARS)
    merged(cast, survivor, loser, now - YEARS)
    assert store.fetch("review", one["_id"])["customer"] == survivor["_id"]
    signed(cast, [survivor], now)
    carried_out(now + WEEK)
    assert said({NAME, "Newlampname"}) == {}
    assert store.fetch("review", one["_id"])["customer_name"] == f"已销毁 {survivor['number']}"


def test_what_records_were_called_is_found_out_once_while_it_is_known(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    survivor, loser = old_file(cast, now, name="留下公司有限公司"), old_file(cast, now, name=NAME)
    merged(cast, survivor, loser, now - YEARS)
    asked: list[Any] = []

    def heard(rt: RecordType, son: Mapping[str, Any]) -> set[str]:
        names = names_of(rt, son)
        asked.append((son["_id"], names))
        return names

    names_of = words.names_of
    monkeypatch.setattr(words, "names_of", heard)
    signed(cast, [survivor], now)
    carried_out(now + WEEK)
    assert sorted(asked) == [(survivor["_id"], {"留下公司有限公司"}), (loser["_id"], {NAME})]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_record_on_hold_that_bears_its_name_stands_against_it(cast: Cast, now: datetime, elsewhere: bool) -> None:
    file, other = old_file(cast, now, name=NAME), old_file(cast, now, name="别的公司有限公司")
    one = closed_pointing(cast, "contract", file, now)
    if elsewhere:
        moved("contract", one, other, cast, now - YEARS)
    asked = service.propose(cast.owner, "customer", [file["number"]], "Outdated", now=now)
    holds.place(cast.head, "contract", one["number"], "Dispute", now=now)
    with pytest.raises(NotDestructible) as refused:
        sign(cast.supervisor, asked, "sign", now)
    assert "on legal hold" in refused.value.text("en")
    holds.lift(cast.head, "contract", one["number"], "Over", now=now)
    for who, move in cast.signers:
        sign(who, asked, move, now)
    holds.place(cast.head, "contract", one["number"], "Again", now=now)
    carried_out(now + WEEK)
    after = store.fetch(SLUG, asked["_id"])
    assert (after["state"], after["items"][0]["outcome"]) == ("barred", "hold")
    assert said({NAME})["record_version"] == [NAME]


def test_what_was_changed_after_the_last_signature_is_not_destroyed(cast: Cast, now: datetime) -> None:
    file = old_file(cast, now, name=NAME)
    asked = signed(cast, [file], now)
    with unruled(registry.get("customer").rt):
        store.change("customer", file["_id"], {"address": "新地址"}, actor=cast.owner, now=now - YEARS)
    carried_out(now + WEEK)
    after = store.fetch(SLUG, asked["_id"])
    assert (after["state"], after["items"][0]["outcome"]) == ("barred", "changed")
    assert store.fetch("customer", file["_id"])["name"] == NAME


def test_what_was_merged_into_it_has_to_have_been_kept_for_long_enough_too(cast: Cast, now: datetime, db: Any) -> None:
    survivor, loser = old_file(cast, now, name="留下公司有限公司"), old_file(cast, now, name=NAME)
    merged(cast, survivor, loser, now - YEARS)
    db["record_customer"].update_one({"_id": loser["_id"]}, {"$set": {"updated_at": now}})
    with pytest.raises(NotDestructible, match="kept until"):
        service.propose(cast.owner, "customer", [survivor["number"]], "Outdated", now=now)
