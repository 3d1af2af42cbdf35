"""The rows of a list as HTML. A page has up to a hundred of them: what is the same for all is worked out once, each
column has one writer of cells, and no template is asked per row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from flask import current_app
from flask_babel import gettext as _
from markupsafe import Markup, escape

from backoffice import addresses
from backoffice.screens import cells
from backoffice.screens.reader import Reader
from models import access, records
from models.access import Purpose
from models.declarations import Choice, Field, Level, RecordType
from models.kinds import kind_of
from models.names import HIDDEN, Names
from models.record import SYSTEM_FIELDS
from models.records import Sight

SYSTEM = {f.name: f for f in SYSTEM_FIELDS}
SHORTENED, HOVERED = 80, 500

OPEN, ON_SCREEN = ("<tr>", ""), ('<tr class="no-print">', "")
LOCKED = '<tr class="locked">', '<i class="bi bi-lock-fill" aria-hidden="true"></i>'

Writer = Callable[[Sight], str]


class Rows:
    """Makes the rows of one page. `came_from` is the list's query, which each row's addresses carry along, so that
    'save and open the next' knows the order; '' for the plain list. `pick`: each row can be selected."""

    def __init__(
        self,
        rt: RecordType,
        fields: tuple[Field, ...],
        names: Names,
        reader: Reader,
        came_from: str,
        *,
        pick: bool = False,
    ) -> None:
        self.rt, self.names, self.reader, self.pick = rt, names, reader, pick
        self._at = addresses.of("records.listing", slug=rt.slug)
        self._tail = escape("?" + urlencode({"in": came_from}) if came_from else "")
        self._title = rt.by_name[rt.title]
        self._writers = [self._writer(field) for field in fields if field is not self._title]
        self._edit_reach = access.reach(reader.person, rt, Purpose.EDIT)
        self._marks = level_marks(reader.language)
        self.on_screen_only = 0
        self._edit, self._ask = escape(_("Edit")), escape(_("Ask for access"))

    def html(self, pairs: Iterable[tuple[Sight, Mapping[str, Any]]]) -> Markup:
        """The rows of some records, each with what is stored of it, for the question of rights."""
        return Markup("\n".join(self._row(sight, son) for sight, son in pairs))  # every part was escaped  # noqa: S704

    def _row(self, sight: Sight, son: Mapping[str, Any]) -> str:
        title = escape(self._title_of(sight))
        number = escape(sight.number)
        address = self._at + quote(sight.number, safe="")
        opening, lock = self._begins(sight, son)
        pick = (
            f'<td class="pick"><input class="form-check-input" type="checkbox" name="number" value="{number}" '
            f'form="bulk" aria-label="{title}"></td>'
            if self.pick
            else ""
        )
        return (
            f"{opening}{pick}"
            f'<th scope="row" class="first"><div><a href="{address}{self._tail}" title="{number}">{lock}{title}</a>'
            f"{self._marks.get(sight.level, '')}</div></th>"
            f"{''.join([write(sight) for write in self._writers])}"
            f'<td class="tools"><div>{self._action(sight, son, address)}</div></td></tr>'
        )

    def _begins(self, sight: Sight, son: Mapping[str, Any]) -> tuple[str, str]:
        """How a row begins: what may be read but not printed stays off the paper, and is counted (X4)."""
        if not sight.full:
            return LOCKED
        if not access.keeps_to_screen(self.reader.person, self.rt, son["acl"]):
            return OPEN
        self.on_screen_only += 1
        return ON_SCREEN

    def _action(self, sight: Sight, son: Mapping[str, Any], address: str) -> str:
        if not sight.full:
            return _icon(f"{address}#ask", self._ask, "key")
        if not records.usable(self.rt, self._edit_reach, son, Purpose.EDIT):
            return ""
        return _icon(f"{address}/edit{self._tail}", self._edit, "pencil")

    def _title_of(self, sight: Sight) -> str:
        value = sight.values.get(self._title.name)
        masked = not sight.full and self._title.card == "masked"
        text: str = value or "" if masked else self.names.text(self._title, value)
        return text if text and text != HIDDEN else sight.number

    # --- one writer a column

    def _writer(self, field: Field) -> Writer:
        label = escape(field.label.text(self.reader.language))
        own = SYSTEM.get(field.name)
        if own is not None and own.name not in self.rt.by_name:
            if field.name == "state":
                return self._states(label)
            if field.name == "due_at":
                return self._dues(label)
        name, masked = field.name, field.card == "masked"
        right = ' class="right num"' if field.kind in cells.NUMERIC else ""
        empty, opening = f'<td{right} data-label="{label}"></td>', f'<td{right} data-label="{label}"'
        content = self._content(field)
        made: dict[Any, str] = {}
        known = field.kind in ("choice", "tree", "person", "yes_no", "date")

        def write(sight: Sight) -> str:
            value = sight.values.get(name)
            if value is None:
                return empty
            if masked and not sight.full:
                return f"{opening}>{escape(value)}</td>"
            if not known:
                return f"{opening}{content(value)}</td>"
            if value not in made:
                made[value] = f"{opening}{content(value)}</td>"
            return made[value]

        return write

    def _content(self, field: Field) -> Callable[[Any], str]:
        """What stands behind `<td`: a hover text or nothing, `>`, and the value as HTML."""
        language, names = self.reader.language, self.names
        if field.kind == "date":
            return lambda day: f' title="{escape(cells.day_full(day, language))}">{cells.day_short(day, language)}'
        if field.kind == "datetime":
            return lambda at: f' title="{escape(cells.moment_full(at, language))}">{cells.moment_short(at, language)}'
        if field.kind == "period":
            return lambda value: f">{cells.period_short(value, language)}"
        if field.kind == "person":
            return lambda one: f">{escape(names.person(one))}"
        if field.kind == "reference":
            return self._link(field)
        if field.kind == "choice":
            tones = {c.value: c for c in field.choices}
            return lambda value: _toned(names.text(field, value), tones.get(value))
        if field.kind in ("embedded", "embedded_list"):
            return lambda value: _short(cells.text(field, value, names))
        text = kind_of(field).text
        return lambda value: _short(text(field, value, language))

    def _link(self, field: Field) -> Callable[[Any], str]:
        prefix, names, slug = addresses.of("records.listing", slug=field.to), self.names, field.to

        def content(target: Any) -> str:
            name = names.record(slug, target)
            if not name.number:
                return _short(name.text)
            hover, text = _cut(name.marked(names.language))
            return f'{hover}><a href="{prefix}{quote(name.number, safe="")}">{text}</a>'

        return content

    def _states(self, label: Markup) -> Writer:
        language = self.reader.language
        states = self.rt.workflow.states if self.rt.workflow is not None else ()
        empty = f'<td class="is-state" data-label="{label}"></td>'
        made = {
            one.value: f'<td class="is-state" data-label="{label}"><span class="state tone-{one.tone}">'
            f"{escape(one.label.text(language))}</span></td>"
            for one in states
        }
        return lambda sight: made.get(sight.values.get("state") or "", empty) if sight.full else empty

    def _dues(self, label: Markup) -> Writer:
        opening = f'<td class="is-due" data-label="{label}">'
        made: dict[datetime | None, str] = {None: f"{opening}</td>"}

        def write(sight: Sight) -> str:
            at = sight.values.get("due_at")
            if at is not None and at not in made:
                due = cells.deadline(at, self.reader)
                made[at] = (
                    f'{opening}<span class="due tone-{due["tone"]}" title="{escape(due["full"])}">'
                    f"{escape(due['text'])}</span></td>"
                )
            return made[at]

        return write


def _cut(text: str) -> tuple[str, str]:
    """The hover attribute of a text that is too long for a cell ('' for others), and the escaped text, cut."""
    if len(text) <= SHORTENED:
        return "", str(escape(text))
    return f' title="{escape(text[:HOVERED])}"', f"{escape(text[: SHORTENED - 1])}…"


def _short(text: str) -> str:
    hover, shown = _cut(text)
    return f"{hover}>{shown}"


def _toned(text: str, choice: Choice | None) -> str:
    if choice is None or choice.tone == "neutral":
        return f">{escape(text)}"
    return f'><span class="due tone-{escape(choice.tone)}">{escape(text)}</span>'


def _icon(address: str, label: Markup, icon: str) -> str:
    return f'<a class="icon-btn" href="{address}" title="{label}"><i class="bi bi-{icon}" aria-hidden="true"></i></a>'


@lru_cache
def level_marks(_language: str) -> dict[str, str]:
    """The mark of each level, as all pages draw it; for the language of the request."""
    mark = current_app.jinja_env.get_template("components.html").module.level_mark  # type: ignore[attr-defined]
    return {level.value: str(mark(level.value)) for level in Level if level is not Level.INTERNAL}
