"""A table read from a file: heading, rows as they stand in the file, and what is wrong with each row."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import BinaryIO, Protocol

from models.exchange.problem import Problem
from models.exchange.refusals import TooManyRows

# `datetime` is a `date`; a cell of an XLSX file has the type that the file gives it, one of a CSV file is
# text.
Cell = str | date | time | Decimal | bool | None
Progress = Callable[[int, int], None]
MB = 2**20
LAST_DAY = 2_958_466
# Spreadsheets know no time zones.
DAY_0_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
DAY_0_1900 = datetime(1899, 12, 30)  # noqa: DTZ001


@dataclass(frozen=True)
class Limits:
    """Sizes beyond which a file or row is refused: bytes for files, characters for cells and rows."""

    file: int = 50 * MB
    unpacked: int = 512 * MB
    rows: int = 1_000_000
    columns: int = 500
    cell: int = 1_000_000
    row: int = 4_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file.

    `number` counts as a spreadsheet program does: the heading, titles and blank rows included, and a row with
    line ends inside its cells once. `line` is the line in a text editor, for CSV files. `cells` are as long
    as the heading unless there is a `problem`; then they are whatever was found, so that they can be handed
    back.
    """

    number: int
    cells: tuple[Cell, ...]
    problem: Problem | None = None
    line: int = 0


class Source(Protocol):
    """One kind of file. `ragged`: a row that is shorter than the heading has lost cells (CSV), or ends in
    blanks."""

    encoding: str
    delimiter: str
    sheets: tuple[str, ...]
    sheet: str
    ragged: bool

    def records(self, width: int, progress: Progress | None, /) -> Iterator[Row]:
        """Every row that is not blank, from the first; each call starts again. `width` 0: not known yet."""

    def close(self) -> None:
        """Give back what the source holds."""


def column_letters(index: int) -> str:
    """The spreadsheet's name of the column with this index from 0: A, Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def is_blank(cell: Cell) -> bool:
    """Whether a person sees nothing in the cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip(" \t\r\n\v\f\xa0\u3000\ufeff\u200b"))


def from_serial(serial: float, since_1904: bool = False) -> datetime | None:
    """The local moment of a spreadsheet's day number; None when it has none (such as 29 February 1900)."""
    if not 0 <= serial < LAST_DAY or (not since_1904 and 60 <= serial < 61):
        return None
    start = DAY_0_1904 if since_1904 else DAY_0_1900 + timedelta(days=serial < 60)
    moment = start + timedelta(seconds=round(serial * 86_400))
    return moment if moment.year <= 9999 else None


class Table(AbstractContextManager["Table"]):
    """What `reading.open_table` gives. Close it, or use it in a `with` statement.

    `heading` are the names as they stand in the file, `header` the same made unique and never empty (`[C]`
    for a column without a name, `phone (2)` for a second phone). `header_row` is the heading's row number; 0
    when there is none. `preamble` are the title rows above it. `sheets` and `sheet` are empty for CSV,
    `encoding` and `delimiter` for XLSX; the delimiter is `" "` for runs of blanks.
    """

    def __init__(
        self,
        source: Source,
        heading: tuple[str, ...],
        header: tuple[str, ...],
        header_row: int,
        preamble: tuple[Row, ...],
        limits: Limits,
        owned: BinaryIO | None = None,
    ) -> None:
        self.source = source
        self.heading = list(heading)
        self.header = list(header)
        self.header_row = header_row
        self.preamble = preamble
        self.limits = limits
        self._owned = owned

    @property
    def encoding(self) -> str:
        """`utf-8`, `utf-8-sig` (with BOM), `gb18030` (GBK included), `utf-16` ...; empty for XLSX."""
        return self.source.encoding

    @property
    def delimiter(self) -> str:
        """What separates cells; empty for XLSX."""
        return self.source.delimiter

    @property
    def sheets(self) -> tuple[str, ...]:
        """The names of the visible sheets."""
        return self.source.sheets

    @property
    def sheet(self) -> str:
        """The name of the sheet that is read."""
        return self.source.sheet

    def rows(self, progress: Progress | None = None) -> Iterator[Row]:
        """Every row below the heading that is not blank, in constant memory. Each call reads from the start;
        two readings of one table at the same time are not possible. `progress(done, total)` counts bytes of
        the file.

        :raises TooManyRows: when there are more than `limits.rows`.
        :raises FileRefused: when the file turns out to be damaged.
        """
        taken = 0
        for row in self.source.records(len(self.header), progress):
            if row.number <= self.header_row:
                continue
            taken += 1
            if taken > self.limits.rows:
                raise TooManyRows(limit=self.limits.rows)
            yield self._checked(row)

    def _checked(self, row: Row) -> Row:
        width, found = len(self.header), len(row.cells)
        if row.problem is not None or found == width:
            return row
        if found > width and not self.source.ragged:
            letters = {"column": column_letters(found - 1), "last": column_letters(width - 1)}
            return replace(row, problem=Problem("beyond_heading", letters))
        if self.source.ragged:
            code = "too_many" if found > width else "too_few"
            return replace(row, problem=Problem(code, {"expected": width, "found": found}))
        return replace(row, cells=row.cells + (None,) * (width - found))

    def close(self) -> None:
        """Give back the file if this table opened it."""
        self.source.close()
        if self._owned is not None:
            self._owned.close()

    def __exit__(self, *_: object) -> None:
        self.close()


def size_of(file: BinaryIO) -> int:
    """The length of a seekable file in bytes; leaves it at its start."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size
