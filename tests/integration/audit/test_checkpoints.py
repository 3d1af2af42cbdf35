"""Signing the head of the chain: keys and their change, stops, crashes and full disks."""

from __future__ import annotations

import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from models import audit
from models.audit import keys
from models.audit.keys import BEFORE, CURRENT, check_public
from tests.integration.audit.conftest import Chain


def test_the_key_is_made_once_and_is_its_owner_s_alone(chain: Chain) -> None:
    path = chain.folder.parent / CURRENT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert audit.KeySource(path).current().private_bytes_raw() == chain.keys.current().private_bytes_raw()
    assert stat.S_IMODE(chain.files[0].stat().st_mode) == 0o600


def test_a_changed_key_is_signed_by_the_one_before_which_stays_valid_for_its_time(chain: Chain) -> None:
    old = chain.public
    new = chain.keys.replace()
    assert new != old
    chain.grow(2)
    assert not (chain.folder.parent / BEFORE).exists()
    assert chain.verify(old).findings == ()
    with pytest.raises(audit.KeyUnreadable, match="given from outside"):
        audit.KeySource(chain.folder, given="x").replace()


def test_a_new_key_that_the_old_one_did_not_sign_is_found_unless_the_auditor_knows_it(chain: Chain) -> None:
    old = chain.public
    (chain.folder.parent / CURRENT).unlink()
    chain.grow(2)
    assert any("nobody vouches" in finding for finding in chain.verify(old).findings)
    assert chain.verify(old, chain.public).findings == ()


def test_a_key_whose_time_is_over_signs_no_more(chain: Chain) -> None:
    path = chain.folder.parent / CURRENT
    old, kept = chain.public, path.read_bytes()
    chain.keys.replace()
    chain.grow(2)
    new = chain.public
    path.write_bytes(kept)
    chain.grow(1)
    assert any("whose time was over" in finding for finding in chain.verify(old, new).findings)


def test_a_second_change_of_key_waits_for_the_first(chain: Chain) -> None:
    chain.keys.replace()
    with pytest.raises(audit.KeyUnreadable, match="not finished"):
        chain.keys.replace()


class DiskFull(audit.Writer):
    """The disk is full once the database has the checkpoint of the changed key."""

    full = True

    def _file(self, made: audit.Checkpoint) -> None:
        if made.event == "key" and self.full:
            raise OSError("no space left")
        super()._file(made)


def test_a_change_of_key_whose_checkpoint_could_not_be_filed_is_finished_by_the_next(chain: Chain) -> None:
    old = chain.public
    chain.keys.replace()
    chain.writer = writer = DiskFull(chain.folder, chain.keys)
    with pytest.raises(OSError, match="no space"):
        chain.grow(1)
    writer.full = False
    chain.grow(1)
    assert not (chain.folder.parent / BEFORE).exists()
    assert chain.verify(old).findings == ()
    chain.keys.replace()  # the next change is possible
    chain.grow(1)
    assert chain.verify(old).findings == ()


def test_a_key_changed_before_the_first_checkpoint_needs_nobody_to_vouch(chain: Chain) -> None:
    for collection in audit.COLLECTIONS:
        chain.db[collection].delete_many({})
    shutil.rmtree(chain.folder)
    first = chain.keys.replace()
    chain.restart()
    chain.grow(1)
    assert not (chain.folder.parent / BEFORE).exists()
    chain.keys.replace()
    chain.grow(1)
    assert chain.verify(first).findings == ()


