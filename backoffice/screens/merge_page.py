"""What the pages of a merge show: two records side by side, what may be picked, what else happens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from backoffice.screens import cells, record_page
from backoffice.screens.cells import person_ids, record_url
from backoffice.screens.reader import Reader
from models import names, registry, sealing
from models.declarations import LEVEL_LABELS, Level
from models.errors import Invalid, Refusal
from models.merge import service
from models.merge.rules import Pick
from models.names import Names
from models.records import Sight

Context = dict[str, Any]
Alike = list[tuple[Sight, tuple[str, ...]]]

MOST_COUNTED = service.COUNTED


def alike(sight: Sight, reader: Reader) -> Alike:
    """Records that may be the same, of those that the reader has in full, with the reasons."""
    hook = registry.get(sight.rt.slug).hooks.alike
    found = hook(reader.person, sealing.readable(sight.values)) if hook is not None else ()
    return [
        (one.sight, one.reasons)
        for one in found
        if one.sight.full and one.sight.id != sight.id and one.sight.values["archived_at"] is None
    ]


def reason_words() -> dict[str, str]:
    """Why two records look alike, in words."""
    return {"name": _("same name"), "licence": _("same licence number"), "phone": _("same phone")}


def offers(sight: Sight, found: Alike, known: Names) -> list[Context]:
    """The records that may be the same, each with the address that compares the two."""
    words = reason_words()
    return [
        {
            "title": cells.title(one, known),
            "number": one.number,
            "why": " · ".join(words.get(reason, reason) for reason in reasons),
            "url": record_url(sight.rt.slug, sight.number, "merge", **{"with": one.number}),
        }
        for one, reasons in found
    ]


def context(found: service.Comparison, reader: Reader, refusal: Refusal | None) -> Context:
    """The page on which two records are compared."""
    keep, other = found.keep, found.other
    rows = [(sight.fields, sight.values) for sight in (keep, other)]
    people = [*person_ids(keep.values), *person_ids(other.values)]
    known = names.resolve(reader.person, rows, language=reader.language, people=people)
    slug = keep.rt.slug
    return {
        "head": record_page.head(keep, known, reader),
        "sides": [_side(sight, known, reader) for sight in (keep, other)],
        "lines": [_line(line, known) for line in found.lines if line.options],
        "settled": [_line(line, known) for line in found.lines if not line.options],
        "notes": notes(found, reader),
        "errors": _errors(refusal, keep, reader),
        "revs": [keep.values["rev"], other.values["rev"]],
        "watermark": record_page.watermark(keep, reader) or record_page.watermark(other, reader),
        "urls": {
            "record": record_url(slug, keep.number),
            "swap": record_url(slug, other.number, "merge", **{"with": keep.number}),
            "again": record_url(slug, keep.number, "merge"),
        },
    }


def _side(sight: Sight, known: Names, reader: Reader) -> Context:
    return {
        "number": sight.number,
        "title": cells.title(sight, known),
        "url": record_url(sight.rt.slug, sight.number),
        "level": sight.level,
        "state": cells.state(sight, reader.language),
        "owner": known.person(sight.values.get("owner")),
        "changed": cells.moment_short(sight.values["updated_at"], reader.language),
    }


def _line(line: service.Line, known: Names) -> Context:
    sides = [texts(line, value, known) for value in (line.keep, line.other)]
    return {
        "name": line.field.name,
        "label": line.field.label.text(known.language),
        "options": [pick.value for pick in line.options],
        "pick": line.pick.value,
        "forced": line.options == (Pick.BOTH,),
        "sides": sides,
    }


def texts(line: service.Line, value: Any, known: Names) -> list[str]:
    """A value as the page shows it: one text, or one for each row and file."""
    if value is None:
        return []
    if line.field.kind == "embedded_list":
        row = replace(line.field, kind="embedded")
        return [cells.text(row, one, known) for one in value]
    if line.field.kind == "files":
        return [one["name"] for one in value]
    return [cells.text(line.field, value, known)]


def notes(found: service.Comparison, reader: Reader) -> list[str]:
    """What else the merge does, in sentences."""
    other, language = found.other.number, reader.language
    said = [
        _("%(other)s goes into the archive with its history; its number and address lead to this record.", other=other),
        _("Number, owner and state of this record stay as they are."),
    ]
    if found.pointing:
        count = found.pointing if found.pointing < MOST_COUNTED else f"{MOST_COUNTED:,}+"
        said.append(
            ngettext(
                "%(count)s record that points to it will point to this one.",
                "%(count)s records that point to it will point to this one.",
                found.pointing,
                count=count,
            )
        )
    if found.keep.rt.classified:
        level = LEVEL_LABELS[Level(found.level)].text(language)
        said.append(_("The level is the higher of both: %(level)s.", level=level))
        said.append(_("Requests and permissions to see %(other)s end.", other=other))
    if found.unseen:
        said.append(_("What you may not see is settled by itself: what this record has stays."))
    said.append(_("It can be taken back until somebody changes the record."))
    return said


def _errors(refusal: Refusal | None, keep: Sight, reader: Reader) -> list[Context]:
    if refusal is None:
        return []
    if not isinstance(refusal, Invalid):
        return [{"label": _("Not merged"), "message": refusal.text(reader.language)}]
    labels = {f.name: f.label.text(reader.language) for f in keep.fields}
    return [
        {
            "label": labels.get(path.split(".")[0], _("Not merged")),
            "message": sentence.zh if reader.language == "zh" else sentence.en,
        }
        for path, sentence in refusal.problems.items()
    ]


def pair(first: Sight, others: list[Sight], known: Names, reader: Reader) -> Context:
    """A noted pair: the file that was noted and those that it may repeat."""
    return {
        "first": _side(first, known, reader),
        "others": [
            _side(one, known, reader)
            | {"compare": record_url(one.rt.slug, one.number, "merge", **{"with": first.number})}
            for one in others
        ],
    }
