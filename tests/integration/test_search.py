"""Searching finds every record that holds the words and no other, by what is stored for it alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection
from pymongo.database import Database

from models.search import LETTERS, MOST_DIGITS, QueryTooShort, condition, fold, grams, holding

TEXTS = (
    "华东精密机械有限公司",
    "A座3楼 B12室",
    "Precision Parts (Kunshan) Co., Ltd. 昆山分公司",
    "ＡＢＣ　Ｔrading№９",
    "Straße & Söhne — Ⅷ号仓库",
    "e\u0301cole nai\u0308ve ǅ İzmir",
    "🙂🙂👩‍👩‍👧 ok😀9",
    "+86 (021) 65529988-123",
    "91990012345BENCH007X",
    "KH-2026-000123",
    "x1 22 333 4444 55555 666666 7777777a",
    "a\x01b\x7fc\\d.*e^$f[g]h{2}",
    "१२३४५ ٣٤٥",
    "ab",
    "7",
    "",
)


@pytest.fixture
def stored(db: Database[dict[str, Any]]) -> Iterator[Collection[dict[str, Any]]]:
    """One record for each text, and some of two texts."""
    collection = db["searched"]
    collection.create_index([("grams", ASCENDING), ("number", DESCENDING)], name="grams")
    for number, texts in enumerate((*((text,) for text in TEXTS), (TEXTS[0], TEXTS[9]), (TEXTS[2], TEXTS[10]))):
        folded = [fold(text) for text in texts if text]
        row = {"_id": number, "number": number, "grams": grams(folded), "haystack": "\n".join(folded)}
        collection.insert_one(row)
    yield collection
    collection.drop()


def parts(text: str) -> set[str]:
    """Every part of a text that may be searched for."""
    return {text[i:j] for i in range(len(text)) for j in range(i + 2, min(len(text), i + 14) + 1)} | {text}


def test_every_part_of_a_text_is_found_and_nothing_else(stored: Collection[dict[str, Any]]) -> None:
    rows = list(stored.find())
    asked = {part for text in TEXTS for part in parts(fold(text)) if any(len(word) > 1 for word in part.split())}
    for part in sorted(asked):
        holding_it = {row["_id"] for row in rows if all(word in row["haystack"] for word in part.split())}
        assert {row["_id"] for row in stored.find(condition(part))} == holding_it, part
        whole = {row["_id"] for row in rows if part in row["haystack"]}
        pieces = holding(part)
        assert whole <= {row["_id"] for row in stored.find({"$and": pieces} if pieces else {})}, part


def test_words_are_found_wherever_they_stand_and_however_written(stored: Collection[dict[str, Any]]) -> None:
    for query in ("昆山 precision", "ＬＴＤ parts", "STRASSE 仓库", "a 精密", "abc no9"):
        words = fold(query).split()
        expected = {row["_id"] for row in stored.find() if all(word in row["haystack"] for word in words)}
        assert {row["_id"] for row in stored.find(condition(query))} == expected
    with pytest.raises(QueryTooShort):
        condition("a 精")


@pytest.mark.parametrize("query", ["ab", "65", "654", "6552", "65529", "abc", "精密", "3楼"])
def test_what_is_a_piece_or_its_beginning_looks_at_no_other_record(
    stored: Collection[dict[str, Any]], query: str
) -> None:
    alike = [
        {"_id": 100 + n, "number": n, "grams": grams([text]), "haystack": text}
        for n, text in enumerate(["b a", "56 5", "645", "6525", "65259", "acb", "密精", "楼3"] * 20)
    ]
    stored.insert_many(alike)
    (only,) = condition(query)["$and"]
    plan = stored.find(only).hint("grams").explain()["executionStats"]
    found = stored.count_documents(only)
    assert plan["totalDocsExamined"] == found
    assert plan["totalKeysExamined"] <= found + sum(10**n for n in range(MOST_DIGITS - LETTERS + 1))


@pytest.mark.parametrize("query", ["654", "6552", "abc", "精密"])
def test_what_is_found_by_a_piece_comes_in_the_order_of_numbers(stored: Collection[dict[str, Any]], query: str) -> None:
    plan = str(stored.find(condition(query)).sort("number", DESCENDING).hint("grams").explain())
    assert "'stage': 'SORT'" not in plan


def test_a_piece_is_counted_once_however_often_it_stands_there() -> None:
    assert grams(["abab 123456", "abab"]) == ["12345", "23456", "3456", "456", "56", "ab", "aba", "bab"]
    assert grams(["a", "", "精"]) == []
