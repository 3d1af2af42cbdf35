"""Lists read page by page to their end: numbers of more digits than their pattern says, long texts, odd filters."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from pymongo.database import Database

from models import numbering
from models.listing import address, paging
from tests.factories.types import SAMPLE
from tests.integration.api.conftest import Program

DB = Database[dict[str, Any]]
WIDE = "😀"


@pytest.fixture
def long_year(head: Program, db: DB) -> list[str]:
    """Records on either side of the last number that the pattern has digits for, in the order in which they came."""
    first = [head.make(name="Same"), head.make(name="Same")]
    db[numbering.COUNTERS].update_one({"_id": "sample:2026"}, {"$set": {"seq": 999_997}})
    return first + [head.make(name="Same") for _ in range(30)]


def pages(program: Program, query: str, after: str = "") -> list[dict[str, Any]]:
    """The answers of a list to its end."""
    found = [program.get(f"/sample?{query}&after={after}")]
    while found[-1]["next"]:
        found.append(program.get(f"/sample?{query}&after={found[-1]['next']}"))
        assert len(found) < 20
    return found


def numbers(answers: list[dict[str, Any]]) -> list[str]:
    return [row["number"] for one in answers for row in one["items"]]


def test_the_newest_number_is_first_however_many_digits_it_has(head: Program, long_year: list[str]) -> None:
    assert long_year[2:6] == ["YP-2026-999998", "YP-2026-999999", "YP-2026-A1000000", "YP-2026-A1000001"]
    assert numbers(pages(head, "")) == long_year[::-1]
    for sort in ("number", "name", "-name", "amount"):  # equals stand in the order of their numbers
        there = numbers(pages(head, f"sort={sort}"))
        assert there == (long_year[::-1] if sort[0] == "-" else long_year)
        last = pages(head, f"sort={sort}")[-1]
        assert numbers([head.get(f"/sample?sort={sort}&before={last['previous']}"), last]) == there


def test_a_number_of_more_digits_is_found_like_any_other(head: Program, long_year: list[str]) -> None:
    number = "YP-2026-A1000003"
    assert head.get(f"/sample/{number}")["number"] == number
    for query in (f"number=is:{number}", f"number=starts:{number[:-1]}3", f"q={number}", "q=1000003"):
        assert numbers(pages(head, query)) == [number]
    assert numbers(pages(head, "number=starts:YP-2026-A")) == long_year[:3:-1]


@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.parametrize("size", [198, 400])
def test_a_list_by_texts_of_wide_characters_is_read_to_its_end(
    head: Program, db: DB, direction: str, size: int
) -> None:
    made = [head.make(name=WIDE * 190 + f"{place:02}") for place in range(25)]
    for place, number in enumerate(made):  # by a former declaration, or computed from several
        db["record_sample"].update_one({"number": number}, {"$set": {"name": WIDE * size + f"{place // 2:02}"}})
    found = pages(head, f"sort={direction}name")
    assert numbers(found) == (made[::-1] if direction else made)
    assert max(len(one["next"] or "") for one in found) <= address.LONGEST_TOKEN


@pytest.mark.parametrize("direction", ["", "-"])
def test_where_the_last_record_of_a_page_is_gone_no_other_is_passed_over(head: Program, db: DB, direction: str) -> None:
    made = [head.make(name=WIDE * 190 + f"{place:02}") for place in range(25)]
    for place, number in enumerate(made):
        db["record_sample"].update_one({"number": number}, {"$set": {"name": WIDE * 300 + f"{place:02}"}})
    first = head.get(f"/sample?sort={direction}name")
    gone = first["items"][-1]["number"]
    for change in ({"name": WIDE * 300 + "99"}, {"name": "elsewhere"}):
        db["record_sample"].update_one({"number": gone}, {"$set": change})
        rest = pages(head, f"sort={direction}name", after=first["next"])
        assert set(made) - {gone} <= set(numbers([first, *rest]))


@pytest.mark.parametrize("sort", ["", "sort=name", "sort=-name"])
def test_a_page_whose_rows_have_gone_since_leads_back_to_those_that_are_left(head: Program, db: DB, sort: str) -> None:
    made = sorted(head.make(name=f"Lamp {place:02}") for place in range(45))
    there = made if sort == "sort=name" else made[::-1]
    _first, second, third = pages(head, sort)
    assert third["next"] is None

    def gone(numbers_of: list[str]) -> None:
        db["record_sample"].update_many({"number": {"$in": numbers_of}}, {"$set": {"acl": []}})

    gone(there[40:])
    answer = head.ask("GET", f"/sample?{sort}&after={second['next']}")
    empty = answer.get_json()
    assert (empty["items"], empty["next"], bool(empty["previous"])) == ([], None, True)
    [at] = re.findall(r'<([^>]+)>; rel="prev"', answer.headers["Link"])
    last = head.get(at.removeprefix("/api/v1"))
    assert (numbers([last]), last["next"]) == (there[20:40], None)
    assert numbers([head.get(f"/sample?{sort}&before={last['previous']}")]) == there[:20]

    gone(there[:20])
    empty = head.get(f"/sample?{sort}&before={second['previous']}")
    assert (empty["items"], bool(empty["next"]), empty["previous"]) == ([], True, None)
    left = head.get(f"/sample?{sort}&after={empty['next']}")
    assert (numbers([left]), left["next"], left["previous"]) == (there[20:40], None, None)


def test_a_page_token_tells_nothing_of_a_record_that_is_not_in_the_list(head: Program, db: DB) -> None:
    hidden = head.make(name="m" * 190)
    db["record_sample"].update_one({"number": hidden}, {"$set": {"name": "m" * 300, "acl": []}})
    seen = [head.make(name=one * 190) for one in "az"]
    answers = []
    for name in ("b" * 300, "y" * 300):
        db["record_sample"].update_one({"number": hidden}, {"$set": {"name": name}})
        token = paging.token_of(SAMPLE, {"number": hidden, "name": name}, "name", 1)
        forged = paging.token_of(SAMPLE, {"number": hidden, "name": "m" * 300}, "name", 1)
        answers.append(numbers([head.get(f"/sample?sort=name&after={forged}")]))
        assert numbers([head.get(f"/sample?sort=name&after={token}")]) == seen[1:]
    assert answers == [seen[1:]] * 2


def test_the_screen_leads_to_its_next_page_too(head: Program, db: DB) -> None:
    for place in range(25):
        number = head.make(name=WIDE * 190 + f"{place:02}")
        db["record_sample"].update_one({"number": number}, {"$set": {"name": WIDE * 400 + f"{place:02}"}})
    page = head.desk.text("/records/sample/?sort=name")
    assert WIDE * 400 + "19" in page
    [further] = set(re.findall(r'href="(/records/sample/[^"]*[?;]after=[^"]*)"', page))
    second = head.desk.text(unescape(further))
    assert (WIDE * 400 + "20" in second, WIDE * 400 + "19" in second) == (True, False)


def test_the_screen_leads_back_from_a_page_whose_rows_have_gone(head: Program, db: DB) -> None:
    for place in range(25):
        head.make(name=f"Lamp {place:02}")
    further = head.get("/sample")["next"]
    db["record_sample"].update_many({"name": {"$lt": "Lamp 05"}}, {"$set": {"acl": []}})
    page = head.desk.text(f"/records/sample/?after={further}")
    assert "no longer in the list" in page
    [back] = set(re.findall(r'href="(/records/sample/[^"]*[?;]before=[^"]*)"', page))
    assert "Lamp 05" in head.desk.text(unescape(back))


@pytest.mark.parametrize("side", ["after", "before"])
def test_a_page_token_of_another_order_is_refused_by_name(head: Program, side: str) -> None:
    for place in range(25):
        head.make(name=f"Lamp {place:02}")
    name = {"after": "next", "before": "previous"}[side]

    def token(sort: str) -> str:
        first = head.get(f"/sample?sort={sort}")
        found: str = (first if side == "after" else head.get(f"/sample?sort={sort}&after={first['next']}"))[name]
        return found

    for given, sort in (("number", "-name"), ("name", "-name"), ("-name", "name"), ("name", ""), ("number", "")):
        answer = head.ask("GET", f"/sample?sort={sort}&{side}={token(given)}")
        assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_query"), (given, sort)
        assert f"“{side}”" in answer.get_json()["detail"]
    for given, sort in (("-number", ""), ("", "-number"), ("-name", "-name")):
        assert len(head.get(f"/sample?sort={sort}&{side}={token(given)}")["items"]) in (5, 20), (given, sort)


def test_a_page_token_of_another_type_is_refused_by_name(head: Program) -> None:
    for place in range(25):
        head.make(name=f"Lamp {place:02}")
    answer = head.ask("GET", f"/customer?after={head.get('/sample')['next']}")
    assert (answer.status_code, "“after”" in answer.get_json()["detail"]) == (400, True)


@pytest.mark.parametrize("token", ["~~", "~WyI", "+"])
def test_no_other_token_means_the_end_of_a_list(head: Program, token: str) -> None:
    assert head.ask("GET", f"/sample?before={token}").status_code == 400


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+23:59", "2026-01-01", ""])
@pytest.mark.parametrize("field", ["updated_at", "due_at", "made_on"])
def test_overdue_takes_no_value(head: Program, field: str, moment: str) -> None:
    condition = f"overdue:{moment}"
    asked = [f"{field}={quote(condition)}"] + ([f"where={quote(f'any({field}:{condition})')}"] if moment else [])
    for query in asked:
        answer = head.ask("GET", f"/sample?{query}")
        assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_query")
        assert field in answer.get_json()["detail"]
    assert head.ask("GET", f"/sample?{field}=overdue").status_code == 200
