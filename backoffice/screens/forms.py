"""A record's form, made per request from the fields that this person may fill.

The form only carries what was typed, there and back: values are read in one place, `models.kinds`, and what it
refuses comes back to the field where it arose. A field that is not posted, or not changed, is not touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bson import ObjectId
from werkzeug.datastructures import MultiDict
from wtforms import FormField
from wtforms.fields.core import Field as FormItem
from wtforms.form import BaseForm

from backoffice.screens.form_items import RowsField, Typed
from backoffice.screens.form_making import MOST_ROWS, Making, Raw, item
from backoffice.screens.reader import Reader
from models import names
from models.attachment import service as attachment
from models.declarations import Field
from models.errors import Refusal, Sentence
from models.kinds import ZONE, parts_of
from models.person import directory

CONTROLS = frozenset({"csrf_token", "rev", "token", "then", "in", "note", "_answer", "_add", "_was", "sure"})
Posted = MultiDict[str, str]


class UnknownFormField(Refusal):
    """The form holds a field that is not in it for this person."""

    code, status = "unknown_field", 400
    zh, en = "表单中没有“{field}”这个字段。", "There is no field “{field}” in this form."


class RecordForm(BaseForm):
    """The bound form of one record. Its items are reached by name only, so a field may be called anything."""

    def __init__(self, fields: tuple[Field, ...], making: Making) -> None:
        super().__init__({f.name: item(f, making, f.name) for f in fields})
        self.declared = fields
        self.making = making
        self.initial: Raw = {}

    def raw(self, posted: Iterable[str]) -> Raw:
        """What was sent, as `models.records` takes it, pointers as ids. What stands as it was shown is left out, so
        that an untouched field keeps even what this form cannot show of it."""
        on_page = {name.partition("-")[0] for name in posted}
        sent = {f.name: _sent(f, self[f.name]) for f in self.declared if f.name in on_page}
        return {
            f.name: _pointed(f, sent[f.name], self.making.reader)
            for f in self.declared
            if f.name in sent and sent[f.name] != self.initial.get(f.name)
        }

    def sent(self, declared: Field) -> Any:
        """What an item of the form sends, as plain texts, lists and dicts."""
        return _sent(declared, self[declared.name])

    def add_row(self, path: str) -> str:
        """Put an empty row at the end of the list at this path and return its anchor; '' where there is no list."""
        item = self._fields.get(path)
        if not isinstance(item, RowsField) or len(item.entries) >= MOST_ROWS:
            return ""
        return str(item.append_entry().id)

    def show(self, problems: Mapping[str, Sentence]) -> list[dict[str, str]]:
        """Put each problem beside its field and return the summary `[{label, anchor, message}]`."""
        summary = []
        for path, sentence in problems.items():
            message = sentence.zh if self.making.reader.language == "zh" else sentence.en
            item, label = self._at(path)
            if isinstance(item, FormField):
                item = next(iter(item.form), None)  # a problem of the whole stands at its first part
            if item is not None:
                item.errors = [*item.errors, message]
            summary.append({"label": label, "anchor": item.id if item is not None else "", "message": message})
        return summary

    def _at(self, path: str) -> tuple[FormItem | None, str]:
        """The item at a path like `people.2.phone`, as deep as there is one, and what it is called."""
        first, *rest = path.split(".")
        if first not in self:
            return None, ""
        item, label = self[first], str(self[first].label.text)
        for part in rest:
            if isinstance(item, RowsField) and part.isdecimal() and (at := item.position(int(part))) is not None:
                item.errors = [*item.errors, {}]  # says that a row below is wrong; it has no sentence of its own
                item, label = item.entries[at], f"{label} {at + 1}"
            elif isinstance(item, FormField) and part in item.form:
                item = item.form[part]
                label = f"{label}: {item.label.text}"
        return item, label


def build(
    slug: str,
    fields: tuple[Field, ...],
    stored: Mapping[str, Any],
    reader: Reader,
    posted: Posted | None = None,
    prefill: Mapping[str, str] | None = None,
) -> RecordForm:
    """The form of some fields, showing `stored` values (defaults, when nothing is stored), what a link asked to fill
    in, or what was posted.

    :raises UnknownFormField: naming a posted field that is not in the form.
    """
    if posted is not None:
        check_posted(fields, posted)
    values = {f.name: stored.get(f.name) if stored else f.default for f in fields}
    found = names.resolve(reader.person, [(fields, values)], language=reader.language)
    people = [pointer for field, pointer in names.pointers(fields, values) if field.kind == "person"]
    files = _files_known(fields, values, reader, posted or MultiDict())
    form = RecordForm(fields, Making(slug, reader, found, directory.emails(people), files))
    shown = {f.name: typed(f, values[f.name], form.making) for f in fields}
    form.process(data=shown | dict(prefill or {}))
    form.initial = {f.name: _sent(f, form[f.name]) for f in fields} if stored else {}
    if posted is not None:
        form.process(posted, data=shown)
    return form


def changes(slug: str, fields: Iterable[Field], stored: Mapping[str, Any], reader: Reader, posted: Posted) -> Raw:
    """`RecordForm.raw` of the form that shows what is stored, without making it: inputs are made only for fields that
    are not plainly as they were shown. The names of what was posted are taken as checked."""
    few = _touched(slug, fields, stored, reader, posted)
    names_of_few = {f.name for f in few}
    sent = MultiDict((name, text) for name, text in posted.items(multi=True) if name.partition("-")[0] in names_of_few)
    return build(slug, few, stored, reader, sent).raw(sent) if few else {}


def _touched(
    slug: str, fields: Iterable[Field], stored: Mapping[str, Any], reader: Reader, posted: Posted
) -> tuple[Field, ...]:
    """The fields on the page whose one input does not hold what it was shown with; any that has several inputs, or
    shows a record by its name."""
    on_page = {name.partition("-")[0] for name in posted}
    here = [f for f in fields if f.name in on_page]
    people = [stored[f.name] for f in here if f.kind == "person" and stored.get(f.name) is not None]
    making = Making(slug, reader, names.Names(reader.language), directory.emails(people), {})
    return tuple(f for f in here if not _one_input(f) or posted.get(f.name, "") != typed(f, stored.get(f.name), making))


def _one_input(field: Field) -> bool:
    return not parts_of(field) and field.kind not in ("choices", "files", "reference") and not field.currencies


def check_posted(fields: Iterable[Field], posted: Iterable[str]) -> None:
    """:raises UnknownFormField: for the first posted name that no field of the form sends."""
    known = re.compile("|".join(pattern for field in fields for pattern in _sends(field)) or "(?!)")
    for name in posted:
        if name not in CONTROLS and not known.fullmatch(name):
            raise UnknownFormField(field=name[:60])


def _sends(field: Field, prefix: str = "") -> Iterator[str]:
    """Patterns of the names that a field's inputs have."""
    yield prefix + field.name
    if field.kind == "files":
        yield f"{prefix}{field.name}-kept"
    row = "[0-9]{1,4}-" if field.kind == "embedded_list" else ""
    for inner in parts_of(field):
        yield from _sends(inner, f"{prefix}{field.name}-{row}")


