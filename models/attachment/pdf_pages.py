"""A page of a PDF as a picture: on the screen the file itself stays here (X4)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

from models.attachment.marking import MOST_BYTES, MOST_PAGES
from models.attachment.rules import NotMarkable
from models.errors import NotFound

ACROSS = 1_400
"""Pixels: wide enough to read a page of A4."""
MOST_PIXELS = 12_000_000
CPU_SECONDS, SECONDS = 10, 15
"""So long a page may take: of a processor, and by the clock."""
MEMORY = 1 << 30
WAIT_SECONDS = 20
"""So long a page waits for those before it."""

_DRAWING = Path(__file__).with_name("pdf_drawing.py")
_NO_SUCH_PAGE = 3
"""As in that program; it is not imported, or PDFium would be loaded here."""
_two_at_a_time = BoundedSemaphore(2)


def page_picture(content: bytes, number: int, name: str) -> tuple[bytes, int]:
    """Page `number` of a PDF, the first is 1, as a PNG, with the fields of its forms filled in; and how many pages the
    file has. Nothing that the file would run is run. It is drawn by a program of its own, which may use so much time
    and memory and ends with the page: a small file can ask for any amount of both.

    :raises NotFound: it has no such page.
    :raises NotMarkable: for a file that cannot be read or drawn within that, needs a password, or has more than 1,000
        pages or 60 MB; and where others take too long.
    """
    if len(content) > MOST_BYTES or not _two_at_a_time.acquire(timeout=WAIT_SECONDS):
        raise NotMarkable(name=name)
    try:
        done = _drawn(content, number)
    except (OSError, subprocess.SubprocessError):
        raise NotMarkable(name=name) from None
    finally:
        _two_at_a_time.release()
    if done.returncode == _NO_SUCH_PAGE:
        raise NotFound()
    count, _, picture = done.stdout.partition(b"\n")
    if done.returncode != 0 or not (picture and count.isdigit()):
        raise NotMarkable(name=name)
    return picture, int(count)


def _drawn(content: bytes, number: int) -> subprocess.CompletedProcess[bytes]:
    """What the program made of it; it ended, or was ended. None of our settings and keys are in its environment."""
    limits = (number, MOST_PAGES, ACROSS, MOST_PIXELS, CPU_SECONDS, MEMORY)
    command = [sys.executable, "-I", str(_DRAWING), *map(str, limits)]
    return subprocess.run(
        command, input=content, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, timeout=SECONDS, check=False
    )
