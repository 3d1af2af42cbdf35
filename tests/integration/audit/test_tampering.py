"""Each way to tamper with a trail shows, and says where; an untouched trail verifies."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from models import audit
from models.audit import dump
from models.audit.keys import CURRENT
from models.audit.sealing import seal_hash
from models.audit.stored import StoredTrail
from tests.factories.proofs import noted
from tests.integration.audit.conftest import Base, Chain

Tamper = Callable[[Chain], None]


def entry(db: Base, number: int) -> dict[str, Any]:
    found = db[audit.ENTRIES].find_one({"number": f"C-{number}"})
    assert found is not None
    return found


def seal(db: Base, seq: int) -> dict[str, Any]:
    found = db[audit.SEALS].find_one({"seq": seq})
    assert found is not None
    return found


def rebuild(db: Base, first: int) -> None:
    """What somebody does who rules the database and knows the product: hash everything from a seal on anew."""
    for row in list(db[audit.SEALS].find({"seq": {"$gte": first}}).sort("seq", 1)):
        before = db[audit.SEALS].find_one({"seq": row["seq"] - 1})
        row["previous"] = before["hash"] if before else audit.FIRST
        found = {one["_id"]: one for one in db[audit.ENTRIES].find({"_id": {"$in": row["entries"]}})}
        row["entries"] = [one for one in row["entries"] if one in found]
        row["hashes"] = [audit.hash_of(found[one]) for one in row["entries"]]
        row["total"] = (before["total"] if before else 0) + len(row["entries"])
        row["hash"] = seal_hash(row)
        db[audit.SEALS].replace_one({"_id": row["_id"]}, row)


def edit_an_entry(chain: Chain) -> None:
    chain.db[audit.ENTRIES].update_one({"number": "C-5"}, {"$set": {"actor_name": "Someone else"}})


def edit_an_entry_and_rebuild(chain: Chain) -> None:
    edit_an_entry(chain)
    rebuild(chain.db, 2)


def backdate_an_entry(chain: Chain) -> None:
    chain.db[audit.ENTRIES].update_one({"number": "C-5"}, {"$set": {"at": chain.now - timedelta(days=9)}})


def remove_an_entry(chain: Chain) -> None:
    chain.db[audit.ENTRIES].delete_one({"number": "C-5"})


def remove_an_entry_and_rebuild(chain: Chain) -> None:
    remove_an_entry(chain)
    rebuild(chain.db, 2)


def reorder_entries(chain: Chain) -> None:
    row = seal(chain.db, 2)
    first, second, third = row["entries"]
    chain.db[audit.SEALS].update_one({"seq": 2}, {"$set": {"entries": [second, first, third]}})


def swap_the_content_of_two_entries(chain: Chain) -> None:
    one, other = entry(chain.db, 4), entry(chain.db, 6)
    chain.db[audit.ENTRIES].replace_one({"_id": one["_id"]}, {**other, "_id": one["_id"]})
    chain.db[audit.ENTRIES].replace_one({"_id": other["_id"]}, {**one, "_id": other["_id"]})


def reorder_seals(chain: Chain) -> None:
    for before, after in ((3, 99), (4, 3), (99, 4)):
        chain.db[audit.SEALS].update_one({"seq": before}, {"$set": {"seq": after}})


def insert_an_entry(chain: Chain) -> None:
    chain.db[audit.ENTRIES].insert_one({**entry(chain.db, 5), "_id": ObjectId("0" * 24)})


def insert_an_entry_into_a_seal(chain: Chain) -> None:
    insert_an_entry(chain)
    chain.db[audit.SEALS].update_one({"seq": 2}, {"$push": {"entries": ObjectId("0" * 24)}})
    rebuild(chain.db, 2)


def exchange_one_entry_for_another(chain: Chain) -> None:
    insert_an_entry(chain)
    remove_an_entry(chain)


def remove_a_seal(chain: Chain) -> None:
    chain.db[audit.SEALS].delete_one({"seq": 3})


def cut_the_tail(chain: Chain) -> None:
    for row in chain.db[audit.SEALS].find({"seq": {"$gt": 4}}):
        chain.db[audit.ENTRIES].delete_many({"_id": {"$in": row["entries"]}})
    chain.db[audit.SEALS].delete_many({"seq": {"$gt": 4}})


def cut_the_tail_with_the_database_s_checkpoints(chain: Chain) -> None:
    cut_the_tail(chain)
    chain.db[audit.CHECKPOINTS].delete_many({"_id": {"$gt": 4}})


def date_a_seal_back(chain: Chain) -> None:
    chain.db[audit.SEALS].update_one({"seq": 3}, {"$set": {"at": chain.now - timedelta(days=9)}})


def rewrite(chain: Chain, number: int, **changes: Any) -> None:
    """Change a checkpoint wherever it is written."""
    row = chain.db[audit.CHECKPOINTS].find_one({"_id": number})
    assert row is not None
    made = json.dumps({**json.loads(row["line"]), **changes}, sort_keys=True, separators=(",", ":"))
    chain.db[audit.CHECKPOINTS].update_one({"_id": number}, {"$set": {"line": made}})
    for path in chain.files:
        path.write_text(path.read_text().replace(row["line"], made))


def forge_a_checkpoint(chain: Chain) -> None:
    edit_an_entry_and_rebuild(chain)
    for number in range(2, 7):
        rewrite(chain, number, hash=seal(chain.db, number)["hash"])


def sign_with_another_key(chain: Chain) -> None:
    """The whole trail rebuilt, and every checkpoint signed anew by somebody's own key."""
    own = audit.Writer(chain.folder.parent / "forged", audit.KeySource(chain.folder.parent / "own" / CURRENT))
    edit_an_entry_and_rebuild(chain)
    chain.db[audit.CHECKPOINTS].delete_many({})
    for path in chain.files:
        path.unlink()
    own.folder = chain.folder
    own.write(chain.now)


