"""Another master key: the data keys are wrapped anew, part by part, while everybody goes on; what they seal stays.

With a file of master keys the new one is put first and the former ones stay until nothing needs them, so that a
rotation which broke off is ended by the next. Processes read the file again when they meet a key that they cannot
unwrap, and before they make one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import Binary

from models.key_vault import copies, master
from models.key_vault.keyring import apart
from models.key_vault.locking import alone
from models.key_vault.vault import Vault, vault

PART = 200


@dataclass(frozen=True)
class Rotated:
    """How many data keys were wrapped anew, under what, and how many former master keys went out of the file."""

    wrapped: int
    provider: str
    removed: int


@dataclass(frozen=True)
class State:
    """The data keys by what wraps them; `current` is what wraps new ones."""

    current: str
    by_provider: Mapping[str, int]


def state() -> State:
    """How the data keys are wrapped. :raises KeysUnusable:"""
    here = vault()
    grouped: list[dict[str, Any]] = [
        {"$group": {"_id": "$masterKey.provider", "count": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    rows = apart(lambda: list(here.keyring.collection.aggregate(grouped)))
    return State(here.current()[0], {str(row["_id"]): int(row["count"]) for row in rows})


def count() -> int:
    """How many data keys there are. No master key is needed for it, and none is made."""
    collection = vault().keyring.collection
    return apart(lambda: collection.count_documents({}))


def try_wrapping() -> None:
    """Make sure that the master key, or the key service, wraps a new data key. :raises KeysUnusable:"""
    vault().try_wrapping()


def rotate(tell: Callable[[int], None] = lambda _done: None) -> Rotated:
    """Make a new master key, if it lies in a file of ours, and wrap every data key under the present one. Whoever gives
    it in the environment, or has a key service, has set the new one before. A former master key goes out of the file
    when neither a data key nor the backup of the keys needs it; so does what a rotation left that was killed.

    :raises KeysUnusable: a data key cannot be unwrapped, or the backup not be written; others may be wrapped anew
        already, and the former master key is there still.
    """
    here = vault()
    settings = here.settings
    in_file = not settings.given and settings.service is None
    with alone(settings.path):
        here.prove()
        if in_file:
            master.sweep(settings.path)
        keys = list(master.read(settings))
        if in_file and len(keys) == 1:
            keys = [master.made(), *keys]
            master.write(settings.path, keys)
        here.renew()
        wrapped = _wrap_all(here, tell)
        copies.keep_up()
        if in_file:
            master.write(settings.path, keys[:1])
            here.renew()
    return Rotated(wrapped, here.current()[0], len(keys) - 1 if in_file else 0)


def _wrap_all(here: Vault, tell: Callable[[int], None]) -> int:
    """A key service may have another key of the same name: all are wrapped anew, once; else those that need it, until
    there are none: others may have made keys behind our back."""
    done = _wrap(here, tell, 0)
    if here.settings.service is None:
        while (more := _wrap(here, tell, done)) > done:
            done = more
    return done


def _wrap(here: Vault, tell: Callable[[int], None], done: int) -> int:
    last = None
    provider = here.current()[0]
    others: dict[str, Any] = {} if here.settings.service is not None else {"masterKey.provider": {"$ne": provider}}
    while ids := _next(here, {**others, **({"_id": {"$gt": last}} if last is not None else {})}):
        here.rewrap(ids)
        done, last = done + len(ids), ids[-1]
        tell(done)
    return done


def _next(here: Vault, condition: Mapping[str, Any]) -> list[Binary]:
    found = here.keyring.collection.find(condition, {"_id": 1}).sort("_id", 1).limit(PART)
    return [row["_id"] for row in apart(lambda: list(found))]
