"""D2: content that was destroyed is unreadable in backups of before, and does not come back with one."""

from __future__ import annotations

import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config import database as base
from config.settings import Settings
from models import audit, store
from models.audit.stored import StoredTrail
from models.backup import snapshot
from models.backup.manifest import BackupError
from models.destruction import removal, traces
from models.destruction.document import SLUG
from models.key_vault import service as key_vault
from tests.factories.elsewhere import carry_keys
from tests.factories.proofs import noted
from tests.integration.destruction.conftest import SETTLED, WEEK, Cast, Restore, carried_out, old_file, signed
from tests.integration.destruction.house import Planted, everything, holding_id, plant, said


def text_of(path: Path) -> bytes:
    """Everything in a backup, unpacked, in small letters."""
    with zipfile.ZipFile(path) as packed:
        return b"".join(packed.read(name) for name in packed.namelist()).lower()


def told(path: Path, words: set[str]) -> list[str]:
    content = text_of(path)
    return sorted(word for word in words if word.lower().encode() in content)


FILE = "words of a file, its history, attachments, requests and imports"


def note(planted: Planted, place: str) -> None:
    """For whoever is to be shown it: which words the database says, read with the keys that there are."""
    found = {word for words in said(planted.words).values() for word in words}
    noted.searched(FILE, place, planted.words, sum(map(len, everything().values())), found)


def test_a_backup_holds_no_word_of_a_file_and_brings_it_back_with_the_keys(
    cast: Cast, now: datetime, saved: Settings, restore: Restore, tmp_path: Path
) -> None:
    planted = plant(cast, now)
    before = said(planted.words)
    made = snapshot.take(tmp_path / "before.zip", saved, now)
    assert made.sealed > 20
    assert len(before) > 5
    assert told(tmp_path / "before.zip", planted.words) == []
    report = restore(tmp_path / "before.zip")
    assert report.destroyed == 0
    assert store.fetch("customer", planted.record["_id"])["name"] == planted.record["name"]
    assert said(planted.words) == before


def test_what_was_destroyed_since_does_not_come_back(
    cast: Cast, now: datetime, saved: Settings, restore: Restore, tmp_path: Path
) -> None:
    planted = plant(cast, now)
    other = old_file(cast, now, name="另一公司有限公司")
    snapshot.take(tmp_path / "before.zip", saved, now)
    note(planted, "the database before the destruction")
    in_backup = told(tmp_path / "before.zip", planted.words)
    noted.searched(FILE, "a backup of before", planted.words, len(text_of(tmp_path / "before.zip")), in_backup)
    assert in_backup == []
    signed(cast, [planted.record], now)
    carried_out(now + WEEK)
    note(planted, "the database after the destruction")
    report = restore(tmp_path / "before.zip")
    note(planted, "the database restored from the backup of before")
    assert report.destroyed > 10
    assert any("destroyed since" in note for note in report.notes)
    assert said(planted.words) == {}
    assert "record_customer" not in holding_id(planted.record["_id"])
    assert store.fetch("customer", other["_id"])["name"] == "另一公司有限公司"
    assert audit.verify(StoredTrail(base.database())).findings == ()
    assert base.database()["grant"].count_documents({}) == 0


def test_without_the_key_vault_nothing_is_restored_and_nothing_touched(
    cast: Cast, now: datetime, saved: Settings, there: Settings, restore: Restore, tmp_path: Path
) -> None:
    old_file(cast, now)
    snapshot.take(tmp_path / "one.zip", saved, now)
    with pytest.raises(BackupError, match="key vault"):
        restore(tmp_path / "one.zip", keys=False)
    assert base.connect(there).list_collection_names() == []


def test_with_an_older_state_of_the_key_vault_no_living_record_is_dropped(
    cast: Cast, now: datetime, saved: Settings, there: Settings, restore: Restore, tmp_path: Path
) -> None:
    old_file(cast, now)
    snapshot.take(tmp_path / "one.zip", saved, now)
    carry_keys(saved, there)
    old_file(cast, now, name="后来的公司")
    snapshot.take(tmp_path / "two.zip", saved, now)
    with pytest.raises(BackupError, match="older than the backup"):
        restore(tmp_path / "two.zip", keys=False)
    assert base.connect(there).list_collection_names() == []


