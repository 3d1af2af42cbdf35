"""What the pages of one record show: head with its moves, groups of fields, and the card of a locked one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from flask import url_for
from flask_babel import gettext as _

from backoffice.screens import cells, deadlines, value_html
from backoffice.screens.cells import record_url
from backoffice.screens.reader import Reader
from models import access, keeping, ownership, records, registry, sealing
from models import watermark as mark
from models.access import Purpose
from models.access_request.service import may_offer
from models.declarations import OWNER, Choice, Field, Group, Label, Level, RecordType, Transition
from models.destruction.holds import is_held, may_hold
from models.destruction.service import may_propose as may_propose_destruction
from models.errors import Sentence
from models.merge.service import may_merge
from models.moves import is_plain
from models.names import Names
from models.person import departments
from models.records import LEVEL_CHOICES, Sight
from models.secrecy_change.service import may_ask as may_change_secrecy
from models.taking_back import on_card

Context = dict[str, Any]

PLACING = Group(name="placing", label=Label("归属与密级", "Ownership and secrecy"), folded=True)
PLACED: tuple[Field, ...] = (
    Field(name="owner", kind="person", label=OWNER),
    Field(name="department", kind="choice", label=Label("部门", "Department"), choices=departments.CHOICES),
    Field(name="level_basis", kind="text", label=Label("定密依据", "Basis of level")),
    Field(name="level_set_by", kind="person", label=Label("定密人", "Level set by")),
    Field(name="secret_until", kind="date", label=Label("保密期至", "Secret until")),
    Field(name="created_by", kind="person", label=Label("创建人", "Created by")),
    Field(name="created_at", kind="datetime", label=Label("创建时间", "Created")),
    Field(name="updated_by", kind="person", label=Label("更新人", "Changed by")),
    Field(name="updated_at", kind="datetime", label=Label("更新时间", "Changed")),
)
LEVEL = Field(name="level", kind="choice", label=Label("密级", "Level"), choices=LEVEL_CHOICES)
REVIEW_ON = Field(name="review_on", kind="date", label=Label("下次复核", "Next review"))
KEEP_UNTIL = Field(name="keep_until", kind="date", label=Label("保存至", "Keep until"))
IN_A_QUERY = "!$%&'()*+,-./:;=?@_~|"
MANY_WAITING = 5
"""So many lines of a group that nobody may fill by hand, and nothing has filled yet, stand apart from the others."""
ONLY_CLASSIFIED = ("level_basis", "level_set_by", "secret_until")


def head(
    sight: Sight, names: Names, reader: Reader, current: Mapping[str, Any] | None = None, came_from: str = ""
) -> Context:
    """The head of a record's pages; with the stored record (`current`) also what the reader may do with it.
    `came_from` is the query of the list that led here."""
    made: Context = {
        "number": sight.number,
        "title": cells.title(sight, names),
        "level": sight.level,
        "level_note": level_note(sight, names),
        "state": cells.state(sight, reader.language),
        "owner": _owner(sight, names),
        "due": due(sight, reader),
        "marks": [{"text": _("Archived"), "icon": "archive"}] if sight.values.get("archived_at") else [],
    }
    if current is None:
        return made
    if sight.unreadable:  # what cannot be read is not changed either
        return made | {"main_action": None, "actions": _other_actions(sight, current, reader)}
    moves = records.moves(reader.person, sight.rt, current)
    main = next((t for t in moves if t.main), None)
    made["main_action"] = move_action(sight, main, reader, came_from) if main else None
    rest = [move_action(sight, t, reader, came_from) for t in moves if t is not main and t.offered]
    made["actions"] = [*_edit(sight, current, reader, came_from), *rest, *_other_actions(sight, current, reader)]
    return made


def due(sight: Sight, reader: Reader) -> Context | None:
    """When the record is due, and what of it."""
    found, labels = deadlines.due(sight, reader), cells.due_labels(sight, reader.language)
    return {**found, "what": " · ".join(labels)} if found else None


def level_note(sight: Sight, names: Names) -> str:
    """The level's basis and end, for hovering over its mark."""
    if not sight.full or sight.level == Level.INTERNAL.value:
        return ""
    until = sight.values.get("secret_until")
    parts = [sight.values.get("level_basis") or ""]
    if until:
        parts.append(_("until %(day)s", day=cells.day_short(until, names.language)))
    return " · ".join(part for part in parts if part)


def from_list(query: str) -> dict[str, str]:
    """What an address carries along of the list that led to a record, by its query; '' for none."""
    return {"in": query} if query else {}


