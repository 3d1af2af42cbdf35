"""The form item of each kind of field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from flask import url_for
from flask_babel import gettext as _
from wtforms import FormField, SelectField, StringField, TextAreaField
from wtforms import widgets as w
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField
from wtforms.validators import InputRequired

from backoffice.screens.cells import size_text
from backoffice.screens.form_items import FilesField, InnerForms, ManyField, PointerField, RowsField
from backoffice.screens.reader import Reader
from models import registry, requirement
from models.declarations import Choice, Field
from models.kinds import kind_of, parts_of
from models.names import Names

MOST_ROWS = 101  # one more than is taken, so that the surplus is refused in words and not cut off
INPUTS = {
    "email": w.EmailInput,
    "phone": w.TelInput,
    "link": w.URLInput,
    "date": w.DateInput,
    "time": w.TimeInput,
    "datetime": w.DateTimeLocalInput,
}

Raw = dict[str, Any]


@dataclass(frozen=True)
class Making:
    """What the items of one form are made with: names and emails to show, files that may be shown."""

    slug: str
    reader: Reader
    found: Names
    emails: Mapping[ObjectId, str]
    files: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Wanted:
    """One item to be made: for this field, at this path of the form."""

    field: Field
    making: Making
    path: str

    @property
    def common(self) -> Raw:
        """What every item takes."""
        language = self.making.reader.language
        said = [self.field.help.text(language) if self.field.help else "", self.needed]
        return {
            "label": self.field.label.text(language),
            "description": " ".join(text for text in said if text),
            "id": None if "." in self.path else f"in-{self.field.name}",
        }

    @property
    def needed(self) -> str:
        """When the field must be filled in, if it is not always."""
        when = self.field.required_when
        if when is None or self.field.required:
            return ""
        rt = registry.get(self.making.slug).rt
        words = requirement.in_words(rt, when, self.making.reader.language)
        if when.values:
            return str(_("Required with %(condition)s.", condition=words))
        return str(_("Required once “%(field)s” is filled in.", field=words))

    @property
    def choices(self) -> list[SelectChoice]:
        """The declared choices in the reader's language."""
        return [SelectChoice(c.value, c.label.text(self.making.reader.language)) for c in self.field.choices]


def item(field: Field, making: Making, path: str) -> UnboundField:
    """The form item of a declared field. `path` is its name, dotted inside embedded fields."""
    made: UnboundField = (_parts if field.currencies else MAKERS.get(field.kind, _text))(Wanted(field, making, path))
    if field.required and made.field_class is FormField:
        made.kwargs["render_kw"] = {**made.kwargs.get("render_kw", {}), "data-required": True}
    elif field.required:
        made.kwargs["validators"] = [InputRequired()]  # marks it on the page; whether it is filled is read elsewhere
    if field.required_when is not None and "." not in path:
        made.kwargs["render_kw"] = {**made.kwargs.get("render_kw", {}), **_when(field, making)}
    return made


def _when(field: Field, making: Making) -> dict[str, str]:
    """For the script: the input that decides whether this one is required, and its values that make it so."""
    when, known = field.required_when, registry.get(making.slug).rt.by_name
    if when is None or when.field not in known:
        return {}
    other = known[when.field]
    read = (kind_of(other).read(other, value) for value in when.values)
    values = ({True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value) for value in read)
    return {"data-when": when.field, "data-when-values": "|".join(values)}


def _text(one: Wanted) -> UnboundField:
    widget = INPUTS.get(one.field.kind, w.TextInput)
    return StringField(**one.common, widget=widget(), render_kw={"autocomplete": "off"})


def _long(one: Wanted) -> UnboundField:
    return TextAreaField(**one.common, render_kw={"rows": 4, "data-wide": True})


def _number(one: Wanted) -> UnboundField:
    currency, language = one.field.currency, one.making.reader.language
    money = "元" if currency == "CNY" and language.startswith("zh") else currency
    unit = {"money": money, "percent": "%"}.get(one.field.kind)
    mode = "numeric" if one.field.kind == "integer" else "decimal"
    return StringField(**one.common, render_kw={"inputmode": mode, **({"data-unit": unit} if unit else {})})


def _choice(one: Wanted) -> UnboundField:
    return SelectField(**one.common, choices=[SelectChoice(""), *one.choices], validate_choice=False)


def _yes_no(one: Wanted) -> UnboundField:
    choices = [SelectChoice(""), SelectChoice("yes", _("Yes")), SelectChoice("no", _("No"))]
    return SelectField(**one.common, choices=choices, validate_choice=False)


def _choices(one: Wanted) -> UnboundField:
    return ManyField(**one.common, choices=one.choices, validate_choice=False, render_kw={"data-wide": True})


def _tree(one: Wanted) -> UnboundField:
    choices = list(_indented(one.field.choices, one.making.reader.language))
    return SelectField(**one.common, choices=[SelectChoice(""), *choices], validate_choice=False)


def _indented(choices: tuple[Choice, ...], language: str, depth: int = 0) -> Iterator[SelectChoice]:
    for choice in choices:
        yield SelectChoice(choice.value, "\u3000" * depth + choice.label.text(language))
        yield from _indented(choice.below, language, depth + 1)


def _parts(one: Wanted) -> UnboundField:
    """The parts of one value side by side."""
    items = {part.name: item(part, one.making, f"{one.path}.{part.name}") for part in parts_of(one.field)}
    if one.field.currencies:
        currencies = [SelectChoice(code) for code in one.field.currencies]
        items["currency"] = SelectField(_("Currency"), choices=currencies, validate_choice=False)
    return FormField(InnerForms(items), **one.common, render_kw={"data-parts": one.field.kind})


def _pointer(one: Wanted) -> UnboundField:
    making = one.making
    titles = {making.emails[i]: name for i, name in making.found.people.items() if i in making.emails}
    titles |= {name.number: name.text for name in making.found.records.values()}
    address = url_for("records.lookup", slug=making.slug, field=one.path)
    return PointerField(**one.common, titles=titles, render_kw={"data-lookup": address, "autocomplete": "off"})


def _embedded(one: Wanted) -> UnboundField:
    return FormField(_inner(one), **one.common)


def _rows(one: Wanted) -> UnboundField:
    return RowsField(UnboundField(FormField, _inner(one)), **one.common, max_entries=MOST_ROWS)


def _inner(one: Wanted) -> InnerForms:
    return InnerForms({f.name: item(f, one.making, f"{one.path}.{f.name}") for f in one.field.fields})


def _files(one: Wanted) -> UnboundField:
    return FilesField(**one.common, known=one.making.files, size_text=size_text, render_kw={"data-wide": True})


MAKERS: dict[str, Callable[[Wanted], UnboundField]] = {
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
