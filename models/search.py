"""Substring search through an index of pieces: one begins at each character of a word but its last.

A piece has two characters, in Latin text three, of digits up to five: nearly every company has some `123` in a number,
few have `12345`. What follows decides how long it is, so a word asks for the pieces that it holds whole, and where it
may go on in the text for those that begin alike. Only fields declared searchable enter; a query is always combined with
the reader's rights (X6), and what is not one whole piece is compared with the stored text, so nothing is found that is
not there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product
from typing import Any

from models.declarations import Field, RecordType
from models.errors import Refusal
from models.kinds import Kind, kind_of

LONGEST_QUERY = 100
MOST_DIGITS, LETTERS = 5, 3
MOST_ASKED = 8
"""So many pieces of a word are asked for: the database tries them all for a while, to take the rarest."""
PIECE = rf"[0-9]{{3,{MOST_DIGITS}}}|[!-\x7f]{{2,{LETTERS}}}|[^ \n]{{2}}"
"""A piece from where it begins: digits, Latin characters, or two of which one is neither."""
DIGITS = "0123456789"
LAST = "\U0010ffff"
Condition = dict[str, Any]

_pieces_in = re.compile(f"(?=({PIECE}))").findall
_piece_at = re.compile(PIECE).match
_is_piece = re.compile(PIECE).fullmatch


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
    """The pieces of some folded texts, sorted, each once."""
    return sorted(set(_pieces_in("\n".join(texts))))


def holding(text: str) -> list[Condition]:
    """Conditions on the pieces that every text fulfils which holds this one, the narrowest first; none for a single
    character. Others may fulfil them too."""
    return [condition for word in fold(text).split() for condition in _pieces_of(word)]


def _pieces_of(word: str) -> list[Condition]:
    """What the pieces of a text fulfil that holds a folded word. Of one that may itself be a piece, or the beginning of
    one, no other text fulfils it."""
    if _is_piece(word):
        return [_going_on(word)]
    whole: set[str] = set()
    tail = ""
    for at in range(len(word) - 1):
        found = _piece_at(word, at)
        if found is None:
            continue
        if found.end() < len(word) or _is_full(found[0]):
            whole.add(found[0])
        else:
            tail = tail or found[0]
    conditions: list[Condition] = [{"grams": piece} for piece in sorted(whole, key=_rarity)[:MOST_ASKED]]
    if tail and (not whole or _rarity(tail) < min(map(_rarity, whole))):
        conditions.insert(0, _going_on(tail))
    return conditions


def _is_full(piece: str) -> bool:
    """Whether a piece is as long as it would be whatever follows."""
    if not piece.isascii():
        return True
    return len(piece) == (MOST_DIGITS if piece.isdecimal() else LETTERS)


def _rarity(piece: str) -> tuple[bool, int, str]:
    """Long numbers before everything else."""
    return not piece.isdecimal(), -len(piece), piece


def _going_on(piece: str) -> Condition:
    """The condition for a piece, however it goes on. Longer numbers are named one by one, for the database merges what
    it finds under each in the order of numbers. What begins with two characters would be too many for that; it is also
    found nearly everywhere."""
    if _is_full(piece):
        return {"grams": piece}
    if piece.isdecimal() and len(piece) >= LETTERS:
        rest = range(MOST_DIGITS - len(piece) + 1)
        return {"grams": {"$in": [piece + "".join(more) for count in rest for more in product(DIGITS, repeat=count)]}}
    return {"grams": {"$elemMatch": {"$gte": piece, "$lt": piece + LAST}}}


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
        parts = tuple((f, kind_of(f)) for f in field.fields if f.searchable and not f.encrypted) if embedded else ()
        if field.searchable and not field.encrypted and (parts or not embedded):
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
    conditions: list[Condition] = []
    for word in words:
        pieces = _pieces_of(word)
        if _is_piece(word):
            conditions += pieces
        else:  # a single character has no piece: what the other words find is looked through
            conditions.append({"$and": [*pieces, {"haystack": {"$regex": re.escape(word)}}]})
    return {"$and": conditions}
