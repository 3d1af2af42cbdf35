"""Text that a spreadsheet program would take for a formula, made harmless and turned back.

A cell that begins with one of these characters can run when the file is opened, so CSV export puts an
apostrophe before it. The import takes that apostrophe off again: what was exported comes back as it was.
"""

from __future__ import annotations

# Full-width signs count as formulas in Chinese and Japanese versions.
STARTS = frozenset("=+-@\t\r\n＝＋－＠")
SKIPPED = " \u3000\xa0\ufeff\u200b"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet program may run this text; blanks in front do not help."""
    rest = text.lstrip(SKIPPED)
    return bool(rest) and rest[0] in STARTS


def defuse(text: str) -> str:
    """The text with an apostrophe in front when it needs one. One that already looks so gets a second one, so
    that `restore` always finds the original."""
    return "'" + text if is_formula(text.lstrip("'")) else text


def restore(text: str) -> str:
    """The text that `defuse` was given."""
    return text[1:] if text[:1] == "'" and is_formula(text.lstrip("'")) else text
