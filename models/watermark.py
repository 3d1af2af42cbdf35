"""What stands across everything shown, printed or given out of a classified record (X1)."""

from __future__ import annotations

from datetime import datetime

from models.calendar import local
from models.declarations import LEVEL_LABELS, Level
from models.person.roles import Person


def is_marked(level: str) -> bool:
    """Whether what is shown or given out of a record of some level bears a mark."""
    return bool(level) and level != Level.INTERNAL.value


def watermark(level: str, person: Person, now: datetime, language: str, receipt: str = "") -> str:
    """The level, the reader's name, the time in Shanghai and, for what leaves under a card, its receipt's number;
    '' for a record without class."""
    if not is_marked(level):
        return ""
    parts = [LEVEL_LABELS[Level(level)].text(language), person.name, f"{local(now):%Y-%m-%d %H:%M}", receipt]
    return " · ".join(part for part in parts if part)
