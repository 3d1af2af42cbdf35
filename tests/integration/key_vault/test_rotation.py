"""The master key changed while everybody goes on, and the backup of the data keys."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from bson import Binary, ObjectId
from click.testing import Result
from flask import Flask
from pymongo.database import Database

from config import database as store
from config.keys import KeyService, KeySettings, KeySettingsError, load_service
from config.settings import Settings
from models.key_vault import copies, master, rotation
from models.key_vault import service as keys
from models.key_vault.refusals import KeyGone, KeysUnusable
from models.key_vault.vault import Vault, vault
from tests.integration.key_vault.conftest import vault_again

Base = Database[dict[str, Any]]


def wrapping(here: Vault) -> set[str]:
    return {row["masterKey"]["provider"] for row in here.keyring.collection.find()}


def test_data_keys_are_wrapped_by_a_new_master_key_and_open_what_they_sealed(own: KeySettings) -> None:
    made = keys.record_keys([ObjectId() for _ in range(30)])
    sealed = {key: keys.seal(key.bytes, key) for key in made.values()}
    (former,) = master.read(own)
    done = rotation.rotate()
    (present,) = master.read(own)
    assert (done.wrapped, done.removed, done.provider) == (31, 1, present.provider)
    assert present != former
    assert wrapping(vault()) == {present.provider}
    vault_again()
    assert all(keys.unseal(one) == key.bytes for key, one in sealed.items())
    assert own.path.stat().st_mode & 0o777 == 0o600


def test_others_write_and_read_meanwhile(own: KeySettings, db: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "PART", 5)
    keys.record_keys([ObjectId() for _ in range(20)])
    other = Vault(db.client, own)  # as another process has it
    other.prove()
    sealed: list[tuple[Any, bytes]] = []
    failures: list[Exception] = []
    stop = Event()

    def work() -> None:
        while not stop.is_set() or len(sealed) < 10:
            name = f"record:{ObjectId()}"
            try:
                key = other.key_ids([name], make=True)[name]
                sealed.append((other.encrypt(name, key, "AEAD_AES_256_CBC_HMAC_SHA_512-Random"), name.encode()))
                assert other.decrypt(sealed[len(sealed) // 2][0]).encode() == sealed[len(sealed) // 2][1]
            except (KeysUnusable, KeyGone) as refusal:
                failures.append(refusal)
                return

    writer = Thread(target=lambda: Context().run(work))
    writer.start()
    try:
        for _ in range(3):
            rotation.rotate()
    finally:
        stop.set()
        writer.join()
    assert failures == []
    assert len(sealed) >= 10
    rotation.rotate()
    vault_again()
    assert all(vault().decrypt(one).encode() == name for one, name in sealed)


def test_a_value_is_opened_however_many_rotations_come_in_between(
    own: KeySettings, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keys.record_key(ObjectId())
    sealed = keys.seal(b"kept", key)
    other = Vault(db.client, own)  # as another process has it
    other.prove()
    other.forget()
    begin, turns = other.encryption, iter([True] * 4)

    def overtaken() -> Any:
        found = begin()
        if next(turns, False):
            rotation.rotate()
        return found

    monkeypatch.setattr(other, "encryption", overtaken)
    assert other.decrypt(sealed) == b"kept"
    assert next(turns, "all came") == "all came"


def test_a_rotation_that_broke_off_is_ended_by_the_next(own: KeySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "PART", 5)
    made = keys.record_keys([ObjectId() for _ in range(20)])
    sealed = {key: keys.seal(key.bytes, key) for key in made.values()}

    def breaks(done: int) -> None:
        if done >= 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(breaks)
    first = master.read(own)
    assert len(first) == 2
    vault_again()
    assert wrapping(vault()) == {one.provider for one in first}
    assert all(keys.unseal(one) == key.bytes for key, one in sealed.items())
    done = rotation.rotate()
    assert master.read(own) == first[:1]
    assert (done.wrapped, wrapping(vault())) == (11, {first[0].provider})
    vault_again()
    assert all(keys.unseal(one) == key.bytes for key, one in sealed.items())


def test_what_a_rotation_left_that_was_killed_goes_with_the_next(own: KeySettings) -> None:
    keys.record_key(ObjectId())
    left = own.path.with_name(f".{own.path.name}~half")
    left.write_bytes(own.path.read_bytes())
    (former,) = master.read(own)
    rotation.rotate()
    held = {one.name: one.read_text("ascii") for one in own.path.parent.iterdir() if one.is_file()}
    assert left.name not in held
    assert not any(former.text in text for text in held.values())


def test_a_wrong_master_key_that_is_put_in_place_seals_nothing(own: KeySettings) -> None:
    record = ObjectId()
    sealed = keys.seal(b"kept", keys.record_key(record))
    right, count = own.path.read_text(), vault().keyring.collection.count_documents({})
    master.write(own.path, [master.made()])
    with pytest.raises(KeysUnusable, match="put the right one back"):
        keys.record_key(ObjectId())
    assert vault().keyring.collection.count_documents({}) == count
    own.path.write_text(right)
    keys.record_key(ObjectId())
    assert keys.unseal(sealed) == b"kept"


def test_a_process_whose_master_key_is_not_the_right_one_is_not_ready(
    own: KeySettings, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> tuple[int, Any]:
        answer = app.test_client().get("/readyz")
        return answer.status_code, answer.json

    keys.require()
    sealed = keys.seal(b"kept", keys.record_key(ObjectId()))
    assert told() == (200, {"status": "ready"})
    right = own.path.read_text()
    for wrong in (master.made().text, "", "no key"):
        own.path.unlink() if not wrong else own.path.write_text(wrong)
        assert told() == (503, {"status": "not ready"})
        assert str(own.path) in caplog.text
        assert keys.unseal(sealed) == b"kept", "what the process has under its hands stays"
    own.path.write_text(right)
    assert told() == (200, {"status": "ready"})
    rotation.rotate()
    assert told() == (200, {"status": "ready"})
    vault_again()
    master.write(own.path, [master.made()])
    assert told() == (503, {"status": "not ready"}), "a process that began with it"


def test_a_process_whose_key_service_is_away_goes_on_and_says_so(
    own: KeySettings, app: Flask, connected: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sealed is refused meanwhile, and lists go on. Where the service is is told to nobody."""
    keys.require()
    keys.record_key(ObjectId())
    vault().keyring.collection.update_many({}, {"$set": {"masterKey": {"provider": "kmip", "keyId": "1"}}})
    service = KeyService("kmip", {"kmip": {"endpoint": "127.0.0.1:9"}}, {"keyId": "1"})
    own.path.unlink()
    monkeypatch.setitem(store._keys, connected.database, replace(own, service=service))
    vault_again()
    answer = app.test_client().get("/readyz")
    warnings = ["the key service does not open the key vault"]
    assert (answer.status_code, answer.json) == (200, {"status": "ready", "warnings": warnings})
    vault().keyring.collection.delete_many({})
    vault_again()
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"status": "not ready"}), "another vault is no outage"


