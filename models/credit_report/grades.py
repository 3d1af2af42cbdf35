"""Credit grades (C1)."""

from __future__ import annotations

from enum import StrEnum


class Grade(StrEnum):
    """A good, B fair, C cash on delivery, D no credit. Greater is worse, as the letters run."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
