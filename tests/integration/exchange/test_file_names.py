"""A file is called after its matter: in records, versions and lists its name is sealed as other personal values are."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import history, store, stored_form
from models.attachment import service as attachment
from models.customer.document import CUSTOMER
from models.exchange.export import export
from models.key_vault import service as keys
from models.key_vault.refusals import KeyGone
from models.key_vault.vault import key_of
from models.listing import ListQuery
from models.person.roles import Person
from tests.factories.customers import customer

Base = Database[dict[str, Any]]

NAME = "远山公司破产清算方案.pdf"


def papers(who: Person, now: datetime, name: str = NAME) -> list[dict[str, Any]]:
    return [attachment.put(io.BytesIO(b"words"), name, person=who, now=now, limit=1000)]


def kept(db: Base, made: dict[str, Any]) -> dict[str, Any]:
    son = db["record_customer"].find_one({"_id": made["_id"]})
    assert son is not None
    return son


@pytest.mark.parametrize("level", ["internal", "secret"])
def test_no_name_is_stored_in_clear_and_all_are_read(head: Person, now: datetime, db: Base, level: str) -> None:
    made = customer(head, now, level=level, papers=papers(head, now))
    store.change(
        "customer", made["_id"], {"papers": [*made["papers"], *papers(head, now, "二.pdf")]}, actor=head, now=now
    )
    for name in (NAME, "二.pdf"):
        for collection in db.list_collection_names():
            stored: Any = db[collection].find_raw_batches()
            assert not any(name.encode() in part for part in stored), collection
    assert [row["name"] for row in store.fetch("customer", made["_id"])["papers"]] == [NAME, "二.pdf"]
    newest = history.history("customer", made["_id"])[0]
    [change] = [one for one in newest["changes"] if one["field"].name == "papers"]
    assert [[row["name"] for row in change[side]] for side in ("before", "after")] == [[NAME], [NAME, "二.pdf"]]


def test_the_name_goes_with_the_records_key(head: Person, now: datetime, db: Base) -> None:
    made = customer(head, now, papers=papers(head, now))
    assert key_of(kept(db, made)["papers"][0]["name"]) == keys.type_key("customer").bytes
    store.change("customer", made["_id"], {"level": "secret"}, actor=head, now=now)
    assert key_of(kept(db, made)["papers"][0]["name"]) == keys.record_key(made["_id"]).bytes
    keys.destroy([made["_id"]])
    with pytest.raises(KeyGone):
        store.fetch("customer", made["_id"])
    body = b"".join(export(head, "customer", ListQuery(), "csv", now=now, language="en").pieces).decode()
    assert "(cannot be read)" in body
    assert NAME not in body


def test_names_of_former_records_are_read_and_follow(head: Person, now: datetime, db: Base) -> None:
    made = customer(head, now, papers=papers(head, now))
    clear = [{**row, "name": NAME} for row in kept(db, made)["papers"]]
    db["record_customer"].update_one({"_id": made["_id"]}, {"$set": {"papers": clear}})
    assert store.fetch("customer", made["_id"])["papers"][0]["name"] == NAME
    store.change("customer", made["_id"], {"name": "近山公司"}, actor=head, now=now)
    son = kept(db, made)
    assert keys.is_sealed(son["papers"][0]["name"])
    assert stored_form.load(CUSTOMER, son)["papers"][0]["name"] == NAME


def test_an_export_has_the_names(head: Person, now: datetime) -> None:
    customer(head, now, papers=papers(head, now))
    assert NAME.encode() in b"".join(export(head, "customer", ListQuery(), "csv", now=now, language="zh").pieces)


def test_a_change_elsewhere_leaves_the_seal_of_a_name(head: Person, now: datetime, db: Base) -> None:
    made = customer(head, now, papers=papers(head, now))
    was = kept(db, made)["papers"]
    store.change("customer", made["_id"], {"name": "近山公司"}, actor=head, now=now)
    assert kept(db, made)["papers"] == was