def _files_known(
    fields: Iterable[Field], values: Mapping[str, Any], reader: Reader, posted: Posted
) -> dict[str, Mapping[str, Any]]:
    """The files that the form may show: those of the record, and those that this person has just sent."""
    here = [f.name for f in fields if f.kind == "files"]
    kept = [row for name in here for row in values.get(name) or ()]
    sent = [one for name in here for one in posted.getlist(f"{name}-kept")]
    wanted = [ObjectId(one) for one in sent if ObjectId.is_valid(one)]
    return {str(i): row for i, row in attachment.known(reader.person, wanted, kept).items()}


# --- what an item shows, and what it sends


def typed(field: Field, value: Any, making: Making) -> Any:
    """A value as it stands in its input. A pointer to what the reader may not see stands as nothing."""
    if field.currencies and value is None:
        return Typed({"amount": "", "currency": field.currencies[0]})
    if field.kind != "embedded_list" and (parts := parts_of(field)):
        return Typed({f.name: typed(f, (value or {}).get(f.name), making) for f in parts})
    if field.kind == "embedded_list":
        return [Typed({f.name: typed(f, row.get(f.name), making) for f in field.fields}) for row in value or ()]
    if field.kind == "files":
        return [str(row["file"]) for row in value or ()]
    if field.kind == "choices":
        return list(value or ())
    if value is None:
        return ""
    if field.kind == "yes_no":
        return "yes" if value else "no"
    if field.kind == "time":
        return f"{value:%H:%M}"
    if field.kind == "datetime":
        return value.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")
    if field.kind == "person":
        return making.emails.get(value, "")
    if field.kind == "reference":
        return making.found.record(field.to, value).number
    return f"{value:f}" if field.kind in ("decimal", "money", "percent") else str(value)


def _sent(field: Field, item: FormItem) -> Any:
    """What an item holds, as plain texts, lists and dicts; blank rows are left out."""
    if field.kind != "embedded_list" and (parts := parts_of(field)):
        return {f.name: _sent(f, item.form[f.name]) for f in parts}
    if field.kind == "embedded_list":
        rows = [item.entries[at] for at in item.filled]
        return [{f.name: _sent(f, row.form[f.name]) for f in field.fields} for row in rows]
    if field.kind == "choices":
        return [one for one in item.data or () if one]
    if field.kind == "files":
        return list(item.data)
    return item.data or ""


def _pointed(field: Field, sent: Any, reader: Reader) -> Any:
    """The same, with numbers and emails turned into the ids that they mean."""
    if field.kind in names.POINTERS:
        return names.pointed(reader.person, field, sent)
    if field.kind == "embedded":
        return {f.name: _pointed(f, sent[f.name], reader) for f in field.fields}
    if field.kind == "embedded_list":
        return [{f.name: _pointed(f, row[f.name], reader) for f in field.fields} for row in sent]
    return sent
