"""Draws one page of a PDF, as a program of its own (`limited.py`): what a file has in it may take more time and memory
than there is. Run by path, with nothing of the product: page, most pages, width and most pixels are its arguments, the
file its input, how many pages there are and behind a line break a PNG its output.
"""

from __future__ import annotations

import math
import sys
from contextlib import closing
from io import BytesIO

from pypdfium2 import PdfDocument

NO_SUCH_PAGE = 3
"""The exit code for it; any other than 0 says that it cannot be drawn."""
FAILED = 4


def main(number: int, most_pages: int, across: int, most_pixels: int) -> int:
    with closing(PdfDocument(sys.stdin.buffer.read())) as document:
        count = len(document)
        if count > most_pages:
            return FAILED
        if not 1 <= number <= count:
            return NO_SUCH_PAGE
        document.init_forms()
        page = document[number - 1]
        width, height = page.get_size()
        if not (width > 0 and height > 0):
            return FAILED
        scale = min(across / width, math.sqrt(most_pixels / width / height))
        made = BytesIO()
        page.render(scale=scale).to_pil().convert("RGB").save(made, "PNG")
    sys.stdout.buffer.write(b"%d\n" % count + made.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(one) for one in sys.argv[1:])))