def back_to_list(slug: str, query: str) -> str:
    """The address of the list that led to a record; whatever stands in the query stays within it."""
    at = url_for("records.listing", slug=slug)
    return f"{at}?{quote(query, safe=IN_A_QUERY)}" if query else at


def move_action(sight: Sight, move: Transition, reader: Reader, came_from: str = "") -> Context:
    """A move as a button: at once where nothing is asked, else by its sheet. `came_from` as for `head`."""
    at = record_url(sight.rt.slug, sight.number, move.page) if move.page else None
    action: Context = {
        "label": move.label.text(reader.language),
        "url": at or record_url(sight.rt.slug, sight.number, "act", move=move.name, **from_list(came_from)),
        "tone": move.tone,
    }
    if not is_plain(move):
        return action
    return action | {"method": "post", "hidden": {"rev": sight.values["rev"]}}


def card_actions(sight: Sight, current: Mapping[str, Any], reader: Reader) -> list[Context]:
    """What the reader of a card may take back, as buttons."""
    return [
        {
            "label": move.label.text(reader.language),
            "url": record_url(sight.rt.slug, sight.number, "act", move=move.name),
            "method": "post",
            "hidden": {"rev": current["rev"]},
        }
        for move in on_card(reader.person, sight, current)
    ]


def _edit(sight: Sight, current: Mapping[str, Any], reader: Reader, came_from: str) -> list[Context]:
    if not records.can(reader.person, sight.rt, current, Purpose.EDIT):
        return []
    url = record_url(sight.rt.slug, sight.number, "edit", **from_list(came_from))
    return [{"label": _("Edit"), "url": url, "icon": "pencil", "key": "e"}]


def _other_actions(sight: Sight, current: Mapping[str, Any], reader: Reader) -> list[Context]:
    slug, number, person = sight.rt.slug, sight.number, reader.person
    made = [{"label": _("History"), "url": record_url(slug, number, "history"), "icon": "clock-history"}]
    if access.reach(person, sight.rt, Purpose.PRINT).sees(current["acl"]) == "full":
        made.append({"label": _("Print"), "url": record_url(slug, number, "printed"), "icon": "printer"})
    if sight.rt.classified and ownership.knows_readers(person, sight.values):
        url = url_for("readers.of_record", slug=slug, number=number)
        made.append({"label": _("Who has read this"), "url": url, "icon": "eye"})
    if sight.level != Level.INTERNAL.value and may_offer(person, sight, current):
        made.append({"label": _("Offer access …"), "url": record_url(slug, number, "offer"), "icon": "key"})
    if may_change_secrecy(person, sight) or records.raises_alone(person, sight.rt, current):
        url = record_url(slug, number, "secrecy")
        made.append({"label": _("Change the secrecy …"), "url": url, "icon": "shield-lock"})
    if may_hold(person, sight.rt, current):
        made.append({"label": _("Legal hold …"), "url": record_url(slug, number, "hold"), "icon": "lock"})
    if may_propose_destruction(person, sight) and not is_held(current):
        url = record_url(slug, number, "destroy")
        made.append({"label": _("Propose destruction …"), "url": url, "icon": "fire", "tone": "bad"})
    if sight.unreadable:  # what follows would change it
        return made
    if may_merge(person, sight.rt, current):
        url = record_url(slug, number, "merge")
        made.append({"label": _("Merge with …"), "url": url, "icon": "union"})
    if not records.can(person, sight.rt, current, Purpose.ARCHIVE) or current.get("merged_into"):
        return made
    rev = {"rev": sight.values["rev"]}
    if current.get("archived_at"):
        url = record_url(slug, number, "restore")
        return [*made, {"label": _("Restore"), "url": url, "icon": "arrow-up", "method": "post", "hidden": rev}]
    url = record_url(slug, number, "archive")
    return [*made, {"label": _("Archive …"), "url": url, "icon": "archive", "tone": "bad"}]


def groups(sight: Sight, names: Names, *, folds: bool = True) -> list[Context]:
    """The groups of a record's fields that the reader may see; on paper nothing folds."""
    rt, language = sight.rt, names.language
    made = []
    for group, fields in grouped(rt, sight.fields):
        shown = [(f, cells.details_value(f, sight, names)) for f in fields]
        begun = any(sight.values.get(f.name) not in (None, f.default) for f in fields)
        made.append(_group(group, shown, language, folds, begun))
    placed = [f for f in rt.called(PLACED) if rt.classified or f.name not in ONLY_CLASSIFIED]
    rows = [(f, cells.cell(f, sight.values.get(f.name), names)) for f in placed]
    if rt.classified:
        rows.insert(2, (LEVEL, cells.cell(LEVEL, sight.level, names)))
    told = ((REVIEW_ON, rt.cadence, keeping.review_on), (KEEP_UNTIL, rt.retention, keeping.keep_until))
    rows += [(f, cells.cell(f, day(rt, sight.values), names)) for f, said, day in told if said]
    return [*made, _group(placing_of(rt), rows, language, folds, begun=True)]


