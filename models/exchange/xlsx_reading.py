"""Rows of an XLSX sheet, streamed: memory does not grow with the sheet, and its stated size is not believed.

Written on expat instead of `openpyxl` because files with hundreds of thousands of shared texts, blank rows
with formats, or style sheets that it does not accept are common, and must neither fill memory nor fail.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import BinaryIO

from models.exchange.problem import Problem
from models.exchange.refusals import BrokenFile, NoSuchSheet, UnpacksTooBig
from models.exchange.table import MB, Cell, Limits, Progress, Row, column_letters, from_serial, is_blank
from models.exchange.words import Meant, is_word
from models.exchange.workbook import (
    DAMAGE,
    PLAIN,
    Archive,
    Attributes,
    Format,
    SharedTexts,
    SheetPart,
    local,
    read_formats,
    read_workbook,
    safe_parser,
    unescaped,
)

_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
# The end of a value: no cell without one of these in its element has anything to read.
_VALUE_ENDS = (b"v>", b"</t>", b":t>")
COLUMNS = 16_384
SIGNIFICANT = 15


class XlsxSource:
    """One sheet of an XLSX file: the named one, or the first visible one with content.

    :raises FileRefused: when the file is damaged, protected or not an XLSX file, or has no such sheet.
    """

    ragged = False
    encoding = ""
    delimiter = ""

    def __init__(self, file: BinaryIO, size: int, sheet: str | None, limits: Limits) -> None:
        self.bytes = size
        self.limits = limits
        self.ends: dict[str, int] = {}
        with ExitStack() as stack:
            self.archive = Archive(file, limits)
            stack.callback(self.archive.close)
            book = read_workbook(self.archive)
            self.formats = read_formats(self.archive, book.styles)
            self.since_1904 = book.since_1904
            self.texts = SharedTexts(self.archive.limits.cell)
            stack.callback(self.texts.close)
            self.texts.read(self.archive, book.texts)
            visible = [part for part in book.sheets if not part.hidden]
            self.sheets = tuple(part.name for part in visible)
            self.part = self._choose(visible, sheet)
            self.sheet = self.part.name
            self._held = stack.pop_all()

    def _choose(self, visible: list[SheetPart], wanted: str | None) -> SheetPart:
        if wanted is not None:
            found = next((part for part in visible if part.name == wanted), None)
            if found is None:
                raise NoSuchSheet(sheet=wanted[:60])
            return found
        if not visible:
            raise BrokenFile
        return next((part for part in visible if self._has_rows(part)), visible[0])

    def _has_rows(self, part: SheetPart) -> bool:
        with closing(self._read(part, None)) as rows:
            return next(rows, None) is not None

    def records(self, _width: int, progress: Progress | None) -> Iterator[Row]:
        """See `Source`. The whole sheet is looked at, however many blank rows lie before the last value;
        behind the last value nothing is parsed."""
        return self._read(self.part, progress)

    def _read(self, part: SheetPart, progress: Progress | None) -> Generator[Row, None, None]:
        size = self.archive.size(part.part)
        last = self._last_value(part.part, size)
        reader = _SheetReader(self)
        done = 0
        with closing(self.archive.chunks(part.part)) as chunks:
            for chunk in chunks:
                try:
                    reader.parser.Parse(chunk, False)
                except DAMAGE as damage:
                    raise BrokenFile from damage
                done += len(chunk)
                if progress is not None:
                    progress(self.bytes * done // size, self.bytes)
                yield from reader.take()
                if done >= last and not reader.cells:
                    break
        if progress is not None:
            progress(self.bytes, self.bytes)

    def _last_value(self, part: str, size: int) -> int:
        """Where in the sheet the last value ends. Blank rows with formats, which can be many times the size
        of the data, are thus unpacked but not parsed. This also reads the whole part once: a damaged one is
        refused before its first row is taken."""
        if part not in self.ends:
            position, last, before = 0, 0, b""
            for chunk in self.archive.chunks(part):
                window = before + chunk
                found = max(window.rfind(end) + len(end) if end in window else 0 for end in _VALUE_ENDS)
                if found:
                    last = position - len(before) + found
                position += len(chunk)
                before = chunk[-8:]
            self.ends[part] = last or size
        return self.ends[part]

    def close(self) -> None:
        """Give back the archive and the shared texts."""
        self._held.close()


class _SheetReader:
    """Turns a sheet's elements into rows."""

    def __init__(self, source: XlsxSource) -> None:
        self.source = source
        self.parser = safe_parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.ready: list[Row] = []
        self.cells: dict[int, Cell] = {}
        self.problem: Problem | None = None
        self.number = 0
        self.column = -1
        self.kind = ""
        self.style = PLAIN
        self.pieces: list[str] = []
        self.length = self.row_length = self.total = 0
        self.listening = self.phonetic = self.formula = self.valued = False

    def take(self) -> list[Row]:
        """The rows that are complete, once."""
        rows, self.ready = self.ready, []
        return rows

    def _start(self, name: str, attributes: Attributes) -> None:
        name = local(name)
        if name == "c":
            self._start_cell(attributes)
        elif name == "v" or (name == "t" and not self.phonetic):
            self.listening, self.valued = True, True
        elif name == "row":
            stated = attributes.get("r", "")
            self.number = int(stated) if stated.isdecimal() and len(stated) < 9 else self.number + 1
            self.column = -1
        elif name == "f":
            self.formula = True
        elif name == "rPh":
            self.phonetic = True

    def _start_cell(self, attributes: Attributes) -> None:
        stated = _REFERENCE.fullmatch(attributes.get("r", ""))
        column = column_index(stated[1]) if stated else self.column + 1
        self.column = column if column < COLUMNS else self.column + 1
        self.kind = attributes.get("t", "n")
        style = attributes.get("s", "")
        formats = self.source.formats
        self.style = formats[int(style)] if style.isdecimal() and int(style) < len(formats) else PLAIN
        self.pieces.clear()
        self.length = 0
        self.formula = self.valued = False

    def _text(self, text: str) -> None:
        if not self.listening:
            return
        if self.length <= self.source.limits.cell:  # one piece too many, so that it shows
            self.pieces.append(text)
            self.length += len(text)

    def _end(self, name: str) -> None:
        name = local(name)
        if name == "c":
            self._end_cell()
        elif name in ("v", "t"):
            self.listening = False
        elif name == "row":
            self._end_row()
        elif name == "rPh":
            self.phonetic = False

    def _end_cell(self) -> None:
        if self.formula and not self.valued:
            self._wrong("no_result")
        if not self.valued:
            return
        try:
            value = self._value("".join(self.pieces))
        except (ValueError, IndexError, InvalidOperation, OverflowError):
            self._wrong("broken_cell")
            value = "".join(self.pieces)
        if is_blank(value):
            return
        if self.style.quoted and isinstance(value, str) and is_word(value):
            value = Meant(value)
        if isinstance(value, str):
            self._measure(value)
            if self.row_length > self.source.limits.row:
                return
        self.cells[self.column] = value

    def _measure(self, value: str) -> None:
        """Few bytes can name a long shared text many times over, so what comes out is limited as well."""
        limits = self.source.limits
        self.row_length += len(value)
        self.total += len(value)
        if len(value) > limits.cell:
            self._wrong("cell_too_long", limit=limits.cell)
        if self.row_length > limits.row:
            self._wrong("row_too_long", limit=limits.row)
        if self.total > limits.unpacked:
            raise UnpacksTooBig(limit=limits.unpacked // MB)

    def _value(self, text: str) -> Cell:
        """:raises ValueError: or another of the errors above when the cell does not hold what it says."""
        if self.kind == "s":
            return self.source.texts[int(text)]
        if self.kind in ("inlineStr", "str", "e"):
            return unescaped(text)
        if not text.strip():
            return None
        if self.kind == "b":
            return text.strip() == "1"
        if self.kind == "d":
            moment = datetime.fromisoformat(text.strip())
            return moment if "T" in text else moment.date()
        return number_cell(text.strip(), self.style, self.source.since_1904)

    def _wrong(self, code: str, **params: int) -> None:
        if self.problem is None:
            self.problem = Problem(code, {"column": column_letters(self.column), **params})

    def _end_row(self) -> None:
        if self.cells or self.problem is not None:
            width = min(max(self.cells, default=0), self.source.limits.columns * 2) + 1
            cells = tuple(self.cells.get(index) for index in range(width))
            self.ready.append(Row(self.number, cells, self.problem))
        self.cells = {}
        self.problem = None
        self.row_length = 0


def column_index(letters: str) -> int:
    """0 for A, 25 for Z, 26 for AA."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def number_cell(text: str, style: Format, since_1904: bool) -> Cell:
    """What a person sees in a cell with this number and format: a date, a time, a code with its leading
    zeros, a percentage as text, or the number as a spreadsheet program shows it (15 digits)."""
    number = _number(text)
    if style.day or style.clock:
        moment = from_serial(float(number), since_1904)
        if moment is not None:
            return _as_shown(moment, float(number), style)
    if style.zeros and number == number.to_integral_value() and number >= 0:
        return f"{number:f}".split(".")[0].zfill(style.zeros)
    if style.percent:
        return f"{(number * 100).normalize():f}%"
    return number


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    digits = number.as_tuple().digits
    if len(digits) > SIGNIFICANT and number != number.to_integral_value():
        number = Decimal(format(float(number), f".{SIGNIFICANT}g"))
    if abs(number.adjusted()) > 300:
        raise ValueError(text)
    return number


def _as_shown(moment: datetime, serial: float, style: Format) -> date | time | str:
    if not style.day and serial < 1:
        return moment.time()
    if not style.day:
        seconds = round(serial * 86_400)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if moment.time() == time.min:
        return moment.date()
    return moment
