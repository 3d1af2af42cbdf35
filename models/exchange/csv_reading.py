"""Rows of a CSV file, told apart by rules that never lose one.

Python's own reader lets one stray quotation mark swallow the rest of a file. Here such a mark spoils one row:
when it turns out that a quoted cell never ends, the line where it began is refused and reading goes on with
the line after.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from models.exchange.formulas import restore
from models.exchange.problem import Problem
from models.exchange.refusals import WrongDelimiter
from models.exchange.table import Limits, Progress, Row, column_letters, is_blank
from models.exchange.text_lines import MARK, OTHER, Encoding, Line, TextLines

DELIMITERS = (",", "\t", ";", "|")
BLANKS = " "
SAMPLED_LINES = 500
SAMPLED_CHARACTERS = 1_000_000

_QUOTED = re.compile(r'([^"]*(?:""[^"]*)*)("?)')
_RUNS = re.compile(r"[ \t\xa0\u3000]+")
_HINT = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)


class _NotClosing(Exception):
    """A quotation mark that ends a cell begun on an earlier line is followed by text: the cell never was
    quoted."""


class _Cells:
    """The cells of one record, line by line."""

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        self.cells: list[str] = []
        self.open: list[str] | None = None

    def take(self, line: str) -> bool:
        """Take a line; True when the record ends with it. :raises _NotClosing:"""
        body = line.rstrip("\r\n")
        position, start = 0, 0
        earlier = self.open is not None
        while position <= len(body):
            if self.open is None:
                if not body.startswith('"', position):
                    position = self._plain(body, position, position)
                    continue
                start, self.open = position, []
                position += 1
            inside = _QUOTED.match(body, position)
            if inside is None:  # the pattern matches the empty text, so this cannot be
                raise _NotClosing
            self.open.append(inside[1])
            if not inside[2]:
                self.open.append("\n")
                return False
            position = inside.end()
            if position < len(body) and body[position] != self.delimiter:
                if earlier:
                    raise _NotClosing
                position = self._plain(body, start, position)
            else:
                self.cells.append("".join(self.open).replace('""', '"'))
                position += 1
            self.open, earlier = None, False
        return True

    def _plain(self, body: str, start: int, search: int) -> int:
        """Take the text from `start` to the next separator as it stands; returns the position after it."""
        stop = body.find(self.delimiter, search)
        stop = len(body) if stop < 0 else stop
        self.cells.append(body[start:stop])
        return stop + 1


class Records:
    """The records of a sequence of lines, blank ones included, as rows without regard to the heading's width.

    `width`: cells of the heading, 0 when not known; it helps to see that a quotation mark swallowed whole
    rows.
    """

    def __init__(
        self, lines: Iterable[Line], delimiter: str, limits: Limits, width: int = 0, encoding: str = ""
    ) -> None:
        self.lines = iter(lines)
        self.delimiter = delimiter
        self.limits = limits
        self.width = width
        self.encoding = encoding.upper()
        self.again: deque[Line] = deque()
        self.number = 0
        self.line = 0

    def __iter__(self) -> Iterator[Row]:
        while (line := self._next()) is not None:
            self.number += 1
            first = self.line
            if not line.whole:
                problem = Problem("row_too_long", {"limit": self.limits.row})
                yield Row(self.number, (line.text[:200],), problem, first)
            elif self.delimiter == BLANKS:
                yield self._row(_RUNS.split(line.text.strip()), first)
            elif '"' not in line.text:
                yield self._row(line.text.rstrip("\r\n").split(self.delimiter), first)
            else:
                yield self._quoted(line, first)

    def _next(self) -> Line | None:
        line = self.again.popleft() if self.again else next(self.lines, None)
        self.line += line is not None
        return line

    def _quoted(self, line: Line, first: int) -> Row:
        record, held = _Cells(self.delimiter), [line]
        length = len(line.text)
        try:
            while not record.take(held[-1].text):
                following = self._next()
                if following is not None:
                    held.append(following)
                    length += len(following.text)
                if following is None or not following.whole or length > self.limits.row:
                    return self._unclosed(held, first)
        except _NotClosing:
            return self._unclosed(held, first)
        if len(held) > 1 and self._swallowed(held):
            return self._unclosed(held, first)
        return self._row(record.cells, first)

    def _swallowed(self, held: list[Line]) -> bool:
        """Whether the lines inside the quotation marks look like rows of this table."""
        inside = held[1:]
        full = sum(1 for line in inside if line.text.count(self.delimiter) + 1 == self.width)
        return self.width >= 4 and full * 2 > len(inside)

    def _unclosed(self, held: list[Line], first: int) -> Row:
        """Refuse the first line and put the others back.

        No line is read more than twice by this: a line that a quoted cell can run through holds only pairs of
        quotation marks, and such a line opens no cell of its own.
        """
        self.again.extendleft(reversed(held[1:]))
        self.line -= len(held) - 1
        cells = held[0].text.rstrip("\r\n").split(self.delimiter)
        return Row(self.number, tuple(_readable(c) for c in cells), Problem("unclosed_quote"), first)

    def _row(self, cells: list[str], first: int) -> Row:
        text = "\n".join(cells)
        problem = None
        if MARK in text or OTHER in text:
            problem = Problem("encoding", {"expected": self.encoding})
            cells = [_readable(c) for c in cells]
        elif "\0" in text:
            problem = Problem("nul")
        elif len(text) > self.limits.cell and (long := self._too_long(cells)) is not None:
            problem = long
        if "'" in text:
            cells = [restore(c) for c in cells]
        return Row(self.number, tuple(cells), problem, first)

    def _too_long(self, cells: list[str]) -> Problem | None:
        for index, cell in enumerate(cells):
            if len(cell) > self.limits.cell:
                found = {"column": column_letters(index), "limit": self.limits.cell}
                return Problem("cell_too_long", found)
        return None


def _readable(cell: str) -> str:
    return cell.replace(OTHER, "").replace(MARK, "\ufffd")


class CsvSource:
    """A CSV file. :raises UnknownEncoding: :raises NotATable: :raises WrongDelimiter:"""

    ragged = True
    sheets: tuple[str, ...] = ()
    sheet = ""

    def __init__(self, file: BinaryIO, size: int, encoding: Encoding, delimiter: str | None, limits: Limits) -> None:
        self.size = size
        self.limits = limits
        self.lines = TextLines(file, encoding, limits.row)
        self.encoding = encoding.name
        head = self._head()
        self.hinted = bool(head and _HINT.fullmatch(head[0].text))
        if delimiter is not None and delimiter not in (*DELIMITERS, BLANKS):
            raise WrongDelimiter
        self.delimiter = delimiter or find_delimiter(head, limits)

    def records(self, width: int, progress: Progress | None) -> Iterator[Row]:
        """See `Source`. The line `sep=;`, a hint to spreadsheet programs, counts as a row and is left out."""
        for row in Records(self._counted(progress), self.delimiter, self.limits, width, self.encoding):
            if row.problem is None and all(is_blank(c) for c in row.cells):
                continue
            if not (self.hinted and row.number == 1):
                yield row

    def _counted(self, progress: Progress | None) -> Iterator[Line]:
        last = 0
        for line in self.lines:
            yield line
            if progress is not None and (done := self.lines.file.tell()) != last:
                last = done
                progress(done, self.size)

    def _head(self) -> list[Line]:
        head, characters = [], 0
        for line in self.lines.head(SAMPLED_LINES):
            head.append(line)
            characters += len(line.text)
            if characters > SAMPLED_CHARACTERS:
                break
        return head

    def close(self) -> None:
        """Nothing is held but the file, which belongs to the table."""


def find_delimiter(head: list[Line], limits: Limits) -> str:
    """What separates the cells of these lines; a comma when nothing does (a table with one column)."""
    if head and (hint := _HINT.fullmatch(head[0].text)) and hint[1] in DELIMITERS:
        return hint[1]
    lines = [line for line in head if line.text.strip()]
    # The first line that holds any candidate is a heading or near it; decimal commas do not stand in
    # headings.
    telling = next((line.text for line in lines if any(d in line.text for d in DELIMITERS)), "")
    best, best_score = "", 0.0
    for delimiter in DELIMITERS:
        width, share = _agreement(lines, delimiter, limits)
        score = share * min(width, 10) ** 0.5 * (1 if delimiter in telling else 0.5)
        if width >= 2 and share >= 0.3 and score > best_score:
            best, best_score = delimiter, score
    if best:
        return best
    width, share = _agreement(lines, BLANKS, limits)
    return BLANKS if width >= 3 and share >= 0.6 else ","


def _agreement(lines: list[Line], delimiter: str, limits: Limits) -> tuple[int, float]:
    """The most frequent number of cells and the share of rows that have it."""
    widths = Counter(len(row.cells) for row in Records(lines, delimiter, limits) if row.problem is None)
    if not widths:
        return 0, 0.0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return width, count / widths.total()
