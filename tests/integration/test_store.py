"""The record engine on a real replica set: versions, history, audit, rights and lists."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from config.database import transaction
from models import access, audit, history, listing, records, registry, store
from models.access import Purpose
from models.errors import Forbidden, Invalid, NotFound, StaleRecord
from models.listing import BadQuery, Filter, ListQuery, paging
from models.one_time import AlreadySent
from models.person.roles import Person, Role
from tests.factories.people import person
from tests.factories.samples import sample as make
from tests.factories.types import SAMPLE

DB = Database[dict[str, Any]]

pytestmark = pytest.mark.usefixtures("sample")


@pytest.fixture
def colleague(db: DB) -> Person:
    return person(Role.SPECIALIST, name="Colleague")


def page_numbers(who: Person, query: ListQuery) -> list[str]:
    reach = access.reach(who, SAMPLE, Purpose.VIEW)
    return [row["number"] for row in listing.page(SAMPLE, reach, query, access.visible_fields(who, SAMPLE)).rows]


def test_a_record_keeps_every_kind_of_value(owner: Person, now: datetime) -> None:
    raw = {
        "name": "台灯 Lamp",
        "colour": "蓝",
        "colours": ["red", "blue"],
        "amount": "¥1,234.50",
        "pieces": "12",
        "weight": "0.125",
        "share": "12.5%",
        "made_on": "2026/1/5",
        "seen_at": "2026-11-22 14:30",
        "fragile": "是",
        "packing": "foam",
        "opens_at": "9:30",
        "lent": "2026-01-05 至 2026-03-01",
        "region": "华东 / 江苏 / 南京",
        "address": "浙江省杭州市西湖区文三路 1 号（310000）",
        "price": "USD 1,200.50",
        "phone": "+86 10-6552 9988",
        "email": "A@Example.COM",
        "site": "https://example.test/x",
        "notes": "line one\r\nline two",
        "box": {"width": "30"},
        "people": [{"name": "王敏", "phone": "010-12345678", "born": "1990-02-28", "wage": "1.50"}],
    }
    record = store.fetch("sample", records.create(owner, "sample", raw, now=now)["_id"])
    assert record["number"] == "YP-2026-000001"
    assert record["amount"] == Decimal("1234.50")
    assert (record["colour"], record["colours"], record["pieces"]) == ("blue", ["red", "blue"], 12)
    assert (record["made_on"].isoformat(), record["fragile"]) == ("2026-01-05", True)
    assert record["seen_at"].isoformat() == "2026-11-22T06:30:00+00:00"
    assert record["notes"] == "line one\nline two"
    assert (record["opens_at"].isoformat("minutes"), record["region"]) == ("09:30", "nj")
    assert [day.isoformat() for day in record["lent"].values()] == ["2026-01-05", "2026-03-01"]
    assert record["address"]["city"] == "杭州市"
    assert record["price"] == {"amount": Decimal("1200.50"), "currency": "USD"}
    assert (record["wages"], record["heads"]) == (Decimal("1.50"), 1)
    assert record["people"][0]["wage"] == Decimal("1.50")
    assert record["people"][0]["born"].isoformat() == "1990-02-28"
    assert (record["owner"], record["department"], record["state"]) == (owner.id, "service", "draft")


def test_every_wrong_value_is_named_and_nothing_is_stored(owner: Person, now: datetime, db: DB) -> None:
    raw = {
        "name": "",
        "amount": "much",
        "colour": "green",
        "people": [{"phone": "x"}],
        "nonsense": "1",
        "$where": "1",
    }
    with pytest.raises(Invalid) as refused:
        records.create(owner, "sample", raw, now=now)
    expected = {"name", "amount", "colour", "people.0.phone", "people.0.name", "nonsense", "$where"}
    assert set(refused.value.problems) == expected
    assert db["record_sample"].count_documents({}) == 0
    assert db["audit"].count_documents({}) == 0


def test_a_write_its_version_and_its_audit_entry_stand_or_fall_together(owner: Person, now: datetime, db: DB) -> None:
    def fail(draft: registry.Draft) -> None:
        raise Forbidden()

    registry.register(SAMPLE, registry.Hooks(after=(fail,)))
    with pytest.raises(Forbidden):
        make(owner, now)
    for name in ("record_sample", "record_version", "audit", "counter"):
        assert db[name].count_documents({}) == 0, name


def test_a_stale_save_is_refused_and_carries_what_is_stored(owner: Person, head: Person, now: datetime) -> None:
    record = make(owner, now)
    records.change(head, "sample", record["number"], {"name": "Lantern"}, rev=1, now=now)
    with pytest.raises(StaleRecord) as stale:
        records.change(owner, "sample", record["number"], {"name": "Torch"}, rev=1, now=now)
    assert stale.value.current["name"] == "Lantern"
    assert "Head" in stale.value.text("en")
    assert history.at_rev("sample", stale.value.current, 1)["name"] == "Lamp"


def test_history_shows_each_field_before_and_after(owner: Person, now: datetime) -> None:
    record = make(owner, now, amount="10")
    records.change(owner, "sample", record["number"], {"amount": "12"}, rev=1, now=now + timedelta(hours=1))
    latest = records.versions(owner, "sample", record["number"], now)[0]
    assert [(c["field"].name, c["before"], c["after"]) for c in latest["changes"]] == [
        ("amount", Decimal("10.00"), Decimal("12.00"))
    ]
    assert latest["by_name"] == "Owner"


def test_saving_without_a_change_makes_no_version(owner: Person, now: datetime) -> None:
    record = make(owner, now)
    again = records.change(owner, "sample", record["number"], {"name": "Lamp"}, rev=1, now=now)
    assert again["rev"] == 1


def test_the_same_form_twice_makes_one_record(owner: Person, now: datetime, db: DB) -> None:
    first = records.create(owner, "sample", {"name": "Lamp"}, now=now, once="t1")
    with pytest.raises(AlreadySent) as twice:
        records.create(owner, "sample", {"name": "Lamp"}, now=now, once="t1")
    assert twice.value.record == first["_id"]
    assert db["record_sample"].count_documents({}) == 1


def test_numbers_are_gapless_under_parallel_creates(owner: Person, now: datetime, db: DB) -> None:
    def work() -> None:
        for _ in range(5):
            make(owner, now)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(row["number"] for row in db["record_sample"].find())
    assert numbers == [f"YP-2026-{i:06d}" for i in range(1, 41)]


LEVELS = ("internal", "secret", "confidential", "top_secret")


def levels_seen(who: Person) -> dict[str, str]:
    reach = access.reach(who, SAMPLE, Purpose.VIEW)
    page = listing.page(SAMPLE, reach, ListQuery(), access.visible_fields(who, SAMPLE))
    seen = {}
    for row in page.rows:
        found = records.sight(who, SAMPLE, reach, row)
        assert found is not None
        seen[found.level] = "full" if found.full else "card"
    return seen


@pytest.mark.parametrize(
    ("roles", "department", "expected"),
    [
        ((Role.SPECIALIST,), "service", {"internal": "full", "secret": "card", "confidential": "card"}),
        ((Role.CUSTODIAN,), "service", {"internal": "full", "secret": "full", "confidential": "card"}),
        ((Role.HEAD,), "service", dict.fromkeys(LEVELS, "full")),
        ((Role.GENERAL_MANAGER,), "management", {"top_secret": "full"}),
        ((Role.ADMINISTRATOR,), "it", {}),
        ((Role.AUDITOR,), "audit", {}),
        ((Role.SALES,), "sales", {}),
        ((), "", {}),
    ],
)
def test_x3_reading_without_a_grant(
    owner: Person, now: datetime, roles: tuple[Role, ...], department: str, expected: dict[str, str]
) -> None:
    for level in LEVELS:
        make(owner, now, level=level)
    assert levels_seen(person(*roles, department=department)) == expected


def test_x3_the_customers_salesperson_reads_internal_only(owner: Person, now: datetime) -> None:
    seller = person(Role.SALES, department="sales")
    for level in LEVELS:
        make(owner, now, level=level, seller=str(seller.id))
    assert levels_seen(seller) == {"internal": "full"}
    assert levels_seen(owner) == dict.fromkeys(LEVELS, "full")


def test_a_locked_card_holds_no_content(owner: Person, colleague: Person, now: datetime, db: DB) -> None:
    record = make(owner, now, level="secret", notes="contents", amount="77")
    found = records.see(colleague, "sample", record["number"], Purpose.VIEW, now)
    assert not found.full
    assert set(found.values) == {"name", "level", "owner"}
    with pytest.raises(records.Locked):
        records.read(colleague, "sample", record["number"], Purpose.VIEW, now)
    assert db["audit"].count_documents({"action": "refused", "actor": colleague.id}) == 2


def test_hidden_and_missing_answer_alike(owner: Person, colleague: Person, now: datetime) -> None:
    record = make(owner, now, level="top_secret")
    for number in (record["number"], "YP-2026-999999"):
        with pytest.raises(NotFound):
            records.see(colleague, "sample", number, Purpose.VIEW, now)


def test_reading_a_classified_record_is_audited_and_an_internal_one_is_not(
    owner: Person, now: datetime, db: DB
) -> None:
    secret, internal = make(owner, now, level="secret"), make(owner, now)
    for record in (secret, internal):
        records.see(owner, "sample", record["number"], Purpose.VIEW, now)
    assert [row["record"] for row in db["audit"].find({"action": "view"})] == [secret["_id"]]


def test_x6_search_sort_and_filters_tell_nothing_of_locked_content(
    owner: Person, colleague: Person, now: datetime
) -> None:
    locked = make(owner, now, name="Secret lamp", level="secret", colour="red", amount="5")["number"]
    open_ = make(owner, now, name="Plain lamp", colour="red", amount="6")["number"]
    colour = SAMPLE.by_name["colour"]
    assert page_numbers(colleague, ListQuery()) == [open_, locked]
    assert page_numbers(colleague, ListQuery(q="lamp")) == [open_]
    assert page_numbers(colleague, ListQuery(sort="amount")) == [open_]
    assert page_numbers(colleague, ListQuery(filters=(Filter(colour, "is", "red"),))) == [open_]
    assert page_numbers(owner, ListQuery(q="lamp", sort="amount")) == [locked, open_]


def test_fields_for_narrower_eyes_are_masked_unsortable_and_unfilterable(
    owner: Person, head: Person, now: datetime
) -> None:
    make(owner, now)
    record = records.create(head, "sample", {"name": "Paid", "salary": "9000"}, now=now)
    assert "salary" not in records.see(owner, "sample", record["number"], Purpose.VIEW, now).values
    assert records.see(head, "sample", record["number"], Purpose.VIEW, now).values["salary"] == Decimal("9000.00")
    with pytest.raises(BadQuery):
        page_numbers(owner, ListQuery(sort="salary"))
    with pytest.raises(BadQuery):
        page_numbers(owner, ListQuery(filters=(Filter(SAMPLE.by_name["salary"], "at_least", "1"),)))
    assert all(
        c["field"].name != "salary" for c in records.versions(owner, "sample", record["number"], now)[0]["changes"]
    )
    with pytest.raises(Invalid):
        records.create(owner, "sample", {"name": "x", "salary": "1"}, now=now)


@pytest.mark.parametrize("term", ["精密", "密机械", "华东精密机械", "recis", "KH", "10-6552", "rt"])
def test_any_substring_of_two_or_more_is_found(owner: Person, now: datetime, term: str) -> None:
    hit = make(owner, now, name="华东精密机械 Precision parts KH", phone="010-65529988")["number"]
    make(owner, now, name="西北农业")
    assert page_numbers(owner, ListQuery(q=term)) == [hit]


def test_search_uses_its_index(owner: Person, now: datetime, db: DB) -> None:
    make(owner, now, name="华东精密机械")
    reach = access.reach(owner, SAMPLE, Purpose.VIEW)
    condition, _, _ = listing.compile_query(SAMPLE, reach, ListQuery(q="精密机"), SAMPLE.fields)
    plan = str(db["record_sample"].find(condition).hint("grams").explain())
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in str(db["record_sample"].find(condition).explain())


@pytest.mark.parametrize("sort", ["", "amount", "name", "made_on"])
@pytest.mark.parametrize("descending", [False, True])
def test_pages_show_every_record_once_in_order_both_ways(
    owner: Person, now: datetime, sort: str, descending: bool
) -> None:
    for i in range(17):
        raw = {
            "name": f"n{i % 5}",
            "amount": str(i % 4) if i % 3 else "",
            "made_on": "2026-01-02" if i % 2 else "",
        }
        records.create(owner, "sample", raw, now=now)
    reach = access.reach(owner, SAMPLE, Purpose.VIEW)
    whole = page_numbers(owner, ListQuery(sort=sort, descending=descending, limit=100))
    assert len(whole) == 17
    pages, token = [], ""
    while True:
        found = listing.page(
            SAMPLE, reach, ListQuery(sort=sort, descending=descending, limit=5, after=token), SAMPLE.fields
        )
        pages.append([row["number"] for row in found.rows])
        if not found.next:
            break
        token = found.next
    assert [n for p in pages for n in p] == whole
    back = listing.page(
        SAMPLE,
        reach,
        ListQuery(sort=sort, descending=descending, limit=5, before=found.previous),
        SAMPLE.fields,
    )
    assert [row["number"] for row in back.rows] == pages[-2]


@pytest.mark.parametrize("archived", [False, True])
def test_a_page_in_the_usual_order_reads_only_its_own_records(
    owner: Person, now: datetime, db: DB, archived: bool
) -> None:
    template = db["record_sample"].find_one({"_id": make(owner, now)["_id"]})
    assert template is not None
    prefix, mark = (access.ARCHIVED, {"archived": True}) if archived else ("", {})
    acl = [prefix + token for token in template["acl"]]
    rows = [
        {**template, "_id": ObjectId(), "number": f"YP-2026-1{i:05d}", "name": f"n{i % 7}", "acl": acl} | mark
        for i in range(2000)
    ]
    db["record_sample"].insert_many(rows)
    reach = access.reach(owner, SAMPLE, Purpose.VIEW)
    query = ListQuery(archived=archived)
    first = listing.page(SAMPLE, reach, query, SAMPLE.fields)
    condition, field, direction = listing.compile_query(SAMPLE, reach, query, SAMPLE.fields)
    whole = paging.order_by(field, direction)
    place = paging.place_of(first.next, paging.order_name(SAMPLE, field, direction))
    for beyond, order in (({}, whole), *paging.beyond(field, direction, place)):
        cursor = db["record_sample"].find({"$and": [condition, beyond]})
        plan = cursor.sort(order).limit(20).explain()
        assert plan["executionStats"]["totalDocsExamined"] <= 40


@pytest.mark.parametrize("token", ["x", "AAAA", "!!!", "eyIkZ3QiOiAxfQ", "W3siJGd0IjoxfSwxXQ"])
def test_rubbish_page_tokens_are_refused(owner: Person, now: datetime, token: str) -> None:
    with pytest.raises(BadQuery):
        page_numbers(owner, ListQuery(after=token))


def test_a_signature_needs_another_person_and_a_fresh_sign_in(owner: Person, now: datetime) -> None:
    checker = person(Role.LEGAL_REVIEWER, department="legal")
    record = make(owner, now, level="confidential")
    number = record["number"]
    with pytest.raises(Invalid):
        records.move(owner, "sample", number, "submit", {}, rev=1, now=now)
    record = records.move(owner, "sample", number, "submit", {"checker": str(checker.id)}, rev=1, now=now)
    with pytest.raises(Forbidden):
        records.move(owner, "sample", number, "approve", {}, rev=2, now=now, fresh=True)
    with pytest.raises(records.NeedsFreshSignIn):
        records.move(checker, "sample", number, "approve", {}, rev=2, now=now)
    done = records.move(checker, "sample", number, "approve", {"verdict": "ok"}, rev=2, now=now, fresh=True)
    assert (done["state"], done["verdict"]) == ("approved", "ok")
    with pytest.raises(records.Locked):
        records.move(checker, "sample", number, "approve", {}, rev=3, now=now, fresh=True)


def test_of_two_opposite_decisions_one_wins(owner: Person, now: datetime) -> None:
    checkers = [person(Role.FINANCE_REVIEWER, department="finance") for _ in range(2)]
    for _ in range(5):
        number = make(owner, now)["number"]
        records.move(owner, "sample", number, "submit", {"checker": str(checkers[0].id)}, rev=1, now=now)
        outcomes: list[str] = []

        def decide(who: Person, name: str, number: str = number, outcomes: list[str] = outcomes) -> None:
            try:
                records.move(who, "sample", number, name, {}, rev=2, now=now, note="because", fresh=True)
                outcomes.append("won")
            except (StaleRecord, records.NotNow, NotFound, Forbidden):
                outcomes.append("lost")

        threads = [
            threading.Thread(target=decide, args=(checkers[0], "approve")),
            threading.Thread(target=decide, args=(checkers[1], "send_back")),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["lost", "won"]


def test_transactions_about_the_same_record_come_one_after_the_other(owner: Person, now: datetime, db: DB) -> None:
    record, seen = make(owner, now), list[int]()
    beside = threading.Thread(target=transaction, args=(lambda: note(2),))

    def note(number: int) -> None:
        seen.append(db["notes"].count_documents({}))
        if len(seen) == 1:
            beside.start()
            beside.join()
        store.one_at_a_time("sample", [record["_id"]])
        db["notes"].insert_one({"number": number})

    db.create_collection("notes")
    transaction(lambda: note(1))
    assert seen == [0, 0, 1]
    assert store.fetch("sample", record["_id"])["rev"] == 1


def test_lowering_a_level_needs_the_head(owner: Person, head: Person, now: datetime) -> None:
    number = make(owner, now, level="secret")["number"]
    records.change(owner, "sample", number, {"level": "confidential"}, rev=1, now=now)
    with pytest.raises(records.LoweringNeedsHead):
        records.change(owner, "sample", number, {"level": "internal"}, rev=2, now=now)
    assert records.change(head, "sample", number, {"level": "internal"}, rev=2, now=now)["level"] == "internal"


def test_references_can_only_point_where_the_person_may_look(owner: Person, colleague: Person, now: datetime) -> None:
    hidden = make(owner, now, level="top_secret")["_id"]
    card = make(owner, now, level="secret")["_id"]
    with pytest.raises(Invalid):
        make(colleague, now, parent=str(hidden))
    assert make(colleague, now, parent=str(card))["parent"] == card


def test_the_sealed_trail_verifies_and_tampering_shows(owner: Person, now: datetime, db: DB) -> None:
    for _ in range(4):
        make(owner, now)
    assert audit.verify().waiting == 4
    assert audit.seal(now, limit=2) == 2
    assert audit.seal(now) == 2
    assert audit.verify() == audit.Verdict(4, 0, ())
    victim = db["audit"].find_one()
    assert victim is not None
    db["audit"].update_one({"_id": victim["_id"]}, {"$set": {"actor_name": "Someone else"}})
    assert "altered" in audit.verify().findings[0]
    db["audit"].delete_one({"_id": victim["_id"]})
    assert "removed" in audit.verify().findings[0]
    db["audit"].insert_one({**victim, "_id": owner.id})
    assert any("inserted" in finding for finding in audit.verify().findings)
    db["audit_seal"].delete_one({"seq": 1})
    assert any("missing" in finding for finding in audit.verify().findings)


@pytest.mark.parametrize(
    ("level", "until"),
    [("internal", None), ("secret", "2027-11-23"), ("confidential", "2029-11-23"), ("top_secret", "2031-11-23")],
)
def test_x2_a_level_has_its_default_period(owner: Person, now: datetime, level: str, until: str | None) -> None:
    record = make(owner, now, level=level)
    assert record["level_set_by"] == owner.id
    assert (record["secret_until"].isoformat() if record["secret_until"] else None) == until


def test_x2_a_period_that_was_chosen_is_kept(owner: Person, now: datetime) -> None:
    record = make(owner, now, level="secret", secret_until="2027-01-31")
    raised = records.change(owner, "sample", record["number"], {"level": "top_secret"}, rev=1, now=now)
    assert record["secret_until"].isoformat() == "2027-01-31"
    assert raised["secret_until"].isoformat() == "2031-11-23"


@pytest.mark.parametrize("level", ["secret", "confidential"])
@pytest.mark.parametrize("way", ["create", "raise"])
def test_x2_a_chosen_end_is_later_than_today_and_within_the_default_period(
    owner: Person, now: datetime, level: str, way: str
) -> None:
    first = None if way == "create" else make(owner, now)

    def classify(until: str) -> dict[str, Any]:
        if first is None:
            return make(owner, now, level=level, secret_until=until)
        raised = {"level": level, "secret_until": until}
        return records.change(owner, "sample", first["number"], raised, rev=1, now=now)

    last = {"secret": "2027-11-23", "confidential": "2029-11-23"}[level]
    after = {"secret": "2027-11-24", "confidential": "2029-11-24"}[level]
    for bad in ("2020-01-01", "2026-11-23", after):
        with pytest.raises(Invalid) as refused:
            classify(bad)
        assert set(refused.value.problems) == {"secret_until"}
    assert classify(last)["secret_until"].isoformat() == last


def test_x2_the_head_sets_a_later_end_and_none_that_is_over(owner: Person, head: Person, now: datetime) -> None:
    made = make(owner, now, level="secret")
    for bad in ("2020-01-01", "2026-11-23"):
        with pytest.raises(Invalid):
            records.change(head, "sample", made["number"], {"secret_until": bad}, rev=1, now=now)
    longer = records.change(head, "sample", made["number"], {"secret_until": "2031-01-01"}, rev=1, now=now)
    assert longer["secret_until"].isoformat() == "2031-01-01"


def test_x2_raising_a_level_ends_no_period_earlier_that_the_head_made_longer(
    owner: Person, head: Person, now: datetime
) -> None:
    made = make(owner, now, level="secret")
    records.change(head, "sample", made["number"], {"secret_until": "2031-01-01"}, rev=1, now=now)
    raised = records.change(owner, "sample", made["number"], {"level": "confidential"}, rev=2, now=now)
    assert raised["secret_until"].isoformat() == "2031-01-01"


def test_x2_no_classified_record_is_left_without_an_end_and_no_internal_one_gets_one(
    owner: Person, head: Person, now: datetime
) -> None:
    made = make(owner, now, level="secret", secret_until="2027-01-31")
    cleared = records.change(head, "sample", made["number"], {"secret_until": ""}, rev=1, now=now)
    assert cleared["secret_until"].isoformat() == "2027-11-23"
    raised = records.change(
        owner, "sample", made["number"], {"level": "confidential", "secret_until": ""}, rev=2, now=now
    )
    assert raised["secret_until"].isoformat() == "2029-11-23"
    assert make(owner, now, level="internal", secret_until="2027-01-31")["secret_until"] is None


def test_a_rule_about_a_field_out_of_sight_is_told_without_its_name(owner: Person, head: Person, now: datetime) -> None:
    def refuse(draft: registry.Draft) -> None:
        draft.problem("salary", "工资不对", "The salary is 5")
        draft.problem("amount", "金额不对", "The amount is wrong")

    record = make(owner, now, checker=str(head.id))
    registry.register(SAMPLE, registry.Hooks(prepare=(refuse,)))
    acts = (
        lambda who: records.create(who, "sample", {"name": "Lamp"}, now=now),
        lambda who: records.change(who, "sample", record["number"], {"name": "Torch"}, rev=1, now=now),
    )
    for act in (*acts, lambda who: records.move(who, "sample", record["number"], "submit", {}, rev=1, now=now)):
        with pytest.raises(Invalid) as refused:
            act(owner)
        assert set(refused.value.problems) == {"amount", ""}
        assert "alary" not in refused.value.problems[""].en
    for act in acts:
        with pytest.raises(Invalid) as refused:
            act(head)
        assert set(refused.value.problems) == {"amount", "salary"}
