"""The work on bulk changes: records checked, changed or given back, a few hundred in a transaction (see `job.long`).

Each chunk is stored with how far it is, so that whoever goes on after a crash, a restart or a pause begins with the
next record; the mark of the plan in a record's versions, which is unique, keeps it from being changed twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from bson import ObjectId

from config.database import TransactionGaveUp, database, transaction
from models import records, registry, sealing, store, stored_form
from models.bulk_change import rules, selection, service, writing
from models.bulk_change.document import AT_WORK, LINES, PLANS, Plan, Said, State
from models.bulk_change.offers import offer
from models.bulk_change.refusals import AlreadySo, ChangedMeanwhile, FieldGone, FieldNotYours, TouchedSince
from models.bulk_change.selection import Target
from models.bulk_change.writing import Act, Change, Outcome
from models.errors import Invalid, Refusal, Sentence, StaleRecord
from models.job import tally
from models.job.long import GoOn, LongWork, Overtaken, Row
from models.kinds import loaded

WORK = LongWork(PLANS, tuple(state.value for state in AT_WORK))
FEWEST = 5
WHOLE = (Said.REFUSED.value, Said.MOVED.value, Said.KEPT.value)


def work(holder: str, now: datetime, go_on: GoOn) -> tuple[int, bool]:
    """Work on every bulk change that waits while `go_on`; returns how many records were handled, and whether work is
    left."""
    handled, left = 0, False
    for plan_id in service.at_work():
        before = service.get(plan_id).handled
        left |= advance(plan_id, holder=holder, now=now, go_on=go_on)
        handled += service.get(plan_id).handled - before
    return handled, left


def advance(plan_id: ObjectId, *, holder: str, now: datetime, go_on: GoOn = lambda: True) -> bool:
    """Go on with a bulk change while `go_on`; True when work is left for later.

    Whoever did it and is disabled meanwhile ends it as failed; what was done until then stands and can be undone.
    """
    return WORK.advance(plan_id, holder, now, lambda row: _go_on(Plan.read(row), holder, now, go_on))


def begin(plan: Plan, now: datetime) -> Plan:
    """Check a selection that is one chunk at once, so that nobody waits for it; the plan as it is then."""
    if plan.state is State.CHECKING and plan.total <= selection.CHUNK:
        advance(plan.id, holder=f"begin {ObjectId()}", now=now)
    return service.get(plan.id)


def _go_on(plan: Plan, holder: str, now: datetime, go_on: GoOn) -> bool:
    while plan.state in AT_WORK:
        if not go_on():
            return True
        row = WORK.claim(plan.id, holder)
        if row is None:
            raise Overtaken
        desk = _UndoDesk if plan.state is State.UNDOING else _Desk
        plan = desk(Plan.read(row), holder, now).chunk()
    return False


class _Desk:
    """What one chunk of a check or a run is worked on with."""

    def __init__(self, plan: Plan, holder: str, now: datetime) -> None:
        self.plan, self.holder, self.now = plan, holder, now
        self.rt = registry.get(plan.type).rt
        self.person = service.actor_of(plan.owner, now)
        offered = offer(self.person, self.rt, service.name_of(plan))  # rights and declarations are those of now
        self.checking = plan.state is State.CHECKING
        self.values = service.values_anew(self.person, self.rt, plan, offered, now)
        self.judge = service.judge_of(self.person, self.rt, plan, self.values)
        self.act = service.act_of(self.rt, plan)

    def chunk(self) -> Plan:
        """Do the next records, or end the step when there are none left; the plan as it is then."""
        found = selection.chunk(self.plan)
        if not found:
            return transaction(self._end)
        return _carry(self, found)

    @staticmethod
    def record_of(one: Target) -> ObjectId:
        """The record of a row."""
        return one[0]

    def take(self, found: Sequence[Target]) -> Plan:
        """Check or change some records, in a transaction."""
        wanted = [Change(record, rev, self.values) for record, rev in found]
        make = writing.prepared if self.checking else writing.change_many
        slug, act = self.plan.type, self.act
        return self.note(make(slug, wanted, act, actor=self.person, now=self.now, allowed=self.judge))

    def note(self, outcomes: Sequence[Outcome]) -> Plan:
        """Store what became of some records; the plan as it is then."""
        made = _tally(self.plan, () if self.checking else WHOLE)
        for one in outcomes:
            if one.refusal is None:
                made.count(**{("changeable" if self.checking else "changed") if one.stores else "same": 1})
            elif isinstance(one.refusal, AlreadySo):
                made.count(same=1)
            elif isinstance(one.refusal, StaleRecord):
                _say(made, self.plan, Said.MOVED, one.record, ChangedMeanwhile(**one.refusal.params))
            else:
                _say(made, self.plan, Said.REFUSED, one.record, one.refusal)
        made.count(matching=len(outcomes))
        return _store(self.plan, self.holder, made, {"at_row": self.plan.at_row + len(outcomes)})

    def _end(self) -> Plan:
        """End the step; a run first takes along what was added since the preview, as far as the tolerance goes."""
        plan = self.plan
        if self.checking:
            return self._over(State.CHECKED, {})
        if plan.joined or plan.picked is not None:
            return self._over(State.DONE, {"finished": self.now})
        most = rules.tolerance(plan.total)
        found = selection.added(self.person, self.rt, plan, most)
        joining, over = found[:most], found[most:]
        if joining:
            selection.remember(plan.id, joining, first=plan.total)
        made = _tally(plan, WHOLE)
        made.count(added=len(joining), left_out=len(over))
        return _store(plan, self.holder, made, {"joined": True, "total": plan.total + len(joining)})

    def _over(self, state: State, change: Row) -> Plan:
        made = _tally(self.plan, ())
        done = _store(self.plan, self.holder, made, {"state": state.value, **change})
        if state is State.DONE:
            counts = {name: done.count(name) for name in ("changed", "same", "refused", "moved")}
            service.note_audit("bulk_done", self.person, done, self.now, **counts)
        return done


class _UndoDesk:
    """What one chunk of an undo is worked on with."""

    def __init__(self, plan: Plan, holder: str, now: datetime) -> None:
        self.plan, self.holder, self.now = plan, holder, now
        self.rt = registry.get(plan.type).rt
        self.declared = {field.name: field for field in stored_form.fields_of(self.rt)}
        self.person = service.actor_of(plan.undo_by, now)
        self.gone = frozenset(service.gone(self.rt, plan))
        self.lost: dict[ObjectId, list[str]] = {}
        """What does not come back of some records, because it is no field any more."""

    def chunk(self) -> Plan:
        """Give the next records their former values back, or end the undo; the plan as it is then."""
        wanted: Row = {"batch": self.plan.id}
        if self.plan.undone_to is not None:
            wanted["record"] = {"$gt": self.plan.undone_to}
        found = list(database()[store.VERSIONS].find(wanted).sort("record", 1).limit(selection.CHUNK))
        if not found:
            return transaction(self._end)
        return _carry(self, found)

    @staticmethod
    def record_of(one: Row) -> ObjectId:
        """The record of a row."""
        return one["record"]  # type: ignore[no-any-return]

    def take(self, versions: Sequence[Row]) -> Plan:
        """Give some records the values back that they had before these versions, in a transaction."""
        act = Act(service.UNDO_ACTION, marks={"undoes": self.plan.id})
        sealing.keys_at_hand(versions)
        changed = {row["record"]: {change["field"] for change in row["changes"]} for row in versions}
        self.lost = {record: sorted(fields & self.gone) for record, fields in changed.items() if fields & self.gone}
        wanted = [Change(row["record"], row["rev"], self._former(row)) for row in versions]
        given = service.values_of(self.rt, self.plan, self.now)
        outcomes: list[Outcome] = []
        for group in _by_level(wanted) if "level" in given else [wanted]:
            asked = {name: group[0].values.get(name) for name in given}
            judge = service.judge_of(self.person, self.rt, self.plan, asked, undoing=True)
            slug = self.plan.type
            outcomes += writing.change_many(slug, group, act, actor=self.person, now=self.now, allowed=judge)
        return self.note(outcomes)

    def _former(self, version: Row) -> dict[str, Any]:
        """What a version's fields held before it."""
        known = self.declared
        changes = [change for change in version["changes"] if change["field"] in known]
        return {one["field"]: loaded(known[one["field"]], one.get("before")) for one in changes}

    def note(self, outcomes: Sequence[Outcome]) -> Plan:
        """Store what became of some records; the plan as it is then."""
        made = _tally(self.plan, WHOLE)
        for one in outcomes:
            if one.refusal is None and one.record in self.lost:
                for name in self.lost[one.record]:
                    _say(made, self.plan, Said.KEPT, one.record, FieldGone(field=name))
            elif one.refusal is None and one.stores:
                made.count(undone=1)
            elif one.refusal is None:
                _say(made, self.plan, Said.KEPT, one.record, AlreadySo())
            elif isinstance(one.refusal, StaleRecord):
                _say(made, self.plan, Said.KEPT, one.record, TouchedSince(**one.refusal.params))
            else:
                _say(made, self.plan, Said.KEPT, one.record, one.refusal)
        change = {"undone_to": max(one.record for one in outcomes)}
        return _store(self.plan, self.holder, made, change)

    def _end(self) -> Plan:
        change = {"state": State.UNDONE.value, "finished": self.now}
        done = _store(self.plan, self.holder, _tally(self.plan, ()), change)
        counts = {name: done.count(name) for name in ("undone", "kept")}
        service.note_audit("bulk_undone", self.person, done, self.now, **counts)
        return done


