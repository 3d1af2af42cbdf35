"""What other places hold of the records of a destruction that is found only by reading all there is (D2): everything is
read once for all of them.

As in `traces`, each step may be broken off and done again. These come before the records' own: they need to know what
each record was called, which its versions tell.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import database
from models import sealing
from models.bulk_change.document import CARRIED_OUT, EMPTIED, LINES, PLANS, TARGETS
from models.bulk_change.document import State as PlanState
from models.bulk_change.service import forget as forget_plans
from models.declarations import RecordType
from models.destruction import imports, pointing, words
from models.destruction.rules import destroyed
from models.destruction.traces import Place, requests_about, shred, strip
from models.key_vault.refusals import Unopened
from models.person.document import USERS
from models.saved_view.document import VIEWS

Row = dict[str, Any]


@dataclass(frozen=True)
class Family:
    """A record that was signed for, under the number `root`, with those that were merged into it. What is copied of one
    follows a merge in part only: `names` are those of all of them, then and now."""

    root: str
    sons: Sequence[Mapping[str, Any]]
    names: frozenset[str]

    def tells(self, texts: Iterable[str]) -> bool:
        """Whether one of these texts names one of the records."""
        known = [sign for son in self.sons for sign in (str(son["number"]), str(son["_id"]))]
        return any(words.in_text(text, known, self.names) for text in texts)


@dataclass(frozen=True)
class Whole:
    """All records of one destruction, which are of one type, before the first of them is gone."""

    destruction: ObjectId
    rt: RecordType
    families: Sequence[Family]
    keep: Callable[[], None]

    @property
    def sons(self) -> list[Mapping[str, Any]]:
        """The records as they were stored."""
        return [son for family in self.families for son in family.sons]

    @property
    def ids(self) -> set[ObjectId]:
        """The ids of the records."""
        return {son["_id"] for son in self.sons}


def copies(whole: Whole) -> None:
    """Records that point to one keep the pointer; where rules copied a name into them, the number stands instead. Those
    that pointed to it once may have the name in their history."""
    found: list[Place] = []
    for rt, paths in pointing.types(whole.rt.slug):
        copied = {field.name for field in rt.fields if not field.editable}
        if copied:
            whole.keep()
            change = partial(_without_copies, whole.families, copied)
            now = pointing.now(rt, paths, whole.ids)
            ever = (now | pointing.once(rt, paths, whole.ids)) - whole.ids
            found += [Place(rt, one, change, one in now) for one in ever]
    strip(whole.destruction, whole.keep, found)


def _without_copies(families: Sequence[Family], copied: Collection[str], value: Any, name: str) -> Any:
    if name in copied:
        for family in families:
            value = _without_names(family, value)
    return value


def _without_names(family: Family, value: Any) -> Any:
    """A value whose texts are not the name of one of the records."""
    if isinstance(value, str):
        return destroyed(family.root, "zh") if value in family.names else value
    if isinstance(value, Mapping):
        return {key: _without_names(family, one) for key, one in value.items()}
    return [_without_names(family, one) for one in value] if isinstance(value, list) else value


def saved_views(whole: Whole) -> None:
    """Views that name one go, whoever kept them. One that cannot be opened may name any, and shows nothing."""
    db = database()
    wanted = {"name": 1, "address": 1, "type": 1, "owner": 1}
    found = [row for row in db[VIEWS].find({}, wanted) if _tells(whole.families, row)]
    shred(whole.destruction, [row["_id"] for row in found])
    for row in found:
        start = f"starts.{row['type']}"
        db[USERS].update_one({"_id": row["owner"], start: row["_id"]}, {"$unset": {start: ""}})
        db[VIEWS].delete_one({"_id": row["_id"]})


def _tells(families: Sequence[Family], view: Row) -> bool:
    try:
        texts = [view["name"], *(text for _, text in sealing.address_in(view["address"]))]
    except Unopened:
        return True
    return any(family.tells(texts) for family in families)


def bulk_changes(whole: Whole) -> None:
    """Bulk changes that were about one, or about a request that names it, forget which values they set, why, and which
    records they were about."""
    about = requests_about(whole.rt.slug, [son["number"] for son in whole.sons])
    ids = {"$in": [*whole.ids, *(row["_id"] for _, row in about)]}
    plans = database()[TARGETS].distinct("plan", {"records": ids})
    plans += database()[LINES].distinct("plan", {"record": ids})
    if plans:
        shred(whole.destruction, plans)
        ended = [state.value for state in (*CARRIED_OUT, PlanState.UNDONE)]
        database()[PLANS].update_many({"_id": {"$in": plans}, "state": {"$in": ended}}, {"$set": EMPTIED})
        database()[PLANS].delete_many({"_id": {"$in": plans}, "state": {"$nin": ended}})
        forget_plans(plans)


def imported(whole: Whole) -> None:
    """Files that were imported and hold one, and what was said about their rows. :raises Overtaken: one of them is
    being imported; this step is done when that has ended."""
    batches = {son["batch"] for son in whole.sons if son.get("batch")}
    numbers = {str(son["number"]) for son in whole.sons}
    names = frozenset[str]().union(*(family.names for family in whole.families))
    found = imports.that_tell(batches, numbers, names, whole.keep)
    imports.check_idle(found)
    ids = [one for upload in found for one in upload]
    shred(whole.destruction, ids, own=ids)
    for upload in found:
        whole.keep()
        imports.remove(upload)


STEPS: tuple[Callable[[Whole], None], ...] = (copies, saved_views, bulk_changes, imported)
