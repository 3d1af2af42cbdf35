"""What a write on its way says of what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from models.person.roles import SYSTEM
from models.registry import Draft
from tests.factories.types import SAMPLE

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
VALUES = {"same": 1, "other": 2, "filled": 3, "emptied": None, "never": None}
BEFORE = {"same": 1, "other": 1, "filled": None, "emptied": 3, "never": None}


@pytest.mark.parametrize("before", [BEFORE, None], ids=("change", "create"))
@pytest.mark.parametrize("name", [*VALUES, "unknown"])
def test_a_write_touches_what_it_changes(before: Mapping[str, Any] | None, name: str) -> None:
    draft = Draft(SAMPLE, "change", before, dict(VALUES), SYSTEM, NOW)
    assert draft.touches((name,)) == (name in draft.changed)


def test_a_write_touches_a_set_when_it_changes_one_of_it() -> None:
    draft = Draft(SAMPLE, "change", BEFORE, dict(VALUES), SYSTEM, NOW)
    assert draft.touches(("same", "other"))
    assert not draft.touches(("same", "never"))
    assert not draft.touches(())
