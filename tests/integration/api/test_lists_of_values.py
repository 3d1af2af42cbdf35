"""What rows of a list hold over the API: encrypted values as they are, withheld ones for nobody whom they concern."""

from __future__ import annotations

from datetime import datetime

from models import catalogue, schema, store
from models.person.roles import Role
from tests.factories.customers import customer
from tests.integration.api.conftest import Start


def test_a_record_that_concerns_its_reader_comes_without_what_they_do_not_read(start: Start, now: datetime) -> None:
    catalogue.load()
    schema.migrate()
    head, other = start(Role.HEAD), start(Role.HEAD)
    values = {
        "subject": "Left in the car",
        "happened_on": now.date(),
        "found_on": now.date(),
        "way": "paper",
        "level_leaked": "secret",
        "account": "A print lay there.",
    }
    made = store.create("leak", values, actor=other.person, now=now)
    found = {"findings": "apart-findings", "outcome": "warning", "superior": head.person.id}
    store.change("leak", made["_id"], found, actor=other.person, now=now)
    asked = "/leak?columns=subject,findings,outcome"
    [mine], [theirs] = (one.get(asked)["items"] for one in (head, other))
    assert mine["values"] == {"subject": "Left in the car"}
    assert theirs["values"]["findings"] == "apart-findings"
    assert head.get("/leak?outcome=warning")["items"] == []


def test_an_encrypted_value_is_a_plain_one_for_who_reads_it(start: Start, now: datetime) -> None:
    catalogue.load()
    schema.migrate()
    head = start(Role.HEAD)
    customer(head.person, now, phone="021-55501234")
    [row] = head.get("/customer?columns=name,phone")["items"]
    assert "55501234" in row["values"]["phone"]
