"""Texts compared without regard to their width: full-width letters, digits and brackets are as good as narrow ones."""

from __future__ import annotations

import re
import unicodedata

WIDE = 0xFEE0
"""So far behind a character of ASCII stands its full-width form, from `!` to `~`."""
SAME = {" ": "\u3000", "\u00a5": "\uffe5"} | {chr(at): chr(at + WIDE) for at in range(ord("!"), ord("~") + 1)}
NARROW = {wide: narrow for narrow, wide in SAME.items()}


MOST_BEGINNINGS = 32
"""So many places of an index are looked up for what a text begins with."""


def beginnings(text: str) -> list[str]:
    """How what begins with a text may be written, in capitals or not, full-width or not: as much of its beginning as
    makes no more than `MOST_BEGINNINGS`. With the whole text they are all there is, else some of what they find
    does not begin so."""
    found = [""]
    for one in unicodedata.normalize("NFC", text):
        plain = NARROW.get(one, one)
        cased = dict.fromkeys(way for way in (plain, plain.lower(), plain.upper()) if len(way) == 1)
        ways = [way for case in cased for way in (case, SAME.get(case)) if way]
        if len(found) * len(ways) > MOST_BEGINNINGS:
            break
        found = [begun + way for begun in found for way in ways]
    return found


def pattern(text: str) -> str:
    """A regular expression for a text, whether full-width forms are typed or stored."""
    plain = (NARROW.get(one, one) for one in unicodedata.normalize("NFC", text))
    return "".join(f"[{re.escape(one)}{SAME[one]}]" if one in SAME else re.escape(one) for one in plain)