def _carry(desk: Any, found: Sequence[Any]) -> Plan:
    """Take the next rows in one transaction: fewer of them when the machine is too slow for so many, and one by one
    when something in them cannot be stored beside the others."""
    while True:
        try:
            done: Plan = transaction(partial(desk.take, found))
        except TransactionGaveUp:
            if len(found) <= FEWEST:
                raise
            found = found[: max(FEWEST, len(found) // 4)]
        except Refusal:
            break
        else:
            return done
    for one in found:
        try:
            desk.plan = transaction(partial(desk.take, [one]))
        except Refusal as refusal:
            desk.plan = transaction(partial(desk.note, [Outcome(desk.record_of(one), refusal=refusal)]))
    left: Plan = desk.plan
    return left


def _by_level(wanted: Iterable[Change]) -> list[list[Change]]:
    """The changes, those together that go back to the same level: lowering one is asked about by level (X2)."""
    groups: dict[str, list[Change]] = {}
    for one in wanted:
        groups.setdefault(str(one.values.get("level") or ""), []).append(one)
    return list(groups.values())


def _tally(plan: Plan, whole: Iterable[str]) -> tally.Tally:
    rt = registry.get(plan.type).rt
    move = service.move_of(rt, plan)
    own = (*((move.label.zh, move.label.en) if move else ()), *service.gone(rt, plan))
    fields = (*rt.called(records.PLACING), *rt.fields)
    labels = {field.name: (field.label.zh, field.label.en) for field in fields}
    known = [(r.kind.value, r.field, r.zh) for r in plan.reasons]
    return tally.Tally(plan.counts, known, whole=whole, own=own, labels=labels)


def _say(made: tally.Tally, plan: Plan, kind: Said, record: ObjectId, refusal: Refusal) -> None:
    """Note why a record stays as it is, field by field where the refusal says so."""
    said: list[tally.Said] = [("", Sentence(refusal.text("zh"), refusal.text("en")))]
    if isinstance(refusal, FieldNotYours):
        said = [(refusal.name, said[0][1])]
    if isinstance(refusal, Invalid):
        said = [(path.partition(".")[0], sentence) for path, sentence in refusal.problems.items()]
    step = "check" if plan.state is State.CHECKING else "run"
    made.note(kind.value, record, said, {"plan": plan.id, "step": step, "record": record})


def _store(plan: Plan, holder: str, made: tally.Tally, change: Row) -> Plan:
    """Note what became of a chunk, in its transaction. :raises Overtaken:"""
    if made.lines:
        database()[LINES].insert_many(made.lines)
    seen = {"_id": plan.id, "state": plan.state.value, "at_row": plan.at_row}
    if plan.undone_to is not None:
        seen["undone_to"] = plan.undone_to
    return Plan.read(WORK.note(seen, holder, made.update({**change, "attempts": 0})))
