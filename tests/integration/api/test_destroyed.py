"""D2, X6: what is destroyed answers over the API as what never was; what points to it is read."""

from __future__ import annotations

from datetime import datetime, timedelta

from config.database import database
from models import store
from models.destruction import removal, service
from models.person.roles import Person, Role
from models.records import move
from tests.factories.people import person
from tests.integration.api.conftest import Program

WEEK, SETTLED = timedelta(days=7), timedelta(minutes=3)


def destroyed(number: str, owner: Person, now: datetime) -> None:
    """Sign for a sample and carry it out."""
    closed = {"state": "approved", "state_since": now - timedelta(days=3000)}
    database()["record_sample"].update_one({"number": number}, {"$set": closed})
    asked = service.propose(owner, "sample", [number], "Outdated", now=now)
    signers = ((Role.SUPERVISOR, "sign"), (Role.HEAD, "approve"), (Role.GENERAL_MANAGER, "countersign"))
    for role, name in signers:
        rev = store.fetch("destruction", asked["_id"])["rev"]
        move(person(role, name=role.value), "destruction", asked["number"], name, {}, rev=rev, now=now, fresh=True)
    removal.begin_due(now + WEEK)
    removal.work("test", now + WEEK + SETTLED, settled=timedelta())


def test_a_destroyed_record_answers_as_one_that_never_was(head: Program, now: datetime) -> None:
    number = head.make(level="secret", made_on="2019-01-01")
    pointed = database()["record_sample"].find_one({"number": number})
    assert pointed is not None
    other = head.make(parent=number, made_on="2019-01-01")
    database()["record_sample"].update_one({"number": other}, {"$set": {"state": "approved"}})
    destroyed(number, head.person, now)
    never = "YP-2026-999999"
    for method, rest in (("GET", ""), ("GET", "/history"), ("PATCH", "")):
        more = {} if method == "GET" else {"json": {"rev": 1, "values": {"name": "x"}}}
        gone = head.ask(method, f"/sample/{number}{rest}", **more)
        missing = head.ask(method, f"/sample/{never}{rest}", **more)
        assert gone.status_code == missing.status_code == 404, (method, rest)
        assert {**gone.get_json(), "instance": ""} == {**missing.get_json(), "instance": ""}
    assert head.get(f"/sample/{other}")["number"] == other
    (row,) = head.get("/sample")["items"]
    assert (row["number"], row["values"]["name"]) == (other, "Lamp")  # its own name, though it was the same
