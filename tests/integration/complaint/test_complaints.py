"""Complaints from intake to the revisit (T1-T5, T7, V1-V3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import records, store
from models.access import Purpose
from models.complaint.refusals import (
    AuthorityExceeded,
    CauseWanted,
    CloseReasonWanted,
    CustomerAnswerWanted,
    PromisesOpen,
    StageSkipped,
)
from models.errors import Forbidden, Invalid, NotFound
from models.person.roles import Person, Role
from tests.factories.people import person

DB = Database[dict[str, Any]]


def record(who: Person, now: datetime, **values: Any) -> dict[str, Any]:
    raw = {"subject": "灯具到货破损", "channel": "phone", "facts": "三箱破损", "complainant": "李女士", **values}
    return records.create(who, "complaint", raw, now=now)


def act(who: Person, complaint: dict[str, Any], name: str, now: datetime, note: str = "", **raw: Any) -> dict[str, Any]:
    current = store.fetch("complaint", complaint["_id"])
    return records.move(
        who, "complaint", complaint["number"], name, raw, rev=current["rev"], now=now, note=note, fresh=True
    )


def judged(who: Person, now: datetime, founded: str = "yes") -> dict[str, Any]:
    complaint = record(who, now)
    return act(who, complaint, "judge", now, founded=founded, severity="high", problem="quality", fault="logistics")


def resolved(who: Person, now: datetime, **raw: Any) -> dict[str, Any]:
    complaint = judged(who, now)
    act(who, complaint, "assign", now, owner=str(who.id))
    act(who, complaint, "answer", now, answer="今天补发三箱。")
    return act(who, complaint, "resolve", now, solution="补发", measures=["replacement"], **raw)


def test_the_first_person_asked_answers_for_it_with_a_deadline(owner: Person, now: datetime) -> None:
    complaint = record(owner, now)
    assert complaint["owner"] == owner.id
    assert complaint["state"] == "recorded"
    # 24 open hours from Monday 10:00: two days of nine hours and six more, Wednesday 16:00.
    assert complaint["answer_due"] == datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    assert complaint["due_at"] == complaint["answer_due"]


def test_a_chat_is_answered_within_five_minutes(owner: Person, now: datetime) -> None:
    assert record(owner, now, channel="chat")["answer_due"] == now + timedelta(minutes=5)


def test_a_complaint_cannot_come_from_the_future(owner: Person, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        record(owner, now, received_at=(now + timedelta(hours=1)).isoformat())
    assert set(refused.value.problems) == {"received_at"}


def test_the_whole_way_ends_with_a_revisit_that_books_itself(owner: Person, now: datetime, db: DB) -> None:
    complaint = resolved(owner, now)
    closed = act(owner, complaint, "close", now, cause="包装不牢", satisfaction="satisfied")
    assert (closed["state"], closed["closed_at"], closed["due_at"]) == ("closed", now, None)
    visit = db["record_revisit"].find_one({"complaint": complaint["_id"]})
    assert visit is not None
    assert (visit["occasion"], visit["owner"], visit["state"]) == ("complaint", owner.id, "planned")
    assert visit["waiting"] == [f"user:{owner.id}"]
    assert visit["due_on"].date().isoformat() == "2026-11-26"


def test_closing_needs_cause_and_the_customers_answer(owner: Person, now: datetime, db: DB) -> None:
    complaint = resolved(owner, now)
    with pytest.raises(CauseWanted):
        act(owner, complaint, "close", now, satisfaction="satisfied")
    with pytest.raises(CustomerAnswerWanted):
        act(owner, complaint, "close", now, cause="包装不牢")
    assert db["record_revisit"].count_documents({}) == 0


def test_closing_waits_for_every_promise(owner: Person, now: datetime) -> None:
    complaint = resolved(owner, now, promises=[{"what": "补发三箱", "done": "no"}])
    with pytest.raises(PromisesOpen):
        act(owner, complaint, "close", now, cause="包装不牢", satisfaction="satisfied")
    kept = [{"what": "补发三箱", "done": "yes"}]
    closed = act(owner, complaint, "close", now, cause="包装不牢", satisfaction="satisfied", promises=kept)
    assert closed["state"] == "closed"


def test_an_unfounded_complaint_closes_with_the_reason_told(owner: Person, now: datetime) -> None:
    complaint = judged(owner, now, founded="no")
    with pytest.raises(CloseReasonWanted):
        act(owner, complaint, "close", now)
    assert act(owner, complaint, "close", now, close_reason="签收时完好")["state"] == "closed"


def test_a_founded_complaint_is_not_closed_unresolved(owner: Person, now: datetime) -> None:
    with pytest.raises(StageSkipped):
        act(owner, judged(owner, now), "close", now, cause="x", satisfaction="satisfied")


def test_handing_over_keeps_the_stage_and_moves_the_turn(owner: Person, head: Person, now: datetime) -> None:
    other = person(Role.SPECIALIST, name="Other")
    complaint = record(owner, now)
    moved = act(owner, complaint, "hand_over", now, note="休假", owner=str(other.id))
    assert (moved["state"], moved["owner"]) == ("recorded", other.id)
    with pytest.raises((Forbidden, NotFound)):
        act(owner, complaint, "judge", now, founded="yes", severity="low", problem="other")


def test_an_amount_above_ones_authority_is_the_next_levels(owner: Person, head: Person, now: datetime) -> None:
    with pytest.raises(AuthorityExceeded):
        resolved(owner, now, amount="5000")
    complaint = judged(owner, now)
    act(owner, complaint, "assign", now, owner=str(owner.id))
    act(owner, complaint, "answer", now, answer="赔偿五千元")
    assert act(head, complaint, "resolve", now, solution="赔偿", amount="5000")["state"] == "resolved"


def test_an_agreed_later_date_moves_the_deadline(owner: Person, now: datetime) -> None:
    complaint = resolved(owner, now) and judged(owner, now)
    act(owner, complaint, "assign", now, owner=str(owner.id))
    act(owner, complaint, "answer", now, answer="下月答复")
    later = now + timedelta(days=30)
    moved = act(owner, complaint, "agree_later", now, note="客户同意", agreed_until=later.isoformat())
    assert (moved["state"], moved["due_at"]) == ("answered", later)
    with pytest.raises(Invalid) as refused:
        act(owner, complaint, "agree_later", now, note="太早", agreed_until=now.isoformat())
    assert set(refused.value.problems) == {"agreed_until"}


def test_reopening_keeps_the_story(owner: Person, now: datetime) -> None:
    complaint = resolved(owner, now)
    act(owner, complaint, "close", now, cause="包装不牢", satisfaction="unsatisfied")
    again = act(owner, complaint, "reopen", now, note="又破损")
    assert (again["state"], again["closed_at"], again["cause"]) == ("assigned", None, "包装不牢")
    actions = [row["action"] for row in records.versions(owner, "complaint", complaint["number"], now)]
    assert actions == ["reopen", "close", "resolve", "answer", "assign", "judge", "create"]


def revisit(db: DB, owner: Person, now: datetime) -> dict[str, Any]:
    raw = {"due_on": now.date(), "contact_phone": "010-55501234"}
    return records.create(owner, "revisit", raw, now=now)


def tell(who: Person, visit: dict[str, Any], name: str, now: datetime, **raw: Any) -> dict[str, Any]:
    rev = store.fetch("revisit", visit["_id"])["rev"]
    return records.move(who, "revisit", visit["number"], name, raw, rev=rev, now=now)


def test_a_revisit_keeps_answers_and_the_average_of_five_points(owner: Person, now: datetime, db: DB) -> None:
    visit = revisit(db, owner, now)
    done = tell(
        owner, visit, "record", now, channel="phone", ease="5", attitude="4", ability="4", time="3", outcome="5"
    )
    assert (done["state"], str(done["average"]), done["revisited_by"]) == ("reached", "4.2", owner.id)


def test_a_revisit_without_any_answer_is_not_done(owner: Person, now: datetime, db: DB) -> None:
    with pytest.raises(Invalid) as refused:
        tell(owner, revisit(db, owner, now), "record", now, channel="phone")
    assert set(refused.value.problems) == {"answers"}


def test_three_tries_on_different_days_end_it(owner: Person, now: datetime, db: DB) -> None:
    visit = revisit(db, owner, now)
    states = [
        tell(owner, visit, "not_reached", now + timedelta(days=day), try_note="无人接听")["state"]
        for day in (0, 0, 1, 2)
    ]
    assert states == ["planned", "planned", "planned", "given_up"]
    assert len(store.fetch("revisit", visit["_id"])["tries"]) == 4


def test_no_revisit_is_planned_in_rest_hours(owner: Person, now: datetime, db: DB) -> None:
    raw = {"due_on": now.date(), "planned_at": "2026-11-23 12:30"}
    with pytest.raises(Invalid) as refused:
        records.create(owner, "revisit", raw, now=now)
    assert set(refused.value.problems) == {"planned_at"}
    assert records.create(owner, "revisit", {**raw, "planned_at": "2026-11-23 14:30"}, now=now)["rev"] == 1


def test_a_complaint_about_a_secret_file_is_as_secret(owner: Person, head: Person, now: datetime) -> None:
    customer = records.create(owner, "customer", {"name": "华东精密", "level": "secret"}, now=now)
    complaint = record(owner, now, customer=str(customer["_id"]))
    assert complaint["level"] == "secret"
    colleague = person(Role.SPECIALIST, name="Colleague")
    assert not records.see(colleague, "complaint", complaint["number"], Purpose.VIEW, now).full
