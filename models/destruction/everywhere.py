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
from models.copied import copies_of
from models.declarations import RecordType
from models.destruction import imports, pointing, words
from models.destruction.rules import destroyed
from models.destruction.traces import Place, requests_about, shred, strip
from models.key_vault.refusals import Unopened
from models.person.document import USERS
from models.person.unsent import UNSENT
from models.record import collection_name
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
    """Records that point to one keep the pointer and lose what rules copied into them: its name, in whose place the
    number stands, and every other value that is declared as a copy and that the record had, then or now. Those that
    pointed to it once may have them in their history, and what does not follow the pointer themselves."""
    copied = _copied(whole)
    found: list[Place] = []
    for rt, paths in pointing.types(whole.rt.slug):
        if rt.slug in copied:
            whole.keep()
            now = pointing.now(rt, paths, whole.ids)
            ever = (now | pointing.once(rt, paths, whole.ids)) - whole.ids
            _forget_typed(rt, ever)
            change = partial(copied[rt.slug].without, whole.families)
            known = partial(copied[rt.slug].without, ())
            found += [Place(rt, one, change, change if one in now else known) for one in ever]
    strip(whole.destruction, whole.keep, found)


@dataclass(frozen=True)
class Copied:
    """What records of a type bear of some that are destroyed: the fields with the `titles`, and the `signs` by which
    copies of other values are known, by field."""

    titles: Collection[str]
    signs: Mapping[str, Collection[str]]

    def without(self, families: Sequence[Family], value: Any, name: str) -> Any:
        """The value of a field without what it bears of these."""
        if name in self.titles:
            for family in families:
                value = _without_names(family, value)
        return None if self.is_copy(name, value) else value

    def is_copy(self, name: str, value: Any) -> bool:
        """Whether a value may be a copy; what nobody can open may be anything."""
        try:
            return name in self.signs and words.sign_of(value) in self.signs[name]
        except Unopened:
            return True


def _copied(whole: Whole) -> dict[str, Copied]:
    """What each type copies of these records, by its slug."""
    declared = {rt.slug: copies_of(rt, whole.rt.slug) for rt, _ in pointing.types(whole.rt.slug)}
    origins = {origin for fields in declared.values() for of in fields.values() for origin in of}
    held = words.values_of(whole.sons, origins - {whole.rt.title})
    found: dict[str, Copied] = {}
    for slug, fields in declared.items():
        signs = {name: frozenset[str]().union(*(held.get(one, ()) for one in of)) for name, of in fields.items()}
        titles = {name for name, of in fields.items() if whole.rt.title in of}
        if fields:
            found[slug] = Copied(titles, {name: some for name, some in signs.items() if some})
    return found


def _forget_typed(rt: RecordType, ids: Collection[ObjectId]) -> None:
    """Half-typed forms of these records go."""
    db = database()
    kept = [(row["_id"], {*row["path"].split("/")}) for row in db[UNSENT].find({}, {"path": 1})]
    if kept and ids:
        rows = db[collection_name(rt.slug)].find({"_id": {"$in": list(ids)}}, {"number": 1})
        numbers = {row["number"] for row in rows}
        db[UNSENT].delete_many({"_id": {"$in": [one for one, parts in kept if parts & numbers]}})


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
    """Bulk changes that were about one, or about a request that names it, and those that name it or set a copy of its
    values somewhere, forget which values they set, why, and which records they were about."""
    about = requests_about(whole.rt.slug, [son["number"] for son in whole.sons])
    ids = {"$in": [*whole.ids, *(row["_id"] for _, row in about)]}
    plans = database()[TARGETS].distinct("plan", {"records": ids})
    plans += database()[LINES].distinct("plan", {"record": ids})
    copied, shown = _copied(whole), dict.fromkeys(("type", "values", "note", "address"), 1)
    held = database()[PLANS].find({"swept": None, "_id": {"$nin": plans}}, shown)
    plans += [row["_id"] for row in held if _sets(whole.families, copied.get(row["type"]), row)]
    if plans:
        shred(whole.destruction, plans)
        ended = [state.value for state in (*CARRIED_OUT, PlanState.UNDONE)]
        database()[PLANS].update_many({"_id": {"$in": plans}, "state": {"$in": ended}}, {"$set": EMPTIED})
        database()[PLANS].delete_many({"_id": {"$in": plans}, "state": {"$nin": ended}})
        forget_plans(plans)


def _sets(families: Sequence[Family], copied: Copied | None, plan: Row) -> bool:
    """Whether a bulk change names one of the records, or sets a copy of its values."""
    values = (plan.get("values") or {}).items()
    try:
        texts = [plan.get("note") or "", *(text for _, text in sealing.address_in(plan.get("address")))]
    except Unopened:
        return True
    own = copied is not None and any(copied.is_copy(name, value) for name, value in values)
    return own or any(family.tells(texts) for family in families)


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
