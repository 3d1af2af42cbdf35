"""Substring search through an index: grams of two (and, in Latin text, three) characters.

Only fields declared searchable enter; a query is always combined with the reader's rights (X6), and hits of three or
more characters are re-checked against the stored text, so nothing is found that is not there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import add
from typing import Any

from models.declarations import Field, RecordType
from models.errors import Refusal
from models.kinds import Kind, kind_of

LONGEST_QUERY = 100


class QueryTooShort(Refusal):
    """Search needs two characters."""

    code, status = "query_too_short", 400
    zh, en = "请至少输入 2 个字。", "Type at least 2 characters."


class QueryTooLong(Refusal):
    """Search takes up to 100 characters."""

    code, status = "query_too_long", 400
    zh, en = "搜索词太长，最多 100 个字。", "That search is too long: 100 characters at most."


def fold(text: str) -> str:
    """Text as it is compared: full-width and compatibility forms folded, lower case, single blanks."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(plain.casefold().split())


def grams(texts: Iterable[str]) -> list[str]:
    """The index terms of some folded texts, sorted, each once."""
    found: set[str] = set()
    for folded in texts:
        pairs = list(map(add, folded, folded[1:]))
        found.update(pairs)
        found.update(filter(str.isascii, map(add, pairs, folded[2:])))
    return sorted(found)


def terms_within(text: str) -> list[str]:
    """The index terms that every text holding this one has; none for a single character."""
    folded = fold(text)
    if len(folded) == 2:
        return [folded]
    pieces = (folded[i : i + 3] for i in range(len(folded) - 2))
    return sorted({term for piece in pieces for term in ([piece] if piece.isascii() else [piece[:2], piece[1:]])})


def texts_of(rt: RecordType, values: Mapping[str, Any]) -> list[str]:
    """The texts under which a record is found: its number and its searchable fields, embedded ones included.

    The numbers of records merged into it are none of them: not all who read it may know those (`listing.merged`)."""
    texts = [str(values.get("number") or "")]
    for field, kind, parts in _searched(rt):
        value = values.get(field.name)
        if value is None:
            continue
        if parts:
            rows = value if field.kind == "embedded_list" else [value]
            texts.extend(inner.text(f, row.get(f.name), "zh") for row in rows for f, inner in parts)
        else:
            texts.append(kind.text(field, value, "zh"))
    return [text for text in texts if text]


@lru_cache(maxsize=1000)
def _searched(rt: RecordType) -> tuple[tuple[Field, Kind, tuple[tuple[Field, Kind], ...]], ...]:
    """The searchable fields of a type, each with its kind; of embedded ones, those inside."""
    found = []
    for field in rt.fields:
        embedded = field.kind in ("embedded", "embedded_list")
        parts = tuple((f, kind_of(f)) for f in field.fields if f.searchable) if embedded else ()
        if field.searchable and (parts or not embedded):
            found.append((field, kind_of(field), parts))
    return tuple(found)


def condition(query: str) -> dict[str, Any]:
    """The database condition for records that contain each word of `query`.

    :raises QueryTooShort: with fewer than two characters.
    :raises QueryTooLong: with more than 100.
    """
    if len(query) > LONGEST_QUERY:
        raise QueryTooLong()
    words = fold(query).split()
    if all(len(word) == 1 for word in words):
        raise QueryTooShort()
    terms: list[str] = []
    checks: list[dict[str, Any]] = []
    for word in words:
        if len(word) == 2:
            terms.append(word)
            continue
        if len(word) == 1:  # no term of its own: the records that the other words find are looked through
            checks.append({"haystack": {"$regex": re.escape(word)}})
            continue
        terms.extend(terms_within(word))
        checks.append({"haystack": {"$regex": re.escape(word)}})
    unique = sorted(set(terms), key=lambda term: (-len(term), term))
    return {"$and": [{"grams": {"$all": unique}}, *checks]}
