"""The lines of a text file: which encoding it has, and each line with the parts that are not in that encoding
marked.

The encoding is decided over the whole file, because the first row with Chinese characters may be the last
one. A file put together from two sources keeps its majority encoding; lines in the other one are marked, and
the rows they belong to are refused one by one instead of the whole file.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Protocol

from models.exchange.problem import Both
from models.exchange.refusals import NotATable, UnknownEncoding, WrongEncoding
from models.exchange.table import MB

# Encodings that a person may choose. Windows' "ANSI" is GBK on Chinese machines.
ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5", "cp1252", "shift_jis", "euc_kr")
CHUNK = 64 * 1024
# A lone surrogate cannot come out of any decoder, so it can stand for "this was not in the file's encoding".
MARK = "\udcff"
# The text is readable, but only in another encoding than the file's.
OTHER = "\udcfe"
BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
SAMPLED_LINES = 400
FAMILIAR = 0.7
NUL_SHARE = 0.01


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Marks one byte (two in UTF-16) and goes on with the next, so that separators and quotation marks
    survive."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return MARK, min(error.end, error.start + (2 if error.encoding.startswith("utf-16") else 1))


codecs.register_error("exchange_mark", _mark)


class Readable(Protocol):
    """What lines are taken from."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Encoding:
    """`name` for people, `codec` for Python, `start`: bytes of the byte order mark."""

    name: str
    codec: str
    start: int = 0

    @property
    def wide(self) -> bool:
        """Whether a line end is more than one byte."""
        return self.codec.startswith("utf-16")


@dataclass
class _Counts:
    """What the whole file says about its encoding."""

    size: int = 0
    nul_even: int = 0
    nul_odd: int = 0
    utf8_lines: int = 0
    other_lines: int = 0
    sampled: int = 0
    characters: int = 0
    familiar: int = 0


def chosen_encoding(name: str, file: BinaryIO) -> Encoding:
    """The encoding that a person chose. :raises WrongEncoding: when it is none of `ENCODINGS` or the detected
    ones."""
    codec = {"utf-8-sig": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "utf-16": "utf-16-le"}.get(name, name)
    if codec not in ENCODINGS:
        raise WrongEncoding(encoding=name[:40])
    file.seek(0)
    head = file.read(4)
    start = next((len(bom) for bom, of in BOMS if head.startswith(bom) and of.replace("-sig", "") == codec), 0)
    return Encoding(name, codec, start)


def detect_encoding(file: BinaryIO) -> Encoding:
    """The encoding of the whole file, read once in constant memory.

    :raises UnknownEncoding: when the text is neither UTF-8, GB18030 (with GBK) nor UTF-16.
    :raises NotATable: when it is no text.
    """
    file.seek(0)
    head = file.read(4)
    for bom, name in BOMS:
        if head.startswith(bom):
            if name == "utf-32":
                raise UnknownEncoding
            return Encoding("utf-16" if name.startswith("utf-16") else name, name.replace("-sig", ""), len(bom))
    counts = _count(file)
    nuls = counts.nul_even + counts.nul_odd
    if nuls > counts.size * NUL_SHARE:
        return _utf16_without_mark(counts)
    if counts.utf8_lines >= counts.other_lines:
        return Encoding("utf-8", "utf-8")
    if counts.familiar >= counts.characters * FAMILIAR:
        return Encoding("gb18030", "gb18030")
    raise UnknownEncoding


def _utf16_without_mark(counts: _Counts) -> Encoding:
    if counts.nul_odd > 4 * counts.nul_even:
        return Encoding("utf-16", "utf-16-le")
    if counts.nul_even > 4 * counts.nul_odd:
        return Encoding("utf-16", "utf-16-be")
    raise NotATable(found=Both("其他类型的文件", "a file of another kind"))


def _count(file: BinaryIO) -> _Counts:
    counts = _Counts()
    file.seek(0)
    for line, whole in byte_lines(file, MB):
        if b"\0" in line:
            even, odd = line[::2].count(0), line[1::2].count(0)
            counts.nul_even += odd if counts.size % 2 else even
            counts.nul_odd += even if counts.size % 2 else odd
        counts.size += len(line)
        if line.isascii() or not whole:
            continue
        if decodes(line, "utf-8"):
            counts.utf8_lines += 1
            continue
        counts.other_lines += 1
        if counts.sampled < SAMPLED_LINES:
            counts.sampled += 1
            characters, familiar = _familiar(line)
            counts.characters += characters
            counts.familiar += familiar
    return counts


