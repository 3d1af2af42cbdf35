"""What stands across everything shown, printed or given out of a classified record (X1)."""

from __future__ import annotations

from datetime import datetime

from models.calendar import local
from models.declarations import LEVEL_LABELS, Level
from models.person.roles import Person


def watermark(level: str, person: Person, now: datetime, language: str, receipt: str = "") -> str:
    """The level, the reader's name, the time in Shanghai and, for what leaves under a card, its receipt's number;
    '' for a record without class."""
    if not level or level == Level.INTERNAL.value:
        return ""
    parts = [LEVEL_LABELS[Level(level)].text(language), person.name, f"{local(now):%Y-%m-%d %H:%M}", receipt]
    return " · ".join(part for part in parts if part)
