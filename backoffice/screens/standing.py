"""Where a record stands, on its page: steps done, by whom; whom it waits for, since when; what is to come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bson import ObjectId
from flask_babel import gettext as _

from backoffice.screens import cells, past
from backoffice.screens.reader import Reader
from models import climbing, standing, turns
from models.declarations import Transition
from models.office import office_calendar
from models.person import deputies, directory
from models.person.roles import ROLE_LABELS
from models.records import Sight
from models.standing import Done, Waiting

Context = dict[str, Any]


def strip(
    sight: Sight, current: Mapping[str, Any], versions: Sequence[Mapping[str, Any]], reader: Reader
) -> Context | None:
    """The strip of `records/standing.html`; None where nothing is signed, or nothing was handed in yet."""
    found = standing.standing(sight, current, versions)
    if found is None:
        return None
    language = reader.language
    return {
        "done": [_done(one, reader) for one in found.done],
        "now": _now(sight, current, found.waiting, reader) if found.waiting else None,
        "ahead": [_ahead(move, reader) for move in found.ahead],
        "end": _end(sight, language) if found.waiting is None else "",
    }


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
    label = one.move.label.text(reader.language) if one.move else told
    return {
        "what": label,
        "who": row["by_name"] if row["by"] else _("The system"),
        "for_whom": row.get("behalf_name") or "",
        "at": cells.moment_short(row["at"], reader.language),
        "note": row.get("note") or "",
        "tone": one.move.tone if one.move else "neutral",
    }


def _now(sight: Sight, current: Mapping[str, Any], waiting: Waiting, reader: Reader) -> Context:
    signing = _deputies([*waiting.turns, *waiting.passed_on], sight, reader)
    called = directory.names(ObjectId(one) for one in (*waiting.turns, *waiting.passed_on) if not turns.is_role(one))
    next_at = climbing.climbs_at(waiting.state, current, office_calendar())
    return {
        "what": waiting.state.label.text(reader.language),
        "whom": _called(waiting.turns, called, signing, reader),
        "passed_on": _called(waiting.passed_on, called, signing, reader),
        "since": cells.moment_short(waiting.since, reader.language) if waiting.since else "",
        "next_at": cells.moment_short(next_at.at, reader.language) if next_at else "",
    }


def _deputies(whom: Iterable[str], sight: Sight, reader: Reader) -> dict[ObjectId, list[str]]:
    people = [ObjectId(one) for one in whom if not turns.is_role(one)]
    return deputies.names_of(people, sight.rt.slug, reader.now)


def _called(
    whom: Iterable[str], called: Mapping[ObjectId, str], signing: Mapping[ObjectId, list[str]], reader: Reader
) -> str:
    """People and roles in words, each person with their deputies."""
    words = []
    for one in whom:
        if turns.is_role(one):
            words.append(ROLE_LABELS[turns.role_of(one)][0 if reader.language == "zh" else 1])
            continue
        name, stand_ins = called.get(ObjectId(one), ""), signing.get(ObjectId(one), [])
        if stand_ins:
            name = _("%(name)s (deputy: %(deputies)s)", name=name, deputies=_(", ").join(stand_ins))
        words.append(name)
    return str(_(", ")).join(word for word in words if word)
