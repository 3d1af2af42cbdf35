"""Tables written out as a stream of bytes: CSV here, XLSX in `xlsx_writing`, and the rows an import refused.

Memory does not grow with the table. Values keep their type: text stays text (codes, long digit strings and
anything a spreadsheet program would run as a formula included), numbers and dates are numbers and dates.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from itertools import chain, repeat
from typing import Any, Protocol

from models.errors import Sentence
from models.exchange.formulas import defuse
from models.exchange.formulas import told as marked
from models.exchange.mapping import REJECT_HEADINGS
from models.exchange.problem import Problem
from models.exchange.table import Row
from models.exchange.values import as_text
from models.exchange.words import Meant, is_word
from models.exchange.xlsx_writing import XlsxWriter

CHUNK = 64 * 1024
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOM = "\ufeff"
PLAIN = (bool, Decimal, int, float, date, time)
TEXTS = frozenset({"text", "long_text", "choice", "person", "reference", "phone", "email", "link"})


@dataclass(frozen=True)
class Column:
    """A column of an export: its title in the reader's language and the kind of its field."""

    title: str
    kind: str = "text"


class Writer(Protocol):
    """One kind of file, written row by row."""

    ready: int

    def row(self, values: Sequence[Any]) -> None:
        """Add a row; None is an empty cell."""

    def take(self) -> bytes:
        """The bytes that are ready, once."""

    def finish(self) -> bytes:
        """The rest of the file; nothing can be added after."""


class CsvWriter:
    """CSV as spreadsheet programs open it best: UTF-8 with BOM, CRLF, formulas in text defused.

    Moments are written in Shanghai time. Numbers are written plainly, so a negative one stays a number. Cells that are
    handed back `as_read` say no more than they said.
    """

    def __init__(self, columns: Sequence[Column], *, as_read: bool = False) -> None:
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._text.write(BOM)
        self._writer.writerow([defuse(column.title) for column in columns])
        self._other = _cell_as_read if as_read else _csv_cell
        quick = self._other if as_read else _text_cell
        self._cells = [quick if column.kind in TEXTS else self._other for column in columns]
        self.ready = self._text.tell()

    def row(self, values: Sequence[Any]) -> None:
        """Add a row; None is an empty cell."""
        # A row that an import refused may have more cells than there are columns.
        cells = zip(chain(self._cells, repeat(self._other)), values, strict=False)
        self._writer.writerow(["" if value is None else cell(value) for cell, value in cells])
        self.ready = self._text.tell()

    def take(self) -> bytes:
        """The bytes that are ready, once."""
        data = self._text.getvalue().encode("utf-8", "replace")
        self._text.seek(0)
        self._text.truncate()
        self.ready = 0
        return data

    def finish(self) -> bytes:
        """The rest of the file."""
        return self.take()


def _text_cell(value: Any) -> str:
    """A cell of a column of texts: nearly all of them begin with a letter or a digit and leave as they are."""
    if not isinstance(value, str):
        return _csv_cell(value)
    plain = value[:1].isalnum() and "\0" not in value and not is_word(value)
    return value if plain else marked(value.replace("\0", ""))


def _cell_as_read(value: Any) -> str:
    """A cell that was read: a word stays the one that a program wrote, unless it said that it is meant."""
    if not isinstance(value, str):
        return _csv_cell(value)
    return f"'{value}" if isinstance(value, Meant) else defuse(value.replace("\0", ""))


def _csv_cell(value: Any) -> str:
    text = as_text(value)
    return text if isinstance(value, PLAIN) else marked(text.replace("\0", ""))


def stream(writer: Writer, rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file in pieces of about 64 KB; rows are asked for only as the pieces are taken."""
    for row in rows:
        writer.row(row)
        # Compression may still hold everything back; an empty piece would end a chunked response.
        if writer.ready >= CHUNK and (piece := writer.take()):
            yield piece
    yield writer.finish()


def stream_csv(columns: Sequence[Column], rows: Iterable[Sequence[Any]], *, as_read: bool = False) -> Iterator[bytes]:
    """A CSV file in pieces; see `CsvWriter`."""
    return stream(CsvWriter(columns, as_read=as_read), rows)


def stream_xlsx(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    title: str = "",
    mark: Callable[[], str] | None = None,
    *,
    as_read: bool = False,
) -> Iterator[bytes]:
    """An XLSX file in pieces, `title` naming the sheet, `mark` told once its rows are known; see
    `xlsx_writing.XlsxWriter`."""
    titles, kinds = [c.title for c in columns], [c.kind for c in columns]
    return stream(XlsxWriter(titles, kinds, title, mark=mark, as_read=as_read), rows)


Reason = Problem | Sentence


def rejects(
    header: Sequence[str],
    rows: Iterable[tuple[Row, Sequence[tuple[str, Reason]]]],
    language: str,
    *,
    xlsx: bool = False,
) -> Iterator[bytes]:
    """The rows that an import refused, as a file to be corrected and imported again.

    Before the cells as they were read stand the row's number in the file and why it was refused; being in
    front, they stay in place for rows with too many cells. Each reason comes with the heading of its column,
    empty for the row.
    """
    columns = [Column(label.text(language)) for label in REJECT_HEADINGS] + [Column(name) for name in header]
    lines = ((row.number, told(reasons, language), *row.cells) for row, reasons in rows)
    return stream_xlsx(columns, lines, as_read=True) if xlsx else stream_csv(columns, lines, as_read=True)


def told(reasons: Sequence[tuple[str, Reason]], language: str) -> str:
    """Why a row was refused, in one cell."""
    chinese = language.startswith("zh")
    parts = []
    for column, reason in reasons:
        text = reason.zh if chinese else reason.en
        parts.append((f"{column}：{text}" if chinese else f"{column}: {text}") if column else text)
    return "".join(parts) if chinese else " ".join(parts)
