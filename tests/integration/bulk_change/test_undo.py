"""A bulk change taken back: former values as new versions, only where nobody has worked since."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pymongo.database import Database

from models import records, store
from models.bulk_change import running, service
from models.bulk_change.document import State
from models.bulk_change.refusals import NotUndoable, UndoTooLate, WrongStep
from models.errors import NotFound
from models.person.roles import Person, Role
from models.record_input import LoweringNeedsHead
from tests.factories.bulk_changes import carried_out, previewed, reasons, worked
from tests.factories.people import person
from tests.integration.bulk_change.conftest import Make

Base = Database[dict[str, Any]]


def values(db: Base, field: str, slug: str = "sample") -> list[Any]:
    sons = list(db[f"record_{slug}"].find().sort("number", 1))
    return [store.fetch(slug, son["_id"])[field] for son in sons]


def test_former_values_come_back_as_new_versions(ann: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 12, colour="blue", amount=Decimal("3.50")) + made(ann, 3)
    raw = {"colour": "red", "amount": ""}
    plan = carried_out(ann, "change", raw, now=now, slug="sample", numbers=numbers)
    assert set(values(db, "colour")) == {"red"}
    plan = worked(service.undo(ann, plan.id, now), now)
    assert (plan.state, plan.count("undone"), plan.count("kept")) == (State.UNDONE, 15, 0)
    assert values(db, "colour") == ["blue"] * 12 + [None] * 3
    assert values(db, "amount") == [Decimal("3.50")] * 12 + [None] * 3
    assert set(values(db, "rev")) == {3}
    actions = db["record_version"].distinct("action", {"undoes": plan.id})
    assert actions == ["undo_bulk"]
    assert db["audit"].count_documents({"action": "undo_bulk", "detail.undoes": str(plan.id)}) == 15


def test_records_touched_since_stay_and_are_named(
    ann: Person, head: Person, made: Make, now: datetime, db: Base
) -> None:
    numbers = made(ann, 12)
    plan = carried_out(ann, "change", {"colour": "red"}, now=now, slug="sample", numbers=numbers)
    records.change(head, "sample", numbers[2], {"pieces": "4"}, rev=2, now=now)
    plan = worked(service.undo(ann, plan.id, now), now)
    assert (plan.count("undone"), plan.count("kept")) == (11, 1)
    assert reasons(plan, "kept") == {"head changed it since.": 1}
    assert [colour for colour in values(db, "colour") if colour] == ["red"]


def test_an_undo_goes_on_where_it_broke_off(ann: Person, made: Make, now: datetime, db: Base) -> None:
    plan = carried_out(ann, "change", {"colour": "red"}, now=now, slug="sample", numbers=made(ann, 25))
    service.undo(ann, plan.id, now)
    turns = iter([True])
    running.advance(plan.id, holder="one", now=now, go_on=lambda: next(turns, False))
    part = service.get(plan.id)
    assert (part.state, part.count("undone"), part.percent) == (State.UNDOING, 10, 40)
    plan = worked(plan, now)
    assert (plan.count("undone"), plan.count("kept")) == (25, 0)
    assert set(values(db, "rev")) == {3}


def test_a_hand_over_goes_back(head: Person, ann: Person, ben: Person, made: Make, now: datetime, db: Base) -> None:
    numbers = made(ann, 2, slug="customer")
    plan = carried_out(head, "hand_over", {"owner": ben.id}, now=now, numbers=numbers)
    plan = worked(service.undo(head, plan.id, now), now)
    assert plan.count("undone") == 2
    assert set(values(db, "owner", "customer")) == {ann.id}


def test_archived_records_come_back_and_restored_ones_go(
    head: Person, ann: Person, made: Make, now: datetime, db: Base
) -> None:
    numbers = made(ann, 3)
    plan = carried_out(head, "archive", {}, note="Outdated", now=now, slug="sample", numbers=numbers)
    worked(service.undo(head, plan.id, now), now)
    assert values(db, "archived_at") == [None] * 3
    carried_out(head, "archive", {}, note="Outdated", now=now, slug="sample", numbers=numbers)
    plan = carried_out(head, "restore", now=now + timedelta(hours=1), slug="sample", numbers=numbers)
    worked(service.undo(head, plan.id, now + timedelta(hours=1)), now + timedelta(hours=1))
    assert values(db, "archived_at") == [now] * 3


def test_a_raised_level_is_lowered_again_by_the_head_only(
    ann: Person, head: Person, made: Make, now: datetime, db: Base
) -> None:
    numbers = made(ann, 2) + made(ann, 1, level="secret")
    raw = {"level": "confidential"}
    plan = carried_out(ann, "change", raw, now=now, slug="sample", numbers=numbers)
    kept = worked(service.undo(ann, plan.id, now), now)
    assert reasons(kept, "kept") == {LoweringNeedsHead().text("en"): 3}
    assert set(values(db, "level")) == {"confidential"}
    plan = carried_out(head, "change", {"level": "top_secret"}, now=now, slug="sample", numbers=numbers)
    plan = worked(service.undo(head, plan.id, now), now)
    assert set(values(db, "level")) == {"confidential"}


def test_moves_are_not_undone(ann: Person, ben: Person, made: Make, now: datetime, db: Base) -> None:
    plan = carried_out(ann, "move-submit", {"checker": ben.id}, now=now, slug="sample", numbers=made(ann, 2))
    with pytest.raises(NotUndoable):
        service.undo(ann, plan.id, now)
    assert set(values(db, "state")) == {"waiting"}


def test_it_is_undone_once_in_time_and_by_its_maker_or_the_head(
    ann: Person, ben: Person, head: Person, made: Make, now: datetime, db: Base
) -> None:
    numbers = made(ann, 2)
    plan = previewed(ann, "change", {"colour": "red"}, now=now, slug="sample", numbers=numbers)
    with pytest.raises(WrongStep):
        service.undo(ann, plan.id, now)
    plan = worked(service.confirm(ann, plan.id, plan.stamp, now), now)
    with pytest.raises(UndoTooLate):
        service.undo(ann, plan.id, now + timedelta(days=30, minutes=1))
    for stranger in (ben, person(Role.HEAD, department="sales"), person(Role.ADMINISTRATOR), person(Role.AUDITOR)):
        with pytest.raises(NotFound):
            service.undo(stranger, plan.id, now)
    service.undo(head, plan.id, now)
    with pytest.raises(WrongStep):
        service.undo(ann, plan.id, now)
    plan = worked(plan, now)
    assert plan.count("undone") == 2
    with pytest.raises(WrongStep):
        service.undo(head, plan.id, now)
    assert values(db, "updated_by") == [head.id] * 2
