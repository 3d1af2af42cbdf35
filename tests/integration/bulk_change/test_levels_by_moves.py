"""A move lowers no level and sets no later end of secrecy, on one record or on many, even of a type that no check has
looked at (X2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import records, registry
from models.declarations import Transition
from models.errors import Invalid, Refusal
from models.person.roles import Person
from models.record_input import LoweringNeedsHead, PeriodNeedsHead
from tests.factories.bulk_changes import carried_out, previewed, reasons
from tests.factories.types import SAMPLE, label
from tests.integration.bulk_change.conftest import Make, stored

Base = Database[dict[str, Any]]

TOO_LATE = {"level": "confidential", "secret_until": "2036-01-01"}
WRONG: list[tuple[Mapping[str, str], type[Refusal]]] = [
    ({"level": "internal"}, LoweringNeedsHead),
    ({"secret_until": "2027-10-01"}, PeriodNeedsHead),
    (TOO_LATE, Invalid),
]


@pytest.fixture(autouse=True)
def relevelled(ready: None) -> None:
    flow = SAMPLE.workflow
    assert flow is not None
    asks = ("level", "secret_until")
    move = Transition(
        name="relevel", label=label("Relevel"), source=("draft",), target="draft", by=("owner", "head"), asks=asks
    )
    registry.register(replace(SAMPLE, workflow=replace(flow, transitions=(*flow.transitions, move))))


@pytest.fixture
def number(ann: Person, made: Make) -> str:
    return made(ann, level="secret", secret_until=date(2027, 6, 1))[0]


@pytest.mark.parametrize(("raw", "refusal"), WRONG, ids=[refusal.__name__ for _, refusal in WRONG])
def test_what_the_form_refuses_is_refused_to_a_move(
    ann: Person, number: str, raw: Mapping[str, str], refusal: type[Refusal], now: datetime, db: Base
) -> None:
    with pytest.raises(refusal):
        records.change(ann, "sample", number, raw, rev=1, now=now)
    with pytest.raises(refusal):
        records.move(ann, "sample", number, "relevel", raw, rev=1, now=now)
    plan = previewed(ann, "move-relevel", raw, now=now, slug="sample", numbers=[number])
    assert (plan.count("refused"), len(reasons(plan))) == (1, 1)
    assert (stored(db, number)["level"], stored(db, number)["rev"]) == ("secret", 1)


def test_what_the_form_takes_a_move_takes(ann: Person, head: Person, made: Make, now: datetime, db: Base) -> None:
    one, many = made(ann, 2, level="secret")
    records.move(ann, "sample", one, "relevel", {"level": "confidential"}, rev=1, now=now)
    carried_out(ann, "move-relevel", {"level": "confidential"}, now=now, slug="sample", numbers=[many])
    assert [stored(db, number)["level"] for number in (one, many)] == ["confidential", "confidential"]
    records.move(head, "sample", one, "relevel", {"level": "internal"}, rev=2, now=now)
    carried_out(head, "move-relevel", {"level": "internal"}, now=now, slug="sample", numbers=[many])
    assert [stored(db, number)["level"] for number in (one, many)] == ["internal", "internal"]
