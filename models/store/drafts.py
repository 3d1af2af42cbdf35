"""Writes on their way: filled with what a new record starts with, settled by the rules, not stored yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from models import belonging, formulas, registry, requirement, stored_form
from models.deadline import settling
from models.declarations import Level, Transition
from models.ownership import keep_owner
from models.person.roles import Person
from models.registry import Draft
from models.secrecy import keep_level


def new_draft(
    entry: registry.Registered,
    values: Mapping[str, Any],
    *,
    actor: Person,
    now: datetime,
    note: str = "",
    nearby: dict[ObjectId, Mapping[str, Any]] | None = None,
) -> Draft:
    """The write of a new record, ready to be stored: defaults filled, hooks run. `nearby` holds records to which the
    values point and which the caller has read. :raises Invalid:"""
    defaults = stored_form.defaults(entry.rt)
    filled = {**defaults, **{name: value for name, value in values.items() if name in defaults}}
    given = frozenset(name for name, value in values.items() if value is not None)
    started = {**filled, "created_by": actor.id}
    draft = Draft(entry.rt, "create", None, started, actor, now, note, given=given)
    draft.nearby = {} if nearby is None else nearby
    _start(draft)
    prepare(draft)
    return draft


def next_draft(
    entry: registry.Registered,
    before: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    actor: Person,
    now: datetime,
    action: str = "change",
    note: str = "",
    transition: Transition | None = None,
    behalf: Person | None = None,
    nearby: dict[ObjectId, Mapping[str, Any]] | None = None,
) -> Draft:
    """The next version of a stored record, ready to be stored: hooks run. `nearby` as in `new_draft`, `behalf` as in
    `change`. An owner taken over from another record comes with the mark of who left (`ownership.handed_down`).

    :raises Invalid: when a hook refuses the values.
    """
    given = frozenset(values) - {"owner_left"}
    wanted = {**before, **{name: values[name] for name in given}}
    draft = Draft(entry.rt, action, before, wanted, actor, now, note, transition, given, behalf)
    draft.owner_left = values.get("owner_left")
    draft.nearby = {} if nearby is None else nearby
    prepare(draft)
    return draft


def prepare(draft: Draft) -> None:
    """Let the type's own rules and the declared ones derive values and refuse. :raises Invalid:"""
    for hook in registry.kept(draft.rt.slug).hooks.prepare:
        hook(draft)
    belonging.keep_least(draft)
    settling.settle(draft)
    formulas.compute(draft)
    requirement.check(draft)
    if draft.rt.classified:
        keep_level(draft)
        keep_owner(draft)
    draft.check()


def _start(draft: Draft) -> None:
    """Fill what a new record starts with: level, department, owner, first state."""
    rt, values = draft.rt, draft.values
    if rt.classified:
        values["level"] = values["level"] or rt.default_level.value
    else:
        values["level"] = Level.INTERNAL.value
    values["department"] = values["department"] or rt.kept_by or draft.actor.department or None
    values["owner"] = values["owner"] or draft.actor.id
    if rt.workflow is not None and not values["state"]:
        values["state"] = rt.workflow.states[0].value
