"""What is owed to records that were closed together when they became more secret (`closing`): each its version, its
entry in the trail, the terms of its level and its own key, once; or, where the act was not stored, its former level."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, UpdateOne

from config.database import database, server_time, transaction
from models import belonging, registry, sealing, store, stored_form
from models.closing import MARK, PIECES, Cause, is_stored, type_of
from models.declarations import Level
from models.former_levels import Undecided, least_levels
from models.loaded import Loaded, son_of
from models.person.roles import SYSTEM, Means, Person
from models.record import collection_name
from models.registry import Draft
from models.secrecy import keep_level
from models.set_change import FOLLOWED, cause_of, hanging, parts_follow, raise_about, remember_many, update_of_rights

SURELY_OVER = timedelta(minutes=2)
"""An act that closed records is stored, or is not, within this time."""

Row = dict[str, Any]
Owed = Mapping[str, Any]


def carry_on(go_on: Callable[[], bool]) -> tuple[int, bool]:
    """Give closed records what is owed to them, a piece in a transaction, while `go_on`; how many pieces were done, and
    whether some are left that could be. Broken off, whoever comes next goes on behind the last one."""
    done, over = 0, server_time() - SURELY_OVER
    known = {"type": {"$in": [rt.slug for rt in registry.kept_types()]}}
    for row in list(database()[PIECES].find(known, {"_id": 1}).sort("_id", ASCENDING)):
        if not go_on():
            return done, True
        done += transaction(partial(_write_up, row["_id"], over))
    return done, False


def _write_up(piece_id: ObjectId, over: datetime) -> bool:
    """Do one piece, in a transaction; False while its act may still be stored, as one that is not `over` surely, or
    while the same records are owed something from before."""
    piece = database()[PIECES].find_one({"_id": piece_id})
    if piece is None:
        return True
    stored = is_stored(piece)
    if not stored:
        if piece["noted"] > over:
            return False
        # An act that is under way has written these: it is waited for, and then seen.
        store.one_at_a_time(piece["of"], piece["root"])
    closed = [_Closed(draft, opened, piece) for draft, opened in _closed_by(piece)]
    if any(one.marks[0] is not one.owed for one in closed):
        return False
    back = [one for one in closed if not stored and one.untouched]
    kept = [one for one in closed if one not in back]
    try:
        high = _take_back(piece, back, over)
    except Undecided:
        return False
    _give(piece, kept)
    if not stored:
        _raise_about([*high, *kept])
    database()[PIECES].delete_one({"_id": piece_id})
    return True


def _closed_by(piece: Row) -> list[tuple[Draft, bool]]:
    condition = {"_id": {"$in": piece["ids"]}, f"{MARK}.piece": piece["_id"]}
    return hanging(type_of(piece), condition, _cause(piece))


class _Closed:
    """A record that was closed: `now` is the write that gives it the terms of its level, `then` the change of level as
    its version tells it. `owed` says what is owed to it, `behind` for which other pieces it was closed since."""

    def __init__(self, now: Draft, opened: bool, piece: Row) -> None:
        before: Mapping[str, Any] = now.before or {}
        self.now, self.opened = now, opened
        self.marks: Sequence[Owed] = son_of(before)[MARK]
        self.owed = next(mark for mark in self.marks if mark["piece"] == piece["_id"])
        self.behind = self.marks[self.marks.index(self.owed) + 1 :]
        self.then = self._raised_to(piece["level"], now.actor)
        terms = {name: self.then.values[name] for name in belonging.SECRECY}
        if before["level"] == piece["level"]:  # nobody gave it another one since
            now.values.update(terms)
        elif self.behind and self.behind[0]["level"] == piece["level"]:  # it was closed for a higher one since
            now.values.update({**terms, "level": before["level"]})

    def _raised_to(self, level: str, actor: Person) -> Draft:
        before, now = self.now.before or {}, self.now
        former = Loaded({**before, "level": self.owed["level"]}, son_of(before))
        made = Draft(now.rt, FOLLOWED, former, dict(former), actor, now.now, behalf=now.behalf)
        made.values["level"] = level
        keep_level(made)
        return made

    def kept_at(self, level: Level) -> _Closed:
        """The record with this level as that which it was given: by nobody, for it follows what it points to."""
        self.now.actor, self.now.behalf = SYSTEM, None
        self.then = self._raised_to(level.value, SYSTEM)
        self.now.values.update(self.then.values)
        return self

    @property
    def untouched(self) -> bool:
        """Whether nobody has written the record since it was closed, but who closed it for more."""
        return bool((self.now.before or {})["rev"] == self.owed["rev"] + len(self.behind))

    @property
    def update(self) -> UpdateOne:
        """The update that gives it what is owed to it. It is at its version already, or beyond it."""
        made = stored_form.update_of(self.now) if self.opened else update_of_rights(self.now)
        made.pop("$inc", None)
        if not self.untouched or self.behind:
            made["$set"] = {k: v for k, v in made["$set"].items() if k not in ("updated_at", "updated_by")}
        return self._without_mark(made)

    @property
    def back(self) -> UpdateOne:
        """The update that makes it what it was. Its version stays: whoever has opened it since saw that one."""
        level, values = self.owed["level"], self.then.before or {}
        made: Row = {"$set": stored_form.whose(self.now.rt, values)}
        if level is None:
            made["$unset"] = {"level": ""}
        else:
            made["$set"]["level"] = level
        return self._without_mark(made)

    @property
    def left_to_next(self) -> UpdateOne:
        """The update that leaves it to the next piece for which it was closed to say what becomes of it."""
        first, *others = self.behind
        return self._only({"$set": {MARK: [{**first, "level": self.owed["level"]}, *others]}})

    def _without_mark(self, made: Row) -> UpdateOne:
        if self.behind:
            made["$pull"] = {MARK: {"piece": self.owed["piece"]}}
        else:
            made["$unset"] = {**made.get("$unset", {}), MARK: ""}
        return self._only(made)

    def _only(self, made: Row) -> UpdateOne:
        before = self.now.before or {}
        return UpdateOne({"_id": before["_id"], "rev": before["rev"]}, made)


def _take_back(piece: Row, closed: Sequence[_Closed], over: datetime) -> list[_Closed]:
    """Give records that were closed for an act that is not stored the level that they had, or that of what they point
    to or were merged into, where this is higher by now: then that is what is owed to them, and they are returned.

    :raises Undecided: Nothing was given yet.
    """
    last = [one for one in closed if not one.behind]
    least = least_levels([one.now for one in last], over)
    high = [one for one in last if Level.of(one.owed["level"]).rank < least[one.now.values["_id"]].rank]
    updates = [one.left_to_next for one in closed if one.behind]
    back = [one for one in last if one not in high]
    updates += [one.back for one in back]
    if updates:
        database()[collection_name(piece["type"])].bulk_write(updates)
        store.share_rights(type_of(piece), [one.now.values for one in back])
    _give(piece, [one.kept_at(least[one.now.values["_id"]]) for one in high])
    return high


def _raise_about(kept: Sequence[_Closed]) -> None:
    """Let what points to records that keep a level have it at least: it may have been put back before them."""
    for level in {one.now.values["level"] for one in kept} - {Level.INTERNAL.value}:
        some = [one.now for one in kept if one.now.values["level"] == level]
        raise_about(some[0].rt.slug, [now.values["_id"] for now in some], Level(level), cause_of(some[0]))


def _give(piece: Row, closed: Sequence[_Closed]) -> None:
    if not closed:
        return
    sealing.take_keys([one.now for one in closed])
    for one in closed:
        one.then.key = one.now.key
    versions = [store.version_row(one.then, one.owed["rev"], piece.get("merge")) for one in closed]
    database()[collection_name(piece["type"])].bulk_write([one.update for one in closed])
    store.share_rights(closed[0].now.rt, [one.now.values for one in closed])
    remember_many([one.then for one in closed], versions)
    parts_follow([one.now for one in closed])


def _cause(piece: Row) -> Cause:
    """Whose act it was, with what the versions and the trail say of them."""
    token, behalf = piece["token"], piece["behalf"]
    actor = Person(
        id=piece["by"],
        name=piece["by_name"],
        language=piece["language"],
        through=Means(**token) if token else None,
    )
    return Cause(actor, piece["at"], Person(behalf["id"], behalf["name"]) if behalf else None)
