"""The vault of data keys, on the real database."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bson import Binary, ObjectId
from pymongo.database import Database

from config import database as store
from config.database import transaction
from config.keys import KeyService, KeySettings
from config.settings import Settings
from models.key_vault import service as keys
from models.key_vault import whose
from models.key_vault.keyring import KeyringClient
from models.key_vault.refusals import KeyGone, KeysUnusable, SealDamaged
from models.key_vault.vault import RENEWED_AFTER, Vault, vault
from tests.conftest import MASTER_KEY
from tests.factories.commands import commands

Base = Database[dict[str, Any]]


@pytest.fixture
def vaults(connected: Settings, db: Base) -> Iterator[Any]:
    """Vaults under other settings, in a database of their own."""
    name = f"{connected.database}_other_keys"

    def make(**changes: Any) -> Vault:
        return Vault(db.client, replace(connected.keys, database=name, **changes))

    db.client.drop_database(name)
    yield make
    db.client.drop_database(name)


def test_what_was_sealed_is_read_again_and_is_not_the_text(db: Base) -> None:
    key = keys.record_key(ObjectId())
    sealed = keys.seal(b"13800000000", key)
    assert (sealed.subtype, keys.unseal(sealed)) == (6, b"13800000000")
    assert bytes(sealed).find(b"13800000000") < 0
    assert keys.seal(b"13800000000", key) != sealed


def test_a_sealed_value_goes_through_the_database(db: Base) -> None:
    sealed = keys.seal_value({"text": "张三", "rank": 2}, keys.type_key("sample"))
    db.sealed_sample.insert_one({"value": sealed})
    found = db.sealed_sample.find_one()
    assert found is not None
    assert keys.is_sealed(found["value"])
    assert keys.unseal_value(found["value"]) == {"text": "张三", "rank": 2}


def test_a_record_and_a_type_keep_their_key(db: Base) -> None:
    record = ObjectId()
    first = keys.record_key(record)
    vault().forget()
    assert keys.record_key(record) == first
    assert keys.type_key("sample") == keys.type_key("sample") != keys.type_key("customer")


def test_only_keys_that_there_are_are_held(db: Base) -> None:
    with_key, without = ObjectId(), ObjectId()
    made = keys.record_key(with_key)
    assert keys.held_keys([with_key, without]) == {with_key: made}


def test_keys_of_a_set_are_made_in_few_round_trips(db: Base) -> None:
    keys.require()
    ids = [ObjectId() for _ in range(300)]
    known = keys.record_key(ids[7])
    with commands.heard() as heard:
        made = keys.record_keys(ids)
    assert made[ids[7]] == known
    assert len(set(made.values())) == 300
    assert heard == ["find key", "insert key"]


def test_two_that_make_a_key_at_once_have_the_same(db: Base) -> None:
    keys.require()
    records = [ObjectId() for _ in range(20)]
    with ThreadPoolExecutor(8) as pool:
        for record in records:
            contexts = [copy_context() for _ in range(8)]
            made = list(pool.map(lambda c, record=record: c.run(keys.record_key, record), contexts))
            assert len(set(made)) == 1


def test_a_key_outlives_the_transaction_that_rolled_back(db: Base) -> None:
    record, held = ObjectId(), []

    def work() -> None:
        db.sealed_sample.insert_one({"value": 1})
        held.append(keys.seal(b"secret", keys.record_key(record)))
        raise ValueError

    with pytest.raises(ValueError):
        transaction(work)
    vault().forget()
    assert keys.unseal(held[0]) == b"secret"
    assert db.sealed_sample.count_documents({}) == 0


def test_sealing_within_a_transaction_joins_its_write(db: Base) -> None:
    def work() -> None:
        db.sealed_sample.insert_one({"value": keys.seal(b"secret", keys.record_key(ObjectId()))})

    transaction(work)
    found = db.sealed_sample.find_one()
    assert found is not None
    assert keys.unseal(found["value"]) == b"secret"


def test_a_destroyed_key_opens_nothing_any_more(db: Base) -> None:
    gone, stays = ObjectId(), ObjectId()
    sealed, other = keys.seal(b"gone", keys.record_key(gone)), keys.seal(b"stays", keys.record_key(stays))
    assert keys.unseal(sealed) == b"gone"
    assert keys.destroy([gone]) == 1
    with pytest.raises(KeyGone):
        keys.unseal(sealed)
    assert keys.unseal(other) == b"stays"
    assert keys.held_keys([gone]) == {}
    assert keys.destroy([gone]) == 0


def test_a_key_destroyed_elsewhere_is_known_here_when_what_is_kept_has_aged(
    db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = ObjectId()
    sealed = keys.seal(b"gone", keys.record_key(record))
    Vault(db.client, store.key_settings()).keyring.remove([f"record:{record}"])
    assert keys.unseal(sealed) == b"gone"
    vault().renew()
    monkeypatch.setattr("models.key_vault.keyring.KEPT_SECONDS", 0.0)
    with pytest.raises(KeyGone):
        keys.unseal(sealed)


def test_keys_of_many_values_are_asked_for_together(db: Base) -> None:
    made = keys.record_keys([ObjectId() for _ in range(50)])
    sealed = [keys.seal(str(n).encode(), key) for n, key in enumerate(made.values())]
    vault().forget()
    with commands.heard() as heard:
        keys.at_hand(sealed)
        assert [keys.unseal(one) for one in sealed] == [str(n).encode() for n in range(50)]
    assert heard == ["find key"]


def test_more_keys_than_the_driver_keeps_are_used_one_after_another(db: Base) -> None:
    made = keys.record_keys([ObjectId() for _ in range(RENEWED_AFTER + 20)])
    sealed = [keys.seal(str(n).encode(), key) for n, key in enumerate(made.values())]
    assert [keys.unseal(one) for one in sealed] == [str(n).encode() for n in range(len(sealed))]


def test_equal_texts_have_equal_tokens_by_type_and_field_alone(db: Base) -> None:
    first = keys.blind("sample", "phone", "13800000000")
    vault().forget()
    assert keys.blind("sample", "phone", "13800000000") == first
    others = [
        keys.blind("sample", "phone", "13800000001"),
        keys.blind("sample", "email", "13800000000"),
        keys.blind("customer", "phone", "13800000000"),
    ]
    assert len({first, *others}) == 4
    assert "1380" not in first


def test_a_value_that_was_tampered_with_is_refused(db: Base) -> None:
    whole = keys.seal(b"secret", keys.type_key("sample"))
    sealed = bytearray(whole)
    sealed[-1] ^= 1
    with commands.heard() as heard:
        for _ in range(3):
            with pytest.raises(SealDamaged):
                keys.unseal(Binary(bytes(sealed), 6))
        assert keys.unseal(whole) == b"secret"
    assert heard == [], "the keys at hand are not given up for it"


def test_the_vault_of_a_process_is_not_taken_over_by_its_child(db: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    here = vault()
    assert vault() is here
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert vault() is not here


def test_an_embedded_installation_makes_its_master_key_once(vaults: Any, tmp_path: Path) -> None:
    path = tmp_path / "var" / "master-key"
    own = {"given": "", "path": path, "makes": True}
    one = vaults(**own)
    key = one.key_ids(["type:a"], make=True)["type:a"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert vaults(**own).key_ids(["type:a"], make=True)["type:a"] == key


def test_a_lost_master_key_is_not_replaced_by_a_new_one(vaults: Any, tmp_path: Path) -> None:
    path = tmp_path / "master-key"
    vaults(given="", path=path, makes=True).prove()
    path.unlink()
    with pytest.raises(KeysUnusable) as refused:
        vaults(given="", path=path, makes=True).prove()
    assert "put it back" in refused.value.reason
    assert not path.exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"given": ""}, "set MASTER_KEY"),
        ({"given": "c2hvcnQ="}, "96 bytes"),
        ({"given": "not base64!"}, "96 bytes"),
        ({"given": base64.b64encode(b"another-key-----" * 6).decode()}, "not the one"),
    ],
)
def test_a_missing_or_wrong_master_key_is_refused_and_changes_nothing(
    vaults: Any, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    first = vaults(given=MASTER_KEY)
    first.key_ids(["type:a"], make=True)
    before = list(first.keyring.collection.find())
    wrong = vaults(**{"path": tmp_path / "none", **changes})
    with pytest.raises(KeysUnusable) as refused:
        wrong.key_ids(["type:b"], make=True)
    assert told in refused.value.reason
    assert "base64!" not in refused.value.reason
    assert list(first.keyring.collection.find()) == before


def test_a_master_key_taken_away_or_spoilt_under_a_running_process_is_told_to_the_log(
    vaults: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "master-key"
    running = vaults(given="", path=path, makes=True)
    running.prove()
    for left, told in (("", "is gone"), ("no key", "a master key is")):
        caplog.clear()
        path.unlink()
        if left:
            path.write_text(left)
        with pytest.raises(KeysUnusable):
            running.key_ids(["another"], make=True)
        assert any(str(path) in line and told in line for line in caplog.messages)
        path.touch()


def test_a_master_key_that_another_process_makes_at_this_moment_is_not_lost(
    vaults: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"given": "", "path": tmp_path / "master-key", "makes": True}
    here, noted = vaults(**own), whose.noted

    def meanwhile() -> Any:
        monkeypatch.setattr(whose, "noted", noted)
        vaults(**own).prove()
        return noted()

    monkeypatch.setattr(whose, "noted", meanwhile)
    here.encryption()
    here.prove()


def test_a_key_service_that_makes_no_sense_is_an_outage(vaults: Any) -> None:
    for told in ({}, {"accessKeyId": 5}, {"accessKeyId": "a"}):
        with pytest.raises(KeysUnusable):
            vaults(service=KeyService("aws", {"aws": told})).prove()


def test_the_settings_show_no_key(connected: Settings) -> None:
    shown = repr(connected) + repr(connected.keys)
    assert MASTER_KEY not in shown
    assert isinstance(connected.keys, KeySettings)


def test_the_drivers_client_connects_to_nothing(db: Base) -> None:
    assert KeyringClient(vault().keyring)["any"]["key"] is vault().keyring