def test_a_change_of_key_that_broke_off_half_way_can_be_made_again(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, write = chain.public, keys._write

    def power_cut(path: Path, content: bytes, *, keep: bool = False) -> None:
        if path.name == CURRENT:
            raise KeyboardInterrupt
        write(path, content, keep=keep)

    with monkeypatch.context() as patched:
        patched.setattr(keys, "_write", power_cut)
        with pytest.raises(KeyboardInterrupt):
            chain.keys.replace()
    chain.grow(1)  # the sealer works on with the key that is still in force
    assert chain.public == old
    new = chain.keys.replace()
    chain.grow(2)
    assert chain.public == new != old
    assert not (chain.folder.parent / BEFORE).exists()
    assert chain.verify(old).findings == ()


class ChangedMeanwhile(audit.Writer):
    """The key is changed while a checkpoint is signed with the one before."""

    changes = True

    def _file(self, made: audit.Checkpoint) -> None:
        super()._file(made)
        if self.changes:
            self.changes = False
            self.keys.replace()


def test_a_key_changed_while_a_checkpoint_is_written_is_vouched_for_by_the_next(chain: Chain) -> None:
    old = chain.public
    chain.writer = ChangedMeanwhile(chain.folder, chain.keys)
    chain.grow(1)
    assert (chain.folder.parent / BEFORE).exists()
    chain.grow(1)
    assert not (chain.folder.parent / BEFORE).exists()
    assert chain.verify(old).findings == ()


def test_a_key_from_the_environment_is_changed_by_naming_the_one_before(chain: Chain) -> None:
    old, public = (chain.folder.parent / CURRENT).read_text(), chain.public
    other = audit.KeySource(chain.folder.parent / "other" / CURRENT)
    other.current()
    given = audit.KeySource(chain.folder, other.path.read_text(), old)
    chain.writer = audit.Writer(chain.folder, given)
    chain.grow(2)
    assert chain.verify(public).findings == ()


@pytest.mark.parametrize("content", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_without_a_key_is_named_and_not_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / CURRENT
    path.write_text(content)
    with pytest.raises(audit.KeyUnreadable, match=CURRENT):
        audit.KeySource(path).current()
    assert path.read_text() == content


def test_a_public_key_is_44_characters(chain: Chain) -> None:
    assert len(chain.public) == 44
    assert check_public(f" {chain.public}\n") == chain.public
    with pytest.raises(audit.BadKey):
        check_public("none")


def test_a_planned_stop_and_a_crash_are_told_apart_and_are_no_findings(chain: Chain) -> None:
    chain.grow(1, event="stopped")
    chain.restart()
    chain.grow(1, minutes=60)
    chain.restart()
    chain.grow(1, minutes=60)
    verdict = chain.verify()
    assert verdict.findings == ()
    assert ["was stopped" in note for note in verdict.notes] == [True, False]
    assert "without its last checkpoint" in verdict.notes[1]


def test_a_checkpoint_that_a_crash_kept_from_its_file_is_written_at_the_next_start(chain: Chain) -> None:
    path = chain.files[0]
    whole = path.read_text().splitlines()
    path.write_text("\n".join(whole[:-1]) + "\n" + whole[-1][:100])
    chain.restart()
    chain.grow(1)
    assert whole[-1] in path.read_text().splitlines()
    assert chain.verify().findings == ()


def test_a_folder_that_cannot_be_written_is_caught_up_when_it_can(chain: Chain) -> None:
    chain.writer.folder = chain.files[0]
    with pytest.raises(OSError, match="exists"):
        chain.grow(1)
    chain.writer.folder = chain.folder
    chain.grow(1)
    assert chain.verify().findings == ()
    assert chain.verify().checkpoints == 7


def test_each_day_has_its_file(chain: Chain) -> None:
    chain.grow(1, minutes=24 * 60)
    assert [path.name for path in chain.files] == [
        "checkpoints-2026-11-23.jsonl",
        "checkpoints-2026-11-24.jsonl",
    ]


def test_a_scheduler_elsewhere_goes_on_from_the_database_and_both_folders_together_verify(chain: Chain) -> None:
    elsewhere = chain.folder.parent / "elsewhere"
    chain.writer = audit.Writer(elsewhere, chain.keys)
    chain.grow(2)
    assert audit.verify(None, [chain.folder, elsewhere], [chain.public]).findings == ()
    assert any("removed from the files" in one for one in chain.verify().findings)


def test_checkpoints_are_due_every_four_minutes(chain: Chain) -> None:
    assert not chain.writer.is_due(chain.now + timedelta(minutes=3))
    assert chain.writer.is_due(chain.now + timedelta(minutes=4))
    assert chain.writer.is_due(chain.now - timedelta(minutes=1))