def remove_a_period_of_checkpoints(chain: Chain) -> None:
    chain.db[audit.CHECKPOINTS].delete_many({"_id": {"$in": [3, 4]}})
    for path in chain.files:
        kept = [line for line in path.read_text().splitlines() if json.loads(line)["number"] not in (3, 4)]
        path.write_text("\n".join(kept) + "\n")


def remove_a_checkpoint_file(chain: Chain) -> None:
    for path in chain.files:
        path.unlink()


def remove_the_last_checkpoints(chain: Chain) -> None:
    chain.grow(4)
    chain.db[audit.CHECKPOINTS].delete_many({"_id": {"$gt": 6}})
    for path in chain.files:
        path.write_text("".join(line + "\n" for line in path.read_text().splitlines()[:6]))


def scribble_into_a_file(chain: Chain) -> None:
    with chain.files[0].open("a") as file:
        file.write("no checkpoint at all\n")


TABLE: dict[Tamper, tuple[str, ...]] = {
    edit_an_entry: ("entry {C-5} of seal 2 was altered",),
    edit_an_entry_and_rebuild: ("the chain up to seal 2 is not the one that checkpoint 2",),
    backdate_an_entry: ("entry {C-5} of seal 2 was altered",),
    remove_an_entry: ("entry {C-5} of seal 2 was removed",),
    remove_an_entry_and_rebuild: ("the chain up to seal 2 is not the one that checkpoint 2",),
    reorder_entries: ("entry {C-4} of seal 2 changed its place", "entry {C-5} of seal 2 changed its place"),
    swap_the_content_of_two_entries: ("entry {C-4} of seal 2 was altered", "entry {C-6} of seal 2 was altered"),
    reorder_seals: ("seal 3 was altered", "seal 4 was altered"),
    insert_an_entry: (f"entry {'0' * 24} was inserted",),
    insert_an_entry_into_a_seal: ("the chain up to seal 2 is not the one that checkpoint 2",),
    exchange_one_entry_for_another: (f"entry {'0' * 24} was inserted", "entry {C-5} of seal 2 was removed"),
    remove_a_seal: ("seal 3 is missing",),
    cut_the_tail: ("the tail was cut: the trail ends with seal 4, but checkpoint 5",),
    cut_the_tail_with_the_database_s_checkpoints: ("the tail was cut", "checkpoints 5 to 6 are removed"),
    date_a_seal_back: ("seal 3 was altered",),
    forge_a_checkpoint: ("checkpoint 2 of", "carries a bad signature"),
    sign_with_another_key: ("is signed with a key that nobody vouches for",),
    remove_a_period_of_checkpoints: ("checkpoints 3 to 4 are missing: nothing vouches for the time after",),
    remove_a_checkpoint_file: ("checkpoints 1 to 5 are removed from the files",),
    remove_the_last_checkpoints: ("no checkpoint after",),
    scribble_into_a_file: ("is no checkpoint: 'no checkpoint at all'",),
}


