"""Values of a record as HTML: the rows of its groups on the details page, on paper and on a locked card.

A page has up to a hundred of them, so they are written here and not by a template; each part is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from backoffice.screens.cells import NUMERIC, SCREEN_ONLY, Cell
from models.declarations import Field

WIDE = frozenset({"long_text", "embedded_list", "embedded", "files"})
DIGITS = frozenset({*NUMERIC, "date", "datetime", "phone"})
MOST_OPENINGS = 20_000
UNBROKEN = 48
"""Characters of a table's cell that stay on one line; a hash is read as a whole or not at all."""
TELLING = re.compile("[&<>\"']")


def safe(text: str) -> str:
    """A text as it stands in HTML. Few texts hold anything to be escaped, and looking costs less than escaping."""
    return text if TELLING.search(text) is None else str(escape(text))


def rows(shown: Iterable[tuple[Field, Cell]], language: str, *, bare: bool = False) -> Markup:
    """Fields with their values, each a label and what stands there; `bare` without the label, where a heading says it
    already. The label of a value may be given with it."""
    nothing, made = _nothing(language), []
    for field, cell in shown:
        kind, lines = cell["kind"], cell.get("rows")
        value = nothing if cell["empty"] and not lines else _value(cell, kind)
        made.append(f"{_opening(field, kind, bool(lines), language, bare)}{value}</dd></div>")
    return Markup("".join(made))  # every part was escaped  # noqa: S704


@lru_cache
def _nothing(_language: str) -> str:
    """What stands for an empty value; for the language of the request."""
    return f'<span class="nothing">—<span class="visually-hidden">{escape(_("Not filled in"))}</span></span>'


@lru_cache(maxsize=MOST_OPENINGS)
def _opening(field: Field, kind: str, table: bool, language: str, bare: bool) -> str:
    """What stands before a field's value; the same on every page of a language."""
    wide = " wide" if kind in WIDE or table else ""
    hover = f' title="{escape(field.help.text(language))}"' if field.help else ""
    hidden = ' class="visually-hidden"' if bare else ""
    long = ' class="long"' if kind == "long_text" else ""
    return (
        f'<div class="row-field{wide}" id="f-{field.name}"><dt{hidden}{hover}>'
        f"{escape(field.label.text(language))}</dt><dd{long}>"
    )


def _value(cell: Cell, kind: str) -> str:
    if cell.get("rows"):
        return _table(cell["rows"])
    text = safe(cell["text"])
    hover = f' title="{safe(cell["full"])}"' if cell.get("full") else ""
    if kind == "progress":
        number = f"{cell['number']:g}"
        return f'<span class="progress-words"><progress max="100" value="{number}"></progress> {text}</span>'
    if cell.get("url"):
        return f'<a href="{escape(cell["url"])}">{text}</a>'
    if kind == "link":
        return _outward(text)
    if cell.get("tone"):
        return f'<span class="due tone-{escape(cell["tone"])}"{hover}>{text}</span>'
    digits = ' class="num"' if kind in DIGITS else ""
    return f"<span{hover}{digits}>{text}</span>"


def _outward(text: str) -> str:
    """A link that somebody typed, and whose page learns nothing. What was stored while the field was no link, and leads
    elsewhere than to http or https, is text."""
    if not text.lower().startswith(("http://", "https://")):
        return text
    return f'<a href="{text}" target="_blank" rel="noopener noreferrer">{text}</a>'


def _table(lines: list[list[Mapping[str, Any]]]) -> str:
    """Embedded rows and files as a small table; every row has the labels of the first."""
    heads = (f'<th scope="col"{_right(one, "right")}>{safe(one["label"])}</th>' for one in lines[0])
    body = ("".join(["<tr>", *(_cell(one) for one in line), "</tr>"]) for line in lines)
    return (
        f'<div class="scroll-x"><table class="mini"><thead><tr>{"".join(heads)}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _cell(one: Mapping[str, Any]) -> str:
    text = safe(one["text"]) if one["text"] else "—"
    shown = f'<a href="{escape(one["url"])}">{text}</a>' if one.get("url") else text
    if one.get("kind") == "link" and one["text"]:
        shown = _outward(text)
    looks = ' class="long"' if len(text) > UNBROKEN else _right(one, "right num")
    return f"<td{looks}>{shown}</td>"


def _right(one: Mapping[str, Any], looks: str) -> str:
    if one.get("kind") == SCREEN_ONLY:
        return ' class="no-print"'
    return f' class="{looks}"' if one.get("kind") in NUMERIC else ""
