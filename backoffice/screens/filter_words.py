"""Filters in words: the chips over a list, and what the filter maker offers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from backoffice.screens import cells
from backoffice.screens.reader import Reader
from models import names
from models.declarations import Choice, Field
from models.kinds import Unreadable, kind_of
from models.listing import BARE, Filter, Group, leaves, periods
from models.listing.address import BY_NAME, DAYS, Asked

Context = dict[str, Any]


class FilterWords:
    """The conditions of one list in the reader's words."""

    def __init__(self, asked: Asked, at: str, reader: Reader, refused: str = "") -> None:
        self.asked, self.at, self.reader, self.refused = asked, at, reader, refused
        self.operators = operator_labels(reader.language)
        pointing = [f for f in leaves(asked.query.filters) if f.ids and f.operator not in BY_NAME]
        rows = [((f.field,), {f.field.name: one}) for f in pointing for one in f.ids or ()]
        self.names = names.resolve(reader.person, rows, language=reader.language)

    def chip(self, part: Filter | Group, path: tuple[int, ...]) -> Context:
        """A condition or a group with the address of the list without it, and its place for the filter maker."""
        made: Context = {
            "remove_url": f"{self.at}?{self.asked.without(path)}",
            "place": ".".join(map(str, path)),
            "any": False,
            "parts": [],
        }
        if isinstance(part, Group):
            parts = [self.chip(one, (*path, i)) for i, one in enumerate(part.parts)]
            joiner = _("or") if part.any else _("and")
            inner = [f"({one['label']})" if one["parts"] else one["label"] for one in parts]
            return made | {"parts": parts, "any": part.any, "label": f" {joiner} ".join(inner)}
        wrong = part.field.name == self.refused and part.operator in BY_NAME
        return made | {"label": self.words(part), "wrong": wrong}

    def words(self, wanted: Filter) -> str:
        """One condition: `Region is 江苏`, `Key customer: yes`, `Due is overdue`, `Created in the last 7 days`."""
        label = wanted.field.label.text(self.reader.language)
        colon = _(": ")
        if wanted.operator == "in":
            return f"{label}{colon}{period_words(_said(wanted), self.reader.language)}"
        if wanted.operator == "is" and (wanted.field.kind == "yes_no" or wanted.field.choices):
            return f"{label}{colon}{self._value(wanted)}"
        operator = operator_label(wanted.field, wanted.operator, self.operators)
        if wanted.operator in BARE:
            return f"{label} {operator}"
        return f"{label} {operator} {self._value(wanted)}"

    def _value(self, wanted: Filter) -> str:
        field, said = wanted.field, _said(wanted)
        if wanted.operator in BY_NAME:
            return f"“{said}”"
        if wanted.ids is not None:
            parts = [self.names.text(field, one) for one in wanted.ids]
            return str(_(", ")).join(parts)
        if wanted.operator == "older_than":
            return age_words(said)
        if wanted.operator == "between":
            low, _dots, high = wanted.value.partition("..")
            return f"{self._one(field, low)} – {self._one(field, high)}"
        if field.kind in DAYS and said.startswith("today"):
            return day_words(said)
        if wanted.operator == "any_of":
            return str(_(", ")).join(self._one(field, part) for part in wanted.value.split("|"))
        return self._one(field, wanted.value)

    def _one(self, field: Field, text: str) -> str:
        if field.kind in (*DAYS, "period") and (day := _day(text)) is not None:
            return cells.day_short(day, self.reader.language)
        try:
            return cells.text(field, kind_of(field).read(field, text), self.names) or text
        except (Unreadable, TypeError, AttributeError):  # a filter may compare with a part of the value only
            return text


def _said(wanted: Filter) -> str:
    """The value as the address has it."""
    operator, colon, value = wanted.said.partition(":")
    return value if colon and operator == wanted.operator else wanted.said


