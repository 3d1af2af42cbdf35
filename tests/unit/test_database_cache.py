"""How much memory the embedded database takes for its cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config import database_cache

GB = 2**30
UNLIMITED = "9223372036854771712"


@pytest.mark.parametrize(("memory", "cache"), [(GB // 2, 0.25), (2 * GB, 0.5), (16 * GB, 4.0), (64 * GB, 8.0)])
def test_a_quarter_of_the_memory_is_taken_within_limits(
    memory: int, cache: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_cache, "_memory", lambda: memory)
    assert database_cache.usual_gb() == cache


def found(folder: Path, own: str, stated: dict[str, str]) -> list[int]:
    """The limits found where we are in the groups `own` and these files state something."""
    (folder / "own").write_text(own)
    for path, text in stated.items():
        file = folder / "groups" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    return sorted(database_cache.limits(folder / "own", folder / "groups"))


def test_a_service_that_may_use_less_than_its_machine_is_known_by_its_own_group(tmp_path: Path) -> None:
    stated = {
        "system.slice/desk.service/memory.max": str(2 * GB),
        "system.slice/memory.max": "max",
        "user.slice/memory.max": str(GB),
    }
    assert found(tmp_path, "0::/system.slice/desk.service\n", stated) == [2 * GB]


def test_the_groups_around_the_own_one_count_as_well(tmp_path: Path) -> None:
    stated = {
        "all.slice/desk.slice/web.service/memory.max": str(4 * GB),
        "all.slice/desk.slice/memory.max": str(3 * GB),
        "memory.max": str(6 * GB),
    }
    assert found(tmp_path, "0::/all.slice/desk.slice/web.service\n", stated)[0] == 3 * GB


def test_groups_of_the_former_kind_have_a_folder_for_memory(tmp_path: Path) -> None:
    own = "9:name=systemd:/\n5:cpu,cpuacct:/other\n4:memory,hugetlb:/service/a:b\n0::/\n"
    stated = {
        "memory/service/a:b/memory.limit_in_bytes": str(2 * GB),
        "memory/service/memory.limit_in_bytes": UNLIMITED,
        "memory/other/memory.limit_in_bytes": str(GB),
    }
    assert found(tmp_path, own, stated) == [2 * GB, int(UNLIMITED)]


def test_a_container_that_sees_only_itself_finds_its_limit_at_the_top(tmp_path: Path) -> None:
    stated = {"memory/memory.limit_in_bytes": str(GB)}
    assert found(tmp_path, "4:memory:/docker/0123abcd\n", stated) == [GB]


def test_a_system_without_groups_limits_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_cache, "OWN_GROUPS", tmp_path / "none")
    assert database_cache.SMALLEST_GB <= database_cache.usual_gb() <= database_cache.LARGEST_GB


@pytest.mark.parametrize(("stated", "cache"), [(2 * GB, 0.5), (2**62, 4.0)])
def test_the_least_of_machine_and_groups_decides(
    stated: int, cache: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_cache, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(database_cache, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(os, "sysconf", lambda name: 4096 if name == "SC_PAGE_SIZE" else 16 * GB // 4096)
    found(tmp_path, "0::/desk\n", {"desk/memory.max": str(stated)})
    assert database_cache.usual_gb() == cache


@pytest.mark.parametrize(("cache", "target"), [(0.25, 51), (1.0, 204), (2.0, 400), (8.0, 400), (64.0, 400)])
def test_what_changed_waits_up_to_a_fifth_of_the_cache_and_to_a_size_that_is_soon_written(
    cache: float, target: int
) -> None:
    wanted = f"eviction_dirty_target={target}MB,eviction_dirty_trigger={2 * target}MB"
    assert database_cache.eviction(cache) == wanted
