"""Acts on My work: later, done, handed over; one line or several, each with its own outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pymongo.database import Database

from models import audit, records, registry, store, work
from models.hand_over import service as hand_over
from models.office import office_calendar
from models.person.roles import SYSTEM, Person, Role
from models.reminder.chasing import chase_deadlines
from models.reminder.document import REMINDERS
from tests.factories.commands import commands
from tests.factories.contracts import contract
from tests.factories.customers import customer
from tests.factories.damage import damage
from tests.factories.desks import Desk
from tests.factories.web import Clock
from tests.integration.web.test_home import lines, piles, revisit

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
TODAY = date(2026, 11, 23)
FRIDAY = date(2026, 11, 27)


def item(slug: str, record: dict[str, Any]) -> str:
    return f"{slug}/{record['number']}/{record['rev']}"


def review(owner: Person, now: datetime, **values: Any) -> dict[str, Any]:
    file = customer(owner, now, level=values.pop("level", "internal"))
    given = {"customer": file["_id"], "quarter": "2026Q4", "due_on": FRIDAY, "level": file["level"], **values}
    return store.create("review", given, actor=owner, now=now)


def leak(reporter: Person, now: datetime) -> dict[str, Any]:
    """What waits for the head, who takes it up at once."""
    days = {"happened_on": date(2026, 11, 18), "found_on": date(2026, 11, 19)}
    told = {"subject": "A lost print", "way": "paper", "level_leaked": "secret", "account": "Left in a taxi"}
    return store.create("leak", {**days, **told}, actor=reporter, now=now)


def open_reminders(db: Base, desk: Desk) -> list[str]:
    return [row["step"] for row in db[REMINDERS].find({"person": desk.person.id, "closed_at": None})]


# --- later


def test_work_put_aside_leaves_the_desk_and_comes_back_in_the_morning(sit: Sit, clock: Clock) -> None:
    ann = sit(Role.SPECIALIST)
    made = revisit(ann.person, FRIDAY, clock.now)
    ann.send("/work/later", item=item("revisit", made), until="tomorrow")
    assert set(piles(ann)) == {"aside"}
    assert "back on" in piles(ann)["aside"]
    morning = datetime(2026, 11, 24, 1, tzinfo=UTC)  # 9:00 in Shanghai
    assert work.desk(ann.person, morning - timedelta(minutes=1), office_calendar()) == []
    assert [task.sight.number for task in work.desk(ann.person, morning, office_calendar())] == [made["number"]]


def test_reminders_keep_quiet_meanwhile_and_speak_again_afterwards(db: Base, sit: Sit, clock: Clock) -> None:
    ann = sit(Role.SPECIALIST)
    made = revisit(ann.person, TODAY + timedelta(days=1), clock.now)
    chase_deadlines(clock.now, office_calendar())
    assert open_reminders(db, ann) == ["soon"]
    ann.send("/work/later", item=item("revisit", made), until="tomorrow")
    assert open_reminders(db, ann) == []
    chase_deadlines(clock.now + timedelta(hours=1), office_calendar())
    assert open_reminders(db, ann) == []
    chase_deadlines(clock.now + timedelta(days=1), office_calendar())
    assert open_reminders(db, ann) == ["today"]


def test_what_is_late_goes_up_although_its_owner_put_it_aside(db: Base, sit: Sit, now: datetime) -> None:
    ann, head = sit(Role.SPECIALIST), sit(Role.HEAD)
    made = revisit(ann.person, date(2026, 11, 13), now)
    ann.send("/work/later", item=item("revisit", made), until="monday", sure="1")
    chase_deadlines(now, office_calendar())
    assert open_reminders(db, ann) == []
    assert open_reminders(db, head) == ["climbed"]


def test_what_is_due_before_it_comes_back_is_put_aside_only_by_who_says_so(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    late, free = revisit(ann.person, TODAY, now), revisit(ann.person, TODAY + timedelta(days=7), now)
    items = [item("revisit", one) for one in (late, free)]
    page = ann.send("/work/later", 200, item=items, until="tomorrow").get_data(as_text=True)
    assert page.count("It is due before then") == 1
    assert f'name="item" value="{items[0]}"' in page
    assert f'name="item" value="{items[1]}"' not in page
    assert len(lines(piles(ann)["today"])) == 1
    ann.send("/work/later", item=items[0], until="tomorrow", sure="1")
    assert set(piles(ann)) == {"aside"}


def test_a_moved_deadline_or_another_state_brings_it_back_at_once(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    made = revisit(ann.person, FRIDAY, now)
    ann.send("/work/later", item=item("revisit", made), until="tomorrow")
    store.change("revisit", made["_id"], {"due_on": TODAY}, actor=SYSTEM, now=now)
    assert set(piles(ann)) == {"today"}


def test_work_is_taken_back_at_once(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    made = item("revisit", revisit(ann.person, FRIDAY, now))
    ann.send("/work/later", item=made, until="tomorrow")
    ann.send("/work/back", item=made)
    assert set(piles(ann)) == {"coming"}


def test_a_day_has_to_be_to_come_and_near(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    made = item("revisit", revisit(ann.person, date(2027, 11, 27), now))
    for day in ("", "2026-11-22", "2027-11-22", "soon"):
        page = ann.send("/work/later", 422, item=made, until="day", day=day).get_data(as_text=True)
        assert "Choose a day" in page
    ann.send("/work/later", item=made, until="day", day="2026-12-05")  # a Saturday
    assert "back on 7 Dec 2026" in piles(ann)["aside"]


def test_nobody_puts_aside_what_is_not_their_work_and_it_says_as_little_as_of_nothing(sit: Sit, now: datetime) -> None:
    ann, bob = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    made = item("revisit", revisit(ann.person, FRIDAY, now, level="top_secret"))
    there = bob.send("/work/later", 200, item=made, until="monday").get_data(as_text=True)
    nothing = bob.send("/work/later", 200, item="revisit/HF-2026-9/1", until="monday").get_data(as_text=True)
    number = made.split("/")[1]
    assert there.count("no such page or record") == nothing.count("no such page or record")
    assert there.count(number) == nothing.count("HF-2026-9")
    assert bob.post("/work/later", {"item": "x", "until": "monday"}).status_code == 400


def test_asking_about_a_classified_record_that_is_not_theirs_stands_in_the_trail(
    db: Base, sit: Sit, now: datetime
) -> None:
    ann, bob = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    made = review(ann.person, now, level="secret")
    page = bob.text(f"/work/later?item={item('review', made)}&item=review/GX-1/1")
    assert str(made["number"]) in page
    assert "due tone-" not in page.split("work-lines")[1].split("</ul>")[0]
    refused = [row["number"] for row in db[audit.ENTRIES].find({"action": "refused", "actor": bob.person.id})]
    assert sorted(refused) == sorted([made["number"], "GX-1"])
    assert "due tone-" in ann.text(f"/work/later?item={item('review', made)}")


def test_lines_are_asked_for_together_and_nothing_sealed_is_opened(sit: Sit, now: datetime) -> None:
    ann = sit(Role.SPECIALIST)
    made = [customer(ann.person, now, level="secret", analysis="Slow") for _ in range(3)]
    damage("record_customer", made[0]["_id"], "analysis")
    with commands.heard() as heard:
        ann.text("/work/later?" + "&".join(f"item={item('customer', one)}" for one in made))
    assert heard.count("find record_customer") <= 1


# --- done


def test_several_lines_are_done_at_once_and_each_says_what_became_of_it(sit: Sit, now: datetime) -> None:
    head, ann = sit(Role.HEAD), sit(Role.SPECIALIST)
    told, call = leak(ann.person, now), revisit(head.person, FRIDAY, now)
    page = head.send("/work/done", 200, item=[item("leak", told), item("revisit", call)]).get_data(as_text=True)
    assert "Done." in page
    assert "open it" in page
    assert store.fetch("leak", told["_id"])["state"] == "inquiry"
    assert store.fetch("revisit", call["_id"])["state"] == "planned"


def test_what_somebody_changed_meanwhile_is_not_done(sit: Sit, now: datetime) -> None:
    head, ann = sit(Role.HEAD), sit(Role.SPECIALIST)
    told = leak(ann.person, now)
    store.change("leak", told["_id"], {"measures": "Locks changed"}, actor=SYSTEM, now=now)
    head.send("/work/done", 200, item=item("leak", told))
    assert store.fetch("leak", told["_id"])["state"] == "reported"


# --- handed over


def test_work_is_handed_over_with_a_note_that_both_see(db: Base, sit: Sit, now: datetime) -> None:
    ann, bob = sit(Role.SPECIALIST, name="Ann"), sit(Role.SPECIALIST, name="Bob")
    made = revisit(ann.person, FRIDAY, now)
    at = f"/work/revisit/{made['number']}/hand-over"
    assert "Bob" in ann.text(at)
    ann.send(at, owner=str(bob.person.id), note="On leave from tomorrow", rev=made["rev"])
    assert "handed over by Ann: On leave from tomorrow" in piles(bob)["coming"]
    assert set(piles(ann)) == {"handed"}
    stored = store.fetch("revisit", made["_id"])
    assert stored["owner"] == bob.person.id
    entry = db["audit"].find_one({"record": made["_id"], "action": "hand_over"})
    assert entry is not None
    assert entry["actor"] == ann.person.id


def test_nobody_gets_what_they_may_not_read(sit: Sit, now: datetime) -> None:
    ann, bob, head = sit(Role.SPECIALIST), sit(Role.SPECIALIST, name="Bob"), sit(Role.HEAD, name="The Head")
    made = review(ann.person, now, level="confidential")
    at = f"/work/review/{made['number']}/hand-over"
    page = ann.text(at)
    assert "Bob" not in page
    assert "The Head" in page
    refused = ann.send(at, 422, owner=str(bob.person.id), note="Please", rev=made["rev"]).get_data(as_text=True)
    assert "does not read this record by right" in refused
    assert store.fetch("review", made["_id"])["owner"] == ann.person.id
    ann.send(at, owner=str(head.person.id), note="Please", rev=made["rev"])
    assert piles(ann) == {}  # it is the head's now, and no more to be read


def test_who_reads_a_record_only_while_it_waits_for_them_does_not_get_it_for_good(sit: Sit, now: datetime) -> None:
    head, reviewer = sit(Role.HEAD), sit(Role.FINANCE_REVIEWER, name="Reviewer", department="finance")
    sit(Role.HEAD, name="Other Head")
    made = contract(head.person, customer(head.person, now)["_id"], now, level="confidential", level_basis="x")
    draft = store.fetch("contract", made["_id"])
    records.move(head.person, "contract", made["number"], "submit", {}, rev=draft["rev"], now=now)
    waiting = store.fetch("contract", made["_id"])
    assert made["name"] in reviewer.text(f"/records/contract/{made['number']}")
    named = [one.name for one in hand_over.candidates(head.person, registry.get("contract").rt, waiting)]
    assert named == ["Other Head"]


def test_handing_over_needs_a_note_and_the_right(sit: Sit, now: datetime) -> None:
    ann, bob = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    made = revisit(ann.person, FRIDAY, now)
    at = f"/work/revisit/{made['number']}/hand-over"
    ann.send(at, 422, owner=str(bob.person.id), note=" ", rev=made["rev"])
    assert bob.get(at).status_code == 403
    assert bob.post(at, {"owner": str(bob.person.id), "note": "Mine", "rev": made["rev"]}).status_code == 403


def test_a_former_owner_does_not_see_it_among_their_own_again(sit: Sit, now: datetime) -> None:
    ann, bob = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    made = revisit(ann.person, FRIDAY, now)
    ann.send(f"/work/revisit/{made['number']}/hand-over", owner=str(bob.person.id), note="x", rev=made["rev"])
    given = store.fetch("revisit", made["_id"])
    records.move(
        bob.person, "revisit", made["number"], "hand_over", {"owner": str(ann.person.id)}, rev=given["rev"], now=now
    )
    assert set(piles(ann)) == {"coming"}
