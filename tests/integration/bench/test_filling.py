"""The measurements measure what the product makes: filled records are the store's, and every program answers."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.database import Database

from bench import api, filling, floor, house, questions, screens, stock
from bench.arm import Failed, Program, turns
from bench.cases import CASES
from bench.content import Place, complaint, customer
from bench.world import World
from config.settings import Settings
from models import catalogue, schema, store
from models.person.roles import SYSTEM
from models.record import collection_name
from models.store.holding import COUNTED_ON
from tests.factories.web_fixtures import prepared

Base = Database[dict[str, Any]]
SIZE = 40
FREE = {"_id", "number", "batch", "rev", "customer", COUNTED_ON}

__all__ = ["prepared"]


@pytest.fixture
def filled(prepared: Settings, db: Base, now: datetime) -> World:
    """A database with a few customers and complaints."""
    catalogue.load()
    house.move_in(now)
    made = filling.make(Place(index, SIZE) for index in range(SIZE))
    for slug, sons in made.sons.items():
        db[collection_name(slug)].insert_many(sons)
    filling.add_indexes()
    return World(prepared, SIZE, datetime.now(UTC))  # the measured programs go by the real clock


def test_a_filled_record_is_what_the_store_makes_of_its_values(prepared: Settings, db: Base, now: datetime) -> None:
    catalogue.load()
    schema.migrate()
    house.move_in(now)
    for index in (0, 7, 20, 39):
        place = Place(index, SIZE)
        sons = filling.make([place]).sons
        actor, filed = customer(place)
        file = store.create("customer", filed, actor=actor, now=place.made_at)
        owner = next(person for person in house.SPECIALISTS if person.id == filed["owner"])
        writer, values = complaint(place, file["_id"], filed, owner)
        said = store.create("complaint", values, actor=writer, now=place.made_at)
        for slug, record in (("customer", file), ("complaint", said)):
            stored = db[collection_name(slug)].find_one({"_id": record["_id"]}) or {}
            (filled,) = sons[slug]
            number, own = str(stored["number"]).casefold(), str(filled["number"]).casefold()
            stored["haystack"] = stored["haystack"].replace(number, own)
            for name in ("grams", "haystack") if number == own else ("haystack",):
                assert filled[name] == stored[name]
            rest = FREE | {"grams"}
            assert filling.without_seals({k: v for k, v in filled.items() if k not in rest}) == filling.without_seals(
                {k: v for k, v in stored.items() if k not in rest}
            )


def test_the_same_place_gives_the_same_record() -> None:
    catalogue.load()
    assert filling.key_of(SIZE) == filling.key_of(SIZE)
    assert customer(Place(7, SIZE)) == customer(Place(7, SIZE))


def test_a_filling_that_was_broken_off_is_gone_on_with(
    prepared: Settings, db: Base, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.load()
    monkeypatch.setattr(filling, "CHUNK", 10)
    monkeypatch.setattr(filling, "ProcessPoolExecutor", lambda *_: ThreadPoolExecutor(1))
    monkeypatch.setattr(filling, "_connected", [prepared.database])
    steps = filling.fill(prepared, SIZE, now)
    next(steps)
    steps.close()
    broken_off = [row["_id"] for row in db["record_complaint"].find({}, {"_id": 1}).sort("_id")][9]
    db["record_complaint"].delete_one({"_id": broken_off})
    db[filling.MARK].delete_one({"_id": 0})
    assert not filling.is_filled(SIZE)
    assert list(filling.fill(prepared, SIZE, now))[-1] == ("filled", SIZE)
    assert filling.is_filled(SIZE)
    for slug in filling.TYPES:
        assert db[collection_name(slug)].count_documents({}) == SIZE
    assert db[store.VERSIONS].count_documents({}) == len(filling.TYPES)


def test_every_program_answers_every_page(filled: World) -> None:
    answered = {}
    for make in (floor.make, screens.make, stock.make):
        program = make(filled)
        answered[program.name] = [case.id for case in CASES if _answers(program, case.id)]
    assert set(answered["screens"]) == {case.id for case in CASES} - {"noted", "recorded"}
    assert {"list20", "list100", "deep20", "named100", "details", "save", "noted", "recorded"} <= set(answered["floor"])


def _answers(program: Program, case: str) -> bool:
    return turns(program, case, 0, 1) is not None


def test_no_program_writes_over_what_is_sealed(filled: World, now: datetime) -> None:
    for make in (floor.make, screens.make, stock.make):
        assert turns(make(filled), "save", 0, 1) is not None
    assert filling.mend(SIZE, now) == 0


def test_what_former_comparisons_left_in_a_sealed_field_is_put_right(filled: World, now: datetime) -> None:
    place = Place(0, SIZE)
    record = filling.record_id("customer", place.index)
    store.change("customer", record, {"contact_phone": "\\xb6" * 1_000}, actor=SYSTEM, now=now)
    assert filling.mend(SIZE, now) == 1
    assert store.fetch("customer", record)["contact_phone"] == customer(place)[1]["contact_phone"]


def test_every_list_shows_the_rows_of_the_floor(filled: World) -> None:
    cases = ("list20", *questions.of(filled))
    rows = _shown(floor.make(filled), cases)
    assert {case for case, shown in rows.items() if shown} > {"filter", "search_zh_rare", "search_en_rare", "sort_name"}
    for make in (screens.make, api.make):
        ours = _shown(make(filled), cases)
        for case, shown in ours.items():
            assert [number for number in shown if number in rows[case]] == rows[case], case


def _shown(program: Program, cases: Iterable[str]) -> dict[str, list[str]]:
    """The numbers that a program shows, by case."""
    found = {case: turns(program, case, 0, 1) for case in cases}
    return {case: one.shown for case, one in found.items() if one is not None}


def test_a_refused_request_is_no_measurement(filled: World) -> None:
    program = screens.make(filled)
    program.cookies = ""
    with pytest.raises((Failed, ValueError)):
        turns(program, "save", 0, 1)
