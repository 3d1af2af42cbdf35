"""X1, X6, X7: thousands of records that follow a level are closed at once, and written up by and by, each once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from config.database import transaction
from models import access, catalogue, closing, history, records, registry, schema, set_change, store, writing_up
from models.access import Purpose
from models.audit import ENTRIES
from models.errors import StaleRecord
from models.key_vault import service as keys
from models.person.roles import Person
from tests.factories.customers import customer
from tests.factories.damage import damage

DB = Database[dict[str, Any]]
Record = dict[str, Any]
SECRET = {"level": "secret", "level_basis": "往来"}
TOP = {"level": "top_secret", "level_basis": "核心利益"}
NOTHING_OWED = {closing.MARK: {"$exists": True}}


@pytest.fixture(autouse=True)
def few_are_many(db: DB, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.load()
    schema.migrate()
    monkeypatch.setattr(set_change, "AT_ONCE", 2)
    monkeypatch.setattr(closing, "PIECE", 2)


@pytest.fixture
def file(owner: Person, now: datetime) -> Record:
    return customer(owner, now)


@pytest.fixture
def about(owner: Person, file: Record, now: datetime) -> list[Record]:
    """Five complaints of a customer."""
    told = {"facts": "少一箱", "customer": file["_id"], "contact_phone": "13912345678", "owner": owner.id}
    return [store.create("complaint", told, actor=owner, now=now) for _ in range(5)]


def raised(who: Person, file: Record, now: datetime, **to: Any) -> None:
    rev = store.fetch("customer", file["_id"])["rev"]
    records.change(who, "customer", file["number"], to or TOP, rev=rev, now=now)


def seen(reader: Person, record: Record, db: DB, slug: str = "complaint") -> str:
    son = db[f"record_{slug}"].find_one({"_id": record["_id"]}) or {}
    return access.reach(reader, registry.get(slug).rt, Purpose.VIEW).sees(son["acl"])


def stored(record: Record) -> Record:
    return store.fetch("complaint", record["_id"])


def told(record: Record, slug: str = "complaint") -> list[tuple[int, str]]:
    return [(row["rev"], row["action"]) for row in history.history(slug, record["_id"])]


def entries(db: DB, record: Record) -> list[str]:
    rows = db[ENTRIES].find({"record": record["_id"], "action": set_change.FOLLOWED})
    return [row["level"] for row in rows]


def whole(about: list[Record], db: DB) -> list[Record]:
    return [db["record_complaint"].find_one({"_id": one["_id"]}) or {} for one in about]


def always() -> bool:
    return True


def times(count: int) -> Callable[[], bool]:
    """What goes on so many times."""
    left = iter([True] * count)
    return lambda: next(left, False)


def test_many_are_closed_with_their_file_and_written_up_once(
    owner: Person, clerk: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    assert {seen(clerk, one, db) for one in about} == {"full"}
    raised(owner, file, now)
    assert {(seen(clerk, one, db), seen(owner, one, db)) for one in about} == {("", "full")}
    assert {stored(one)["level"] for one in about} == {"top_secret"}
    assert db["job_request"].find_one({"_id": closing.JOB}) is not None
    assert writing_up.carry_on(always) == (3, False)
    for one in about:
        after = stored(one)
        assert (after["rev"], after["level_set_by"], after["updated_by"]) == (2, owner.id, owner.id)
        assert after["secret_until"] == store.fetch("customer", file["_id"])["secret_until"]
        assert told(one) == [(2, "follow_level"), (1, "create")]
        assert entries(db, one) == ["top_secret"]
    assert db["record_complaint"].count_documents(NOTHING_OWED) == db[closing.PIECES].count_documents({}) == 0
    assert writing_up.carry_on(always) == (0, False)


def test_they_are_as_if_they_had_followed_in_one_transaction(
    owner: Person, file: Record, about: list[Record], now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised(owner, file, now)
    writing_up.carry_on(always)
    monkeypatch.setattr(set_change, "AT_ONCE", 300)
    other = customer(owner, now, name="乙有限公司")
    alone = {"facts": "少一箱", "customer": other["_id"], "contact_phone": "13912345678", "owner": owner.id}
    plain = store.create("complaint", alone, actor=owner, now=now)
    raised(owner, other, now)
    apart = {"_id", "number", "customer", "contact_phone", "haystack", "grams"}
    one, same = ({k: v for k, v in son.items() if k not in apart} for son in whole([about[0], plain], db))
    assert one == same
    rows = [history.history("complaint", record["_id"])[0] for record in (about[0], plain)]
    assert rows[0]["changes"] == rows[1]["changes"]


def test_what_hangs_on_them_is_closed_too(
    owner: Person, clerk: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    made = {"occasion": "complaint", "owner": owner.id, "due_on": now.date(), "complaint": about[0]["_id"]}
    visit = store.create("revisit", made, actor=owner, now=now)
    raised(owner, file, now)
    assert seen(clerk, visit, db, "revisit") == ""
    writing_up.carry_on(always)
    assert told(visit, "revisit") == [(2, "follow_level"), (1, "create")]
    assert entries(db, visit) == ["top_secret"]


def test_what_is_written_up_has_a_key_of_its_own(
    owner: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    raised(owner, file, now)
    writing_up.carry_on(always)
    for son in whole(about, db):
        assert keys.is_sealed_under(son["contact_phone"], keys.record_key(son["_id"]))


def test_what_cannot_be_opened_is_closed_and_written_up_all_the_same(
    owner: Person, clerk: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    damage("record_complaint", about[1]["_id"], "contact_phone")
    raised(owner, file, now)
    writing_up.carry_on(always)
    assert (seen(clerk, about[1], db), entries(db, about[1])) == ("", ["top_secret"])


def test_a_card_for_a_lower_level_opens_nothing_meanwhile(
    owner: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    grant = ObjectId()
    store.add_grant("complaint", about[0]["_id"], grant)
    raised(owner, file, now)
    assert all(str(grant) not in token for token in whole(about, db)[0]["acl"])


def test_archived_ones_stay_archived(
    owner: Person, clerk: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    store.change("complaint", about[0]["_id"], {"archived_at": now}, actor=owner, now=now, action="archive")
    raised(owner, file, now)
    assert {token[0] for token in whole(about, db)[0]["acl"]} == {access.ARCHIVED}
    assert (seen(clerk, about[0], db), seen(owner, about[0], db)) == ("", "full")


def test_broken_off_between_two_pieces_it_goes_on_behind_the_first(
    owner: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    raised(owner, file, now)
    assert writing_up.carry_on(times(1)) == (1, True)
    assert sorted(len(entries(db, one)) for one in about) == [0, 0, 0, 1, 1]
    assert writing_up.carry_on(always) == (2, False)
    assert [len(entries(db, one)) for one in about] == [1] * 5


def test_broken_off_within_a_piece_nothing_of_it_is_stored(
    owner: Person, file: Record, about: list[Record], now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised(owner, file, now)
    with monkeypatch.context() as patch:
        patch.setattr(writing_up, "parts_follow", lambda _drafts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            writing_up.carry_on(always)
    assert [len(entries(db, one)) for one in about] == [0] * 5
    writing_up.carry_on(always)
    assert [len(entries(db, one)) for one in about] == [1] * 5


# --- an act that is not stored in the end


def refused(owner: Person, file: Record, now: datetime, **to: Any) -> None:
    """The file is raised, and what was to be stored with it fails."""

    def work() -> None:
        raised(owner, file, now, **to)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transaction(work)


def over(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was noted is written up, and what was closed for nothing put back."""
    monkeypatch.setattr(writing_up, "SURELY_OVER", timedelta(0))
    writing_up.carry_on(always)


