"""What other places hold of the records of a destruction that is found only by reading all there is (D2): everything is
read once for all of them.

As in `traces`, each step may be broken off and done again. These come before the records' own: they need to know what
each record was called, which its versions tell.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database
from models import sealing
from models.bulk_change.document import CARRIED_OUT, LINES, PLANS, TARGETS
from models.bulk_change.document import State as PlanState
from models.bulk_change.service import forget as forget_plans
from models.declarations import RecordType
from models.destruction import imports, pointing
from models.destruction.rules import destroyed
from models.destruction.traces import Case, Place, shred, strip
from models.key_vault.refusals import Unopened
from models.person.document import USERS
from models.saved_view.document import VIEWS

Row = dict[str, Any]


@dataclass(frozen=True)
class Whole:
    """All records of one destruction, which are of one type, before the first of them is gone."""

    destruction: ObjectId
    rt: RecordType
    cases: Sequence[Case]
    keep: Callable[[], None]

    @property
    def ids(self) -> set[ObjectId]:
        """The ids of the records."""
        return {case.id for case in self.cases}


def copies(whole: Whole) -> None:
    """Records that point to one keep the pointer; where rules copied a name into them, the number stands instead. Those
    that pointed to it once may have the name in their history."""
    found: list[Place] = []
    for rt, paths in pointing.types(whole.rt.slug):
        copied = {field.name for field in rt.fields if not field.editable}
        if copied:
            whole.keep()
            change = partial(_without_copies, whole.cases, copied)
            now = pointing.now(rt, paths, whole.ids)
            ever = (now | pointing.once(rt, paths, whole.ids)) - whole.ids
            found += [Place(rt, one, change, one in now) for one in ever]
    strip(whole.destruction, whole.keep, found)


def _without_copies(cases: Sequence[Case], copied: Collection[str], value: Any, name: str) -> Any:
    if name in copied:
        for case in cases:
            value = _without_names(case, value)
    return value


def _without_names(case: Case, value: Any) -> Any:
    """A value whose texts are not the record's name."""
    if isinstance(value, str):
        return destroyed(case.root, "zh") if value in case.names else value
    if isinstance(value, Mapping):
        return {key: _without_names(case, one) for key, one in value.items()}
    return [_without_names(case, one) for one in value] if isinstance(value, list) else value


def saved_views(whole: Whole) -> None:
    """Views that name one go, whoever kept them. One that cannot be opened may name any, and shows nothing."""
    db = database()
    wanted = {"name": 1, "address": 1, "type": 1, "owner": 1}
    found = [row for row in db[VIEWS].find({}, wanted) if _tells(whole.cases, row)]
    shred(whole.destruction, [row["_id"] for row in found])
    for row in found:
        start = f"starts.{row['type']}"
        db[USERS].update_one({"_id": row["owner"], start: row["_id"]}, {"$unset": {start: ""}})
        db[VIEWS].delete_one({"_id": row["_id"]})


def _tells(cases: Sequence[Case], view: Row) -> bool:
    try:
        texts = [view["name"], *(text for _, text in sealing.address_in(view["address"]))]
    except Unopened:
        return True
    return any(case.tells(texts) for case in cases)


def bulk_changes(whole: Whole) -> None:
    """Bulk changes that were about one forget which values they set and which records they were about."""
    ids = {"$in": list(whole.ids)}
    plans = database()[TARGETS].distinct("plan", {"records": ids})
    plans += database()[LINES].distinct("plan", {"record": ids})
    if plans:
        shred(whole.destruction, plans)
        ended = [state.value for state in (*CARRIED_OUT, PlanState.UNDONE)]
        emptied: Row = {"values": {}, "reasons": {}, "picked": None, "address": [], "swept": True}
        database()[PLANS].update_many({"_id": {"$in": plans}, "state": {"$in": ended}}, {"$set": emptied})
        database()[PLANS].delete_many({"_id": {"$in": plans}, "state": {"$nin": ended}})
        forget_plans(plans)


def imported(whole: Whole) -> None:
    """Files that were imported and hold one, and what was said about their rows. :raises Overtaken: one of them is
    being imported; this step is done when that has ended."""
    batches = {case.son["batch"] for case in whole.cases if case.son.get("batch")}
    numbers = {case.number for case in whole.cases}
    names = frozenset[str]().union(*(case.names for case in whole.cases))
    found = imports.that_tell(batches, numbers, names, whole.keep)
    imports.check_idle(found)
    ids = [one for upload in found for one in upload]
    shred(whole.destruction, ids, own=ids)
    for upload in found:
        whole.keep()
        imports.remove(upload)


STEPS: tuple[Callable[[Whole], None], ...] = (copies, saved_views, bulk_changes, imported)
