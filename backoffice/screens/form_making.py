"""The form item of each kind of field."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from flask import current_app, url_for
from flask_babel import gettext as _

from backoffice.screens.form_items import (
    Area,
    Attributes,
    Files,
    Input,
    Item,
    Nested,
    Parts,
    Pointer,
    Select,
    Spec,
    Ticks,
)
from backoffice.screens.form_rows import Rows
from models import requirement
from models.attachment.rules import TAKEN, in_megabytes
from models.declarations import Choice, Field, RecordType
from models.kinds import kind_of, parts_of

MOST_ITEMS = 5_000
TYPES = {"email": "email", "phone": "tel", "link": "url", "date": "date", "time": "time", "datetime": "datetime-local"}
EMPTY = ("", "")

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Wanted:
    """What the item of a field is made from: its type and the language of the page. `path` is the field's name, dotted
    inside embedded fields; `limit` is how many bytes a file may have."""

    rt: RecordType
    field: Field
    language: str
    path: str
    limit: int

    def spec(self, make: type[Item], attributes: Attributes | None = None, unit: str = "") -> Spec:
        """The item with its label and help."""
        said = [self.field.help.text(self.language) if self.field.help else "", self.needed, self.taken]
        return Spec(
            self.field,
            make,
            self.field.label.text(self.language),
            help=" ".join(text for text in said if text),
            attributes={**(attributes or {}), **self.when},
            unit=unit,
        )

    @property
    def needed(self) -> str:
        """When the field must be filled in, if it is not always."""
        when = self.field.required_when
        if when is None or self.field.required:
            return ""
        words = requirement.in_words(self.rt, when, self.language)
        if when.values:
            return str(_("Required if %(condition)s.", condition=words))
        return str(_("Required once “%(field)s” is filled in.", field=words))

    @property
    def taken(self) -> str:
        """Which files the field takes."""
        if self.field.kind != "files":
            return ""
        return TAKEN.text(self.language).format(limit=in_megabytes(self.limit))

    @property
    def when(self) -> Attributes:
        """For the script: the input that decides whether this one is required, and its values that make it so."""
        when, known = self.field.required_when, self.rt.by_name
        if when is None or "." in self.path or when.field not in known:
            return {}
        other = known[when.field]
        read = (kind_of(other).read(other, value) for value in when.values)
        values = ({True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value) for value in read)
        return {"data-when": when.field, "data-when-values": "|".join(values)}

    @property
    def choices(self) -> Choices:
        """The declared choices in the language of the page."""
        return tuple((c.value, c.label.text(self.language)) for c in self.field.choices)

    def inside(self, parts: tuple[Field, ...]) -> tuple[Spec, ...]:
        """What stands inside the field."""
        return tuple(_spec(replace(self, field=part, path=f"{self.path}.{part.name}")) for part in parts)


def item(rt: RecordType, field: Field, language: str) -> Item:
    """The form item of a field in a language; the same one for every form on which the field stands."""
    return _item(rt, field, language, current_app.config["SETTINGS"].max_upload_bytes)


@lru_cache(maxsize=MOST_ITEMS)
def _item(rt: RecordType, field: Field, language: str, limit: int) -> Item:
    return _spec(Wanted(rt, field, language, field.name, limit)).item(field.name, f"in-{field.name}")


def _spec(one: Wanted) -> Spec:
    return _amount(one) if one.field.currencies else MAKERS.get(one.field.kind, _text)(one)


def _text(one: Wanted) -> Spec:
    return one.spec(Input, {"type": TYPES.get(one.field.kind, "text"), "autocomplete": "off"})


def _long(one: Wanted) -> Spec:
    return replace(one.spec(Area, {"rows": "4"}), wide=True)


def _number(one: Wanted) -> Spec:
    currency = one.field.currency
    money = "元" if currency == "CNY" and one.language.startswith("zh") else currency
    unit = {"money": money, "percent": "%"}.get(one.field.kind, "")
    mode = "numeric" if one.field.kind == "integer" else "decimal"
    return one.spec(Input, {"type": "text", "inputmode": mode}, unit)


def _choice(one: Wanted) -> Spec:
    return replace(one.spec(Select), choices=(EMPTY, *one.choices))


def _yes_no(one: Wanted) -> Spec:
    return replace(one.spec(Select), choices=(EMPTY, ("yes", _("Yes")), ("no", _("No"))))


def _choices(one: Wanted) -> Spec:
    return replace(one.spec(Ticks), choices=one.choices, wide=True)


def _tree(one: Wanted) -> Spec:
    return replace(one.spec(Select), choices=(EMPTY, *_indented(one.field.choices, one.language)))


def _indented(choices: tuple[Choice, ...], language: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    for choice in choices:
        yield choice.value, "\u3000" * depth + choice.label.text(language)
        yield from _indented(choice.below, language, depth + 1)


def _parts(one: Wanted) -> Spec:
    return replace(one.spec(Parts), inner=one.inside(parts_of(one.field)))


def _amount(one: Wanted) -> Spec:
    """An amount with its currency beside it."""
    codes = tuple((code, code) for code in one.field.currencies)
    inner = (
        replace(part, make=Select, label=_("Currency"), attributes={}, choices=codes)
        if part.field.name == "currency"
        else part
        for part in one.inside(parts_of(one.field))
    )
    return replace(one.spec(Parts), inner=tuple(inner))


def _pointer(one: Wanted) -> Spec:
    address = url_for("records.lookup", slug=one.rt.slug, field=one.path)
    return one.spec(Pointer, {"type": "text", "data-lookup": address, "autocomplete": "off"})


def _embedded(one: Wanted) -> Spec:
    return replace(one.spec(Nested), inner=one.inside(one.field.fields))


def _rows(one: Wanted) -> Spec:
    return replace(one.spec(Rows), inner=one.inside(one.field.fields))


def _files(one: Wanted) -> Spec:
    return replace(one.spec(Files), wide=True)


MAKERS: dict[str, Callable[[Wanted], Spec]] = {
    "long_text": _long,
    "integer": _number,
    "decimal": _number,
    "money": _number,
    "percent": _number,
    "choice": _choice,
    "yes_no": _yes_no,
    "choices": _choices,
    "tree": _tree,
    "period": _parts,
    "address": _parts,
    "reference": _pointer,
    "person": _pointer,
    "embedded": _embedded,
    "embedded_list": _rows,
    "files": _files,
}
