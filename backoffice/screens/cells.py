"""Values as pages show them: one small mapping a value, with its text in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from bson import ObjectId
from flask import url_for
from flask_babel import gettext as _

from backoffice import addresses
from backoffice.screens.reader import Reader
from models import access, listed, names, stored_form
from models.access import Purpose
from models.attachment.rules import SHOWN
from models.calendar import local
from models.day_words import MONTHS_EN, day_text
from models.declarations import Field
from models.key_vault.refusals import UNREADABLE, Unopened
from models.kinds import in_rows
from models.kinds.compound import between
from models.names import HIDDEN, Names
from models.office import office_calendar
from models.records import Sight
from models.sealing import FILE_NAME

Row = tuple[Iterable[Field], Mapping[str, Any]]

Cell = dict[str, Any]

SCREEN_ONLY = "screen_only"
"""The kind of a cell that is of no use on paper."""
NUMERIC = ("money", "integer", "decimal", "percent")
MOST_DAYS = 5_000
"""So many days are kept as written: the same few stand in every row of a list."""


def day_short(day: date, language: str) -> str:
    """A day as lists show it: `2026-11-22`, `22 Nov 2026`."""
    if language == "zh":
        return day.isoformat()
    return f"{day.day} {MONTHS_EN[day.month - 1]} {day.year}"


@lru_cache(maxsize=MOST_DAYS)
def day_full(day: date, language: str) -> str:
    """A day with its weekday."""
    words = day_text(day)
    return words.zh if language == "zh" else words.en


def moment_short(at: datetime, language: str) -> str:
    """A moment on Shanghai clocks, to the minute."""
    there = local(at)
    return f"{day_short(there.date(), language)} {there.hour:02d}:{there.minute:02d}"


def span_short(first: datetime, last: datetime, language: str) -> str:
    """Two moments of one day on Shanghai clocks, as one where they are the same minute: `2026-11-22 10:00–10:20`."""
    begins, ends = moment_short(first, language), moment_short(last, language)
    return begins if begins == ends else f"{begins}–{ends[-5:]}"


def moment_full(at: datetime, language: str) -> str:
    """A moment with its weekday, to the second."""
    there = local(at)
    space = "" if language == "zh" else " "  # a day in Chinese ends in a full-width bracket
    return f"{day_full(there.date(), language)}{space}{there:%H:%M:%S}"


def period_short(value: Mapping[str, Any], language: str) -> str:
    """A period as lists show it: `1 Jan 2026 to 31 Mar 2026`, `from 1 Jan 2026 on`."""
    begins, ends = (day_short(value[end], language) if value[end] else "" for end in ("from", "until"))
    return between(begins, ends, language)


def cell(field: Field, value: Any, names: Names) -> Cell:
    """One value for lists and details: `{name, kind, text, title, url, empty}`, and `full` for long ones."""
    made: Cell = {
        "name": field.name,
        "kind": field.kind,
        "text": "",
        "empty": value is None,
    }
    if value is None:
        return made
    if isinstance(value, Unopened):
        return made | {"kind": "text", "text": UNREADABLE.text(names.language)}
    if field.kind == "date":
        made |= {"text": day_short(value, names.language), "full": day_full(value, names.language)}
    elif field.kind == "datetime":
        made |= {"text": moment_short(value, names.language), "full": moment_full(value, names.language)}
    elif field.kind == "period":
        made["text"] = period_short(value, names.language)
    elif field.kind == "reference":
        name = names.record(field.to, value)
        made |= {"text": name.marked(names.language), "url": record_url(field.to, name.number) if name.number else ""}
    elif field.kind == "choice":
        tone = next((c.tone for c in field.choices if c.value == value), "neutral")
        made |= {"text": names.text(field, value), "tone": tone if tone != "neutral" else ""}
    elif field.kind in ("embedded", "embedded_list"):
        made["text"] = in_rows(field, value, lambda inner, one: text(inner, one, names))
    else:
        made["text"] = names.text(field, value)
    return made


def text(field: Field, value: Any, names: Names) -> str:
    """A value in words, as `cell` has it: days as the reader's language writes them, inside rows as well."""
    return str(cell(field, value, names)["text"])


def shown(sight: Sight, field: Field, names: Names) -> Cell:
    """A field of a record as the reader may see it; empty where it is not theirs to see."""
    value = sight.values.get(field.name)  # a sight holds nothing that is not the reader's to see
    if not sight.full and field.card == "masked":
        return {"name": field.name, "kind": "text", "text": value or "", "empty": value is None}
    return cell(field, value, names)


def details_value(field: Field, sight: Sight, names: Names) -> Cell:
    """A value on the details page; embedded rows and files are laid out as a small table."""
    value = sight.values.get(field.name)
    if value is None:
        return {"name": field.name, "kind": field.kind, "text": "", "empty": True}
    made = shown(sight, field, names)
    if made["empty"] or made["kind"] != field.kind:
        return made
    if field.kind == "percent" and field.maximum == 100:
        made |= {"kind": "progress", "number": float(value)}
    elif field.kind in ("embedded", "embedded_list"):
        rows = value if field.kind == "embedded_list" else [value]
        made["rows"] = [[_inner(inner, row.get(inner.name), names) for inner in field.fields] for row in rows]
    elif field.kind == "files":
        made["rows"] = [_file(sight, row, names) for row in value]
    return made


