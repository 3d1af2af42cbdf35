"""Sealing and opening of many values, part by part; what fails in a set is tried by halves, so that each value has its
own outcome and the others are not held up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

from bson import Binary
from pymongocrypt.errors import MongoCryptError

from models.key_vault.refusals import KeyGone, Unopened
from models.key_vault.sets import MOST_KEYS
from models.key_vault.vault import RANDOM, Vault, key_of

T = TypeVar("T")

PART, PART_BYTES = 500, 2_000_000
ASKED = 1_000


def unsealed(here: Vault, sealed: Sequence[Binary]) -> list[Any]:
    """The values, in their order; in place of one that cannot be opened its refusal. :raises KeysUnusable:"""
    there = _there(here, map(key_of, sealed))
    made: list[Any] = []
    for part in _parts([one for one in sealed if key_of(one) in there], key_of, len):
        together = here.for_sets(map(key_of, part))
        opened = iter(_opened(here, [one for one in part if key_of(one) in together]))
        made += [next(opened) if key_of(one) in together else _alone(here, one) for one in part]
    found = iter(made)
    return [next(found) if key_of(one) in there else KeyGone() for one in sealed]


def _opened(here: Vault, sealed: Sequence[Binary]) -> list[Any]:
    if len(sealed) > 1:
        try:
            return here.sets(frozenset(map(key_of, sealed))).open(sealed)
        except MongoCryptError:
            half = len(sealed) // 2
            return _opened(here, sealed[:half]) + _opened(here, sealed[half:])
    return [_alone(here, one) for one in sealed]


def _alone(here: Vault, sealed: Binary) -> Any:
    try:
        return here.decrypt(sealed)
    except Unopened as refusal:
        return refusal


def sealed(here: Vault, wanted: Sequence[tuple[Any, UUID]]) -> list[Binary]:
    """Values, each with the key to seal it under, sealed, in their order. :raises KeyGone: :raises KeysUnusable:"""
    there = _there(here, (key.bytes for _, key in wanted))
    if any(key.bytes not in there for _, key in wanted):
        raise KeyGone()
    made: list[Binary] = []
    for part in _parts(wanted, lambda one: one[1].bytes, _size):
        together = here.for_sets(key.bytes for _, key in part)
        done = iter(_sealed(here, [one for one in part if one[1].bytes in together]))
        made += [next(done) if key.bytes in together else here.encrypt(value, key, RANDOM) for value, key in part]
    return made


def _sealed(here: Vault, wanted: Sequence[tuple[Any, UUID]]) -> list[Binary]:
    if not wanted:
        return []
    try:
        return here.sets(frozenset(key.bytes for _, key in wanted)).seal(wanted)
    except MongoCryptError:  # which of the keys it is, and why, single values tell
        return [here.encrypt(value, key, RANDOM) for value, key in wanted]


def _there(here: Vault, keys: Iterable[bytes]) -> set[bytes]:
    """Those of some keys that there are, asked for together; what is gone is asked for no more. An outage of the vault
    is told before anything counts as gone. :raises KeysUnusable:"""
    wanted = list(dict.fromkeys(keys))
    if wanted:
        here.encryption()
    parts = (wanted[start : start + ASKED] for start in range(0, len(wanted), ASKED))
    return {bytes(row["_id"]) for part in parts for row in here.keyring.by_ids(part)}


def _size(one: tuple[Any, UUID]) -> int:
    return len(one[0]) if isinstance(one[0], str | bytes) else 100


def _parts(all_: Sequence[T], key: Callable[[T], bytes], size: Callable[[T], int]) -> Iterator[Sequence[T]]:
    """Pieces of a sequence that one run takes: by number, bytes and keys."""
    start, total, keys = 0, 0, set[bytes]()
    for at, one in enumerate(all_):
        total += size(one)
        keys.add(key(one))
        if at > start and (at - start >= PART or total > PART_BYTES or len(keys) > MOST_KEYS):
            yield all_[start:at]
            start, total, keys = at, size(one), {key(one)}
    if start < len(all_):
        yield all_[start:]
