"""A record's form, made per request from the fields that this person may fill.

The form only carries what was typed, there and back: values are read in one place, `models.kinds`, and what it
refuses comes back to the field where it arose. A field that is not posted, or not changed, is not touched; nor is, of
one that holds others, an input inside it that stands as it was shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, cast

from bson import ObjectId
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from backoffice.posted_fields import LONGEST_NAME, UnknownFormField, typed_text
from backoffice.screens.form_items import Item, Page, Posted
from backoffice.screens.form_making import item
from backoffice.screens.form_rows import MARK, MOST_ROWS, Rows, SentRow, StoredRows
from backoffice.screens.reader import Reader
from models import names, registry
from models.attachment import service as attachment
from models.declarations import Field, RecordType
from models.errors import Sentence
from models.kinds import UNDECLARED, ZONE, Kept, parts_of
from models.person import directory

CONTROLS = frozenset({"csrf_token", "rev", "token", "then", "in", "note", "_answer", "_add", "_was", "_shown", "sure"})
MOST_SHAPES = 500
SEVERAL = frozenset({"choices", "files", "reference"})
"""Kinds without parts that send more than one input, or are shown by a name."""

LIST = "embedded_list"

Raw = dict[str, Any]
Versions = Mapping[int, Mapping[str, Any]]
Files = Mapping[str, Mapping[str, Any]]
Titles = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Making:
    """What a form is filled with: its reader, names and emails to show, files that may be shown."""

    rt: RecordType
    reader: Reader
    found: names.Names
    emails: Mapping[ObjectId, str]
    files: Files

    @cached_property
    def titles(self) -> Titles:
        """What people and records are called, as items look it up: a number of one type may be another's as well, and
        what has none for this reader, such as a destroyed record, is sent for by nothing."""
        people = {("", self.emails[i]): name for i, name in self.found.people.items() if i in self.emails}
        named = ((slug, name) for (slug, _record), name in self.found.records.items() if name.number)
        return people | {(slug, name.number): name.text for slug, name in named}


class RecordForm:
    """The form of one record: for each field its item, what it holds, and what is wrong with that. `values` are those
    that it shows, of version `rev` (0: of none), and `versions` those from which rows of it come."""

    def __init__(
        self, fields: tuple[Field, ...], making: Making, values: Raw, *, stored: bool, rev: int, versions: Versions
    ) -> None:
        self.declared = fields
        self.making = making
        self.items: dict[str, Item] = {f.name: item(making.rt, f, making.reader.language) for f in fields}
        self._stored, self._values = stored, values
        lists = [f for f in fields if f.kind == LIST and rev]
        self._lists = {f.name: self._stored_rows(f, rev, versions) for f in lists}
        self._shown = {f.name: self._show(f, values[f.name]) for f in fields}
        self.held = self._shown
        self.errors: dict[str, list[str]] = {}
        self.meant: dict[tuple[Field, str], Any] = {}

    def _stored_rows(self, field: Field, rev: int, versions: Versions) -> StoredRows:
        found, rows = cast("Rows", self.items[field.name]), self._values[field.name] or ()
        held = {rev: rows} | {at: one.get(field.name) or () for at, one in versions.items()}
        return StoredRows(found, rev, rows, held, lambda row: _row_typed(field, row, self.making))

    def _show(self, field: Field, value: Any) -> Any:
        rows = self._lists.get(field.name)
        return typed(field, value, self.making) if rows is None else rows.shown()

    def __getitem__(self, name: str) -> FormField:
        return FormField(self, self.items[name])

    @cached_property
    def initial(self) -> Raw:
        """What the form would send as it was shown; nothing for a record that is not stored yet."""
        return {name: one.sent(self._shown[name]) for name, one in self.items.items()} if self._stored else {}

    def read(self, posted: Posted) -> None:
        """Take what was posted; fields that were not on the page keep what they show."""
        self.held = {name: one.read(posted, self.held[name]) for name, one in self.items.items()}
        self.held |= {name: rows.settled(self.held[name]) for name, rows in self._lists.items()}

    def raw(self, posted: Iterable[str]) -> Raw:
        """What was sent, as `models.records` takes it, pointers as ids. What stands as it was shown is left out, or
        `Kept` inside what was changed, so that it keeps even what this form cannot show of it."""
        on_page = {name.partition("-")[0] for name in posted}
        here = [f for f in self.declared if f.name in on_page]
        return {f.name: self._meant(f) for f in here if not self._stands(f)}

    def sent(self, declared: Field) -> Any:
        """What an item of the form sends, as plain texts, lists and dicts."""
        return self.items[declared.name].sent(self.held[declared.name])

    def rows(self, declared: Field) -> list[SentRow]:
        """The rows that a list sends."""
        found = cast("Rows", self.items[declared.name])
        held = self.held[declared.name]
        rows = zip(found.sent(held), found.marks(held), strict=True)
        return [SentRow(sent, sign, self._row_meant(declared, sent, sign)) for sent, sign in rows]

    def _stands(self, field: Field) -> bool:
        """Whether a field sends what it was shown with, its rows in their order."""
        if self.sent(field) != self.initial.get(field.name):
            return False
        if field.kind != LIST:
            return True
        found = cast("Rows", self.items[field.name])
        signs = found.marks(self.held[field.name])
        return not any(signs) or signs == found.marks(self._shown[field.name])

    def _meant(self, field: Field) -> Any:
        """What was sent, with numbers and emails turned into the ids that they mean."""
        sent = self.sent(field)
        if field.kind == LIST:
            return [row.meant for row in self.rows(field)]
        if field.kind != "embedded" or not sent:
            return self._pointed(field, sent)
        shown, values = self.initial.get(field.name) or {}, self._values.get(field.name) or {}
        stands = {f.name: Kept(values.get(f.name)) for f in field.fields if shown.get(f.name) == sent[f.name]}
        meant = {f.name: stands.get(f.name) or self._pointed(f, sent[f.name]) for f in field.fields}
        return {**meant, UNDECLARED: Kept(values.get(UNDECLARED))}

    def _row_meant(self, field: Field, sent: Raw, sign: str) -> Raw:
        rows = self._lists.get(field.name)
        stays = {f.name: rows.stays(f, sign, sent[f.name]) if rows else None for f in field.fields}
        meant = {f.name: stays[f.name] or self._pointed(f, sent[f.name]) for f in field.fields}
        return {**meant, UNDECLARED: rows.beside(sign) if rows else Kept(None)}

    def add_row(self, path: str) -> None:
        """Put an empty row at the end of the list at this path, where there is one and it is not full."""
        found = self.items.get(path)
        if isinstance(found, Rows) and len(self.held[path]) < MOST_ROWS:
            self.held[path] = [*self.held[path], found.blank()]

    def show(self, problems: Mapping[str, Sentence]) -> list[dict[str, str]]:
        """Put each problem beside its field and return the summary `[{label, anchor, message}]`."""
        summary = []
        for path, sentence in problems.items():
            message = sentence.zh if self.making.reader.language == "zh" else sentence.en
            first, *rest = path.split(".")
            anchor = label = ""
            if first in self.items:
                whole = self.items[first]
                found, label = whole.find(rest, self.held[first], whole.spec.label)
                anchor = found.first.id
                self.errors.setdefault(found.first.name, []).append(message)
            summary.append({"label": label, "anchor": anchor, "message": message})
        return summary

    @cached_property
    def page(self) -> Page:
        """What the items need of this page."""
        return Page(self.errors, self.making.titles | self._typed_titles(), self.making.files)

    def _typed_titles(self) -> Titles:
        """What people and records are called that nobody stored yet: those that were chosen, or that a link filled
        in. What the reader may not know stays as it was written."""
        known, reader = self.making.titles, self.making.reader
        held = {(f, text) for f, text in _pointers_held(self.declared, self.held) if (f.to, text) not in known}
        meant = [(f, text, target) for f, text in held if isinstance(target := self._means(f, text), ObjectId)]
        if not meant:
            return {}
        rows = [((f,), {f.name: target}) for f, _text, target in meant]
        found = names.resolve(reader.person, rows, language=reader.language)
        return {(f.to, text): found.text(f, target) for f, text, target in meant}

    def _pointed(self, field: Field, sent: Any) -> Any:
        return self._means(field, sent) if field.kind in names.POINTERS else sent

    def _means(self, field: Field, text: str) -> Any:
        """`names.pointed` of what stands in a pointer's field; asked once, however often it is read."""
        if (field, text) not in self.meant:
            self.meant[field, text] = names.pointed(self.making.reader.person, field, text)
        return self.meant[field, text]