def test_a_backup_that_is_taken_while_a_file_goes_holds_nothing_that_could_be_read(
    cast: Cast, now: datetime, saved: Settings, restore: Restore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its moment lies before the removal, and it is written while the removal ends."""
    planted = plant(cast, now)
    signed(cast, [planted.record], now)
    head = snapshot._head

    def slow(session: Any) -> Any:
        found = head(session)
        carried_out(now + WEEK)
        return found

    monkeypatch.setattr(snapshot, "_head", slow)
    made = snapshot.take(tmp_path / "during.zip", saved, now)
    assert sum(part.left_out for part in made.parts) > 10
    restore(tmp_path / "during.zip")
    assert said(planted.words) == {}


def test_a_backup_of_later_holds_what_pointed_to_it(
    cast: Cast, now: datetime, saved: Settings, restore: Restore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = plant(cast, now)
    signed(cast, [planted.record], now)
    carried_out(now + WEEK)
    monkeypatch.setattr(snapshot, "CLOCK_SLACK", snapshot.CLOCK_SLACK * 0)
    snapshot.take(tmp_path / "after.zip", saved, now)
    assert restore(tmp_path / "after.zip").destroyed == 0
    review = store.fetch("review", planted.pointing["review"]["_id"])
    assert review["customer_name"] == f"已销毁 {planted.number}"


def test_a_backup_between_two_steps_of_a_removal_holds_nothing_of_it(
    cast: Cast, now: datetime, saved: Settings, restore: Restore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = plant(cast, now)
    signed(cast, [planted.record], now)
    removal.begin_due(now + WEEK)
    steps = traces.STEPS

    def save(_case: traces.Case) -> None:
        if not (tmp_path / "between.zip").exists():
            snapshot.take(tmp_path / "between.zip", saved, now)

    monkeypatch.setattr(traces, "STEPS", (*steps[:2], save, *steps[2:]))
    removal.work("one", now + WEEK + SETTLED, settled=timedelta())
    restore(tmp_path / "between.zip")
    assert said(planted.words) == {}


def test_what_a_backup_found_set_aside_is_destroyed_where_it_is_restored(
    cast: Cast, now: datetime, saved: Settings, restore: Restore, tmp_path: Path
) -> None:
    planted = plant(cast, now)
    asked = signed(cast, [planted.record], now)
    removal.begin_due(now + WEEK)
    snapshot.take(tmp_path / "aside.zip", saved, now)
    restore(tmp_path / "aside.zip")
    assert said(planted.words) != {}
    carried_out(now + WEEK)
    assert store.fetch(SLUG, asked["_id"])["state"] == "destroyed"
    assert said(planted.words) == {}
    assert len(audit.entries({"action": "destroyed"})) == 2


def test_what_was_destroyed_after_a_backup_that_found_it_set_aside_is_so_where_it_is_restored(
    cast: Cast, now: datetime, saved: Settings, restore: Restore, tmp_path: Path
) -> None:
    planted = plant(cast, now)
    other = old_file(cast, now, name="另一公司有限公司")
    asked = signed(cast, [planted.record, other], now)
    removal.begin_due(now + WEEK)
    snapshot.take(tmp_path / "aside.zip", saved, now)
    carried_out(now + WEEK)
    restore(tmp_path / "aside.zip")
    assert said(planted.words) == {}
    assert store.fetch(SLUG, asked["_id"])["state"] == "removing"
    carried_out(now + WEEK)
    there = store.fetch(SLUG, asked["_id"])
    assert (there["state"], {item["outcome"] for item in there["items"]}) == ("destroyed", {"destroyed"})


def test_what_was_emptied_while_it_was_saved_is_destroyed_where_it_is_restored(
    cast: Cast, now: datetime, saved: Settings, restore: Restore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its moment lies before, so that it brings the work along, and nothing of the record."""
    old = old_file(cast, now)
    asked = signed(cast, [old], now)
    removal.begin_due(now + WEEK)
    head = snapshot._head

    def slow(session: Any) -> Any:
        found = head(session)
        with monkeypatch.context() as broken:
            broken.setattr(removal, "_end", dies)
            with pytest.raises(KeyboardInterrupt):
                removal.work("one", now + WEEK + SETTLED, settled=timedelta())
        return found

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(snapshot, "_head", slow)
    made = snapshot.take(tmp_path / "during.zip", saved, now)
    assert sum(part.left_out for part in made.parts) > 0
    assert restore(tmp_path / "during.zip").destroyed == 0
    assert store.fetch(SLUG, asked["_id"])["state"] == "removing"
    carried_out(now + WEEK)
    assert store.fetch(SLUG, asked["_id"])["state"] == "destroyed"
    assert "record_customer" not in holding_id(old["_id"])
    assert key_vault.held_keys([old["_id"]]) == {}
