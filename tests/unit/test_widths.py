"""Texts compared without regard to their width, and where they begin."""

from __future__ import annotations

import re

import pytest

from models import widths


@pytest.mark.parametrize("text", ["lamp", "Lamp", "ＬＡＭＰ", "东方", "a1", "1000", "ß", "（a", "x" * 100])
def test_each_way_to_write_a_beginning_is_among_those_looked_up(text: str) -> None:
    found = widths.beginnings(text)
    assert len(found) == len(set(found)) <= widths.MOST_BEGINNINGS
    assert all(found)
    whole = re.compile(widths.pattern(text), re.IGNORECASE)
    for written in (text, text.lower(), text.upper().replace("SS", "ß"), text.swapcase().replace("SS", "ß")):
        assert whole.match(written)
        assert any(written.startswith(begun) for begun in found), written


def test_as_much_is_looked_up_as_makes_few_places() -> None:
    assert widths.beginnings("东方精密机械") == ["东方精密机械"]
    assert set(widths.beginnings("l")) == {"l", "L", "ｌ", "Ｌ"}
    assert len(widths.beginnings("lamp")) == 16