@dataclass(frozen=True)
class FormField:
    """A field of a form, as pages lay it out."""

    form: RecordForm
    item: Item

    @property
    def name(self) -> str:
        """Its name, under which it is sent."""
        return self.item.name

    @property
    def id(self) -> str:
        """The anchor of its input."""
        return self.item.id

    @property
    def label(self) -> str:
        """What it is called."""
        return self.item.spec.label

    @property
    def data(self) -> Any:
        """What stands in it."""
        return self.form.held[self.name]

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        """The rows of the files in it."""
        known = self.form.making.files
        return [known[one] for one in self.data if one in known]

    @property
    def errors(self) -> list[str]:
        """What is wrong with it, or with anything inside it."""
        found = self.form.errors
        return [said for at in found if at == self.name or at.startswith(f"{self.name}-") for said in found[at]]

    @property
    def html(self) -> Markup:
        """The input with its label, help and errors."""
        return Markup(self.item.html(self.data, self.form.page))  # items escape what they are given  # noqa: S704


def build(
    slug: str,
    fields: tuple[Field, ...],
    stored: Mapping[str, Any],
    reader: Reader,
    posted: Posted | None = None,
    prefill: Mapping[str, str] | None = None,
    asked: RecordForm | None = None,
    former: Versions | None = None,
) -> RecordForm:
    """The form of some fields, showing `stored` values (defaults, when nothing is stored), what a link asked to fill
    in, or what was posted. What the same request `asked` already for some of the fields is not asked again. `former`
    are the versions that rows of what was posted may come from.

    :raises UnknownFormField: naming a posted field that is not in the form.
    """
    if posted is not None:
        check_posted(fields, posted)
    values = {f.name: stored.get(f.name) if stored else f.default for f in fields}
    lists = tuple(f for f in fields if f.kind == LIST)
    before = [{f.name: one.get(f.name) for f in lists} for one in (former or {}).values()]
    left = tuple(f for f in fields if asked is None or f.name not in asked.items)
    found = names.resolve(reader.person, [(left, values), *((lists, one) for one in before)], language=reader.language)
    if asked is not None:
        found = found.and_those_of(asked.making.found)
    pointing = [*names.pointers(fields, values), *(one for held in before for one in names.pointers(lists, held))]
    people = [pointer for field, pointer in pointing if field.kind == "person"]
    files = _files_known(fields, values, reader, posted or MultiDict())
    making = Making(registry.get(slug).rt, reader, found, directory.emails(people), files)
    rev = stored.get("rev", 0)
    form = RecordForm(fields, making, values, stored=bool(stored), rev=rev, versions=former or {})
    form.held = form.held | dict(prefill or {})
    if asked is not None:
        form.meant |= asked.meant
    if posted is not None:
        form.read(posted)
    return form


