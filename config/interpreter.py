"""How Python goes on once a program of ours is loaded."""

from __future__ import annotations

import gc
import sys

SWITCH_SECONDS = 0.001


def settle() -> None:
    """To be called once, when everything is loaded.

    What is loaded stays, so the collector need not look through it again and again: that was a fifth of an import's
    processor time. And threads take turns each millisecond: of Python's usual five, a thread that waits for the
    database loses as much after each answer to another one that reckons without a pause, such as an export.
    """
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)
