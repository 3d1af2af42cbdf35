"""Every order of a list comes from an index: nothing is sorted in memory, and a page reads little beyond itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from bson import Decimal128, ObjectId
from pymongo import monitoring
from pymongo.database import Database

from models import access, listing, records, registry, schema, search
from models.access import Purpose
from models.declarations import RecordType, Relation
from models.frame import look
from models.listing import ListQuery, hits, paging, walking
from models.listing.paging import token_of
from models.person.roles import Person, Role
from models.record import NARROWED_INDEX, SELDOM_INDEX
from tests.factories.commands import Begun
from tests.factories.people import person
from tests.factories.types import SAMPLE

DB = Database[dict[str, Any]]
MANY = 2_400
PAGE = 20
SORTS = sorted(name for name, field in listing.queryable(SAMPLE, SAMPLE.fields).items() if listing.sortable(field))


class Finds(Begun):
    """Keeps the `find` commands of the sample's collection."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []
        self.patience: list[int | None] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name == "find" and event.command["find"] == "record_sample":
            kept = ("find", "filter", "sort", "limit", "projection", "hint")
            self.patience.append(event.command.get("maxTimeMS"))
            self.commands.append({name: event.command[name] for name in kept if name in event.command})


finds = Finds()
monitoring.register(finds)