def touched(
    slug: str,
    fields: Iterable[Field],
    stored: Mapping[str, Any],
    reader: Reader,
    posted: Posted,
    former: Versions | None = None,
) -> tuple[RecordForm, Posted]:
    """The part of the form of what is stored whose `raw` is that of the whole, with what was posted for it: items are
    made only for fields that are not plainly as they were shown. The names of what was posted are taken as checked."""
    few = _touched(slug, fields, stored, reader, posted)
    names_of_few = {f.name for f in few}
    sent = MultiDict((name, text) for name, text in posted.items(multi=True) if name.partition("-")[0] in names_of_few)
    return build(slug, few, stored, reader, sent, former=former), sent


def _touched(
    slug: str, fields: Iterable[Field], stored: Mapping[str, Any], reader: Reader, posted: Posted
) -> tuple[Field, ...]:
    """The fields on the page whose one input does not hold what it was shown with; any that has several inputs, or
    shows a record by its name."""
    on_page = {name.partition("-")[0] for name in posted}
    here = [f for f in fields if f.name in on_page]
    people = [stored[f.name] for f in here if f.kind == "person" and stored.get(f.name) is not None]
    making = Making(registry.get(slug).rt, reader, names.Names(reader.language), directory.emails(people), {})
    return tuple(
        f for f in here if not _one_input(f) or typed_text(posted, f.name) != _single(f, stored.get(f.name), making)
    )


