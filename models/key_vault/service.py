"""Data keys and what is sealed with them (pymongo's explicit client-side encryption; docs/adr/0017).

One key for each classified record and one for each type, in a database of their own. Destroying a record's key makes
everything sealed with it unreadable, in every backup too (D2).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from bson import Binary, ObjectId

from models.key_vault import copies, many, whose
from models.key_vault.keyring import KEPT_SECONDS, name_of
from models.key_vault.sets import SEALED
from models.key_vault.vault import RANDOM, STEADY, key_of, vault

PART = 1_000
BLIND_BYTES = 15


def type_key(slug: str) -> UUID:
    """The key of a type's values that are not classified; made if absent. :raises KeysUnusable:"""
    name = f"type:{slug}"
    return vault().key_ids([name], make=True)[name]


def record_key(record_id: ObjectId) -> UUID:
    """The key of a record; made if absent, the same for two that ask at once. :raises KeysUnusable:"""
    return record_keys([record_id])[record_id]


def record_keys(ids: Iterable[ObjectId]) -> dict[ObjectId, UUID]:
    """The keys of records, made where absent; two questions for a thousand. :raises KeysUnusable:"""
    return _of_records(ids, make=True)


def held_keys(ids: Iterable[ObjectId]) -> dict[ObjectId, UUID]:
    """The keys of those records that have one."""
    return _of_records(ids, make=False)


def _of_records(ids: Iterable[ObjectId], *, make: bool) -> dict[ObjectId, UUID]:
    names = {f"record:{one}": one for one in ids}
    wanted, found = list(names), {}
    for start in range(0, len(wanted), PART):
        found.update(vault().key_ids(wanted[start : start + PART], make=make))
    return {names[name]: key for name, key in found.items()}


def seal(data: bytes, key: UUID) -> Binary:
    """Bytes sealed under a key; twice the same gives two different seals. :raises KeyGone: :raises KeysUnusable:"""
    return vault().encrypt(Binary(data), key, RANDOM)


def unseal(sealed: bytes) -> bytes:
    """The bytes that `seal` was given. :raises KeyGone: :raises SealDamaged: :raises KeysUnusable:"""
    return bytes(vault().decrypt(Binary(sealed, SEALED)))


def seal_value(value: Any, key: UUID) -> Binary:
    """Any stored value, sealed. :raises KeyGone: :raises KeysUnusable:"""
    return vault().encrypt(value, key, RANDOM)


def unseal_value(sealed: bytes) -> Any:
    """The stored value that `seal_value` was given. :raises KeyGone: :raises SealDamaged: :raises KeysUnusable:"""
    return vault().decrypt(Binary(sealed, SEALED))


def seal_many(wanted: Sequence[tuple[Any, UUID]]) -> list[Binary]:
    """Stored values, each with the key to seal it under, sealed in one run; twice as quick as one by one.

    :raises KeyGone: :raises KeysUnusable:
    """
    return many.sealed(vault(), wanted)


def unseal_many(sealed: Sequence[Binary]) -> list[Any]:
    """The stored values that `seal_value` or `seal_many` was given, in one run. In place of one that cannot be opened
    stands its refusal, an `Unopened`. :raises KeysUnusable:"""
    return many.unsealed(vault(), sealed)


def is_sealed(value: Any) -> bool:
    """Whether a stored value is a sealed one."""
    return isinstance(value, Binary) and value.subtype == SEALED


def key_under(sealed: Binary) -> UUID:
    """The key that a value is sealed under."""
    return UUID(bytes=key_of(sealed))


def is_sealed_under(value: Any, key: UUID) -> bool:
    """Whether a stored value is sealed under this key."""
    return is_sealed(value) and key_of(value) == key.bytes


def is_key_of(record_id: ObjectId, key: UUID) -> bool:
    """Whether a key is a record's own, and there."""
    return any(name_of(row) == f"record:{record_id}" for row in vault().keyring.by_ids([key.bytes]))


def missing(wanted: Iterable[UUID]) -> set[UUID]:
    """Those of some keys that the vault does not have."""
    ids = [one.bytes for one in dict.fromkeys(wanted)]
    parts = (ids[start : start + PART] for start in range(0, len(ids), PART))
    there = {bytes(row["_id"]) for part in parts for row in vault().keyring.by_ids(part)}
    return {UUID(bytes=one) for one in ids if one not in there}


def at_hand(sealed: Sequence[Binary]) -> None:
    """Read the keys of some sealed values together, so that unsealing them one by one asks nothing."""
    ids = list({key_of(one) for one in sealed})
    for start in range(0, len(ids), PART):
        vault().keyring.by_ids(ids[start : start + PART])


def blind(slug: str, field: str, text: str) -> str:
    """A token by which equal texts of a type's field are found, and which tells nothing of the text to whoever has not
    the type's key. :raises KeysUnusable:"""
    here, now = vault(), time.monotonic()
    until, secret = here.secrets.get(slug, (0.0, b""))
    if until < now:
        secret = _blinding(here.settings.database, type_key(slug))
        here.secrets[slug] = now + KEPT_SECONDS, secret
    digest = hmac.digest(secret, f"{field}\0{text}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:BLIND_BYTES]).decode()


@lru_cache(maxsize=1000)
def _blinding(_database: str, key: UUID) -> bytes:
    """The secret of a type's tokens. It follows from the type's key alone, so every process has the same."""
    return hashlib.sha256(vault().encrypt(Binary(b"blind tokens"), key, STEADY)).digest()


def destroy(record_ids: Iterable[ObjectId], *, backup: bool = True) -> int:
    """Delete the keys of records for good, and return how many there were. This process has forgotten them when it
    returns, others within a minute, and they are gone from the keys' own backup. What was sealed with them can never be
    read again. Without `backup` that backup is left as it is: its whole is written anew each time, and the caller has
    more to destroy, or undoes what was made just now.

    :raises KeysUnusable: the keys are those of another database; or the backup cannot be written: the keys are gone
        from the database, and this is to be repeated.
    """
    names = [f"record:{one}" for one in record_ids]
    here = vault()
    here.require_own()
    parts = (names[start : start + PART] for start in range(0, len(names), PART))
    gone = sum(here.keyring.remove(part) for part in parts)
    here.forget()
    if backup:
        copies.keep_up()
    return gone


def require() -> None:
    """Make sure, before anything begins, that the master key is there and opens the vault. :raises KeysUnusable:"""
    vault().prove()


def check() -> None:
    """The same of a process at work, cheaply, and nothing is made. :raises KeyServiceAway: :raises KeysUnusable:"""
    vault().check()


def is_noted() -> bool:
    """Whether the connected database has a vault, be it here or not."""
    return whose.noted() is not None
