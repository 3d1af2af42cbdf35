"""Many values sealed and opened in one run: the same as one by one, and each with its own outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, Decimal128, ObjectId
from pymongo.database import Database

from models.key_vault import many, sets
from models.key_vault import service as keys
from models.key_vault.refusals import KeyGone, KeysUnusable, SealDamaged
from models.key_vault.vault import key_of, vault
from tests.factories.commands import commands

Base = Database[dict[str, Any]]

VALUES: list[Any] = [
    "13800001111",
    "",
    7,
    2.5,
    True,
    Decimal128(Decimal("12.50")),
    datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    ObjectId(),
    {"from": "09:00", "rows": [{"a": "华东"}, {}]},
    ["一", None],
    b"\0\1",
]


def test_what_is_sealed_in_a_set_is_opened_alone_and_the_other_way_round(db: Base) -> None:
    own, usual = keys.record_key(ObjectId()), keys.type_key("customer")
    wanted = [(value, own if at % 2 else usual) for at, value in enumerate(VALUES)]
    sealed = keys.seal_many(wanted)
    assert [key_of(one) for one in sealed] == [key.bytes for _, key in wanted]
    assert all(keys.is_sealed(one) for one in sealed)
    assert [keys.unseal_value(one) for one in sealed] == VALUES
    assert keys.unseal_many([keys.seal_value(value, key) for value, key in wanted]) == VALUES


def test_equal_values_are_sealed_differently(db: Base) -> None:
    key = keys.type_key("customer")
    first, second = keys.seal_many([("same", key), ("same", key)])
    assert bytes(first) != bytes(second)


def test_nothing_is_nothing(db: Base) -> None:
    assert keys.seal_many([]) == []
    assert keys.unseal_many([]) == []


def test_each_value_has_its_own_outcome(db: Base) -> None:
    gone, kept = ObjectId(), keys.record_key(ObjectId())
    sealed = keys.seal_many([(f"value {n}", keys.record_key(gone) if n == 3 else kept) for n in range(20)])
    keys.destroy([gone])
    harmed = bytearray(sealed[11])
    harmed[-1] ^= 1
    sealed[11] = Binary(bytes(harmed), 6)
    found = keys.unseal_many(sealed)
    assert isinstance(found[3], KeyGone)
    assert isinstance(found[11], SealDamaged)
    rest = [value for at, value in enumerate(found) if at not in (3, 11)]
    assert rest == [f"value {n}" for n in range(20) if n not in (3, 11)]


def test_more_keys_and_values_than_one_run_takes(db: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "PART", 7)
    monkeypatch.setattr(many, "MOST_KEYS", 3)
    monkeypatch.setattr(sets, "MOST_KEYS", 3)
    made = list(keys.record_keys(ObjectId() for _ in range(10)).values())
    wanted = [(f"value {n}", made[n * n % 10]) for n in range(50)]
    sealed = keys.seal_many(wanted)
    vault().forget()
    assert keys.unseal_many(sealed) == [value for value, _ in wanted]


def test_keys_of_a_set_are_one_question(db: Base) -> None:
    made = list(keys.record_keys(ObjectId() for _ in range(50)).values())
    sealed = keys.seal_many([("value", key) for key in made])
    vault().forget()
    with commands.heard() as heard:
        keys.unseal_many(sealed)
    assert heard == ["find key"]


@pytest.mark.parametrize("absent", [1, 5])
def test_keys_that_are_gone_are_asked_for_with_the_others(db: Base, absent: int) -> None:
    gone, kept = [ObjectId() for _ in range(absent)], keys.record_key(ObjectId())
    lost = list(keys.record_keys(gone).values())
    sealed = keys.seal_many([(n, lost[n % absent] if n % 2 else kept) for n in range(40)])
    keys.destroy(gone)
    with commands.heard() as heard:
        found = keys.unseal_many(sealed)
    assert heard == ["find key"]
    assert found[::2] == list(range(0, 40, 2))
    assert all(isinstance(one, KeyGone) for one in found[1::2])


def test_a_set_under_a_key_that_is_gone_is_not_sealed(db: Base) -> None:
    gone, kept = ObjectId(), keys.record_key(ObjectId())
    key = keys.record_key(gone)
    keys.destroy([gone])
    with pytest.raises(KeyGone):
        keys.seal_many([("one", kept), ("two", key)])


@pytest.mark.parametrize("gone", [0, 2, 5])
def test_an_outage_is_no_value(db: Base, monkeypatch: pytest.MonkeyPatch, gone: int) -> None:
    records = [ObjectId() for _ in range(5)]
    sealed = keys.seal_many([("one", key) for key in keys.record_keys(records).values()])
    keys.destroy(records[:gone])
    here = vault()
    here.forget()

    def fails(*_args: Any) -> Any:
        raise KeysUnusable("no master key")

    monkeypatch.setattr(here, "_fitting_masters", fails)
    with pytest.raises(KeysUnusable):
        keys.unseal_many(sealed)


def test_without_a_master_key_of_its_own_a_process_does_value_by_value(
    db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key service wraps all keys."""
    wanted = [(value, keys.type_key("customer")) for value in VALUES]
    here = vault()
    here.encryption()
    monkeypatch.setattr(here, "_held", ())
    monkeypatch.setattr(here, "_sets", None)
    assert keys.unseal_many(keys.seal_many(wanted)) == VALUES


def test_values_under_a_key_that_another_one_wrapped_disturb_no_set(db: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    """As while an installation goes over to a key service, whose keys no set opens."""
    theirs = [keys.record_key(ObjectId()) for _ in range(2)]
    ours, gone = keys.type_key("customer"), ObjectId()
    lost = keys.seal_value("lost", keys.record_key(gone))
    keys.destroy([gone])
    here, by_ids, ran = vault(), vault().keyring.by_ids, list[int]()

    def told(ids: Sequence[bytes]) -> list[Any]:
        return [
            {"_id": row["_id"], "masterKey": {"provider": "aws"}} if UUID(bytes=bytes(row["_id"])) in theirs else row
            for row in by_ids(ids)
        ]

    def counted(run: Callable[[Any, Sequence[Any]], list[Any]]) -> Callable[[Any, Sequence[Any]], list[Any]]:
        def work(one: Any, values: Sequence[Any]) -> list[Any]:
            ran.append(len(values))
            return run(one, values)

        return work

    wanted = [(n, [*theirs, ours][n % 3]) for n in range(30)]
    for_sets = here.for_sets

    def asked(ids: Iterable[bytes]) -> frozenset[bytes]:
        with monkeypatch.context() as inner:
            inner.setattr(here.keyring, "by_ids", told)
            return for_sets(ids)

    monkeypatch.setattr(here, "for_sets", asked)
    monkeypatch.setattr(sets.Sets, "seal", counted(sets.Sets.seal))
    monkeypatch.setattr(sets.Sets, "open", counted(sets.Sets.open))
    found = keys.unseal_many([*keys.seal_many(wanted), lost])
    assert found[:-1] == list(range(30))
    assert isinstance(found[-1], KeyGone)
    assert ran == [10, 10]