def test_what_was_closed_for_nothing_is_put_back_when_the_act_is_surely_over(
    owner: Person,
    clerk: Person,
    file: Record,
    about: list[Record],
    now: datetime,
    db: DB,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = whole(about, db)
    refused(owner, file, now)
    assert store.fetch("customer", file["_id"])["level"] == "internal"
    assert {seen(clerk, one, db) for one in about} == {""}
    assert writing_up.carry_on(always) == (0, False), "it may be stored still"
    monkeypatch.setattr(writing_up, "SURELY_OVER", timedelta(0))
    assert writing_up.carry_on(always) == (3, False)
    assert [{**son, "rev": 1} for son in whole(about, db)] == before
    assert {stored(one)["rev"] for one in about} == {2}, "a version number does not come twice"
    assert [(told(one), entries(db, one)) for one in about] == [([(1, "create")], [])] * 5


def test_an_act_that_is_tried_again_closes_what_was_put_back_meanwhile(
    owner: Person,
    clerk: Person,
    file: Record,
    about: list[Record],
    now: datetime,
    db: DB,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused(owner, file, now)
    raised(owner, file, now)
    over(monkeypatch)
    assert {(seen(clerk, one, db), len(entries(db, one))) for one in about} == {("", 1)}


def test_what_somebody_wrote_meanwhile_is_not_put_back(
    owner: Person, file: Record, about: list[Record], now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(owner, file, now)
    store.change("complaint", about[0]["_id"], {"subject": "少两箱"}, actor=owner, now=now)
    over(monkeypatch)
    assert [stored(one)["level"] for one in about] == ["top_secret"] + ["internal"] * 4
    assert told(about[0]) == [(3, "change"), (2, "follow_level"), (1, "create")]


def visits_of(owner: Person, file: Record, now: datetime) -> tuple[Record, list[Record]]:
    """A complaint, and revisits that point to it and to a customer."""
    other = store.create("complaint", {"facts": "别的", "owner": owner.id}, actor=owner, now=now)
    made = {"occasion": "complaint", "owner": owner.id, "due_on": now.date(), "complaint": other["_id"]}
    made["customer"] = file["_id"]
    return other, [store.create("revisit", made, actor=owner, now=now) for _ in range(4)]


def test_what_is_put_back_is_not_below_what_it_points_to_by_then(
    owner: Person,
    clerk: Person,
    file: Record,
    about: list[Record],
    now: datetime,
    db: DB,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused(owner, file, now)
    raised(owner, file, now, **SECRET)
    over(monkeypatch)
    assert {(stored(one)["level"], seen(clerk, one, db)) for one in about} == {("secret", "card")}
    assert {(stored(one)["secret_until"] is None, entries(db, one)[0]) for one in about} == {(False, "secret")}
    assert told(about[0]) == [(2, "follow_level"), (1, "create")]
    assert history.history("complaint", about[0]["_id"])[0]["by"] is None


def test_a_level_that_was_too_high_is_corrected_before_they_are_written_up(
    owner: Person,
    head: Person,
    clerk: Person,
    file: Record,
    about: list[Record],
    now: datetime,
    db: DB,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised(head, file, now)
    raised(head, file, now + timedelta(seconds=5), **SECRET)
    over(monkeypatch)
    assert {(stored(one)["level"], seen(clerk, one, db)) for one in about} == {("secret", "card")}


def test_what_else_they_point_to_counts_as_well(
    owner: Person, file: Record, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, visits = visits_of(owner, file, now)
    refused(owner, file, now)
    confidential = {"level": "confidential", "level_basis": "x"}
    store.change("complaint", other["_id"], confidential, actor=owner, now=now)
    over(monkeypatch)
    assert {store.fetch("revisit", one["_id"])["level"] for one in visits} == {"confidential"}


def test_whoever_opened_one_before_it_was_put_back_writes_over_nothing(
    owner: Person, head: Person, file: Record, about: list[Record], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(owner, file, now)
    opened, number = stored(about[0]), about[0]["number"]
    over(monkeypatch)
    rev = stored(about[0])["rev"]
    records.change(head, "complaint", number, {"subject": "经理改"}, rev=rev, now=now)
    with pytest.raises(StaleRecord):
        records.change(owner, "complaint", number, {"subject": "专员改"}, rev=opened["rev"], now=now)


def test_two_acts_that_failed_leave_nothing(
    owner: Person, file: Record, about: list[Record], now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(owner, file, now, **SECRET)
    refused(owner, file, now)
    over(monkeypatch)
    assert {stored(one)["level"] for one in about} == {"internal"}
    assert [told(one) for one in about] == [[(1, "create")]] * 5
    assert db["record_complaint"].count_documents(NOTHING_OWED) == db[closing.PIECES].count_documents({}) == 0


def test_one_that_failed_behind_one_that_did_not_leaves_its_terms(
    owner: Person, file: Record, about: list[Record], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised(owner, file, now, **SECRET)
    refused(owner, file, now)
    over(monkeypatch)
    until = store.fetch("customer", file["_id"])["secret_until"]
    assert {(stored(one)["level"], stored(one)["secret_until"]) for one in about} == {("secret", until)}
    assert [told(one) for one in about] == [[(2, "follow_level"), (1, "create")]] * 5


def test_one_that_failed_before_one_that_did_not_is_waited_for(
    owner: Person, file: Record, now: datetime, db: DB, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, visits = visits_of(owner, file, now)
    refused(owner, file, now, **SECRET)
    store.change("complaint", other["_id"], TOP, actor=owner, now=now)
    assert writing_up.carry_on(always) == (0, False)
    over(monkeypatch)
    assert [told(one, "revisit") for one in visits] == [[(3, "follow_level"), (1, "create")]] * 4
    assert {store.fetch("revisit", one["_id"])["level"] for one in visits} == {"top_secret"}
    assert {tuple(entries(db, one)) for one in visits} == {("top_secret",)}
    changes = history.history("revisit", visits[0]["_id"])[0]["changes"]
    assert ("internal", "top_secret") in {(one.get("before"), one.get("after")) for one in changes}
    assert db["record_revisit"].count_documents(NOTHING_OWED) == db[closing.PIECES].count_documents({}) == 0


# --- others write at the same time


def test_who_opened_one_before_it_was_closed_writes_over_nothing(
    owner: Person, clerk: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    before = stored(about[0])
    raised(owner, file, now)
    change = {"subject": "少两箱"}
    with pytest.raises(StaleRecord):
        store.change("complaint", about[0]["_id"], change, actor=owner, now=now, rev=1, seen=before)
    assert seen(clerk, about[0], db) == ""


def test_what_somebody_is_writing_at_that_moment_is_closed_behind_it(
    owner: Person,
    clerk: Person,
    file: Record,
    about: list[Record],
    now: datetime,
    db: DB,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written, closing_now, make = Event(), Event(), closing._closing

    def work() -> None:
        store.change("complaint", about[0]["_id"], {"subject": "少两箱"}, actor=owner, now=now)
        written.set()
        assert closing_now.wait(120)

    def begun(*given: Any) -> Callable[[], None]:
        closing_now.set()
        return make(*given)

    monkeypatch.setattr(closing, "_closing", begun)
    with ThreadPoolExecutor(1) as other:
        writing = other.submit(transaction, work)
        assert written.wait(120)
        raised(owner, file, now)
        writing.result(120)
    assert {seen(clerk, one, db) for one in about} == {""}
    writing_up.carry_on(always)
    assert stored(about[0])["subject"] == "少两箱"
    assert told(about[0]) == [(3, "follow_level"), (2, "change"), (1, "create")]
    assert [len(entries(db, one)) for one in about] == [1] * 5


def test_who_writes_one_before_it_is_written_up_is_named_behind_it(
    owner: Person, head: Person, clerk: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    raised(owner, file, now)
    later = now + timedelta(minutes=1)
    store.change("complaint", about[0]["_id"], {"subject": "少两箱"}, actor=head, now=later)
    assert seen(clerk, about[0], db) == ""
    writing_up.carry_on(always)
    after = stored(about[0])
    assert told(about[0]) == [(3, "change"), (2, "follow_level"), (1, "create")]
    assert (after["rev"], after["subject"], after["updated_by"], after["updated_at"]) == (3, "少两箱", head.id, later)
    assert (after["level"], after["level_set_by"], len(entries(db, about[0]))) == ("top_secret", owner.id, 1)
    assert after["secret_until"] == store.fetch("customer", file["_id"])["secret_until"]


def test_raised_twice_before_it_is_written_up_it_has_both_versions(
    owner: Person, clerk: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    raised(owner, file, now, **SECRET)
    raised(owner, file, now)
    writing_up.carry_on(always)
    for one in about:
        assert told(one) == [(3, "follow_level"), (2, "follow_level"), (1, "create")]
        assert (stored(one)["level"], seen(clerk, one, db)) == ("top_secret", "")
        assert sorted(entries(db, one)) == ["secret", "top_secret"]
        assert stored(one)["secret_until"] == store.fetch("customer", file["_id"])["secret_until"]


def test_what_the_same_act_has_written_itself_is_raised_with_it(
    owner: Person, clerk: Person, file: Record, about: list[Record], now: datetime, db: DB
) -> None:
    def work() -> None:
        store.change("complaint", about[0]["_id"], {"subject": "少两箱"}, actor=owner, now=now)
        raised(owner, file, now)

    transaction(work)
    assert {seen(clerk, one, db) for one in about} == {""}
    assert told(about[0]) == [(3, "follow_level"), (2, "change"), (1, "create")]
    assert writing_up.carry_on(always) == (2, False)
    assert [(len(entries(db, one)), stored(one)["level"]) for one in about] == [(1, "top_secret")] * 5