def _one_input(field: Field) -> bool:
    return field.kind not in SEVERAL and not field.currencies and not parts_of(field)


def check_posted(fields: Iterable[Field], posted: Iterable[str]) -> None:
    """:raises UnknownFormField: for the first posted name that no field of the form sends."""
    known = _shape(tuple(fields))
    for name in posted:
        if name not in CONTROLS and not known.fullmatch(name):
            raise UnknownFormField(field=name[:LONGEST_NAME])


@lru_cache(maxsize=MOST_SHAPES)
def _shape(fields: tuple[Field, ...]) -> re.Pattern[str]:
    return re.compile("|".join(pattern for field in fields for pattern in _sends(field)) or "(?!)")


def _sends(field: Field, prefix: str = "") -> Iterator[str]:
    """Patterns of the names that a field's inputs have."""
    yield prefix + field.name
    if field.kind == "files":
        yield f"{prefix}{field.name}-kept"
    row = "[0-9]{1,4}-" if field.kind == LIST else ""
    if row:
        yield f"{prefix}{field.name}-{row}{MARK}"
    for inner in parts_of(field):
        yield from _sends(inner, f"{prefix}{field.name}-{row}")


def _files_known(fields: Iterable[Field], values: Mapping[str, Any], reader: Reader, posted: Posted) -> Files:
    """The files that the form may show: those of the record, and those that this person has just sent."""
    here = [f.name for f in fields if f.kind == "files"]
    kept = [row for name in here for row in values.get(name) or ()]
    sent = [one for name in here for one in posted.getlist(f"{name}-kept")]
    wanted = [ObjectId(one) for one in sent if ObjectId.is_valid(one)]
    return {str(i): row for i, row in attachment.known(reader.person, wanted, kept).items()}


# --- what an item shows, and what it sends


def typed(field: Field, value: Any, making: Making) -> Any:
    """A value as its item holds it. A pointer to what the reader may not see stands as nothing."""
    if field.currencies and value is None:
        return {"amount": "", "currency": field.currencies[0]}
    if field.kind != LIST and (parts := parts_of(field)):
        return {f.name: typed(f, (value or {}).get(f.name), making) for f in parts}
    if field.kind == LIST:
        return [_row_typed(field, row, making) for row in value or ()]
    if field.kind == "files":
        return [str(row["file"]) for row in value or ()]
    if field.kind == "choices":
        return list(value or ())
    return _single(field, value, making)


def _row_typed(field: Field, row: Mapping[str, Any], making: Making) -> Raw:
    return {f.name: typed(f, row.get(f.name), making) for f in field.fields}


def _single(field: Field, value: Any, making: Making) -> str:
    """`typed` of a field that has one input."""
    if value is None:
        return ""
    if field.kind == "yes_no":
        return "yes" if value else "no"
    if field.kind == "time":
        return f"{value:%H:%M}"
    if field.kind == "datetime":
        return f"{value.astimezone(ZONE):%Y-%m-%dT%H:%M}"
    if field.kind == "person":
        return making.emails.get(value, "")
    if field.kind == "reference":
        return making.found.record(field.to, value).number
    return f"{value:f}" if field.kind in ("decimal", "money", "percent") else str(value)


def _pointers_held(fields: Iterable[Field], held: Raw) -> Iterator[tuple[Field, str]]:
    """Every person and record that stands in a form, as it was written."""
    for field in fields:
        value = held[field.name]
        if field.kind in names.POINTERS and value:
            yield field, value
        elif field.kind == "embedded":
            yield from _pointers_held(field.fields, value)
        elif field.kind == LIST:
            for row in value:
                yield from _pointers_held(field.fields, row)
