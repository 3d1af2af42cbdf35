"""A watermark on every page of a PDF that leaves a classified record, or is looked at (X1)."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from models.attachment.rules import NotMarkable

MOST_BYTES = 60 * 1024 * 1024
MOST_PAGES = 1000
LONGEST_SIDE = 14400
"""Points: the largest page that readers of PDFs show."""
FARTHEST = 1_000_000
"""Points from the origin; further away a step across the page would be lost in rounding."""
MOST_MARKS = 250_000
"""In a whole file: more than a thousand drawings of the size A0 need."""
SIZE = 15
APART_ACROSS, APART_UP = 300, 150
SLANT = "0.906 0.423 -0.423 0.906"
"""Cosine and sine of 25 degrees, as the matrix of a slanted line of text."""

MALFORMED = (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OSError)
"""What reading a broken file raises."""


def marked_pdf(content: bytes, text: str, name: str) -> bytes:
    """The PDF with `text` written across each page, in whatever direction the page is turned.

    :raises NotMarkable: for a file that cannot be read, needs a password, has more than 1,000 pages or 60 MB, or a page
    that is larger than any page is.
    """
    if len(content) > MOST_BYTES:
        raise NotMarkable(name=name)
    try:
        writer = PdfWriter(clone_from=_opened(content, name))
        if not _sized(writer.pages):
            raise NotMarkable(name=name)
        for page in writer.pages:
            page.transfer_rotation_to_content()
            page.merge_page(_stamp(page, text))
        made = BytesIO()
        writer.write(made)
    except MALFORMED:
        raise NotMarkable(name=name) from None
    return made.getvalue()


def check_markable(content: bytes, name: str) -> None:
    """Make sure that a PDF can be opened and its pages are of a size to be marked; none is marked.

    :raises NotMarkable:
    """
    if len(content) > MOST_BYTES:
        raise NotMarkable(name=name)
    try:
        fits = _sized(_opened(content, name).pages)
    except MALFORMED:
        raise NotMarkable(name=name) from None
    if not fits:
        raise NotMarkable(name=name)


def _opened(content: bytes, name: str) -> PdfReader:
    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted or not 0 < len(reader.pages) <= MOST_PAGES:
        raise NotMarkable(name=name)
    return reader


def _sized(pages: Iterable[PageObject]) -> bool:
    """Whether all pages are of a size to be marked; what a page says of itself may be anything."""
    marks = 0.0
    for page in pages:
        box = page.mediabox
        width, height = float(box.width), float(box.height)
        near = all(abs(float(corner)) <= FARTHEST for corner in box)
        if not (near and 0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
            return False
        marks += (width / APART_ACROSS + 1) * (height / APART_UP + 1)
    return marks <= MOST_MARKS


def _stamp(page: PageObject, text: str) -> PageObject:
    """An empty page of the same size that bears only the text, slanted, again and again."""
    box = page.mediabox
    stamp = PageObject.create_blank_page(width=float(box.width), height=float(box.height))
    stamp.mediabox = box
    fonts = DictionaryObject({NameObject("/Mark"): _font()})
    faint = DictionaryObject({NameObject("/ca"): FloatObject(0.22)})
    states = DictionaryObject({NameObject("/Faint"): faint})
    stamp[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts, NameObject("/ExtGState"): states})
    code = text.encode("utf-16-be").hex()
    lines = [f"q /Faint gs 0.25 g BT /Mark {SIZE} Tf"]
    y = float(box.bottom) + 30
    while y < float(box.top):
        x = float(box.left) + 20
        while x < float(box.right):
            lines.append(f"{SLANT} {x:.0f} {y:.0f} Tm <{code}> Tj")
            x += max(APART_ACROSS, SIZE * len(text))
        y += APART_UP
    drawn = DecodedStreamObject()
    drawn.set_data("\n".join([*lines, "ET Q"]).encode())
    stamp[NameObject("/Contents")] = drawn
    return stamp


def _font() -> DictionaryObject:
    """The Chinese font that every reader of PDFs knows by name, so that none has to be carried along."""
    system = DictionaryObject(
        {
            NameObject("/Registry"): TextStringObject("Adobe"),
            NameObject("/Ordering"): TextStringObject("GB1"),
            NameObject("/Supplement"): NumberObject(4),
        }
    )
    descriptor = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/FontDescriptor"),
            NameObject("/FontName"): NameObject("/STSong-Light"),
            NameObject("/Flags"): NumberObject(6),
            NameObject("/FontBBox"): ArrayObject([NumberObject(n) for n in (-25, -254, 1000, 880)]),
            NameObject("/ItalicAngle"): NumberObject(0),
            NameObject("/Ascent"): NumberObject(752),
            NameObject("/Descent"): NumberObject(-271),
            NameObject("/CapHeight"): NumberObject(737),
            NameObject("/StemV"): NumberObject(58),
        }
    )
    narrow = ArrayObject([NumberObject(1), NumberObject(95), NumberObject(500)])  # Latin letters, half as wide
    inner = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/CIDFontType0"),
            NameObject("/BaseFont"): NameObject("/STSong-Light"),
            NameObject("/CIDSystemInfo"): system,
            NameObject("/FontDescriptor"): descriptor,
            NameObject("/DW"): NumberObject(1000),
            NameObject("/W"): narrow,
        }
    )
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type0"),
            NameObject("/BaseFont"): NameObject("/STSong-Light-UniGB-UTF16-H"),
            NameObject("/Encoding"): NameObject("/UniGB-UTF16-H"),
            NameObject("/DescendantFonts"): ArrayObject([inner]),
        }
    )
