"""The parts of an XLSX file around its sheets: the archive, sheet names, number formats and shared texts.

Everything is parsed piece by piece with expat. A document type declaration, which no XLSX file has, is
refused, so entities cannot be used to blow a file up; a part is refused by the size that the archive states
before a byte of it is unpacked, and the archive never yields more than it states.
"""

from __future__ import annotations

import posixpath
import re
import struct
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import BinaryIO
from xml.parsers.expat import ExpatError, ParserCreate, XMLParserType

from models.exchange.problem import Both
from models.exchange.refusals import (
    BrokenFile,
    HasMacros,
    NotATable,
    PasswordProtected,
    SaveAsXlsx,
    UnpacksTooBig,
)
from models.exchange.table import MB, Limits

CHUNK = 64 * 1024
SMALL_PART = 20 * MB
# The parser holds a tag whole, so a part without any for so many bytes is refused.
LONGEST_TAG = 8 * MB
ENTRIES = 5_000
IN_MEMORY = 8 * MB
# What damaged archives and parts raise.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ExpatError,
    struct.error,
    NotImplementedError,
    UnicodeError,
    LookupError,
    ValueError,
)
# The formats that files refer to by number only; 27-36 and 50-58 are the dates of East Asian versions.
DATE_FORMATS = {14, 15, 16, 17, *range(27, 32), 34, 35, 36, *range(50, 59)}
TIME_FORMATS = {18, 19, 20, 21, 32, 33, 45, 46, 47}
PERCENT_FORMATS = {9, 10}
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

Attributes = dict[str, str]


@dataclass(frozen=True)
class Format:
    """What a number format makes of a number. `zeros`: shown with at least so many digits (a code). `quoted`: a text in
    such a cell is meant as it stands."""

    day: bool = False
    clock: bool = False
    percent: bool = False
    zeros: int = 0
    quoted: bool = False


PLAIN = Format()


@dataclass(frozen=True)
class SheetPart:
    """A sheet's name and its part in the archive."""

    name: str
    part: str
    hidden: bool


def local(name: str) -> str:
    """An element's name without its prefix."""
    return name.rpartition(":")[2]


def safe_parser() -> XMLParserType:
    """A parser that takes no document type declaration."""
    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_: object) -> None:
    raise BrokenFile


class Archive:
    """The archive of an XLSX file. :raises FileRefused: when it is damaged, protected, or another kind of
    file."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self.limits = limits
        try:
            self.zip = zipfile.ZipFile(file)
        except (*DAMAGE, OSError) as damage:
            raise BrokenFile from damage
        self.names = {name.lower().lstrip("/"): name for name in self.zip.namelist()}
        self._check()

    def _check(self) -> None:
        infos = self.zip.infolist()
        if any(info.flag_bits & 1 for info in infos):
            raise PasswordProtected
        if len(infos) > ENTRIES:
            raise UnpacksTooBig(limit=self.limits.unpacked // MB)
        if any(name.endswith("vbaproject.bin") for name in self.names):
            raise HasMacros
        if "xl/workbook.bin" in self.names:
            raise SaveAsXlsx(found=Both("二进制 Excel（.xlsb）文件", "a binary Excel file (.xlsb)"))
        if "content.xml" in self.names:
            raise SaveAsXlsx(found=Both("OpenDocument（.ods）文件", "an OpenDocument file (.ods)"))
        if "[content_types].xml" not in self.names:
            raise NotATable(found=Both("压缩文件", "an archive"))
        if not any(name.startswith("xl/") for name in self.names):
            raise NotATable(found=Both("其他 Office 文件", "another Office file"))

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return part.lower() in self.names

    def size(self, part: str) -> int:
        """The unpacked size that the archive states. :raises UnpacksTooBig: :raises BrokenFile:"""
        try:
            size = self.zip.getinfo(self.names[part.lower()]).file_size
        except KeyError as damage:
            raise BrokenFile from damage
        if size > self.limits.unpacked:
            raise UnpacksTooBig(limit=self.limits.unpacked // MB)
        return size

    def chunks(self, part: str) -> Generator[bytes, None, None]:
        """The unpacked part, piece by piece. :raises UnpacksTooBig: :raises BrokenFile:"""
        self.size(part)
        try:
            with self.zip.open(self.names[part.lower()]) as stream:
                run = 0
                while chunk := stream.read(CHUNK):
                    run = 0 if b">" in chunk else run + len(chunk)
                    if run > LONGEST_TAG:
                        raise BrokenFile
                    yield chunk
        except DAMAGE as damage:
            raise BrokenFile from damage

    def parse(
        self,
        part: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
        limit: int | None = None,
    ) -> None:
        """Send a part's elements, by local name, to these functions. :raises UnpacksTooBig: :raises
        BrokenFile:"""
        if limit is not None and self.size(part) > limit:
            raise UnpacksTooBig(limit=limit // MB)
        parser = safe_parser()
        parser.StartElementHandler = lambda name, attributes: start(local(name), attributes)
        if end is not None:
            parser.EndElementHandler = lambda name: end(local(name))
        if text is not None:
            parser.CharacterDataHandler = text
        try:
            for chunk in self.chunks(part):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except DAMAGE as damage:
            raise BrokenFile from damage

    def close(self) -> None:
        """Close the archive, not the file it was read from."""
        self.zip.close()


@dataclass(frozen=True)
class Workbook:
    """The sheets in their order, where the texts and formats are, and whether day 0 is in 1904."""

    sheets: tuple[SheetPart, ...]
    texts: str
    styles: str
    since_1904: bool


def read_workbook(archive: Archive) -> Workbook:
    """:raises FileRefused: when the workbook's own parts are damaged."""
    targets: dict[str, tuple[str, str]] = {}
    found: list[tuple[str, str, str]] = []
    base1904 = False
    home = _main_part(archive)
    folder, name = posixpath.split(home)

    def relation(element: str, attributes: Attributes) -> None:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/" + folder, attributes.get("Target", ""))).lstrip("/")
            targets[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], target)

    def entry(element: str, attributes: Attributes) -> None:
        nonlocal base1904
        if element == "sheet":
            key = next((value for key, value in attributes.items() if local(key) == "id" and ":" in key), "")
            found.append((attributes.get("name", ""), key, attributes.get("state", "visible")))
        elif element == "workbookPr":
            base1904 = attributes.get("date1904", "0") in ("1", "true")

    archive.parse(posixpath.join(folder, "_rels", name + ".rels"), relation, limit=SMALL_PART)
    archive.parse(home, entry, limit=SMALL_PART)
    by_kind = dict(reversed(targets.values()))
    sheets = tuple(
        SheetPart(title, targets[key][1], state != "visible")
        for title, key, state in found
        if key in targets and targets[key][0] == "worksheet" and archive.has(targets[key][1])
    )
    return Workbook(sheets, by_kind.get("sharedStrings", ""), by_kind.get("styles", ""), base1904)


