"""Text that a program would take for something else, marked as text and turned back.

A cell that begins with one of these characters can run when the file is opened, and a word such as NULL means nothing
to an import. So CSV export puts an apostrophe before it. The import takes that apostrophe off again: what was exported
comes back as it was.
"""

from __future__ import annotations

from models.exchange.words import Meant, is_word

# Full-width signs count as formulas in Chinese and Japanese versions.
STARTS = frozenset("=+-@\t\r\n＝＋－＠")
SKIPPED = " \u3000\xa0\ufeff\u200b"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet program may run this text; blanks in front do not help."""
    rest = text.lstrip(SKIPPED)
    return bool(rest) and rest[0] in STARTS


def defuse(text: str) -> str:
    """The text with an apostrophe in front when it may run. One that already looks so gets a second one, so that
    `restore` always finds the original."""
    return "'" + text if is_formula(text.lstrip("'")) else text


def told(text: str) -> str:
    """`defuse` of a text that is meant as it stands: a word that an import would not take is marked, too."""
    return "'" + text if is_word(text.lstrip("'")) else defuse(text)


def restore(text: str) -> str:
    """The text that `defuse` or `told` was given."""
    if text[:1] != "'":
        return text
    bare = text.lstrip("'")
    return Meant(text[1:]) if is_word(bare) else text[1:] if is_formula(bare) else text
