"""The rows of an embedded list on a record's form, and what those stand for that are stored.

A row shows less than it holds: a reference to what the reader may not see is blank there, a moment has no seconds,
whoever has left cannot be chosen. So each row bears a mark, the version that it was made from and its place there, and
an input of it that stands as it was shown means what that version holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from markupsafe import escape
from werkzeug.datastructures import MultiDict

from backoffice.posted_fields import typed_text
from backoffice.screens.form_items import Item, Nested, Page, Posted, Spec, here, nothing
from models.declarations import Field
from models.kinds import UNDECLARED, Kept
from models.names import POINTERS

MOST_ROWS = 101  # one more than is taken, so that the surplus is refused in words and not cut off
MOST_KEPT = 20  # rows of a list whose items are kept; those further down are made when they are needed
BLANK = "__row__"
MARK = "_row"
MARKED = re.compile(r"([0-9]{1,9})\.([0-9]{1,3})")

Row = Mapping[str, Any]


class Rows(Item):
    """The rows of an embedded list. Blank ones are not sent on, but for those with a mark; problems find their row all
    the same. A row that stands for one that is stored says by its mark for which, wherever it is moved to."""

    many = True

    def __init__(self, spec: Spec, name: str, anchor: str) -> None:
        super().__init__(spec, name, anchor)
        self._kept: dict[int, Nested] = {}
        self._indices = re.compile(re.escape(name) + "-([0-9]{1,4})-")
        self._tools = _tools()
        self._blank = self._line(self.row(BLANK), self.blank(), Page())
        add = escape(_("Add a row"))
        self._add = (
            f'<button type="submit" name="_add" value="{name}" formnovalidate class="btn btn-sm btn-quiet" '
            f'data-row-do="add"><i class="bi bi-plus-lg" aria-hidden="true"></i>{add}</button>'
        )

    def blank(self) -> dict[str, Any]:
        """A row in which nothing is written."""
        return {one.field.name: nothing(one) for one in self.spec.inner}

    def row(self, at: int | str) -> Nested:
        """The fields of the row at a position."""
        if isinstance(at, int) and at in self._kept:
            return self._kept[at]
        made = Nested(self.spec, f"{self.name}-{at}", f"{self.name}-{at}")
        if isinstance(at, int) and at < MOST_KEPT:
            self._kept[at] = made
        return made

    def control(self, held: Any, page: Page) -> str:
        return "".join([self._line(self.row(at), row, page) for at, row in enumerate(held)])

    def html(self, held: Any, page: Page) -> str:
        told = f'<div class="field-help">{escape(self.spec.help)}</div>' if self.spec.help else ""
        wrong = "".join(f'<span class="field-error">{escape(one)}</span>' for one in page.errors.get(self.name, ()))
        # Two markers, so that "every row removed" differs from "not on the page".
        return (
            f'<fieldset class="field wide embedded" id="{self.id}-field" data-list="{self.name}" '
            f'data-list-id="{self.id}"><legend class="field-label">{self.label}</legend>{told}{wrong}'
            f'{here(self.name)}{here(self.name)}<ol class="list-rows" data-rows>{self.control(held, page)}</ol>'
            f"<template data-blank>{self._blank}</template>{self._add}</fieldset>"
        )

    def read(self, posted: Posted, shown: Any) -> Any:
        found = {int(match[1]) for name in posted if (match := self._indices.match(name))}
        if not found and self.name not in posted:
            return shown
        marked = {row[MARK]: row for row in shown if row.get(MARK)}
        return [
            self._row_read(self.row(index), posted, marked, shown[at] if at < len(shown) else self.blank())
            for at, index in enumerate(sorted(found)[:MOST_ROWS])
        ]

    def _row_read(self, row: Nested, posted: Posted, marked: Mapping[str, Any], shown: Any) -> dict[str, Any]:
        sign = typed_text(posted, f"{row.name}-{MARK}", "")
        return {**row.read(posted, marked.get(sign, shown)), MARK: sign}

    def sent(self, held: Any) -> Any:
        return [self.row_sent(held[at]) for at in self._filled(held)]

    def row_sent(self, held: Mapping[str, Any]) -> dict[str, Any]:
        """What a row sends, without its mark."""
        return {name: one.sent(held[name]) for name, one in self.row(0).inner.items()}

    def marks(self, held: Any) -> list[str]:
        """The marks of the rows that are sent, in their order; '' for a row without."""
        return [held[at].get(MARK, "") for at in self._filled(held)]

    def _filled(self, held: Any) -> list[int]:
        return [at for at, row in enumerate(held) if row.get(MARK) or self.row(at).written(row)]

    def written(self, held: Any) -> bool:
        return any(self.row(at).written(row) for at, row in enumerate(held))

    def find(self, steps: list[str], held: Any, label: str) -> tuple[Item, str]:
        filled = self._filled(held)
        if not steps or not steps[0].isdecimal() or int(steps[0]) >= len(filled):
            return self, label
        at = filled[int(steps[0])]
        return self.row(at).find(steps[1:], held[at], f"{label} {at + 1}")

    def _line(self, row: Nested, held: Any, page: Page) -> str:
        stands = escape(held.get(MARK) or "")
        marked = f'<input type="hidden" name="{row.name}-{MARK}" value="{stands}">' if stands else ""
        return (
            f'<li class="list-row" data-row><div class="list-row-fields">{row.control(held, page)}</div>'
            f'<div class="list-row-tools">{marked}{self._tools}</div></li>'
        )


@dataclass(frozen=True)
class SentRow:
    """A row as its inputs send it, its mark, and what it means: texts, ids, and what stands as it is stored."""

    sent: Row
    mark: str
    meant: dict[str, Any]


@dataclass(frozen=True)
class Stood:
    """A row of a version: what it holds, and what its inputs send as they were shown."""

    stored: Row
    sent: Row


class StoredRows:
    """The rows of a list: those of version `rev`, which the form shows, and by their marks those of some `versions`."""

    def __init__(
        self,
        item: Rows,
        rev: int,
        rows: Sequence[Row],
        versions: Mapping[int, Sequence[Row]],
        shown: Callable[[Row], dict[str, Any]],
    ) -> None:
        self.item, self.rev, self.rows, self.versions, self._shown = item, rev, rows, versions, shown
        self._known: dict[str, Stood | None] = {}

    def shown(self) -> list[dict[str, Any]]:
        """The rows as the form shows them."""
        return [{**self._shown(row), MARK: f"{self.rev}.{at}"} for at, row in enumerate(self.rows)]

    def settled(self, held: Sequence[Row]) -> list[dict[str, Any]]:
        """Rows with the marks that hold: each stands for one row, and one that was emptied for none any more."""
        taken, found = set[str](), list[dict[str, Any]]()
        for row in held:
            sign = row.get(MARK, "")
            if sign and (sign in taken or self._stood(sign) is None or self._emptied(row)):
                sign = ""
            taken.add(sign)
            found.append({**row, MARK: sign})
        return found

    def stays(self, field: Field, sign: str, sent: Any) -> Kept | None:
        """What an input of a row with a mark means that sends what it was shown with; None for any other. Whom and what
        the list does not point to any more is not brought back by a former version."""
        stood = self._stood(sign)
        if stood is None or stood.sent[field.name] != sent:
            return None
        value = stood.stored.get(field.name)
        if field.kind in POINTERS and all(row.get(field.name) != value for row in self.rows):
            return None
        return Kept(value)

    def beside(self, sign: str) -> Kept:
        """What a row with a mark holds beside its declared fields; nothing for a new one."""
        stood = self._stood(sign)
        return Kept(None if stood is None else stood.stored.get(UNDECLARED))

    def _stood(self, sign: str) -> Stood | None:
        if sign not in self._known:
            place = MARKED.fullmatch(sign)
            rows = self.versions.get(int(place[1]), ()) if place else ()
            stored = rows[int(place[2])] if place and int(place[2]) < len(rows) else None
            self._known[sign] = Stood(stored, self.item.row_sent(self._shown(stored))) if stored is not None else None
        return self._known[sign]

    def _emptied(self, row: Row) -> bool:
        stood = self._stood(row.get(MARK, ""))
        return stood is not None and not self.item.row(0).written(row) and self.item.row_sent(row) != stood.sent


def versions_marked(posted: MultiDict[str, str]) -> Iterator[int]:
    """The versions that the marks of what was posted name."""
    for name, text in posted.items(multi=True):
        place = MARKED.fullmatch(text) if name.endswith(f"-{MARK}") else None
        if place:
            yield int(place[1])


def _tools() -> str:
    """What may be done with a row."""
    tools = (
        ("up", _("Move up"), "arrow-up"),
        ("down", _("Move down"), "arrow-down"),
        ("remove", _("Remove"), "trash3"),
    )
    return "".join(
        f'<button type="button" class="icon-btn" data-row-do="{what}" title="{escape(label)}">'
        f'<i class="bi bi-{icon}" aria-hidden="true"></i><span class="visually-hidden">{escape(label)}</span></button>'
        for what, label, icon in tools
    )
