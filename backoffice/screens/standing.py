"""Where a record stands, on its page: steps done, by whom; whom it waits for, since when; what is to come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bson import ObjectId
from flask_babel import gettext as _

from backoffice.screens import cells, past
from backoffice.screens.reader import Reader
from models import access, climbing, registry, standing, turns, unheld
from models.declarations import Transition
from models.office import office_calendar
from models.person import deputies, directory
from models.person.roles import ROLE_LABELS
from models.records import Sight
from models.reminder.outcomes import tell_asker
from models.standing import Done, Waiting
from models.unheld import Missing

Context = dict[str, Any]
NOTHING = Missing(frozenset(), frozenset())
REQUEST = "type_asked"
"""By this field a type holds requests about records of others: whoever asked is told what came of them."""


def strip(
    sight: Sight, current: Mapping[str, Any], versions: Sequence[Mapping[str, Any]], reader: Reader
) -> Context | None:
    """The strip of `records/standing.html`; None where nothing is signed, or nothing was handed in yet."""
    found = standing.standing(sight, current, versions)
    if found is None:
        return None
    done = [_done(one, reader) for one in found.done]
    end = _end(sight, reader.language) if found.waiting is None else ""
    return {
        "done": done,
        "now": _now(sight, current, found.waiting, reader) if found.waiting else None,
        "ahead": [_ahead(move, reader) for move in found.ahead],
        "end": end if not done or end != done[-1]["what"] else "",
    }


def is_settled(sight: Sight, current: Mapping[str, Any]) -> bool:
    """Whether this is something of which whoever handed it in is told what came of it, and it waits for nobody (any
    more)."""
    told = REQUEST in sight.rt.by_name or tell_asker in registry.get(sight.rt.slug).hooks.after
    state = access.state_of(sight.rt, current) if told else None
    return state is not None and not state.turn


def _ahead(move: Transition, reader: Reader) -> Context:
    roles = [one for one in move.by if turns.is_role(one)]
    return {"what": move.label.text(reader.language), "whom": _called(roles, {}, {}, reader)}


def _end(sight: Sight, language: str) -> str:
    state = cells.state(sight, language)
    return state["text"] if state else ""


def _done(one: Done, reader: Reader) -> Context:
    row = one.version
    made = row["action"] == "create"
    told = _("Handed in") if made else str(past.ACTIONS.get(row["action"], _("Closed")))
    told = told[:1].upper() + told[1:]  # written to follow a name, it stands alone here
    return {
        "what": one.move.told(reader.language) if one.move else told,
        "who": past.maker(row),
        "for_whom": row.get("behalf_name") or "",
        "at": cells.moment_short(row["at"], reader.language),
        "note": row.get("note") or "",
        "tone": one.move.tone if one.move else "neutral",
    }


def _now(sight: Sight, current: Mapping[str, Any], waiting: Waiting, reader: Reader) -> Context:
    onward = climbing.onward(waiting.state, current, office_calendar())
    following = standing.whom_of(onward.to, current) if onward else ()
    everybody = (*waiting.turns, *waiting.passed_on, *following)
    signing = _deputies(everybody, sight, reader)
    lacking = unheld.missing(everybody, current.get("department"), _barred(sight, waiting, current))
    called = directory.names(ObjectId(one) for one in everybody if not turns.is_role(one)) | _unnamed(sight, current)
    in_time = not climbing.is_overdue(waiting.state, current, office_calendar(), reader.now)
    by_now = (*waiting.turns, *waiting.passed_on) if in_time else waiting.turns
    return {
        "what": waiting.state.label.text(reader.language),
        "whom": _called(by_now, called, signing, reader, lacking),
        "passed_on": "" if in_time else _called(waiting.passed_on, called, signing, reader, lacking),
        "since": cells.moment_short(waiting.since, reader.language) if waiting.since else "",
        "next_at": cells.moment_short(onward.deadline.at, reader.language) if onward else "",
        "next": _called(following, called, signing, reader, lacking),
    }


def _barred(sight: Sight, waiting: Waiting, current: Mapping[str, Any]) -> set[object]:
    """The people who may give none of the signatures for which a record waits: it is their own, or concerns them. None
    where that follows from what the reader does not see: the strip would tell them of it (X6, X8)."""
    rt, flow, shown = sight.rt, sight.rt.workflow, {field.name for field in sight.fields}
    moves = [move for move in flow.signatures(waiting.state.value) if move.main] if flow else []
    of_concerned = {concern.field.partition(".")[0] for concern in rt.concerns}
    asked = of_concerned.union(*(move.not_by for move in moves))
    if any(one in rt.by_name and one not in shown for one in asked):
        return set()
    named = [{current.get("created_by" if one == "creator" else one) for one in move.not_by} for move in moves]
    own: set[object] = set.intersection(*named) - {None} if named else set()
    return own | access.concerned(rt, current)


def _unnamed(sight: Sight, current: Mapping[str, Any]) -> dict[ObjectId, str]:
    """Words for the people whom fields name that the reader does not see (X8)."""
    shown = {field.name for field in sight.fields}
    hidden = (field.name for field in sight.rt.fields if field.kind == "person" and field.name not in shown)
    return {person: past.unnamed() for name in hidden if (person := current.get(name)) is not None}


def _deputies(whom: Iterable[str], sight: Sight, reader: Reader) -> dict[ObjectId, list[str]]:
    people = [ObjectId(one) for one in whom if not turns.is_role(one)]
    return deputies.names_of(people, sight.rt.slug, reader.now)


def _called(
    whom: Iterable[str],
    called: Mapping[ObjectId, str],
    signing: Mapping[ObjectId, list[str]],
    reader: Reader,
    lacking: Missing = NOTHING,
) -> str:
    """People and roles in words, each person with their deputies or that their account is disabled, and of roles that
    they are held by none, or by none who may sign."""
    words, disabled = [], directory.out_of_use(ObjectId(one) for one in whom if not turns.is_role(one))
    for one in whom:
        if turns.is_role(one):
            role = turns.role_of(one)
            label = ROLE_LABELS[role][0 if reader.language == "zh" else 1]
            if role in lacking.held_by_nobody:
                label = str(_("%(role)s (held by nobody)", role=label))
            elif role in lacking.barred:
                label = str(_("%(role)s (nobody else who may sign)", role=label))
            words.append(label)
            continue
        name, stand_ins = called.get(ObjectId(one), ""), signing.get(ObjectId(one), [])
        if ObjectId(one) in disabled and name != past.unnamed():
            name = _("%(name)s (account disabled)", name=name)
        elif stand_ins and name != past.unnamed():
            name = _("%(name)s (deputy: %(deputies)s)", name=name, deputies=_(", ").join(stand_ins))
        words.append(name)
    return str(_(", ")).join(word for word in words if word)
