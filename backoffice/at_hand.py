"""What a request asks for together with who asks: the record that its address names, what stands round it on its page,
and what the frame of the page shows. So a page about a record asks the database once, instead of five times.

Nothing found this way is used before rights are known: the record is judged where it is seen, and what the frame was
told is taken only where it was asked with the very rights that its reader turns out to have (X6). What stands round a
record is asked for with the rights of the reader's earlier request; where these do not open the record, it is read
alone, as one that is not there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from flask import g, request

from models import at_hand, frame, history, registry
from models.at_hand import AtHand
from models.declarations import RecordType
from models.destruction import service as destruction
from models.frame import Frame
from models.person.roles import Person
from models.reading import service as reading
from models.sights import Sight

PAGES = frozenset({"records.details", "records.edit"})
"""Pages about one record, which is read first of all."""
OPENING = PAGES | {"records.related", "api.get_get", "api.patch_change"}
LEAVING = frozenset({"api.get_get_list", "api.get_find"})
"""Lists that leave: the classified records on them count as read."""

LATEST = 8
"""So many versions of a record stand on its page."""

Rows = list[dict[str, Any]]


def stages(person: ObjectId, before: Person | None) -> Rows:
    """What to ask beside who asks. `before` is the person as they were taken for an earlier request."""
    found: Rows = []
    if request.endpoint in OPENING and request.view_args:
        within = before if request.method == "GET" and request.endpoint in ROUND else None
        around = ROUND[request.endpoint] if within is not None else at_hand.alone
        found += at_hand.beside(request.view_args["slug"], request.view_args["number"], person, around, within)
        g.wanted, g.guessed = bool(found), within is not None
    if request.endpoint in LEAVING:
        found.append(reading.beside(person))
        g.counted = True
    if request.method == "GET" and request.endpoint in PAGES and before is not None:
        g.frame_asked = frame.asked(before)
        found += frame.stages(person, g.frame_asked)
    return found


def details_of(rt: RecordType, number: str) -> Rows:
    """What stands round a record on its page: its latest versions, its destruction, and what its type warns of."""
    return [history.beside(LATEST), *destruction.beside(rt, number), *form_of(rt, number)]


def form_of(rt: RecordType, _number: str) -> Rows:
    """What stands round a record on its form: what its type warns of."""
    return [dict(stage) for stage in registry.get(rt.slug).hooks.beside]


ROUND = {"records.details": details_of, "records.edit": form_of}


def keep(answer: Rows) -> None:
    """Take what the answer holds of it."""
    if g.get("wanted") and request.view_args:
        held = at_hand.found(request.view_args["slug"], request.view_args["number"], answer)
        if held.son is not None or not g.guessed:
            g.held = held
    if "counted" in g:
        g.lately = next((row["lately"] for row in answer if "lately" in row), {})
    if "frame_asked" in g:
        g.frame_found = frame.read(answer)


def with_round(held: AtHand | None, sight: Sight) -> AtHand:
    """What a record's page shows of it and round it, for whoever sees it in full: what is at hand, or asked for now.
    :raises NotFound: the record is gone meanwhile."""
    return held if held is not None and held.round else at_hand.look(sight.rt, sight.number, details_of)


def held() -> AtHand | None:
    """The record of the request's address, where it is at hand; once, since what is read again is to be new."""
    found: AtHand | None = g.pop("held", None)
    return found


def lately() -> Mapping[str, Any] | None:
    """How much who asks has read lately, where it is at hand; once."""
    found: Mapping[str, Any] | None = g.pop("lately", None)
    return found


def frame_of(asked: Mapping[str, Any]) -> Frame | None:
    """What the frame shows for these rights, where it is at hand."""
    found: Frame | None = g.get("frame_found")
    return found if found is not None and g.frame_asked == asked else None
