"""D1: three signatures stand for the same records. What changed since it was proposed is not signed any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import records, registry, store
from models.access import Purpose
from models.destruction import former, removal, service
from models.destruction.document import DESTRUCTION, SLUG
from models.merge import service as merging
from models.person.roles import Person
from tests.integration.destruction.conftest import WEEK, YEARS, Cast, old_file, sign

Base = Database[dict[str, Any]]
Record = dict[str, Any]
LONG_AGO = YEARS - timedelta(days=2)
"""So long ago that a file that was changed then may go."""


def propose(cast: Cast, record: Record, now: datetime) -> Record:
    return service.propose(cast.owner, "customer", [record["number"]], "Outdated", now=now)


def changed(cast: Cast, record: Record, now: datetime) -> None:
    values = {"level": "top_secret", "level_basis": "重大利益", "city": "广州"}
    store.change("customer", record["_id"], values, actor=cast.owner, now=now - LONG_AGO)


def stored(asked: Record) -> Record:
    return store.fetch(SLUG, asked["_id"])


def told(who: Person, asked: Record, now: datetime) -> list[str]:
    found = records.read(who, SLUG, asked["number"], Purpose.VIEW, now)
    warns = registry.get(DESTRUCTION.slug).hooks.warns
    assert warns is not None
    return [one.en for one in warns(who, {**found.values, "_id": found.id}, {})]


@pytest.mark.parametrize("given", [0, 1, 2])
def test_a_record_that_changed_is_not_signed_away_by_any_of_the_three(
    cast: Cast, old: Record, now: datetime, given: int
) -> None:
    asked = propose(cast, old, now)
    for who, move in cast.signers[:given]:
        sign(who, asked, move, now)
    before = stored(asked)
    changed(cast, old, now)
    who, move = cast.signers[given]
    with pytest.raises(service.ChangedSince, match=old["number"]):
        sign(who, asked, move, now)
    assert stored(asked) == before
    assert told(who, asked, now) == [f"{old['number']} changed since it was proposed: this destruction cannot go on"]
    assert sign(who, asked, "refuse", now, "Changed since")["state"] == "refused"
    anew = propose(cast, old, now)
    assert anew["level_asked"] == "top_secret"
    assert sign(cast.supervisor, anew, "sign", now)["state"] == "signed"


def test_who_proposed_it_withdraws_what_changed(cast: Cast, old: Record, now: datetime) -> None:
    asked = propose(cast, old, now)
    changed(cast, old, now)
    assert sign(cast.owner, asked, "withdraw", now)["state"] == "withdrawn"


def test_a_part_that_changed_is_a_change_of_the_record_that_it_was_merged_into(cast: Cast, now: datetime) -> None:
    then = now - YEARS
    keep, part = old_file(cast, now), old_file(cast, now, name="别的有限公司")
    merging.merge(cast.head, "customer", keep["number"], part["number"], {}, revs=(1, 1), now=then)
    asked = propose(cast, keep, now)
    store.change("customer", part["_id"], {"level_basis": "重大"}, actor=cast.owner, now=now - LONG_AGO)
    with pytest.raises(service.ChangedSince):
        sign(cast.supervisor, asked, "sign", now)


def test_who_reads_a_record_no_longer_is_not_told_that_it_changed(cast: Cast, old: Record, now: datetime) -> None:
    asked = service.propose(cast.custodian, "customer", [old["number"]], "Outdated", now=now)
    changed(cast, old, now)
    assert told(cast.custodian, asked, now) == []
    assert told(cast.head, asked, now) != []


@pytest.mark.parametrize("move", ["approve", "countersign"])
def test_signatures_of_former_versions_stand_for_what_was_proposed(
    cast: Cast, old: Record, now: datetime, db: Base, move: str
) -> None:
    """Each of them put the version of its day in the place of the one that was proposed."""
    asked, untouched = propose(cast, old, now), propose(cast, old_file(cast, now, name="别的有限公司"), now)
    signed = 1 if move == "approve" else 2
    for who, given in cast.signers[:signed]:
        sign(who, asked, given, now)
    changed(cast, old, now)
    (item,) = stored(asked)["items"]
    then = {"items": [{**item, "rev": 2, "level": "top_secret"}], "level_asked": "top_secret"}
    then |= {"state": "approved"} if move == "approve" else {"state": "cooling"}
    store.change(SLUG, asked["_id"], then, actor=cast.signers[signed][0], now=now, action=move)
    (line,) = former.stand_by_proposals()
    assert line.startswith("took 1 destructions")
    assert stored(asked)["items"] == [item]
    assert stored(untouched)["rev"] == 1
    assert former.stand_by_proposals() == []
    if move == "approve":
        with pytest.raises(service.ChangedSince):
            sign(cast.manager, asked, "countersign", now)
    else:
        removal.begin_due(now + WEEK)
        assert (stored(asked)["state"], stored(asked)["items"][0]["outcome"]) == ("barred", "changed")
        assert db["record_customer"].count_documents({"_id": old["_id"]}) == 1
