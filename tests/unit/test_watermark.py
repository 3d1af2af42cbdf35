"""What stands across classified pages: level, reader and the time on Shanghai clocks, in either language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models.person.roles import Person
from models.watermark import watermark

LATE = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(("language", "level"), [("zh", "秘密"), ("en", "Secret")])
def test_the_time_is_that_of_shanghai_in_both_languages(language: str, level: str) -> None:
    reader = Person(None, "林知夏", frozenset())
    assert watermark("secret", reader, LATE, language) == f"{level} · 林知夏 · 2026-11-24 00:30"
    assert watermark("secret", reader, LATE, language, "HZ-1") == f"{level} · 林知夏 · 2026-11-24 00:30 · HZ-1"
    assert watermark("internal", reader, LATE, language) == ""