def named(chain: Chain, text: str) -> str:
    """A finding in the table with the ids of this trail's entries in it."""
    for row in chain.db[audit.ENTRIES].find():
        text = text.replace("{" + row["number"] + "}", str(row["_id"]))
    return text


@pytest.mark.parametrize("tamper", TABLE, ids=lambda tamper: tamper.__name__)
def test_tampering_shows_and_says_where(chain: Chain, tamper: Tamper) -> None:
    expected = [named(chain, text) for text in TABLE[tamper]]
    public = chain.public
    tamper(chain)
    findings = chain.verify(public).findings
    noted.tampered(tamper.__name__, findings)
    for text in expected:
        assert any(text in finding for finding in findings), findings


def test_an_untouched_trail_verifies(chain: Chain) -> None:
    verdict = chain.verify()
    assert verdict.findings == ()
    assert verdict.notes == ()
    assert (verdict.checked, verdict.waiting, verdict.checkpoints) == (18, 0, 6)


def test_entries_that_wait_for_their_seal_are_no_finding(chain: Chain) -> None:
    chain.append(4)
    verdict = chain.verify()
    assert (verdict.findings, verdict.waiting) == ((), 4)


def test_an_untouched_dump_verifies_and_an_edited_one_does_not(chain: Chain, tmp_path: Path) -> None:
    chain.append(2)
    path = tmp_path / "trail.jsonl"
    with path.open("w") as file:
        assert dump.write(StoredTrail(chain.db), file) == 20
    verdict = audit.verify(dump.DumpedTrail(path), [chain.folder], [chain.public])
    assert (verdict.findings, verdict.checked, verdict.waiting) == ((), 18, 2)
    victim = entry(chain.db, 5)["_id"]
    whole = path.read_text()
    path.write_text(whole.replace('"number": "C-5"', '"number": "C-9"'))
    findings = audit.verify(dump.DumpedTrail(path), [chain.folder], [chain.public]).findings
    assert findings == (f"entry {victim} of seal 2 was altered",)
    lines = whole.splitlines(keepends=True)
    path.write_text("".join(line for line in lines if '"number": "C-5"' not in line))
    findings = audit.verify(dump.DumpedTrail(path), [chain.folder], [chain.public]).findings
    assert findings == (f"entry {victim} of seal 2 was removed",)
    path.write_text("".join([*lines[:2], lines[1].replace(str(entry(chain.db, 1)["_id"]), "0" * 24), *lines[2:]]))
    findings = audit.verify(dump.DumpedTrail(path), [chain.folder], [chain.public]).findings
    assert findings == (f"entry {'0' * 24} was inserted: it is neither sealed nor waiting for a seal",)


def test_a_file_that_is_no_dump_is_named(chain: Chain, tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    path.write_text("{}\n")
    with pytest.raises(dump.BadDump, match="line 1"):
        audit.verify(dump.DumpedTrail(path))