def _day(text: str) -> date | None:
    """The day that a text is, if it is one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@lru_cache
def operator_labels(_language: str) -> Mapping[str, str]:
    """Every operator in words; for the language of the request."""
    return {
        "is": _("is"),
        "is_not": _("is not"),
        "contains": _("contains"),
        "starts": _("begins with"),
        "any_of": _("is one of"),
        "in": _("is in"),
        "at_least": _("at least"),
        "at_most": _("at most"),
        "between": _("is between"),
        "from": _("from"),
        "until": _("until"),
        "covers": _("contains the day"),
        "overdue": _("is past"),
        "older_than": _("is older than"),
        "empty": _("is empty"),
        "filled": _("is filled in"),
    }


def operator_label(field: Field, operator: str, labels: Mapping[str, str]) -> str:
    """An operator in words, as it reads after the name of a field."""
    if operator == "overdue" and field.name == "due_at":
        return str(_("is overdue"))
    return labels[operator]


def period_labels() -> dict[str, str]:
    """The periods that have a name of their own."""
    return {
        "today": _("today"),
        "yesterday": _("yesterday"),
        "tomorrow": _("tomorrow"),
        "this_week": _("this week"),
        "last_week": _("last week"),
        "next_week": _("next week"),
        "this_month": _("this month"),
        "last_month": _("last month"),
        "next_month": _("next month"),
        "this_quarter": _("this quarter"),
        "last_quarter": _("last quarter"),
        "next_quarter": _("next quarter"),
        "this_year": _("this year"),
        "last_year": _("last year"),
        "next_year": _("next year"),
    }


def maker_words(lookup: str) -> Context:
    """What the filter maker's script needs beside the fields: periods, units, and where names are looked up."""
    periods_offered = [{"value": value, "label": label} for value, label in period_labels().items()]
    periods_offered += [
        {"value": "last_{n}_days", "label": _("the last … days")},
        {"value": "next_{n}_days", "label": _("the next … days")},
        {"value": "..", "label": _("from … until …")},
    ]
    ages = [("days", _("days")), ("weeks", _("weeks")), ("months", _("months")), ("years", _("years"))]
    return {
        "periods": periods_offered,
        "ages": [{"value": value, "label": label} for value, label in ages],
        "days": _("days"),
        "unit": _("Unit"),
        "from": _("From"),
        "until": _("Until"),
        "me": _("Me"),
        "lookup": lookup,
    }


def period_words(text: str, language: str) -> str:
    """A period in words."""
    text = text.lower()
    named = period_labels().get(text)
    if named:
        return named
    if counted := periods.COUNTED.fullmatch(text):
        count = int(counted[2])
        if counted[1] == "last":
            return str(ngettext("the last day", "the last %(num)s days", count))
        return str(ngettext("the next day", "the next %(num)s days", count))
    if found := periods.RANGE.fullmatch(text):
        return " – ".join(cells.day_short(date.fromisoformat(day), language) for day in found.groups())
    return text.upper()


def age_words(text: str) -> str:
    """`90_days` in words."""
    found = periods.AGE.fullmatch(text)
    if found is None:
        return text
    count = int(found[1])
    return str(
        {
            "days": ngettext("%(num)s day", "%(num)s days", count),
            "weeks": ngettext("%(num)s week", "%(num)s weeks", count),
            "months": ngettext("%(num)s month", "%(num)s months", count),
            "years": ngettext("%(num)s year", "%(num)s years", count),
        }[found[2]]
    )


def day_words(text: str) -> str:
    """`today`, `today-1`, `today+7`, `today-30` in words."""
    found = re.fullmatch(r"today(?:([+ -])(\d{1,4}))?", text)
    count = int(found[2] or 0) if found else 0
    if found is None or not count:
        return str(_("today"))
    if count == 1:
        return str(_("yesterday") if found[1] == "-" else _("tomorrow"))
    if found[1] == "-":
        return str(ngettext("%(num)s day ago", "%(num)s days ago", count))
    return str(ngettext("in %(num)s day", "in %(num)s days", count))


def offered(field: Field, labels: Mapping[str, str], reader: Reader) -> Context:
    """A field as the filter maker offers it."""
    choices = [{"value": value, "label": label} for value, label in _choices(field.choices, reader.language)]
    if field.kind == "yes_no":
        choices = [{"value": "yes", "label": _("Yes")}, {"value": "no", "label": _("No")}]
    operators = [o for o in kind_of(field).operators if o in labels and not _pointless(field, o)]
    return {
        "name": field.name,
        "label": field.label.text(reader.language),
        "kind": field.kind,
        "choices": choices,
        "operators": [{"value": o, "label": operator_label(field, o, labels), "bare": o in BARE} for o in operators],
    }


def _choices(choices: tuple[Choice, ...], language: str, above: str = "") -> list[tuple[str, str]]:
    """Values and labels; those of a tree with the way to them."""
    found: list[tuple[str, str]] = []
    for choice in choices:
        label = above + choice.label.text(language)
        found.append((choice.value, label))
        found += _choices(choice.below, language, f"{label} / ")
    return found


def _pointless(field: Field, operator: str) -> bool:
    """Questions whose answer is known: when a record was made is always filled in and always past."""
    return field.name in ("created_at", "updated_at") and operator in ("overdue", "empty", "filled")
