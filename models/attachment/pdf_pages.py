"""A page of a PDF as a picture: on the screen the file itself stays here (X4)."""

from __future__ import annotations

import math
from contextlib import closing
from io import BytesIO
from threading import Lock

from pypdfium2 import PdfDocument, PdfiumError

from models.attachment.marking import MOST_BYTES, MOST_PAGES
from models.attachment.rules import NotMarkable
from models.errors import NotFound

ACROSS = 1_400
"""Pixels: wide enough to read a page of A4."""
MOST_PIXELS = 12_000_000

_one_at_a_time = Lock()
"""The library is not made for several threads at once."""


def page_picture(content: bytes, number: int, name: str) -> tuple[bytes, int]:
    """Page `number` of a PDF, the first is 1, as a PNG, with the fields of its forms filled in; and how many pages the
    file has. Nothing that the file would run is run.

    :raises NotFound: it has no such page.
    :raises NotMarkable: for a file that cannot be read, needs a password, or has more than 1,000 pages or 60 MB.
    """
    if len(content) > MOST_BYTES:
        raise NotMarkable(name=name)
    with _one_at_a_time:
        try:
            with closing(PdfDocument(content)) as document:
                count = len(document)
                if count > MOST_PAGES:
                    raise NotMarkable(name=name)
                if not 1 <= number <= count:
                    raise NotFound()
                return _drawn(document, number - 1, name), count
        except PdfiumError:
            raise NotMarkable(name=name) from None


def _drawn(document: PdfDocument, index: int, name: str) -> bytes:
    document.init_forms()
    page = document[index]
    width, height = page.get_size()
    if not (width > 0 and height > 0):
        raise NotMarkable(name=name)
    scale = min(ACROSS / width, math.sqrt(MOST_PIXELS / width / height))
    made = BytesIO()
    page.render(scale=scale).to_pil().convert("RGB").save(made, "PNG")
    return made.getvalue()