def _main_part(archive: Archive) -> str:
    part = "xl/workbook.xml"

    def relation(element: str, attributes: Attributes) -> None:
        nonlocal part
        if element == "Relationship" and attributes.get("Type", "").endswith("/officeDocument"):
            part = attributes.get("Target", part).lstrip("/")

    if archive.has("_rels/.rels"):
        archive.parse("_rels/.rels", relation, limit=SMALL_PART)
    return part


def read_formats(archive: Archive, part: str) -> list[Format]:
    """The number format of each cell style, by its index; empty when the file has none."""
    codes: dict[int, str] = {}
    formats: list[Format] = []
    inside = False

    def start(element: str, attributes: Attributes) -> None:
        nonlocal inside
        if element == "cellXfs":
            inside = True
        elif element == "numFmt":
            codes[int(attributes.get("numFmtId", "0"))] = attributes.get("formatCode", "")
        elif element == "xf" and inside:
            number = int(attributes.get("numFmtId", "0"))
            quoted = attributes.get("quotePrefix") in ("1", "true")
            formats.append(replace(format_of(number, codes.get(number, "")), quoted=quoted))

    def end(element: str) -> None:
        nonlocal inside
        inside = inside and element != "cellXfs"

    if part and archive.has(part):
        archive.parse(part, start, end, limit=SMALL_PART)
    return formats


def format_of(number: int, code: str) -> Format:
    """What the format with this number, or with this code when it has one, makes of a number."""
    if not code:
        return Format(
            day=number in DATE_FORMATS or number == 22,
            clock=number in TIME_FORMATS or number == 22,
            percent=number in PERCENT_FORMATS,
        )
    if re.fullmatch(r"0{2,}", code):
        return Format(zeros=len(code))
    # Quoted and escaped text, colours and currencies are not part of it; [h] and [mm] are durations.
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', "", code.lower().split(";")[0])
    day = bool(re.search(r"[yd]|(?<![hs:\]])m{1,5}(?![:s])", bare))
    clock = bool(re.search(r"[hs]", bare))
    if clock and not re.search(r"[yd]", bare):
        day = False
    return Format(day=day, clock=clock, percent="%" in bare and not day and not clock)


class SharedTexts:
    """The texts that cells refer to by number, kept in a temporary file once there are many."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.ends = array("Q", [0])
        self.store = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - lives as long as the table

    def read(self, archive: Archive, part: str) -> None:
        """Take the texts of this part, if there is one. :raises FileRefused:"""
        if part and archive.has(part):
            self._read(archive, part)

    def _read(self, archive: Archive, part: str) -> None:
        """A text that is too long for a cell is kept one piece longer than the limit, so that it shows."""
        pieces: list[str] = []
        length = 0
        reading, phonetic = False, False

        def start(element: str, _: Attributes) -> None:
            nonlocal reading, phonetic
            reading = element == "t" and not phonetic
            phonetic = phonetic or element == "rPh"

        def text(piece: str) -> None:
            nonlocal length
            if reading and length <= self.longest:
                pieces.append(piece)
                length += len(piece)

        def end(element: str) -> None:
            nonlocal reading, phonetic, length
            reading = False
            if element == "rPh":
                phonetic = False
            elif element == "si":
                data = unescaped("".join(pieces)).encode("utf-8", "surrogatepass")
                self.store.write(data)
                self.ends.append(self.ends[-1] + len(data))
                pieces.clear()
                length = 0

        archive.parse(part, start, end, text)

    def __getitem__(self, index: int) -> str:
        """:raises IndexError: when there is none of that number."""
        if index < 0:
            raise IndexError(index)
        start, stop = self.ends[index], self.ends[index + 1]
        self.store.seek(start)
        return self.store.read(stop - start).decode("utf-8", "surrogatepass")

    def close(self) -> None:
        """Remove the temporary file."""
        self.store.close()


def unescaped(text: str) -> str:
    """Text with `_x000D_` and its like turned into characters, and line ends into LF."""
    if "_x" in text:
        text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return text.replace("\r\n", "\n")
