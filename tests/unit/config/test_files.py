"""Files that stand whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from config import files


def test_a_file_stands_for_its_owner_only_when_it_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "made" / "key.pem"
    with files.whole(path) as file:
        file.write(b"one")
        assert not path.exists()
    assert path.read_bytes() == b"one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_what_was_there_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(b"before")
    with pytest.raises(TypeError), files.whole(path) as file:
        file.writelines([b"half", "no bytes"])  # type: ignore[list-item]
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("keep", "stands"), [(True, b"first"), (False, b"second")])
def test_of_two_that_write_at_once_the_first_stays_where_it_is_to_be_kept(
    tmp_path: Path, keep: bool, stands: bytes
) -> None:
    path = tmp_path / "key.pem"
    with files.whole(path, keep=keep) as second:
        second.write(b"second")
        with files.whole(path, keep=keep) as first:
            first.write(b"first")
    assert path.read_bytes() == stands
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_behind_is_swept_and_nothing_else(tmp_path: Path) -> None:
    path, other = tmp_path / "keys.jsonl", tmp_path / "keys.jsonl.former"
    path.write_bytes(b"whole")
    other.write_bytes(b"of somebody else")
    with pytest.raises(FileNotFoundError), files.whole(path):
        files.sweep(path)
    assert sorted(tmp_path.iterdir()) == [path, other]
