"""Changes of many records of a type that follow from one act, written together: the rules of their type have no say in
them, for nobody fills anything in. The level of a record is such an act for what hangs on it (`follow`)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from config.database import database
from models import audit, belonging, closing, sealing, store, stored_form
from models.access_request import raising
from models.closing import Cause, Root
from models.declarations import Level, RecordType
from models.key_vault.refusals import Unopened
from models.merge.document import MERGED, MERGES
from models.record import collection_name
from models.registry import Draft, Hooks
from models.secrecy import keep_level

log = logging.getLogger(__name__)

FOLLOWED = "follow_level"
"""The action by which a record becomes as secret as what it hangs on."""
AT_ONCE = 300
"""So many records follow another one in its own transaction: with more, it would take longer than one may."""


def put_many(
    drafts: Sequence[Draft],
    *,
    detail: Mapping[str, Any] | None = None,
    merge: ObjectId | None = None,
    update_of: Callable[[Draft], dict[str, Any]] = stored_form.update_of,
) -> None:
    """Store changes of records of one type that were read in this transaction, each with its version and audit entry,
    in a few writes however many they are; `merge` is the merge of which they are a part, `detail` what the trail says
    with each."""
    if not drafts:
        return
    store.hold(drafts)
    first, befores = drafts[0], [draft.before or {} for draft in drafts]
    sealing.take_keys(drafts)
    updates = [
        UpdateOne({"_id": before["_id"], "rev": before["rev"]}, update_of(draft))
        for before, draft in zip(befores, drafts, strict=True)
    ]
    versions = [store.version_row(d, before["rev"] + 1, merge) for before, d in zip(befores, drafts, strict=True)]
    database()[collection_name(first.rt.slug)].bulk_write(updates)
    store.share_rights(first.rt, [draft.values for draft in drafts])
    remember_many(drafts, versions, detail=detail)
    follow_all(drafts)


def remember_many(
    drafts: Sequence[Draft], versions: Sequence[dict[str, Any]], *, detail: Mapping[str, Any] | None = None
) -> None:
    """Write the versions of some changes of records of one type, and their entries in the trail; cards in force that
    were signed for a lower level end."""
    first = drafts[0]
    database()[store.VERSIONS].insert_many(versions)
    subjects = [
        (store.subject(first.rt, draft.values), [change["field"] for change in version["changes"]])
        for draft, version in zip(drafts, versions, strict=True)
    ]
    audit.append_many(first.action, first.actor, subjects, now=first.now, detail=detail)
    raising.end_cards_of(drafts)


# --- what hangs on a record is as secret as it is


def following(rt: RecordType, hooks: Hooks) -> Hooks:
    """The behaviour of a type, with what follows for others when the level of one of its records changes."""
    return replace(hooks, after=(*hooks.after, follow)) if rt.classified else hooks


def follow(draft: Draft) -> None:
    """`follow_all` for one write."""
    follow_all([draft])


def follow_all(drafts: Sequence[Draft]) -> None:
    """Let what hangs on some records of a type follow their level, in the transaction of the write that changed it:
    what was merged into them is a part of them, and has level and period of what it was merged into; what points to
    them is no less secret than they are (X1, F7). Both go all the way down, and whatever state the records are in."""
    changed = [draft for draft in drafts if draft.before is not None and draft.touches(belonging.SECRECY)]
    if not changed:
        return
    parts_follow(changed)
    by_level: dict[Level, list[Draft]] = {}
    for draft in changed:
        level = Level.of(draft.values["level"])
        if level.rank > Level.of((draft.before or {}).get("level")).rank:
            by_level.setdefault(level, []).append(draft)
    for level, raised in by_level.items():
        raise_about(raised[0].rt.slug, [draft.values["_id"] for draft in raised], level, cause_of(raised[0]))


def raise_about(
    slug: str, ids: Sequence[ObjectId], level: Level, cause: Cause, most: int = 0, merge: ObjectId | None = None
) -> int:
    """Let the records that point to some others of a type have a level at least, `most` of them where that is given;
    how many were raised. `merge` is the merge of which it is a part. Where it is not given, and there are too many for
    one transaction, they are closed at once and written up behind it."""
    count = 0
    for rt, names in belonging.belonging_to(slug):
        if most and count >= most:
            break
        condition = {**closing.below(level), "$or": [{name: {"$in": list(ids)}} for name in names]}
        if not most:
            there = [row["_id"] for row in database()[collection_name(rt.slug)].find(condition, {"_id": 1})]
            many = len(there) > AT_ONCE
            here = closing.close(rt, there, Root(slug, ids, level, merge), cause) if many else there
            count += len(there) - len(here)
            if not here:
                continue
            condition = {"_id": {"$in": here}}
        found = hanging(rt, condition, cause, most and most - count)
        for draft, _ in found:
            draft.values["level"] = level.value
            keep_level(draft)
        _put(found, merge)
        count += len(found)
    return count


def parts_follow(wholes: Sequence[Draft]) -> None:
    """Let what was merged into some records of a type that are written have their level and period; where that stays,
    nothing is asked."""
    wholes = [draft for draft in wholes if draft.rt.classified and draft.touches(belonging.SECRECY)]
    if not wholes:
        return
    rt, by_id = wholes[0].rt, {draft.values["_id"]: draft for draft in wholes}
    merged = {"type": rt.slug, "survivor": {"$in": list(by_id)}, "state": {"$in": MERGED}}
    losers = [row["loser"] for row in database()[MERGES].find(merged, {"loser": 1})]
    if losers:
        condition = {"_id": {"$in": losers}, "merged_into": {"$in": list(by_id)}}
        found = hanging(rt, condition, cause_of(wholes[0]))
        for draft, _ in found:
            _follow_whole(draft, by_id[draft.values["merged_into"]].values)
        _put(found)


def _follow_whole(draft: Draft, whole: Mapping[str, Any]) -> None:
    """Give a part level and period of its whole, or those that it needs for what it points to itself."""
    draft.values |= {name: whole[name] for name in belonging.SECRECY}
    belonging.keep_least(draft)
    if draft.values["level"] != whole["level"]:
        draft.values |= {name: (draft.before or {}).get(name) for name in belonging.SECRECY}
        belonging.keep_least(draft)
        keep_level(draft)


def cause_of(draft: Draft) -> Cause:
    """By whom others follow a write, when, and for whom."""
    return Cause(draft.actor, draft.now, draft.behalf)


def hanging(rt: RecordType, condition: Mapping[str, Any], cause: Cause, most: int = 0) -> list[tuple[Draft, bool]]:
    """The writes of records of a type that follow another write, each with whether the record can be opened: one that
    cannot becomes as secret as the others, and keeps what of it is sealed as it is."""
    sons, found = list(database()[collection_name(rt.slug)].find(condition).limit(most)), list[tuple[Draft, bool]]()
    sealing.at_hand(rt, sons)
    for son in sons:
        try:
            before, opened = stored_form.load(rt, son), True
        except Unopened as refusal:
            log.error("the record %s follows in level, and keeps its seals: %s", son["number"], refusal.code)
            in_clear = {name: value for name, value in son.items() if name not in sealing.left_out(rt)}
            before, opened = stored_form.load(rt, in_clear), False
        values = dict(before)
        found.append((Draft(rt, FOLLOWED, before, values, cause.actor, cause.now, behalf=cause.behalf), opened))
    return found


def _put(found: Sequence[tuple[Draft, bool]], merge: ObjectId | None = None) -> None:
    changed = [(draft, opened) for draft, opened in found if draft.changed]
    put_many([draft for draft, opened in changed if opened], merge=merge)
    put_many([draft for draft, opened in changed if not opened], merge=merge, update_of=update_of_rights)


def update_of_rights(draft: Draft) -> dict[str, Any]:
    """The update of a record that is not opened for it, with the rights and the turn that follow."""
    update = stored_form.update_in_clear(draft)
    update["$set"] |= stored_form.whose(draft.rt, draft.values)
    return update