def decodes(data: bytes, codec: str) -> bool:
    """Whether all of it is in this encoding."""
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _familiar(line: bytes) -> tuple[int, int]:
    """Characters beyond ASCII when read as GB18030, and how many are in GB2312: nearly all of those that
    Chinese text uses, but few of those that other encodings turn into by accident."""
    text = [c for c in line.decode("gb18030", "replace") if ord(c) > 127]
    return len(text), sum(1 for c in text if c.encode("gb2312", "ignore"))


def byte_lines(file: Readable, limit: int) -> Iterator[tuple[bytes, bool]]:
    """Lines with their ends (LF, CRLF or CR). A line longer than `limit` comes as its beginning and False,
    the rest of it is skipped."""
    rest, skipping = b"", False
    while chunk := file.read(CHUNK):
        lines = (rest + chunk).splitlines(keepends=True)
        # A CR at the very end may be the first half of CRLF.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        for line in lines:
            if not skipping:
                yield (line, True) if len(line) <= limit else (line[:limit], False)
            skipping = False
        if len(rest) > limit:
            if not skipping:
                yield rest[:limit], False
            rest, skipping = rest[-1:], True
    if not rest or skipping:
        return
    for line in rest.splitlines(keepends=True):
        yield (line, True) if len(line) <= limit else (line[:limit], False)


class _AsUtf8:
    """A UTF-16 file read as UTF-8, so that its lines can be split like any other's."""

    def __init__(self, file: BinaryIO, codec: str) -> None:
        self.file = file
        self.decoder = codecs.getincrementaldecoder(codec)("exchange_mark")

    def read(self, size: int, /) -> bytes:
        """The next piece; empty only at the end of the file."""
        while chunk := self.file.read(size):
            if text := self.decoder.decode(chunk):
                return text.encode("utf-8", "surrogatepass")
        return self.decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Line:
    """A decoded line with its end; `whole` is False when it was longer than the limit."""

    text: str
    whole: bool = True


class TextLines:
    """The lines of a file in its encoding; undecodable parts stand as `MARK`, a line in another encoding
    holds `OTHER`."""

    def __init__(self, file: BinaryIO, encoding: Encoding, limit: int) -> None:
        self.file = file
        self.encoding = encoding
        self.limit = limit

    def __iter__(self) -> Iterator[Line]:
        """From the first line; each call starts again."""
        self.file.seek(self.encoding.start)
        if self.encoding.wide:
            wide = _AsUtf8(self.file, self.encoding.codec)
            for data, whole in byte_lines(wide, self.limit):
                yield Line(data.decode("utf-8", "surrogatepass" if whole else "ignore"), whole)
            return
        for data, whole in byte_lines(self.file, self.limit):
            yield Line(self._decode(data) if whole else data.decode(self.encoding.codec, "ignore"), whole)

    def head(self, count: int) -> list[Line]:
        """The first lines."""
        return list(islice(self, count))

    def _decode(self, data: bytes) -> str:
        if data.isascii():
            return data.decode("ascii")
        codec = self.encoding.codec
        if codec == "gb18030" and _is_utf8_chinese(data):
            return _marked(data.decode("utf-8"))
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            if codec == "utf-8" and _is_gb_chinese(data):
                return _marked(data.decode("gb18030"))
            return data.decode(codec, "exchange_mark")


def _is_utf8_chinese(data: bytes) -> bool:
    """Whether a line of a GBK file is UTF-8 instead. Two Chinese characters are asked for: short GBK words
    such as the one for "Unicom" are valid UTF-8 by accident, but as other letters."""
    if not decodes(data, "utf-8"):
        return False
    return len(re.findall(r"[\u3000-\u9fff\uff00-\uffef]", data.decode("utf-8"))) >= 2


def _is_gb_chinese(data: bytes) -> bool:
    if not decodes(data, "gb18030"):
        return False
    characters, familiar = _familiar(data)
    return familiar >= characters * FAMILIAR


def _marked(text: str) -> str:
    """The readable text with a mark inside the first cell that is not ASCII."""
    return re.sub(r"([^\x00-\x7f])", OTHER + r"\1", text, count=1)
