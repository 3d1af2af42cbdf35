"""D3: what a legal hold keeps is not parted from it by taking a merge back, and so is not destroyed beside it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from models import records, store
from models.access import Purpose
from models.destruction import holds, service
from models.merge import service as merging
from models.merge.rules import OnHold
from tests.integration.destruction.conftest import YEARS, Cast, old_file

Pair = tuple[dict[str, Any], dict[str, Any]]
EVIDENCE = "What the court asks for"


@pytest.fixture
def merged(cast: Cast, now: datetime) -> Pair:
    keep, gone = old_file(cast, now, name="甲有限公司"), old_file(cast, now, name="乙有限公司", analysis=EVIDENCE)
    merging.merge(cast.head, "customer", keep["number"], gone["number"], {}, revs=(1, 1), now=now - YEARS)
    return keep, gone


def hold(cast: Cast, record: dict[str, Any], now: datetime) -> None:
    holds.place(cast.head, "customer", record["number"], "Lawsuit", now=now)


def taken_back(cast: Cast, merged: Pair, now: datetime) -> dict[str, Any]:
    keep, gone = merged
    return merging.undo(cast.head, "customer", keep["number"], gone["number"], now=now)


@pytest.mark.parametrize("held", [0, 1], ids=["what stayed", "what was merged into it"])
def test_a_merge_is_taken_back_only_once_the_hold_on_either_is_lifted(
    cast: Cast, merged: Pair, now: datetime, held: int
) -> None:
    keep, gone = merged
    hold(cast, merged[held], now)
    with pytest.raises(OnHold):
        taken_back(cast, merged, now)
    assert store.fetch("customer", keep["_id"])["analysis"] == EVIDENCE
    with pytest.raises(service.NotDestructible):
        service.propose(cast.owner, "customer", [keep["number"]], "Outdated", now=now)
    holds.lift(cast.head, "customer", merged[held]["number"], "Settled", now=now + timedelta(days=1))
    assert taken_back(cast, merged, now + timedelta(days=1))["_id"] == gone["_id"]
    assert store.fetch("customer", keep["_id"])["analysis"] is None


def test_taking_back_is_not_offered_meanwhile(cast: Cast, merged: Pair, now: datetime) -> None:
    keep, gone = merged

    def told() -> list[tuple[str, bool]]:
        found = merging.merged_into(cast.head, records.read(cast.head, "customer", keep["number"], Purpose.VIEW, now))
        return [(one.number, one.held) for one in found]

    assert told() == [(gone["number"], False)]
    hold(cast, keep, now)
    assert told() == [(gone["number"], True)]