def _inner(field: Field, value: Any, names: Names) -> Cell:
    return {**cell(field, value, names), "label": field.label.text(names.language)}


def file_link(sight: Sight, row: Mapping[str, Any], names: Names) -> Cell:
    """A file of a record by its name, and where it is fetched, or looked at by who may not take it out (X4); no address
    where its name cannot be read."""
    if isinstance(row["name"], Unopened):
        return {"label": _("File"), "text": names.text(FILE_NAME, row["name"]), "url": ""}
    to = "records.file" if sight.leaves else "records.file_shown" if row["type"] in SHOWN else ""
    url = url_for(to, slug=sight.rt.slug, number=sight.number, file_id=str(row["file"])) if to else ""
    return {"label": _("File"), "text": row["name"], "url": url}


def _file(sight: Sight, row: Mapping[str, Any], names: Names) -> list[Cell]:
    at: dict[str, Any] = {"slug": sight.rt.slug, "number": sight.number, "file_id": str(row["file"])}
    cells = [file_link(sight, row, names)]
    size = {"label": _("Size"), "text": size_text(row["size"]), "kind": "integer"}
    looked = {"label": _("On screen"), "text": "", "url": "", "kind": SCREEN_ONLY}
    if not isinstance(row["name"], Unopened) and row["type"] in SHOWN:
        looked |= {"text": _("Look"), "url": url_for("records.file_shown", **at)}
    return [*cells, size, looked]


def on_screen_only(sight: Sight) -> bool:
    """Whether a page that names a record beside others keeps it off the paper: lists are not how titles leave (X4)."""
    return sight.full and listed.is_classified(sight.rt, sight.level)


def title(sight: Sight, names: Names) -> str:
    """What a record is called: its title, masked on a card, or its number. The trail tells of it (X7)."""
    if sight.full:
        listed.glimpse(sight.rt, sight.id, sight.number, sight.level)
    text: str = shown(sight, sight.rt.by_name[sight.rt.title], names)["text"]
    return text if text and text != HIDDEN else sight.number


def state(sight: Sight, language: str) -> Cell | None:
    """The state as a quiet label; None on cards and for types without workflow."""
    found = access.state_of(sight.rt, sight.values)
    if found is None:
        return None
    return {"text": found.label.text(language), "tone": found.tone}


def due(sight: Sight, reader: Reader) -> Cell | None:
    """When the record is due, late in words: `3 working days late`; None where nothing is."""
    at = sight.values.get("due_at")
    return None if at is None else deadline(at, reader)


def due_labels(sight: Sight, language: str) -> list[str]:
    """What is due next: the labels of the fields whose deadline stands now. Those fields are called after it."""
    at, general = sight.values.get("due_at"), sight.rt.due
    named = (f for f in sight.fields if "due" in f.name.split("_") and f.name != general)
    holds = ((f, sight.values.get(f.name)) for f in named)
    found = [f for f, value in holds if isinstance(value, date | datetime) and stored_form.end_of(value) == at]
    return [f.label.text(language) for f in found]


def deadline(at: datetime, reader: Reader) -> Cell:
    """How a deadline stands, in words, with its tone and the full moment."""
    words = office_calendar().due_text(at, reader.now)
    soon = (local(at).date() - local(reader.now).date()).days <= 1
    tone = "bad" if at < reader.now else "warn" if soon else "neutral"
    text = words.zh if reader.language == "zh" else words.en
    return {"text": text, "tone": tone, "full": moment_full(at, reader.language)}


def record_url(slug: str, number: str, act: str = "details", **values: Any) -> str:
    """The address of a record's page."""
    return addresses.of_record(act, slug, number, **values)


def size_text(size: int) -> str:
    """A file's size: `312 KB`, `4.2 MB`."""
    return f"{max(1, round(size / 1024))} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"


def known(sight: Sight, reader: Reader, rows: Iterable[Row] | None = None, purpose: Purpose = Purpose.VIEW) -> Names:
    """The names that a page about a record shows: of its values, or of `rows`, and of the people behind it; on paper
    those that may be printed."""
    shown = [(sight.fields, sight.values)] if rows is None else rows
    people = person_ids(sight.values)
    return names.resolve(reader.person, shown, language=reader.language, people=people, purpose=purpose)


def people_of(sight: Sight) -> Iterator[ObjectId | None]:
    """Whom a record names: in its values, and in the engine's own fields."""
    yield from person_ids(sight.values)
    for declared, value in names.pointers(sight.fields, sight.values):
        if declared.kind == "person":
            yield value


def person_ids(values: Mapping[str, Any]) -> list[Any]:
    """The people that the engine's own fields of a record point to."""
    return [values.get(name) for name in ("owner", "created_by", "updated_by", "level_set_by")]
