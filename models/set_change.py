"""Changes of many records of a type that follow from one act, written together: the rules of their type have no say in
them, for nobody fills anything in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from config.database import database
from models import audit, sealing, store, stored_form
from models.access_request import raising
from models.record import collection_name
from models.registry import Draft


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
    database()[store.VERSIONS].insert_many(versions)
    subjects = [
        (store.subject(first.rt, draft.values), [change["field"] for change in version["changes"]])
        for draft, version in zip(drafts, versions, strict=True)
    ]
    audit.append_many(first.action, first.actor, subjects, now=first.now, detail=detail)
    for draft in drafts:
        raising.end_cards(draft)
