"""Names in both languages, and what is chosen among: values with a label, levels of confidentiality."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Label:
    """A name in both languages."""

    zh: str
    en: str

    def text(self, language: str) -> str:
        """The label in `zh` or, for anything else, English."""
        return self.zh if language.startswith("zh") else self.en

    def within(self, language: str) -> str:
        """The label inside a sentence: in English its first letter is small, unless it begins with capitals (VIP)."""
        text = self.text(language)
        return text if text[1:2].isupper() else text[:1].lower() + text[1:]


TONES = ("neutral", "info", "good", "warn", "bad")
"""How a choice, a state or a move is shown: by weight, not by colour."""


@dataclass(frozen=True)
class Choice:
    """One value of a choice field or one state. `tone`: neutral, info, good, warn or bad. `below`: the choices of a
    tree choice that are parts of this one."""

    value: str
    label: Label
    tone: str = "neutral"
    below: tuple[Choice, ...] = ()


class Level(StrEnum):
    """Confidentiality (X1), lowest first."""

    INTERNAL = "internal"
    SECRET = "secret"
    CONFIDENTIAL = "confidential"
    TOP_SECRET = "top_secret"

    @classmethod
    def of(cls, stored: str | None) -> Level:
        """The level that a record bears: internal where it says none."""
        return cls(stored) if stored else cls.INTERNAL

    @classmethod
    def highest(cls, levels: Iterable[str]) -> Level:
        """The highest of some levels; internal for none."""
        return max(map(cls, levels), key=lambda level: level.rank, default=cls.INTERNAL)

    @property
    def rank(self) -> int:
        """0 for internal to 3 for top secret."""
        return list(Level).index(self)


LEVEL_LABELS = {
    Level.INTERNAL: Label("内部", "Internal"),
    Level.SECRET: Label("秘密", "Secret"),
    Level.CONFIDENTIAL: Label("机密", "Confidential"),
    Level.TOP_SECRET: Label("绝密", "Top secret"),
}
