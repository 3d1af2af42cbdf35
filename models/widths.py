"""Texts compared without regard to their width: full-width letters, digits and brackets are as good as narrow ones."""

from __future__ import annotations

import re
import unicodedata

WIDE = 0xFEE0
"""So far behind a character of ASCII stands its full-width form, from `!` to `~`."""
SAME = {" ": "\u3000", "\u00a5": "\uffe5"} | {chr(at): chr(at + WIDE) for at in range(ord("!"), ord("~") + 1)}
NARROW = {wide: narrow for narrow, wide in SAME.items()}


def pattern(text: str) -> str:
    """A regular expression for a text, whether full-width forms are typed or stored."""
    plain = (NARROW.get(one, one) for one in unicodedata.normalize("NFC", text))
    return "".join(f"[{re.escape(one)}{SAME[one]}]" if one in SAME else re.escape(one) for one in plain)
