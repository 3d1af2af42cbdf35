"""By what other places could betray a destroyed record: its names and the values that are copied, then and now."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from config.database import database
from models import store
from models.declarations import RecordType
from models.key_vault import service as keys
from models.key_vault.refusals import Unopened
from models.kinds import kind_of, loaded
from models.search import fold

SHORTEST = 2
"""A name of one character is part of too much else."""
_SPACES = re.compile(r"[\s-]+")
_WORDS = re.compile(r"[\s|:;,()]+")
"""What stands between words of a text, and between values in the address of a list."""
_VALUES = re.compile(r" *[\x00|;,] *")
"""What stands between whole values, some of them in one cell."""


def names_of(rt: RecordType, son: Mapping[str, Any]) -> set[str]:
    """What a stored record is called or was called; without its number."""
    title = rt.by_name[rt.title]
    if title.kind in ("reference", "person"):
        return set()
    former = database()[store.VERSIONS].find({"record": son["_id"], "changes.field": title.name}, {"changes": 1})
    changes = (change for row in former for change in row["changes"] if change["field"] == title.name)
    held = [son.get(title.name), *(change.get(side) for change in changes for side in ("before", "after"))]
    texts = {kind_of(title).text(title, loaded(title, value), "zh") for value in held if value is not None}
    return {text for text in texts if len(text) >= SHORTEST}


def values_of(sons: Iterable[Mapping[str, Any]], names: Iterable[str]) -> dict[str, frozenset[str]]:
    """The values that some fields of stored records had then and have now, by field, as `sign_of` tells them."""
    wanted = set(names)
    found: dict[str, set[str]] = {name: set() for name in wanted}
    for son in sons:
        _gather(found, ((name, son.get(name)) for name in wanted))
        asked = {"record": son["_id"], "changes.field": {"$in": sorted(wanted)}}
        for row in database()[store.VERSIONS].find(asked, {"changes": 1}):
            told = [one for one in row["changes"] if one["field"] in wanted]
            _gather(found, ((one["field"], one.get(side)) for one in told for side in ("before", "after")))
    return {name: frozenset(signs) for name, signs in found.items()}


def _gather(found: Mapping[str, set[str]], values: Iterable[tuple[str, Any]]) -> None:
    for name, value in values:
        with suppress(Unopened):  # what nobody can read any more was copied by nobody since
            if sign := sign_of(value):
                found[name].add(sign)


def sign_of(value: Any) -> str:
    """By what a stored value and its copy are known to be the same, sealed or not, however it is written; '' of none.
    :raises Unopened: it cannot be opened."""
    clear = keys.unseal_value(value) if keys.is_sealed(value) else value
    if isinstance(clear, str):
        return _SPACES.sub("", fold(clear))
    return "" if clear in (None, [], {}) else repr(clear)


def in_text(text: str, numbers: Iterable[str], called: Iterable[str]) -> bool:
    """Whether a text holds one of some numbers, or one of some names as whole words: a name that is part of a longer
    word names somebody else."""
    spread = _words(text)
    return any(fold(one) in spread for one in numbers) or any(_words(one) in spread for one in called)


def in_cells(numbers: Iterable[str], called: Iterable[str]) -> Callable[[Iterable[str]], bool]:
    """What says whether a row of cells holds one of some numbers, or one of some names as a whole value, whatever its
    case and width."""
    signs = (*map(fold, numbers), *map(_values, called))

    def tells(cells: Iterable[str]) -> bool:
        spread = _values("\x00".join(cells))
        return any(sign in spread for sign in signs)

    return tells


def _words(text: str) -> str:
    return f" {_WORDS.sub(' ', fold(text)).strip()} "


def _values(text: str) -> str:
    whole = fold(text.replace("\t", "\x00").replace("\n", "\x00"))
    return f"\x00{_VALUES.sub(chr(0), whole)}\x00"
