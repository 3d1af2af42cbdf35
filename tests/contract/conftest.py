"""Walks over the whole application have one to walk over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import policy
from tests.factories.web_fixtures import Add, add, app, browser, clock, demo_app, demo_browser, prepared

__all__ = ["Add", "add", "app", "browser", "clock", "demo_app", "demo_browser", "prepared"]


@pytest.fixture(autouse=True)
def unslowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A walk reads what nobody reads in five minutes: it is answered all the same, and not told to wait (X7)."""
    path = tmp_path / "walk.toml"
    path.write_text("[reading]\nrecords = 1000000\n")
    monkeypatch.setenv(policy.VARIABLE, str(path))
    policy.policy.cache_clear()
    yield
    monkeypatch.undo()
    policy.policy.cache_clear()
