"""Days in sentences: in Chinese they end in a full-width bracket, after which no space stands."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

import models
from backoffice.screens import cells
from models.day_words import moment_text
from models.destruction.matters import _hold
from models.errors import Spoken

DAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DAYS = ("until", "signed", "ends", "starts", "day", "latest")
"""What refusals call a day that they name."""


def test_a_moment_has_its_time_close_to_the_bracket() -> None:
    assert moment_text(DAY, "10:00").zh == "2026-11-23（周一）10:00"
    assert moment_text(DAY, "10:00").en == "Mon 23 Nov 2026, 10:00"
    assert cells.moment_full(AT, "zh") == "2026-11-23（周一）10:00:00"
    assert cells.moment_full(AT, "en") == "Mon 23 Nov 2026 10:00:00"


@pytest.mark.parametrize("part", [False, True])
def test_since_when_a_hold_lies_on_a_record(part: bool) -> None:
    found = _hold({"since": AT, "by_name": "苏明远", "number": "KH-1"}, "full", part=part, signing=False)
    assert "苏明远 自 2026-11-23（周一）起法律保全" in found.text.zh


def test_no_refusal_has_a_space_after_a_day() -> None:
    spoken = {one for one in every(Spoken) if "{" in getattr(one, "zh", "")}
    assert len(spoken) > 20
    loose = re.compile(r"\{(" + "|".join(DAYS) + r")\} [\u4e00-\u9fff]")
    assert [one.__name__ for one in spoken if loose.search(one.zh)] == []


def every(above: type[Spoken]) -> Iterator[type[Spoken]]:
    """Every sentence that is said to people, of all modules of the models."""
    for found in pkgutil.walk_packages(models.__path__, "models."):
        importlib.import_module(found.name)
    waiting = [above]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += one.__subclasses__()
