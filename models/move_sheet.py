"""What the sheet of a move asks of a person, what of that has to be given on this record, and the facts that it shows.

Whoever decides on a sheet decides on what it showed (docs/adr/0016). The record itself is kept by its version. What the
sheet says of other records is kept by its facts: the same function gives them when the sheet is shown and inside the
transaction of the decision, and where they differ nothing is done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from models import listed, names, registry
from models.declarations import Field, Label, RecordType, Transition
from models.errors import Refusal, Sentence
from models.moves import deputed, why_not
from models.person.roles import Person
from models.record_input import asked_fields
from models.registry import MoveSheet, Needs
from models.sights import Sight

Shown = Callable[[str], bool]
"""Whether these are the facts of the sheet on which a person decides."""


class SheetChanged(Refusal):
    """The sheet shows something else by now than what was decided on."""

    code, status = "sheet_changed", 409
    zh = "本页所示内容在您打开之后有变动，未作任何办理。请按现在的内容核对后再决定。"
    en = "What this page shows has changed since you opened it. Nothing was done: look at it as it is now, then decide."


def sheet_fields(
    person: Person, rt: RecordType, transition: Transition, current: Mapping[str, Any]
) -> tuple[Field, ...]:
    """The fields of a transition's sheet as it is shown to a person: those that the move needs are required, and so are
    those that the type's rules need of this record (`Hooks.needs`), always or while their condition holds."""
    fields, needs = asked_fields(rt, transition), registry.get(rt.slug).hooks.needs
    if needs is None:
        return fields
    own = why_not(person, rt, transition, current) is None
    behalf = None if own else deputed(person, rt, transition, current)
    found = needs(MoveSheet(current, transition.name, person, behalf))
    return tuple(_needed(field, found) for field in fields)


def _needed(field: Field, found: Needs) -> Field:
    if field.name not in found or field.required:
        return field
    when = found[field.name]
    return replace(field, required=when is None, required_when=when)


def tells_in_full(rt: RecordType, transition: Transition) -> bool:
    """Whether a sheet says what it is about: that of a signature, and one on which others than who asked take back
    what a signature opened, as a card is revoked (X5). Who asked is not told there how things stand now (X6)."""
    by_others = {"creator", "owner"}.isdisjoint(transition.by) and registry.get(rt.slug).hooks.opens is not None
    return transition.signature or (by_others and transition.reason and transition.tone == "bad")


def only_refused(rt: RecordType, transition: Transition, current: Mapping[str, Any]) -> bool:
    """Whether a signature on a stored record is sure to fail as things are, so that it can only be refused."""
    fails = registry.get(rt.slug).hooks.only_refused
    return fails is not None and transition.signature and transition.tone != "bad" and fails(current) is not None


def facts(person: Person, found: Sight, transition: Transition, current: Mapping[str, Any]) -> str:
    """What the sheet of a move tells a person beside the record itself, `current` as it is stored: what would be opened
    or let out and which versions of other records that is, what speaks against it, how what it points to is called.
    The same for all moves that are decided on one sheet, and in all languages; '' where there is nothing."""
    hooks = registry.get(found.rt.slug).hooks
    if not tells_in_full(found.rt, transition):
        return ""
    with listed.gathered():  # the page itself tells of what it shows
        warned = hooks.warns(person, {**found.values, "_id": found.id}, {}) if hooks.warns else ()
        pointed = names.resolve(person, [(found.fields, found.values)], language="zh").records
    said = [
        [[*_in_both(label), *_in_both(text)] for label, text in (hooks.opens(current) if hooks.opens else ())],
        [list(row) for row in (hooks.rests_on(current) if hooks.rests_on else ())],
        [_in_both(text) for text in warned],
        sorted([slug, str(record_id), name.number, name.text] for (slug, record_id), name in pointed.items()),
    ]
    return json.dumps(said, ensure_ascii=False, default=str) if any(said) else ""


def _in_both(text: Sentence | Label) -> list[str]:
    return [text.zh, text.en]


def check_shown(
    person: Person, found: Sight, transition: Transition, current: Mapping[str, Any], shown: Shown | None
) -> None:
    """Inside the transaction of a move. None for who saw no sheet, as a program: they give no signature so.

    :raises SheetChanged: the person decides on other facts than those of now, or on none where there are some.
    """
    if shown is None and not transition.signature:
        return
    now = facts(person, found, transition, current)
    if now and not (shown is not None and shown(now)):
        raise SheetChanged()
