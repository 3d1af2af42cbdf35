"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A table; numbers stand at the right, with their thousands apart."""
    lines = [list(row) for row in rows]
    numbers = [bool(lines) and all(isinstance(row[at], int) for row in lines) for at in range(len(head))]
    rule = "|".join("---:" if number else "---" for number in numbers)
    return "\n".join([_line(head), f"|{rule}|", *map(_line, lines)]) + "\n"


def _line(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|").replace("\n", " ")
