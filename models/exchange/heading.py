"""Which row of a table is the heading, and what its columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from math import ceil

from models.exchange.refusals import BadHeading, EmptyFile, NoSuchRow
from models.exchange.table import Cell, Row, column_letters, is_blank

LOOKED_ROWS = 100
# A heading names most of its columns; a title line fills one or two cells.
FILLED = 0.6

_DATA = re.compile(
    r"""
    (?!(?:19|20)\d\d$)                    # a year may be a heading
    (?: [-+]?[\d,]+(?:\.\d+)?%?           # numbers
      | [\d\s()+-]{7,}                    # phone numbers
      | [^@\s]+@[^@\s]+\.\w+              # addresses
      | https?://.*
      | \d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?.*
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Heading:
    """`row` 0: the table has none. `names` as they stand in the file; `preamble`: the rows above."""

    row: int
    names: tuple[str, ...]
    preamble: tuple[Row, ...]

    @property
    def unique(self) -> tuple[str, ...]:
        """The names made unique and never empty."""
        made: list[str] = []
        for index, name in enumerate(self.names):
            base = name or f"[{column_letters(index)}]"
            candidate, count = base, 1
            while candidate in made:
                count += 1
                candidate = f"{base} ({count})"
            made.append(candidate)
        return tuple(made)


def find_heading(sample: Sequence[Row], ragged: bool, chosen: int | None) -> Heading:
    """The heading of the rows that begin a table; `chosen` is a person's own answer, 0 for no heading.

    :raises EmptyFile: when there is no row.
    :raises BadHeading: when the row that should be the heading cannot be read.
    :raises NoSuchRow: when the chosen row is not in the sample.
    """
    if not sample:
        raise EmptyFile
    width = _usual_width(sample)
    if chosen is not None:
        index = next((i for i, row in enumerate(sample) if row.number == chosen), None)
        if chosen and index is None:
            raise NoSuchRow(row=chosen, looked=sample[-1].number)
    else:
        index = _likely(sample, width)
    if index is None or (chosen is None and _looks_like_data(sample[index])):
        return Heading(0, ("",) * width, ())
    row = sample[index]
    if row.problem is not None:
        raise BadHeading(row=row.number, reason=row.problem)
    names = [heading_text(c) for c in row.cells]
    return Heading(row.number, tuple(_fitted(names, sample[index + 1 :], ragged)), tuple(sample[:index]))


def _usual_width(sample: Sequence[Row]) -> int:
    widths = Counter(len(r.cells) for r in sample if r.problem is None) or Counter(len(r.cells) for r in sample)
    return max(widths.items(), key=lambda item: (item[1], item[0]))[0]


def _likely(sample: Sequence[Row], width: int) -> int:
    filled = [sum(not is_blank(c) for c in row.cells) for row in sample]
    enough = min(width, max(2, ceil(width * FILLED)))
    return next((i for i, count in enumerate(filled) if count >= enough), filled.index(max(filled)))


def _looks_like_data(row: Row) -> bool:
    cells = [c for c in row.cells if not is_blank(c)]
    data = sum(not isinstance(c, str) or bool(_DATA.fullmatch(c.strip())) for c in cells)
    return data * 2 > len(cells)


def heading_text(cell: Cell) -> str:
    """A heading's cell as one line of text."""
    if cell is None:
        return ""
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return " ".join(str(cell).replace("\ufeff", "").split())


def _fitted(names: list[str], below: Sequence[Row], ragged: bool) -> list[str]:
    """Separators at the end that only the heading or only the rows have are not columns.

    Only when every row agrees: in a single row, a blank cell too many may hide a shift.
    """
    while names and not names[-1] and not ragged:
        names.pop()
    rows = [r for r in below if r.problem is None]
    if not ragged or not rows:
        return names
    shortest, longest = min(len(r.cells) for r in rows), max(len(r.cells) for r in rows)
    if shortest != longest:
        return names
    while len(names) > longest and not names[-1]:
        names.pop()
    if longest > len(names) and all(is_blank(c) for r in rows for c in r.cells[len(names) :]):
        names += [""] * (longest - len(names))
    return names
