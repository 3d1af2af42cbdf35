"""How far a run is: on a terminal one line that is written over; elsewhere a line every quarter of a minute, so that a
long job that is run from a script or its log does not look dead. Processes of jobs tell as well."""

from __future__ import annotations

import sys
from time import monotonic

EVERY = 15.0
"""Seconds between two lines where no line can be written over."""

_last = [float("-inf")]


def tell(text: str) -> None:
    """Say what is being done; an empty text takes away what was said."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text and monotonic() - _last[0] >= EVERY:
        _last[0] = monotonic()
        print(text, file=sys.stderr, flush=True)