def test_a_former_master_key_stays_until_the_backup_of_the_keys_is_written(
    own: KeySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    monkeypatch.setitem(store._keys, store.database().name, replace(own, backup=folder / "keys"))
    vault_again()
    keys.record_key(ObjectId())
    copies.keep_up()
    with monkeypatch.context() as patched:
        patched.setattr(copies, "_write", full)
        with pytest.raises(KeysUnusable, match="cannot be written"):
            rotation.rotate()
    present, former = master.read(own)
    assert former.provider in (folder / "keys").read_text()
    assert rotation.rotate().removed == 1
    assert master.read(own) == (present,)
    assert former.provider not in (folder / "keys").read_text()


def full(*_: Any) -> int:
    raise OSError(28, "No space left on device")


def test_keys_that_were_made_behind_the_rotation_are_wrapped_too(
    own: KeySettings, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.record_keys([ObjectId() for _ in range(3)])
    (former,) = master.read(own)
    whole, again, stored = Vault.rewrap, list[bool](), db.client[own.database]["key"]
    proof = stored.find_one({"keyAltNames": "proof"}) or {}

    def rewrap(here: Vault, ids: Any) -> None:
        whole(here, ids)
        if not again:  # another process stores a key now that it wrapped before
            again.append(True)
            stored.insert_one({**proof, "_id": Binary(bytes(16), 4), "keyAltNames": ["record:late"]})

    monkeypatch.setattr(Vault, "rewrap", rewrap)
    assert rotation.rotate().wrapped == 5
    vault_again()
    assert wrapping(vault()) == {master.read(own)[0].provider} != {former.provider}


def test_a_master_key_of_the_environment_is_changed_there(own: KeySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    record = ObjectId()
    sealed = keys.seal(b"kept", keys.record_key(record))
    (former,), new = master.read(own), master.made()
    given = replace(own, given=new.text, given_before=former.text)
    monkeypatch.setitem(store._keys, store.database().name, given)
    vault_again()
    assert keys.unseal(sealed) == b"kept"
    assert rotation.rotate().provider == new.provider
    monkeypatch.setitem(store._keys, store.database().name, replace(given, given_before=""))
    vault_again()
    assert keys.unseal(sealed) == b"kept"


def test_the_backup_has_the_latest_state_alone(own: KeySettings, tmp_path: Path) -> None:
    gone, stays = ObjectId(), ObjectId()
    sealed = {one: keys.seal(one.binary, keys.record_key(one)) for one in (gone, stays)}
    path = tmp_path / "keys.backup"
    assert copies.backup(path) == 3
    keys.destroy([gone])
    assert copies.backup(path) == 2
    assert str(gone) not in path.read_text()
    assert [one.name for one in tmp_path.iterdir() if "keys" in one.name and not one.name.endswith(".lock")] == [
        "keys.backup"
    ]
    assert path.stat().st_mode & 0o777 == 0o600
    vault().keyring.collection.delete_many({})
    vault_again()
    assert copies.restore(path) == 2
    assert keys.unseal(sealed[stays]) == stays.binary
    with pytest.raises(KeyGone):
        keys.unseal(sealed[gone])


def test_a_destroyed_key_leaves_the_backup_that_is_kept_up(
    own: KeySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys.backup"
    monkeypatch.setitem(store._keys, store.database().name, replace(own, backup=path))
    vault_again()
    record = ObjectId()
    keys.record_key(record)
    copies.keep_up()
    assert str(record) in path.read_text()
    keys.destroy([record])
    assert str(record) not in path.read_text()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t[: len(t) // 2],
        lambda t: t.replace("record:", "recorD:", 1),
        lambda t: t.replace('"keys":', '"keyS":'),
        lambda t: t.replace('"$numberLong": "1', '"$numberLong": "19999999', 1),
        lambda _: "",
    ],
)
def test_a_backup_that_is_not_whole_is_refused(own: KeySettings, tmp_path: Path, spoil: Callable[[str], str]) -> None:
    keys.record_key(ObjectId())
    path = tmp_path / "keys.backup"
    copies.backup(path)
    path.write_text(spoil(path.read_text()))
    vault().keyring.collection.delete_many({})
    vault_again()
    with pytest.raises(KeysUnusable):
        copies.restore(path)
    assert vault().keyring.collection.count_documents({}) == 0


def test_a_backup_is_restored_into_an_empty_vault_only(own: KeySettings, tmp_path: Path) -> None:
    keys.record_key(ObjectId())
    path = tmp_path / "keys.backup"
    copies.backup(path)
    with pytest.raises(KeysUnusable, match="already"):
        copies.restore(path)


def test_a_backup_of_another_master_key_leaves_the_vault_empty(own: KeySettings, tmp_path: Path) -> None:
    keys.record_key(ObjectId())
    path = tmp_path / "keys.backup"
    copies.backup(path)
    vault().keyring.collection.delete_many({})
    own.path.write_text(master.made().text)
    vault_again()
    with pytest.raises(KeysUnusable):
        copies.restore(path)
    assert vault().keyring.collection.count_documents({}) == 0


def another_vault(own: KeySettings, monkeypatch: pytest.MonkeyPatch, db: Base, **changes: Any) -> KeySettings:
    """The installation is told another database of keys than it had, which is empty."""
    name = f"{own.database}_elsewhere"
    db.client.drop_database(name)
    other = replace(own, database=name, **changes)
    monkeypatch.setitem(store._keys, store.database().name, other)
    vault_again()
    return other


def test_an_empty_vault_in_place_of_the_one_that_was_is_not_begun(
    own: KeySettings, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.require()
    other = another_vault(own, monkeypatch, db)
    for ask in (keys.require, lambda: keys.record_key(ObjectId())):
        with pytest.raises(KeysUnusable, match="not the key vault of this installation"):
            ask()
    assert db.client[other.database]["key"].count_documents({}) == 0


def test_a_lost_vault_takes_no_new_master_key(own: KeySettings, db: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.require()
    own.path.unlink()
    another_vault(own, monkeypatch, db)
    with pytest.raises(KeysUnusable):
        keys.seal(b"x", keys.type_key("sample"))
    assert not own.path.exists()


def test_the_backup_of_another_vault_is_not_written_over(
    own: KeySettings, db: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, path = ObjectId(), tmp_path / "keys.backup"
    keys.record_key(record)
    copies.backup(path)
    before = path.read_text()
    db["key_vault"].delete_many({})  # as an installation that never noted its vault
    another_vault(own, monkeypatch, db)
    with pytest.raises(KeysUnusable, match="another key vault"):
        copies.backup(path)
    keys.require()
    with pytest.raises(KeysUnusable, match="another key vault"):
        copies.backup(path)
    assert path.read_text() == before


def test_the_keys_of_another_installation_are_not_restored_here(
    own: KeySettings, db: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.require()
    mine = tmp_path / "mine"
    copies.backup(mine)
    db["key_vault"].delete_many({})
    another_vault(own, monkeypatch, db)
    keys.require()
    theirs = tmp_path / "theirs"
    copies.backup(theirs)
    vault().keyring.collection.delete_many({})
    vault_again()
    with pytest.raises(KeysUnusable, match="not the key vault"):
        copies.restore(mine)
    assert copies.restore(theirs) == 1


def test_a_failing_restore_takes_no_key_that_was_made_meanwhile(
    own: KeySettings, db: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.record_key(ObjectId())
    path = tmp_path / "keys.backup"
    copies.backup(path)
    stored = db.client[own.database]["key"]
    row = stored.find_one({"keyAltNames": "proof"}) or {}
    stored.delete_many({})
    vault_again()

    def fails(_: Vault, *, noting: bool) -> None:
        stored.insert_one({**row, "_id": Binary(bytes(16), 4), "keyAltNames": ["record:meanwhile"]})
        raise KeysUnusable("the master key does not fit")

    monkeypatch.setattr(Vault, "prove", fails)
    with pytest.raises(KeysUnusable, match="does not fit"):
        copies.restore(path)
    assert [one["keyAltNames"] for one in stored.find()] == [["record:meanwhile"]]


def test_the_commands_say_what_they_did(command: Callable[..., Result], own: KeySettings, tmp_path: Path) -> None:
    key = base64.b64decode(command("keys", "new").output)
    assert len(key) == 96
    keys.record_key(ObjectId())
    assert "(present): 2 data keys" in command("keys", "check").output
    assert "2 data keys are wrapped" in command("keys", "rotate").output
    path = tmp_path / "keys.backup"
    assert "2 data keys saved" in command("keys", "backup", str(path)).output
    refused = command("keys", "restore", str(path))
    assert (refused.exit_code, "already" in refused.output) == (1, True)
    own.path.unlink()
    vault_again()
    refused = command("keys", "check")
    assert (refused.exit_code, "put it back" in refused.output) == (1, True)


def test_a_backup_of_keys_replaces_nothing_but_a_backup_of_these_keys(own: KeySettings, tmp_path: Path) -> None:
    keys.record_key(ObjectId())
    path = tmp_path / "keys.backup"
    path.touch()
    assert copies.backup(path) == copies.backup(path) == 2
    other = tmp_path / "secrets.json"
    for there in (b'{"session": "s"}', b"\x00\xff", b"\n".join(path.read_bytes().splitlines()[1:])):
        other.write_bytes(there)
        with pytest.raises(KeysUnusable, match="no backup of data keys"):
            copies.backup(other)
        assert other.read_bytes() == there
    master_key = own.path.read_bytes()
    with pytest.raises(KeysUnusable, match="no backup of data keys"):
        copies.backup(own.path)
    assert own.path.read_bytes() == master_key


def test_a_key_service_is_described_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "service.toml"
    path.write_text(
        'provider = "kmip"\n[providers.kmip]\nendpoint = "kms.example.test:5696"\n'
        '[master_key]\nkeyId = "1"\ndelegated = true\n[tls.kmip]\ntlsCAFile = "/etc/ca.pem"\n'
    )
    found = load_service(path)
    assert (found.provider, found.master_key["delegated"]) == ("kmip", True)
    assert "example.test" not in repr(found)
    for wrong in ("", 'provider = "local"', 'provider = "aws"', path.read_text() + "[other]\n"):
        path.write_text(wrong)
        with pytest.raises(KeySettingsError):
            load_service(path)


def test_what_is_wrong_with_the_file_of_a_key_service_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "service.toml"
    with pytest.raises(KeySettingsError, match="cannot be read: No such file"):
        load_service(path)
    with pytest.raises(KeySettingsError, match="cannot be read: Is a directory"):
        load_service(tmp_path)
    path.write_text('provider = "aws"\n[providers.aws]\nsecretAccessKey = hush')
    with pytest.raises(KeySettingsError, match=r"is no TOML: .*at line 3, column 19") as refused:
        load_service(path)
    assert "hush" not in str(refused.value)
    path.write_bytes("provider = '密'".encode("gb18030"))
    with pytest.raises(KeySettingsError, match="is no text in UTF-8"):
        load_service(path)


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (
            KeyService("kmip", {"kmip": {"endpoint": "127.0.0.1:9"}}, {}, {"kmip": {"tlsCAFile": "/nowhere"}}),
            "/nowhere",
        ),
        (KeyService("aws", {"aws": {"accessKeyId": "a", "secretAccessKey": "hush"}}), "key"),
        (KeyService("kmip", {"kmip": {"endpoint": "127.0.0.1:9"}}, {"keyId": "1"}), "127.0.0.1:9"),
    ],
)
def test_a_key_service_that_cannot_wrap_is_told_by_the_check(
    command: Callable[..., Result],
    connected: Settings,
    own: KeySettings,
    monkeypatch: pytest.MonkeyPatch,
    service: KeyService,
    said: str,
) -> None:
    """Certificates that are not there, no key named, nobody who answers; nothing is stored."""
    keys.record_key(ObjectId())
    monkeypatch.setitem(store._keys, connected.database, replace(own, service=service))
    vault_again()
    refused = command("keys", "check")
    assert (refused.exit_code, len(refused.output.splitlines())) == (1, 1)
    assert said in refused.output
    assert "hush" not in refused.output
    monkeypatch.setitem(store._keys, connected.database, own)
    vault_again()
    assert "2 data keys" in command("keys", "check").output


def test_after_a_change_to_a_key_service_the_command_speaks_of_no_master_key(
    command: Callable[..., Result], own: KeySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "rotate", lambda _tell: rotation.Rotated(wrapped=3, provider="kmip", removed=0))
    said = command("keys", "rotate").output
    assert "3 data keys are wrapped by kmip now" in said
    assert "Make the backup of the data keys anew" in said
    assert "master key" not in said
