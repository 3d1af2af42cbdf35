"""What is done with a PDF: the check whether it can bear the watermark, the watermark on each of its pages (X1), a page
as a picture to be looked at while the file itself stays here (X4).

Each is done by a program of its own, which may use so much time and memory and ends with it: a small file can ask for
any amount of both.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

from models.attachment.rules import NotMarkable, PdfsBusy
from models.errors import NotFound

MOST_BYTES = 60 * 1024 * 1024
MOST_PAGES = 1000
MOST_MARKS = 250_000
"""In a whole file: more than a thousand drawings of the size A0 need."""
ACROSS = 1_400
"""Pixels: wide enough to read a page of A4."""
MOST_PIXELS = 12_000_000
CPU_SECONDS, SECONDS = 10, 15
"""So long a program may take: of a processor, and by the clock."""
MEMORY = 1 << 30
WAIT_SECONDS = 5
"""So long one waits for those before it; it holds a thread of the web process meanwhile."""

_FOLDER = Path(__file__).parent
_LIMITED, _DRAWING, _MARKING = _FOLDER / "limited.py", _FOLDER / "pdf_drawing.py", _FOLDER / "pdf_marking.py"
_NO_SUCH_PAGE = 3
"""As in the program that draws; the programs are not imported, or their libraries would be loaded here."""
_two_at_a_time = BoundedSemaphore(2)


def check_markable(content: bytes, name: str) -> None:
    """Make sure that a PDF can be opened and its pages are of a size to be marked; none is marked.

    :raises NotMarkable: for a file that cannot be read within the limits, needs a password, has more than 1,000 pages
        or 60 MB, or a page that is larger than any page is. :raises PdfsBusy:
    """
    _marking(content, "", name)


def marked_pdf(content: bytes, text: str, name: str) -> bytes:
    """The PDF with `text` written across each page, in whatever direction the page is turned.

    :raises NotMarkable: as `check_markable`, and for one that cannot be marked within the limits. :raises PdfsBusy:
    """
    made = _marking(content, text, name)
    if not made:
        raise NotMarkable(name=name)
    return made


def page_picture(content: bytes, number: int, name: str) -> tuple[bytes, int]:
    """Page `number` of a PDF, the first is 1, as a PNG, with the fields of its forms filled in; and how many pages the
    file has. Nothing that the file would run is run.

    :raises NotFound: it has no such page.
    :raises NotMarkable: for a file that cannot be read or drawn within the limits, needs a password, or has more than
        1,000 pages or 60 MB. :raises PdfsBusy:
    """
    done = _done(_DRAWING, (number, MOST_PAGES, ACROSS, MOST_PIXELS), b"", content, name)
    if done.returncode == _NO_SUCH_PAGE:
        raise NotFound()
    count, _, picture = done.stdout.partition(b"\n")
    if done.returncode != 0 or not (picture and count.isdigit()):
        raise NotMarkable(name=name)
    return picture, int(count)


def _marking(content: bytes, text: str, name: str) -> bytes:
    """What the program that marks made of it; nothing where there is no text to be written."""
    done = _done(_MARKING, (MOST_PAGES, MOST_MARKS), json.dumps(text).encode() + b"\n", content, name)
    if done.returncode != 0:
        raise NotMarkable(name=name)
    return done.stdout


def _done(
    program: Path, told: tuple[int, ...], before: bytes, content: bytes, name: str
) -> subprocess.CompletedProcess[bytes]:
    """What a program made of a file; it ended, or was ended. None of our settings and keys are in its environment.

    :raises NotMarkable: too large, or it took too long. :raises PdfsBusy: others take too long, or none can be begun.
    """
    if len(content) > MOST_BYTES:
        raise NotMarkable(name=name)
    command = [sys.executable, "-I", *map(str, (_LIMITED, CPU_SECONDS, MEMORY, program, *told))]
    if not _two_at_a_time.acquire(timeout=WAIT_SECONDS):
        raise PdfsBusy(name=name)
    try:
        return subprocess.run(
            command,
            input=before + content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotMarkable(name=name) from None
    except OSError:
        raise PdfsBusy(name=name) from None
    finally:
        _two_at_a_time.release()
