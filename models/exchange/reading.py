"""Open a file as a table, whatever its name says it is."""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from models.exchange.csv_reading import CsvSource
from models.exchange.heading import LOOKED_ROWS, find_heading
from models.exchange.problem import Both
from models.exchange.refusals import (
    BrokenFile,
    EmptyFile,
    FileTooBig,
    NotATable,
    PasswordProtected,
    SaveAsXlsx,
    TooManyColumns,
)
from models.exchange.table import MB, Limits, Source, Table, size_of
from models.exchange.text_lines import chosen_encoding, detect_encoding
from models.exchange.xlsx_reading import XlsxSource

DEFAULT_LIMITS = Limits()
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# An encrypted workbook is an OLE container with a stream of this name; an old one has a stream named Workbook
# or Book.
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
OLD_WORKBOOKS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
OTHER_FILES = (
    (b"%PDF", Both("PDF 文件", "a PDF file")),
    (b"\x89PNG", Both("图片", "a picture")),
    (b"\xff\xd8\xff", Both("图片", "a picture")),
    (b"GIF8", Both("图片", "a picture")),
    (b"Rar!", Both("压缩文件", "an archive")),
    (b"7z\xbc\xaf", Both("压缩文件", "an archive")),
    (b"\x1f\x8b", Both("压缩文件", "an archive")),
)
WEB_PAGE = Both("网页", "a web page")
WEB_STARTS = (b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"mime-version:")


def open_table(
    source: str | PathLike[str] | BinaryIO,
    filename: str = "",
    limits: Limits = DEFAULT_LIMITS,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
) -> Table:
    """The table in a CSV or XLSX file.

    The kind is decided by content: a CSV file named `.xlsx` is read as CSV and the other way round;
    `filename` only explains a file whose content says nothing. `source` is a path or a seekable binary file,
    which stays open and belongs to the caller. What is not given is found: encoding over the whole file,
    delimiter and heading over its first rows, the first visible sheet with content.

    :raises FileRefused: when it is no table, is damaged, protected, too big, or a given choice does not
    exist.
    """
    with ExitStack() as stack:
        if isinstance(source, str | PathLike):
            file: BinaryIO = stack.enter_context(Path(source).open("rb"))
        else:
            file = source
        size = size_of(file)
        if size > limits.file:
            raise FileTooBig(size=-(-size // MB), limit=limits.file // MB)
        if size == 0:
            raise EmptyFile
        found: Source
        if _is_zip(file, filename):
            found = XlsxSource(file, size, sheet, limits)
        else:
            chosen = chosen_encoding(encoding, file) if encoding else detect_encoding(file)
            found = CsvSource(file, size, chosen, delimiter, limits)
        stack.callback(found.close)
        # A title may stand alone above many blank rows: those are not among the looked rows.
        sample = list(islice(found.records(0, None), LOOKED_ROWS))
        heading = find_heading(sample, found.ragged, header_row)
        if len(heading.names) > limits.columns:
            raise TooManyColumns(found=len(heading.names), limit=limits.columns)
        owned = file if file is not source else None
        stack.pop_all()
        return Table(found, heading.names, heading.unique, heading.row, heading.preamble, limits, owned)


def _is_zip(file: BinaryIO, filename: str) -> bool:
    """Whether to read it as XLSX rather than text. :raises FileRefused: when it is neither."""
    file.seek(0)
    head = file.read(4096)
    if head.startswith(OLE):
        raise _old_office(file)
    for start, kind in OTHER_FILES:
        if head.startswith(start):
            raise NotATable(found=kind)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(WEB_STARTS):
        raise SaveAsXlsx(found=WEB_PAGE)
    if text.startswith(b"<?xml"):
        raise SaveAsXlsx(found=Both("XML 文件", "an XML file"))
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return True
    if zipfile.is_zipfile(file):  # something was put before the archive
        raise BrokenFile
    if (
        b"\0" in head
        and filename.lower().endswith((".xlsx", ".xlsm"))
        and not head.startswith((b"\xff\xfe", b"\xfe\xff"))
    ):
        raise BrokenFile
    return False


def _old_office(file: BinaryIO) -> SaveAsXlsx | PasswordProtected | NotATable:
    file.seek(0)
    before = b""
    old = False
    while chunk := file.read(MB):
        window = before + chunk
        if ENCRYPTED in window:
            return PasswordProtected()
        old = old or any(name in window for name in OLD_WORKBOOKS)
        before = chunk[-64:]
    if old:
        return SaveAsXlsx(found=Both("旧版 Excel（.xls）文件", "an old Excel file (.xls)"))
    return NotATable(found=Both("其他 Office 文件", "another Office file"))
