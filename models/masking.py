"""Masked values for locked cards (X3): enough to recognise what one already knows, nothing more."""

from __future__ import annotations


def masked(text: str) -> str:
    """The first character, a mask of fixed length, and the last one of texts longer than five characters.

    >>> masked("华东精密机械有限公司")
    '华***司'
    """
    text = text.strip()
    if not text:
        return ""
    return f"{text[0]}***{text[-1] if len(text) > 5 else ''}"