def placing_of(rt: RecordType) -> Group:
    """The group of the engine's own fields; what is not classified has no secrecy."""
    return PLACING if rt.classified else replace(PLACING, label=Label("归属", "Ownership"))


def grouped(rt: RecordType, fields: tuple[Field, ...]) -> list[tuple[Group, list[Field]]]:
    """Fields by declared group, in its order; those of no group stand with the first. Empty groups are left out."""
    declared = rt.groups or (Group(name="main", label=rt.label),)
    found: dict[str, list[Field]] = {group.name: [] for group in declared}
    first = found[declared[0].name]
    for field in fields:
        found.get(field.group, first).append(field)
    return [(group, found[group.name]) for group in declared if found[group.name]]


def _group(group: Group, fields: list[tuple[Field, cells.Cell]], language: str, folds: bool, begun: bool) -> Context:
    """A group of a page. `begun`: something in it is not as a new record begins; else it is its heading. On the screen,
    many lines that wait for rules and decisions to fill them stand apart."""
    filled = sum(not cell["empty"] for _field, cell in fields)
    folded = group.folded or not begun
    waiting = [one for one in fields if one[1]["empty"] and not one[0].editable]
    apart = folds and begun and len(waiting) >= MANY_WAITING
    now = [one for one in fields if one not in waiting] if apart else fields
    return {
        "name": group.name,
        "label": group.label.text(language),
        "folded": folds and folded,
        "empty": not begun,
        "columns": group.columns,
        "note": "" if not folded else f"{filled}/{len(fields)}" if begun else _("Nothing yet"),
        "html": value_html.rows(now, language, bare=folds and len(fields) == 1 and _is_list(fields[0][0])),
        "waiting": {"count": len(waiting), "html": value_html.rows(waiting, language)} if apart else None,
    }


def _is_list(field: Field) -> bool:
    return field.kind == "embedded_list"


def card(sight: Sight, names: Names) -> Context:
    """The card of a locked record: number, masked title, level, owner, and what else a card may show."""
    title = sight.rt.title
    rest = [f for f in sight.fields if f.name != title]
    return {
        "number": sight.number,
        "title": cells.title(sight, names),
        "level": sight.level,
        "owner": _owner(sight, names),
        "html": value_html.rows([(f, cells.shown(sight, f, names)) for f in rest], names.language),
    }


def _owner(sight: Sight, names: Names) -> Context:
    return {"label": sight.rt.owner.text(names.language), "text": names.person(sight.values.get("owner"))}


def notices(sight: Sight, reader: Reader) -> list[Context]:
    """What looks wrong or is missing on a record, from what the reader may read of it."""
    lacks, lost = registry.get(sight.rt.slug).hooks.lacks, _lost(sight)
    if lacks is None or not sight.full:
        return lost
    found = lacks(sealing.readable(sight.values))
    return [*lost, *({"text": in_language(text, reader.language), "tone": "warn"} for text in found)]


def _lost(sight: Sight) -> list[Context]:
    if not sight.unreadable:
        return []
    text = _(
        "Part of this record cannot be read: its key is gone, or it is damaged. It is kept as it is, and the record is "
        "not changed until an administrator has restored it from a backup."
    )
    return [{"text": text, "tone": "bad"}]


def in_language(text: Sentence, language: str) -> str:
    """A sentence of the rules in the reader's language."""
    return text.zh if language == "zh" else text.en


def watermark(sight: Sight, reader: Reader) -> str:
    """The reader's name and time, across every page of a classified record (X1); '' for one without class."""
    return mark.watermark(sight.level, reader.person, reader.now, reader.language)


def with_choices(field: Field, rt: RecordType) -> Field:
    """The engine's own fields as history shows them: state, level and department by their names."""
    choices: dict[str, tuple[Choice, ...]] = {"level": LEVEL_CHOICES, "department": departments.CHOICES}
    if rt.workflow is not None:
        choices["state"] = tuple(rt.workflow.states)
    return replace(field, kind="choice", choices=choices[field.name]) if field.name in choices else field
