"""Texts that mean nothing, or that something went wrong, where a program wrote them; and cells that say that they are
meant as they stand."""

from __future__ import annotations

EMPTY = frozenset({"null", "n/a", "#n/a", "(null)", "\\n", "nan", "none"})
"""What other programs write for "nothing"."""
FORMULA_ERRORS = frozenset(
    {
        "#ref!",
        "#value!",
        "#div/0!",
        "#name?",
        "#num!",
        "#null!",
        "#getting_data",
        "#spill!",
        "#calc!",
    }
)
WORDS = EMPTY | FORMULA_ERRORS
LONGEST = 40
"""Longer texts, blanks included, are not looked at."""


class Meant(str):
    """Such a word in a cell that says that it is a text like any other."""

    __slots__ = ()


def is_word(text: str) -> bool:
    """Whether an import would not take a text as it stands."""
    return len(text) <= LONGEST and text.strip().lower() in WORDS
