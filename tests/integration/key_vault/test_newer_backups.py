"""A backup of the data keys that holds more than the vault ever had is not replaced by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bson import ObjectId
from click.testing import Result

from config.keys import KeySettings
from models.calendar import local
from models.key_vault import copies
from models.key_vault import service as keys
from models.key_vault.vault import vault
from tests.integration.key_vault.conftest import vault_again


def test_a_backup_of_keys_that_is_newer_than_the_vault_is_kept(
    command: Callable[..., Result], own: KeySettings, tmp_path: Path
) -> None:
    """As from a restored copy of an older state, which has gone on by itself."""
    path, records = tmp_path / "keys.backup", [ObjectId() for _ in range(4)]
    keys.record_keys(records)
    copies.backup(path)
    newest, before = copies.newest(), path.read_text()
    assert newest is not None
    vault().keyring.collection.delete_many({"keyAltNames": {"$in": [f"record:{one}" for one in records[2:]]}})
    vault_again()
    keys.record_key(ObjectId())
    refused = command("keys", "backup", str(path))
    assert (refused.exit_code, len(refused.output.splitlines())) == (1, 1)
    assert "is newer than this vault, and is kept: it holds 2 data keys that were never here" in refused.output
    own_newest = copies.newest()
    assert own_newest is not None
    for moment in (newest, own_newest):
        assert f"{local(moment):%Y-%m-%d %H:%M:%S} (Shanghai)" in refused.output
    assert path.read_text() == before
    assert command("keys", "backup", "--older", str(path)).exit_code == 0
    assert copies.backup(path) == 4


def test_a_key_that_was_destroyed_here_makes_no_backup_newer(own: KeySettings, tmp_path: Path) -> None:
    """Whoever made it may have a clock that goes ahead, and keys that are made and destroyed may follow each other."""
    path, (first, second, third) = tmp_path / "keys.backup", (ObjectId() for _ in range(3))
    keys.record_keys([first, second, third])
    ahead = datetime.now(UTC) + timedelta(minutes=5)
    vault().keyring.collection.update_one({"keyAltNames": f"record:{third}"}, {"$set": {"creationDate": ahead}})
    copies.backup(path)
    keys.destroy([third])
    assert copies.backup(path) == 3
    keys.destroy([second])
    keys.record_key(ObjectId())
    assert copies.backup(path) == 3
    text = path.read_text()
    assert [str(one) in text for one in (first, second, third)] == [True, False, False]


def test_a_restored_vault_keeps_its_backup_up(own: KeySettings, tmp_path: Path) -> None:
    path, (gone, stays) = tmp_path / "keys.backup", (ObjectId() for _ in range(2))
    keys.record_keys([gone, stays])
    keys.destroy([gone])
    copies.backup(path)
    vault().keyring.collection.delete_many({})
    vault_again()
    assert copies.restore(path) == copies.backup(path) == 2
    keys.destroy([stays])
    assert copies.backup(path) == 1
