"""Writes a watermark on every page of a PDF that leaves a classified record (X1), or only looks whether it could, as a
program of its own (`limited.py`): what a file has in it may take more time and memory than there is. Run by path, with
nothing of the product: most pages and most marks are its arguments, the text as a line of JSON and behind it the file
its input, the marked file its output; nothing for an empty text. Any exit code but 0 says that it cannot be marked.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
    TextStringObject,
)

LONGEST_SIDE = 14400
"""Points: the largest page that readers of PDFs show."""
FARTHEST = 1_000_000
"""Points from the origin; further away a step across the page would be lost in rounding."""
SIZE = 15
APART_ACROSS, APART_UP = 300, 150
SLANT = "0.906 0.423 -0.423 0.906"
"""Cosine and sine of 25 degrees, as the matrix of a slanted line of text."""
DEEPEST = 100
"""Nodes above a page that are asked for what it inherits."""
FAILED = 4


def main(most_pages: int, most_marks: int) -> int:
    text = json.loads(sys.stdin.buffer.readline())
    reader = PdfReader(BytesIO(sys.stdin.buffer.read()))
    if reader.is_encrypted or not 0 < len(reader.pages) <= most_pages or not _sized(reader.pages, most_marks):
        return FAILED
    if text:
        writer = PdfWriter(clone_from=reader)
        for page in writer.pages:
            _mark(page, text, writer)
        made = BytesIO()
        writer.write(made)
        sys.stdout.buffer.write(made.getbuffer())
    return 0


def _sized(pages: Iterable[PageObject], most_marks: int) -> bool:
    """Whether all pages are of a size to be marked; what a page says of itself may be anything."""
    marks = 0.0
    for page in pages:
        box = page.mediabox
        width, height = float(box.width), float(box.height)
        near = all(abs(float(corner)) <= FARTHEST for corner in box)
        if not (near and 0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
            return False
        marks += (width / APART_ACROSS + 1) * (height / APART_UP + 1)
    return marks <= most_marks


def _mark(page: PageObject, text: str, writer: PdfWriter) -> None:
    """Write the text across the page, slanted, again and again. What was on it becomes a form that is drawn before: it
    is not read, and nothing in it reaches what is drawn after it."""
    code = text.encode("utf-16-be").hex()
    turn, across, up = _as_seen(page)
    lines = ["/Page Do", f"q {turn} cm /Faint gs 0.25 g BT /Mark {SIZE} Tf"]
    y = 30.0
    while y < up:
        x = 20.0
        while x < across:
            lines.append(f"{SLANT} {x:.0f} {y:.0f} Tm <{code}> Tj")
            x += max(APART_ACROSS, SIZE * len(text))
        y += APART_UP
    stamp = DecodedStreamObject()
    stamp.set_data("\n".join([*lines, "ET Q"]).encode())
    faint = DictionaryObject({NameObject("/ca"): FloatObject(0.22)})
    used: dict[str, tuple[str, PdfObject]] = {
        "/XObject": ("/Page", _form(page, writer)),
        "/ExtGState": ("/Faint", faint),
        "/Font": ("/Mark", _font()),
    }
    resources = {NameObject(kind): DictionaryObject({NameObject(name): one}) for kind, (name, one) in used.items()}
    page[NameObject("/Resources")] = DictionaryObject(resources)
    page[NameObject("/Contents")] = writer._add_object(stamp)


def _form(page: PageObject, writer: PdfWriter) -> IndirectObject:
    """What is on the page, as it is stored, to be drawn by its name."""
    held = page.get("/Contents")
    content = held.get_object() if held is not None else None
    if isinstance(content, ArrayObject):
        joined = DecodedStreamObject()
        joined.set_data(b"\n".join(part.get_object().get_data() for part in content))
        form: DictionaryObject = joined.flate_encode()
    elif isinstance(content, StreamObject):
        form = content.clone(writer, force_duplicate=True)
    else:
        form = DecodedStreamObject()
    form[NameObject("/Type")] = NameObject("/XObject")
    form[NameObject("/Subtype")] = NameObject("/Form")
    form[NameObject("/BBox")] = ArrayObject(FloatObject(corner) for corner in page.mediabox)
    form[NameObject("/Resources")] = _inherited(page, "/Resources") or DictionaryObject()
    kept: IndirectObject | None = getattr(form, "indirect_reference", None)
    return kept or writer._add_object(form)


def _as_seen(page: PageObject) -> tuple[str, float, float]:
    """The matrix from the page as it is seen, turned, to the page as it is stored; how wide and high it is seen."""
    box = page.mediabox
    left, bottom, width, height = float(box.left), float(box.bottom), float(box.width), float(box.height)
    said: Any = _inherited(page, "/Rotate")
    turns = round(float(said.get_object()) / 90) % 4 if said is not None else 0
    matrix, (x, y) = {
        0: ("1 0 0 1", (left, bottom)),
        1: ("0 1 -1 0", (left + width, bottom)),
        2: ("-1 0 0 -1", (left + width, bottom + height)),
        3: ("0 -1 1 0", (left, bottom + height)),
    }[turns]
    across, up = (height, width) if turns % 2 else (width, height)
    return f"{matrix} {x:.2f} {y:.2f}", across, up


def _inherited(page: PageObject, name: str) -> PdfObject | None:
    """What the page says under a name, or else the nearest of the nodes above it; it may be a reference."""
    node: Any = page
    for _ in range(DEEPEST):
        if name in node:
            held: PdfObject = node.raw_get(name)
            return held
        if "/Parent" not in node:
            break
        node = node["/Parent"]
    return None


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


if __name__ == "__main__":
    sys.exit(main(*(int(one) for one in sys.argv[1:])))
