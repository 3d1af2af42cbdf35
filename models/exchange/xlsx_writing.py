"""XLSX written straight into a zip stream: the first bytes leave before the last row is known.

A library that builds the sheet in a temporary file first would make the person wait for the whole export, and
copy every byte twice. The format needs six small parts and one sheet, so they are written here.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from models.calendar import SHANGHAI
from models.exchange.formulas import is_formula
from models.exchange.table import MB, column_letters
from models.exchange.words import Meant, is_word
from models.exchange.xlsx_frame import SHEET_START, frame, sheet_part, xml_text

# Limits of spreadsheet programs.
SHEET_ROWS = 1_048_576
SHEET_BYTES = 1536 * MB
EXACT_DIGITS = 15
MARK_LENGTH = 200

PLAIN, HEAD, TEXT, QUOTED, DAY, MOMENT, CLOCK, MONEY = range(8)
TEXT_KINDS = {
    "text",
    "long_text",
    "email",
    "phone",
    "link",
    "choice",
    "choices",
    "reference",
    "person",
    "files",
    "time",
    "period",
    "tree",
    "address",
}
WIDTHS = {"long_text": 48, "date": 12, "datetime": 18, "money": 16, "yes_no": 8, "integer": 12, "decimal": 14}
PLAIN_WIDTH = 20

_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")


class _Pipe:
    """Takes what the archive writes and gives it on; it cannot seek, so the archive does not try to."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Take bytes."""
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self.pieces)
        self.pieces.clear()
        return data


class XlsxWriter:
    """An XLSX file, row by row.

    Text is written as text cells whatever it looks like. Those that could run as formulas are marked so that they stay
    text when edited, and so are those that an import would take for nothing; of cells that are handed back `as_read`,
    those that were marked so. Numbers of fields that hold text, and numbers of more than 15 digits, are text too.
    Days and moments (in Shanghai time) are typed. A cell's text is cut at 32,767 characters, the format's
    limit, and ends in `…` then. When a sheet is full the next one begins, with the heading again. What `mark` says at
    a sheet's end stands at the head of each of its printed pages.
    """

    def __init__(
        self,
        titles: Sequence[str],
        kinds: Sequence[str],
        title: str = "",
        sheet_rows: int = SHEET_ROWS,
        mark: Callable[[], str] | None = None,
        *,
        as_read: bool = False,
    ) -> None:
        self.mark, self.as_read = mark, as_read
        self.titles = list(titles)
        self.kinds = list(kinds)
        self.name = _NOT_IN_NAMES.sub(" ", title).strip()[:24] or "Sheet1"
        self.sheet_rows = sheet_rows
        self.ready = 0
        self._letters = [column_letters(index) for index in range(len(titles))]
        self._pipe = _Pipe()
        self._zip = zipfile.ZipFile(self._pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=5)  # type: ignore[call-overload]
        self._sheets = 0
        self._lines: list[str] = []
        self._open_sheet()

    def row(self, values: Sequence[Any]) -> None:
        """Add a row; None is an empty cell."""
        if self._number >= self.sheet_rows or self._written > SHEET_BYTES:
            self._close_sheet()
            self._open_sheet()
        self._number += 1
        self._add([self._cell(index, value) for index, value in enumerate(values)])

    def take(self) -> bytes:
        """The bytes that are ready, once."""
        self._flush()
        self.ready = 0
        return self._pipe.take()

    def finish(self) -> bytes:
        """The rest of the file; nothing can be added after."""
        self._close_sheet()
        names = [self.name if n == 1 else f"{self.name} ({n})" for n in range(1, self._sheets + 1)]
        for part, text in frame(names).items():
            self._zip.writestr(_entry(part), text)
        self._zip.close()
        return self._pipe.take()

    def _open_sheet(self) -> None:
        self._sheets += 1
        self._number, self._written = 1, 0
        # Without zip64: spreadsheet programs do not read sheets of over 4 GB, and some refuse its mark.
        self._part = self._zip.open(_entry(sheet_part(self._sheets)), "w")
        widths = "".join(
            f'<col min="{i}" max="{i}" width="{WIDTHS.get(kind, PLAIN_WIDTH)}" customWidth="1"/>'
            for i, kind in enumerate(self.kinds, 1)
        )
        columns = f"<cols>{widths}</cols>" if widths else ""
        self._lines.append(f"{SHEET_START}{columns}<sheetData>")
        self._add([self._text(index, title, HEAD) for index, title in enumerate(self.titles)])

    def _add(self, cells: list[str]) -> None:
        line = f'<row r="{self._number}">{"".join(cells)}</row>'
        self._lines.append(line)
        self.ready += len(line)
        self._written += len(line)

    def _flush(self) -> None:
        self._part.write("".join(self._lines).encode())
        self._lines.clear()

    def _close_sheet(self) -> None:
        mark = xml_text((self.mark() if self.mark else "").replace("&", "&&")[:MARK_LENGTH])
        head = f"<headerFooter><oddHeader>&amp;C{mark}</oddHeader></headerFooter>" if mark else ""
        self._lines.append(f"</sheetData>{head}</worksheet>")
        self._flush()
        self._part.close()

    def _cell(self, index: int, value: Any) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return f'<c r="{self._at(index)}" t="b"><v>{int(value)}</v></c>'
        if isinstance(value, int | float | Decimal):
            return self._amount(index, Decimal(str(value)))
        if isinstance(value, date | time):
            return self._when(index, value)
        word = isinstance(value, Meant) if self.as_read else is_word(str(value))
        return self._text(index, str(value), QUOTED if word else TEXT)

    def _amount(self, index: int, number: Decimal) -> str:
        kind = self.kinds[index] if index < len(self.kinds) else ""
        digits = len(number.normalize().as_tuple().digits) if number.is_finite() else 0
        if kind in TEXT_KINDS or not number.is_finite() or digits > EXACT_DIGITS or abs(number) >= 10**EXACT_DIGITS:
            return self._text(index, f"{number:f}", TEXT)
        style = MONEY if kind == "money" else PLAIN
        return f'<c r="{self._at(index)}" s="{style}"><v>{number:f}</v></c>'

    def _when(self, index: int, value: date | time) -> str:
        if isinstance(value, datetime) and value.tzinfo:
            value = value.astimezone(SHANGHAI).replace(tzinfo=None)
        serial, style = _serial(value)
        if serial is None:
            return self._text(index, value.isoformat(), TEXT)
        return f'<c r="{self._at(index)}" s="{style}"><v>{serial}</v></c>'

    def _text(self, index: int, text: str, style: int) -> str:
        if style == TEXT and is_formula(text):
            style = QUOTED
        start = f'<c r="{self._at(index)}" s="{style}" t="inlineStr"><is><t xml:space="preserve">'
        return f"{start}{xml_text(text)}</t></is></c>"

    def _at(self, index: int) -> str:
        while index >= len(self._letters):
            self._letters.append(column_letters(len(self._letters)))
        return f"{self._letters[index]}{self._number}"


def _entry(part: str) -> zipfile.ZipInfo:
    """Every part bears the format's first day, so that the same rows make the same file."""
    entry = zipfile.ZipInfo(part)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _serial(value: date | time) -> tuple[str | None, int]:
    """The day number and its style; None for days that spreadsheets do not know rightly (before March
    1900)."""
    if isinstance(value, time):
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return f"{seconds / 86_400:.10f}", CLOCK
    days = value.toordinal() - date(1899, 12, 30).toordinal()
    if days <= 60:
        return None, TEXT
    if not isinstance(value, datetime):
        return str(days), DAY
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    return f"{days + seconds / 86_400:.10f}", MOMENT