def varied(index: int) -> dict[str, Any]:
    """Values with many equals and some empty ones."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=index % 40)
    full = {
        "name": f"Lamp {index % 60:03d}",
        "amount": Decimal128(str(index % 50)),
        "pieces": index % 30,
        "made_on": at,
        "colour": ("red", "blue")[index % 2],
        "updated_at": at,
        "created_at": at,
        "due_at": at if index % 5 else None,
    }
    return {name: value for name, value in full.items() if index % 7 or name in ("name", "updated_at", "created_at")}


def numbered(index: int) -> dict[str, Any]:
    """A number, and the texts that a search looks in."""
    number = f"YP-2026-1{index:05d}"
    texts = [search.fold(text) for text in (number, varied(index)["name"])]
    return {"number": number, "grams": search.grams(texts), "haystack": "\n".join(texts)}


@pytest.fixture
def reader(db: DB) -> Iterator[Person]:
    registry.register(SAMPLE)
    schema.migrate()
    walking.forget()
    yield person(Role.HEAD, name="Head")
    registry.unregister("sample")


def fill(db: DB, who: Person, now: datetime, many: int) -> None:
    """So many records, made at one go."""
    made = records.create(who, "sample", {"name": "Lamp"}, now=now)
    son = db["record_sample"].find_one({"_id": made["_id"]})
    assert son is not None
    rows = [
        {k: v for k, v in {**son, "_id": ObjectId(), **numbered(i), **varied(i)}.items() if v is not None}
        for i in range(many)
    ]
    db["record_sample"].insert_many(rows)


def cost(db: DB, who: Person, query: ListQuery, rt: RecordType = SAMPLE) -> tuple[int, str]:
    """Records looked at for a page by all of its commands, the ways that the database tried included, and the plans."""
    reach = access.reach(who, rt, Purpose.VIEW)
    finds.commands.clear()
    listing.page(rt, reach, query, rt.fields)
    documents, plans = 0, ""
    for command in list(finds.commands):
        plan = db.command("explain", command, verbosity="allPlansExecution")
        tried = plan["executionStats"].get("allPlansExecution") or [plan["executionStats"]]
        documents += sum(one["totalDocsExamined"] for one in tried)
        plans += str(plan["queryPlanner"]["winningPlan"])
    return documents, plans


def filters() -> list[ListQuery]:
    """Lists narrowed by a value, in their usual order."""
    known = listing.queryable(SAMPLE, SAMPLE.fields)
    wanted = (("colour", "red"), ("amount", "7"), ("state", "draft"))
    return [ListQuery(filters=(listing.Filter(known[name], "is", value),)) for name, value in wanted]


def orders(db: DB) -> Iterator[ListQuery]:
    """Every order both ways, its first page and pages in either direction from near its ends."""
    for sort, descending in product(SORTS, (False, True)):
        order = -1 if descending else 1
        ordered = list(db["record_sample"].find({}, {sort: 1, "number": 1}).sort([(sort, order), ("number", order)]))
        near, far = (token_of(SAMPLE, ordered[at], sort, order) for at in (30, len(ordered) - 60))
        yield ListQuery(sort=sort, descending=descending)
        yield ListQuery(sort=sort, descending=descending, after=near)
        yield ListQuery(sort=sort, descending=descending, after=far)
        yield ListQuery(sort=sort, descending=descending, before=far)


def test_for_whoever_reads_much_a_page_in_any_order_is_read_from_an_index(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "FEW", 100)
    fill(db, reader, now, MANY)
    for query in orders(db):
        documents, plans = cost(db, reader, query)
        assert "'SORT'" not in plans, (query, plans)
        assert "COLLSCAN" not in plans, query
        # Two questions at most, for each of which the database may try three ways side by side.
        assert documents <= 2 * 3 * (PAGE + 4), (query, documents)
    for query in filters():
        documents, plans = cost(db, reader, query)
        assert "'SORT'" not in plans, query
        assert documents <= 3 * 2 * (PAGE + 4), query
    for text in ("Lamp", "Lamp 007", "YP-2026-100099"):
        _documents, plans = cost(db, reader, ListQuery(q=text))
        assert "'SORT'" not in plans, text
        assert "COLLSCAN" not in plans, text


def test_an_order_without_its_empty_values_is_read_from_its_index(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "FEW", 100)
    fill(db, reader, now, MANY)
    known = listing.queryable(SAMPLE, SAMPLE.fields)
    for sort in SORTS:
        query = ListQuery(filters=(listing.Filter(known[sort], "filled"),), sort=sort)
        documents, plans = cost(db, reader, query)
        assert documents <= 3 * (PAGE + 4), (sort, documents)
        assert "'SORT'" not in plans, sort
        assert "COLLSCAN" not in plans, sort


def test_whoever_reads_little_has_no_more_than_that_looked_at(db: DB, reader: Person, now: datetime) -> None:
    fill(db, reader, now, MANY)
    colleague = person(Role.SALES, department="sales")
    mine = [row["_id"] for row in db["record_sample"].find({}, {"_id": 1}).limit(MANY // 40)]
    own = access.token("internal", Relation.OWNER, colleague.id)
    db["record_sample"].update_many({"_id": {"$in": mine}}, {"$push": {"acl": own}})
    for query in [*orders(db), *filters(), ListQuery(q="Lamp"), ListQuery(q="YP-2026-100099")]:
        documents, _plans = cost(db, colleague, query)
        assert documents <= 2 * len(mine), query


def test_a_reach_that_lies_at_the_far_end_of_an_order_is_not_walked_to(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db, reader, now, MANY)
    colleague = person(Role.SALES, department="sales")
    last = [
        row["_id"] for row in db["record_sample"].find({}, {"_id": 1}).sort([("name", -1), ("number", -1)]).limit(90)
    ]
    own = access.token("internal", Relation.OWNER, colleague.id)
    db["record_sample"].update_many({"_id": {"$in": last}}, {"$push": {"acl": own}})
    monkeypatch.setattr(walking, "FEW", 50)
    documents, _plans = cost(db, colleague, ListQuery(sort="name"))
    assert documents <= 5 * len(last)


def test_how_much_somebody_reads_is_asked_once_and_decides_nothing_but_the_way(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db, reader, now, 30)
    reach = access.reach(reader, SAMPLE, Purpose.VIEW)
    seen = []
    for few in (5_000, 10):
        walking.forget()
        monkeypatch.setattr(walking, "FEW", few)
        seen.append([listing.page(SAMPLE, reach, query, SAMPLE.fields).rows for query in orders_of(("name", "amount"))])
    assert seen[0] == seen[1]
    db["record_sample"].update_many({}, {"$set": {"acl": []}})
    assert listing.page(SAMPLE, reach, ListQuery(sort="name"), SAMPLE.fields).rows == []
    assert look(reader, {SAMPLE.slug: reach}).held == frozenset()


def test_a_page_that_is_asked_for_beside_something_else_goes_along_the_same_index(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "FEW", 100)
    fill(db, reader, now, MANY)
    rarely(db, 30, made_on=datetime(2031, 5, 4, tzinfo=UTC))
    reach = access.reach(reader, SAMPLE, Purpose.VIEW)
    last = {"number": numbered(MANY // 2)["number"]}
    few = ListQuery(filters=narrowed(made_on="from:2031-05-01"))
    older = ListQuery(before=token_of(SAMPLE, last, "number", -1))
    for query, most in ((ListQuery(), PAGE + 4), (older, PAGE + 4), (few, 30)):
        plan = listing.plan(SAMPLE, reach, query, SAMPLE.fields)
        question = plan.question()
        assert question is not None
        found = list(db[question.collection].aggregate(question.stages, hint=question.index))
        assert listing.read(plan, found) == listing.read(plan)
        asked = {"aggregate": question.collection, "pipeline": question.stages, "hint": question.index, "cursor": {}}
        told = db.command("explain", asked, verbosity="executionStats")
        found_by = told["stages"][0]["$cursor"] if "stages" in told else told
        assert found_by["executionStats"]["totalDocsExamined"] <= most, query
    by_name = ListQuery(sort="name")
    assert (
        listing.plan(SAMPLE, reach, by_name, SAMPLE.fields).question() is None
    )  # left to the database, it may take long


def orders_of(sorts: tuple[str, ...]) -> list[ListQuery]:
    """The first pages of some orders, both ways."""
    return [ListQuery(sort=sort, descending=descending) for sort in sorts for descending in (False, True)]


def rarely(db: DB, many: int, **values: Any) -> None:
    """Give some values to so many records, spread over all of them."""
    every = [row["_id"] for row in db["record_sample"].find({}, {"_id": 1}).sort("number", 1)]
    db["record_sample"].update_many({"_id": {"$in": every[:: len(every) // many][:many]}}, {"$set": values})


def narrowed(**wanted: str) -> tuple[listing.Filter, ...]:
    """Filters by field, each written as `operator:value`."""
    known = listing.queryable(SAMPLE, SAMPLE.fields)
    parts = ((known[name], *text.partition(":")[::2]) for name, text in wanted.items())
    return tuple(listing.Filter(field, operator, value) for field, operator, value in parts)


def test_what_few_records_fulfil_is_looked_up_by_its_own_index_in_any_order(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "FEW", 100)
    fill(db, reader, now, MANY)
    rarely(db, 60, made_on=datetime(2031, 5, 4, tzinfo=UTC))
    rarely(db, 30, colour="red")
    rare = narrowed(colour="is:red", made_on="from:2031-05-01", state="is:draft")
    for sort, descending in product(("", *SORTS), (False, True)):
        documents, plans = cost(db, reader, ListQuery(filters=rare, sort=sort, descending=descending))
        assert documents <= 60, (sort, descending)
        assert "'indexName': 'list_made_on'" in plans
    reach = access.reach(reader, SAMPLE, Purpose.VIEW)
    shown = listing.page(SAMPLE, reach, ListQuery(filters=rare, limit=200), SAMPLE.fields).rows
    counted = listing.cheap_count(SAMPLE, reach, ListQuery(filters=rare), SAMPLE.fields)
    assert counted == (len(shown), False)
    assert 0 < len(shown) <= 60


def test_what_few_records_fulfil_together_is_looked_up_by_the_index_that_the_fields_share(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "FEW", 500)
    fill(db, reader, now, MANY)
    rarely(db, 400, region="gd")
    rarely(db, 600, state="approved")
    together = db["record_sample"].count_documents({"region": "gd", "state": "approved"})
    assert 0 < together <= hits.FEW_HITS < 400
    wanted = narrowed(region="is:gd", state="is:approved")
    for sort in ("", "name", "amount"):
        documents, plans = cost(db, reader, ListQuery(filters=wanted, sort=sort))
        assert documents <= together, sort
        assert f"'indexName': '{NARROWED_INDEX}'" in plans
    reach = access.reach(reader, SAMPLE, Purpose.VIEW)
    assert listing.count(SAMPLE, reach, ListQuery(filters=wanted), SAMPLE.fields) == (together, False)
    db["record_sample"].drop_index(NARROWED_INDEX)  # a type that is new: its indexes are still being made
    walking.forget()
    assert len(listing.page(SAMPLE, reach, ListQuery(filters=wanted), SAMPLE.fields).rows) == PAGE


def test_fields_that_are_seldom_filtered_by_share_an_index(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "FEW", 100)
    shared = replace(SAMPLE, seldom=("colour", "region"))
    registry.register(shared)
    assert set(schema.migrate()) == {f"dropped index list_{name} of record_sample" for name in shared.seldom}
    assert schema.migrate() == schema.missing() == []
    fill(db, reader, now, MANY)
    rarely(db, 40, colour="red", region="gd")
    db["record_sample"].update_many({"region": {"$exists": False}}, {"$set": {"colour": "blue"}})
    rarely(db, 1, colour=None)
    reach = access.reach(reader, shared, Purpose.VIEW)
    for wanted in ({"region": "is:gd"}, {"region": "any_of:gd|nj"}, {"colour": "is:red"}):
        few = narrowed(**wanted)
        documents, plans = cost(db, reader, ListQuery(filters=few, limit=100), shared)
        assert documents <= 40, wanted
        assert f"'indexName': '{SELDOM_INDEX}'" in plans
        assert len(listing.page(shared, reach, ListQuery(filters=few, limit=100), shared.fields).rows) == 39 + (
            "region" in wanted
        )
    for operator, many in (("empty", 1), ("is_not:red", MANY + 1 - 39), ("filled", MANY)):
        asked = ListQuery(filters=narrowed(colour=operator), limit=200)
        shown = listing.page(shared, reach, asked, shared.fields)
        assert len(shown.rows) == min(many, 200), operator
    db["record_sample"].drop_index(SELDOM_INDEX)  # it is still being made
    walking.forget()
    assert len(listing.page(shared, reach, ListQuery(filters=narrowed(colour="is:red")), shared.fields).rows) == PAGE


def test_a_name_is_looked_up_by_its_beginning_through_the_pieces_of_it(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "FEW", 100)
    fill(db, reader, now, MANY)
    for begins, one_in in (("Lamp", 1), ("Lamp 00", 6)):
        documents, plans = cost(db, reader, ListQuery(filters=narrowed(name=f"starts:{begins}")))
        assert "COLLSCAN" not in plans
        # Up to five ways side by side: three pieces, the index of names, and what the tokens open.
        assert documents <= 5 * one_in * (PAGE + 4), begins
    for begins in ("Lamp 007", "lAMP 007", "ｌａｍｐ 007"):
        documents, plans = cost(db, reader, ListQuery(filters=narrowed(name=f"starts:{begins}")))
        assert documents <= MANY / 60
        assert plans.count("'indexName'") == 1


def test_of_the_pieces_of_a_word_a_few_are_asked_for_beside_the_comparison(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "FEW", 100)
    fill(db, reader, now, MANY)
    rarely(db, 40, grams=["lig", "igh", "ght", "hth", "tho", "hou", "ous", "use"], haystack="lighthouse")
    db["record_sample"].update_many({"haystack": {"$ne": "lighthouse"}}, {"$set": {"grams": ["lig", "igh", "ght"]}})
    documents, plans = cost(db, reader, ListQuery(q="lighthouse"))
    assert documents <= 41
    assert plans.count("'indexName'") == 1
    assert len(listing.page(SAMPLE, access.reach(reader, SAMPLE, Purpose.VIEW), ListQuery(q="lighthouse"), ()).rows) > 0
    monkeypatch.setattr(walking, "FEW_HITS", 10)
    cost(db, reader, ListQuery(q="lighthouse"))
    asked = str(finds.commands[-1]["filter"])
    assert asked.count("'grams'") == walking.MOST_RACING


def test_of_pieces_too_common_to_be_counted_the_rarest_are_given_to_the_database(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "FEW", 100)
    monkeypatch.setattr(walking, "FEW_HITS", 10)
    monkeypatch.setattr(hits, "FEW_HITS", 10)
    fill(db, reader, now, MANY)
    db["record_sample"].update_many({}, {"$set": {"grams": ["lig", "igh", "ght", "hth", "tho"]}})
    rarely(db, MANY // 4, grams=["lig", "igh", "ght", "hth", "tho", "hou", "ous", "use"], haystack="lighthouse")
    cost(db, reader, ListQuery(q="lighthouse"))
    asked = finds.commands[-1]["filter"]["$and"]
    assert [part["grams"] for part in asked if "grams" in part] == ["hou", "ous", "use"]


def test_the_database_is_given_ten_seconds_for_a_list(db: DB, reader: Person, now: datetime) -> None:
    fill(db, reader, now, 30)
    for query in (
        ListQuery(),
        ListQuery(sort="name", limit=5),
        ListQuery(q="Lamp"),
        ListQuery(filters=narrowed(colour="is:red")),
    ):
        finds.patience.clear()
        page = listing.page(SAMPLE, access.reach(reader, SAMPLE, Purpose.VIEW), query, SAMPLE.fields)
        listing.page(SAMPLE, access.reach(reader, SAMPLE, Purpose.VIEW), replace(query, after=page.next), SAMPLE.fields)
        assert finds.patience
        assert set(finds.patience) == {paging.PAGE_MS} == {10_000}


def test_a_filter_by_level_looks_only_at_what_rights_open_at_that_level(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "FEW", 100)
    fill(db, reader, now, MANY)
    level = listing.queryable(SAMPLE, SAMPLE.fields)["level"]
    for value in ("secret", "top_secret"):
        documents, _plans = cost(db, reader, ListQuery(filters=(listing.Filter(level, "is", value),)))
        assert documents == 0, value


def test_a_record_that_moves_on_between_the_questions_of_a_page_stands_on_it_once(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Ant", "Bee", "Bee", "Bee", "Cat", "Dog"):
        records.create(reader, "sample", {"name": name}, now=now)
    reach, by_name = access.reach(reader, SAMPLE, access.Purpose.VIEW), ListQuery(sort="name", limit=2)
    behind = replace(by_name, after=listing.page(SAMPLE, reach, by_name, SAMPLE.fields).next)
    ask = paging._find

    def meanwhile(*asked: Any) -> list[dict[str, Any]]:
        found = ask(*asked)
        if found:
            db["record_sample"].update_one({"_id": found[0]["_id"]}, {"$set": {"name": "Bug"}})
        return found

    monkeypatch.setattr(paging, "_find", meanwhile)
    page = listing.page(SAMPLE, reach, replace(behind, limit=3), SAMPLE.fields)
    monkeypatch.undo()
    assert len({row["_id"] for row in page.rows}) == len(page.rows) == 3
    rest = listing.page(SAMPLE, reach, replace(behind, after=page.next), SAMPLE.fields)
    assert page.next
    assert "Dog" in [row["name"] for row in rest.rows]


def test_a_level_may_be_asked_for_by_its_name(db: DB, reader: Person, now: datetime) -> None:
    fill(db, reader, now, 3)
    level = listing.queryable(SAMPLE, SAMPLE.fields)["level"]
    reach = access.reach(reader, SAMPLE, access.Purpose.VIEW)

    def found(value: str) -> list[Any]:
        query = ListQuery(filters=(listing.Filter(level, "is", value),))
        return [row["_id"] for row in listing.page(SAMPLE, reach, query, SAMPLE.fields).rows]

    assert found("internal")
    assert found("internal") == found("内部") == found("Internal")


def test_archived_records_are_passed_over_in_the_index(
    db: DB, reader: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "FEW", 100)
    fill(db, reader, now, MANY)
    tokens = access.tokens_of(SAMPLE, {"owner": reader.id, "created_by": reader.id, "department": "service"})
    gone = {"acl": [access.ARCHIVED + one for one in tokens], "archived": True}
    db["record_sample"].update_many({"created_at": {"$lt": datetime(2026, 2, 4, tzinfo=UTC)}}, {"$set": gone})
    for archived in (False, True):
        documents, plans = cost(db, reader, ListQuery(sort="created_at", descending=archived, archived=archived))
        assert "'SORT'" not in plans
        assert documents <= 4 * (PAGE + 4), archived


def test_pages_in_any_order_show_every_record_once(db: DB, reader: Person, now: datetime) -> None:
    fill(db, reader, now, 90)
    reach = access.reach(reader, SAMPLE, Purpose.VIEW)
    for sort, descending in product(SORTS, (False, True)):
        seen: list[str] = []
        token = ""
        while token or not seen:
            query = ListQuery(sort=sort, descending=descending, after=token, limit=13)
            found = listing.page(SAMPLE, reach, query, SAMPLE.fields)
            seen += [row["number"] for row in found.rows]
            token = found.next
        order = -1 if descending else 1
        stored = db["record_sample"].find({}, {"number": 1}).sort([(sort, order), ("number", order)])
        assert seen == [row["number"] for row in stored], (sort, descending)


def test_locked_cards_take_part_in_an_order_only_when_it_is_by_what_they_show(reader: Person, now: datetime) -> None:
    owner, colleague = person(Role.SPECIALIST), person(Role.SPECIALIST)
    hidden = records.create(owner, "sample", {"name": "Lamp", "level": "secret", "amount": "5"}, now=now)
    reach = access.reach(colleague, SAMPLE, Purpose.VIEW)
    assert reach.sees(hidden["acl"]) == "card"
    plain = {f.name for f in (*SAMPLE.fields, *listing.system_fields(SAMPLE).values()) if f.card == "plain"}
    for sort in SORTS:
        shown = [row["number"] for row in listing.page(SAMPLE, reach, ListQuery(sort=sort), SAMPLE.fields).rows]
        assert shown == ([hidden["number"]] if sort in plain else []), sort


def test_a_full_memory_of_hits_loses_no_answer(db: DB, reader: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    hits.forget()
    monkeypatch.setattr(hits, "MOST_REMEMBERED", 1)
    first, second = {"owner": ObjectId()}, {"state": "open"}
    known = hits.hits(SAMPLE, [first])
    assert hits.hits(SAMPLE, [first, second])[:1] == known
