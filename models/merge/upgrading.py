"""Search terms of records that took others in before the numbers of those left the terms (X6, docs/adr/0009)."""

from __future__ import annotations

from config.database import database
from models import registry, store
from models.merge.moving import MERGES
from models.record import collection_name

TERMS = ("grams", "haystack")


def forget_numbers() -> int:
    """Take the numbers of merged records out of what the surviving ones are found by; whoever may know such a number is
    led on by it without. Returns how many records changed; running it again changes none."""
    changed = 0
    for rt in registry.all_types():
        survivors = database()[MERGES].distinct("survivor", {"type": rt.slug})
        records = database()[collection_name(rt.slug)]
        for son in records.find({"_id": {"$in": survivors}}) if survivors else ():
            wanted = store.derived(rt, store.load(rt, son))
            if son.get("haystack") != wanted["haystack"]:
                terms = {name: wanted[name] for name in TERMS}
                changed += records.update_one({"_id": son["_id"], "rev": son["rev"]}, {"$set": terms}).modified_count
    return changed
