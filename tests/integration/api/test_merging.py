"""Two records are merged through the API, and the merge is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId

from config.database import database
from models import records, registry, store
from models.declarations import Field, Label
from models.key_vault import service as key_vault
from models.merge import moving, service, unmoved
from models.person.roles import Role
from tests.integration.api.conftest import Program, Start
from tests.integration.api.test_records import problem
from tests.integration.merge.conftest import MERGED

Pair = tuple[str, str]


@pytest.fixture
def pair(head: Program) -> Pair:
    registry.register(MERGED)
    return head.make(name="Lamp", pieces=4), head.make(name="Lantern", notes="Bright")


def merge(program: Program, pair: Pair, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
    body = {"with": pair[1], "rev": 1, "with_rev": 1, **more}
    return program.ask("POST", f"/sample/{pair[0]}/merge", json=body, headers=headers or {})


def unmerge(program: Program, pair: Pair, **more: Any) -> Any:
    return program.ask("POST", f"/sample/{pair[0]}/unmerge", json={"with": pair[1]}, **more)


def test_the_picked_values_stay_and_the_other_one_is_archived(head: Program, pair: Pair) -> None:
    pointing = head.make(name="Child", parent=pair[1])
    answer = merge(head, pair, picks={"name": "other"})
    assert (answer.status_code, answer.get_json()["number"], answer.get_json()["rev"]) == (200, pair[0], 2)
    kept, gone = (head.get(f"/sample/{number}") for number in pair)
    assert {name: kept["values"][name] for name in ("name", "pieces", "notes")} == {
        "name": "Lantern",
        "pieces": 4,
        "notes": "Bright",
    }
    assert gone["archived_at"]
    assert head.get(f"/sample/{pointing}")["values"]["parent"]["number"] == pair[0]


def test_a_merge_is_taken_back(head: Program, pair: Pair) -> None:
    before = [head.get(f"/sample/{number}")["values"] for number in pair]
    merge(head, pair)
    answer = unmerge(head, pair)
    assert (answer.status_code, answer.get_json()["number"]) == (200, pair[1])
    assert [head.get(f"/sample/{number}")["values"] for number in pair] == before
    problem(unmerge(head, pair), 404, "not_found")


def pointing(pair: Pair, who: Program, now: datetime) -> dict[str, Any]:
    """A record with a sealed value that points to the one that is merged away."""
    values = {"name": "Child", "level": "secret", "told": "told", "parent": store_id(pair[1])}
    return store.create("sample", values, actor=who.person, now=now)


def store_id(number: str) -> ObjectId:
    found: ObjectId = (database()["record_sample"].find_one({"number": number}) or {})["_id"]
    return found


@pytest.fixture
def sealed(pair: Pair) -> None:
    told = Field(name="told", kind="text", label=Label("密", "Told"), encrypted=True, group="more")
    registry.register(replace(MERGED, fields=(*MERGED.fields, told)))


def test_a_record_whose_key_is_gone_is_named_and_gets_its_pointer_back(
    head: Program, pair: Pair, sealed: None, start: Start, now: datetime
) -> None:
    one, other = pointing(pair, head, now), pointing(pair, head, now)
    key_vault.destroy([one["_id"]])
    key = {"Idempotency-Key": "merge-1"}
    answers = [merge(head, pair, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.headers["Passed-Over"] for answer in answers] == [f"sample/{one['number']}"] * 2
    stored = {row["_id"]: row.get("parent") for row in database()["record_sample"].find()}
    assert (stored[one["_id"]], stored[other["_id"]]) == (store_id(pair[1]), store_id(pair[0]))
    told = head.get(f"/sample/{one['number']}")
    assert (told["values"]["told"], told["unreadable"]) == (None, ["told"])
    assert merge(head, (one["number"], other["number"])).status_code >= 400, "it is not merged itself"
    back = unmerge(head, pair)
    assert (back.status_code, "Passed-Over" in back.headers) == (200, False)
    stored = {row["_id"]: row.get("parent") for row in database()["record_sample"].find()}
    assert {stored[one["_id"]], stored[other["_id"]]} == {store_id(pair[1])}


def test_of_many_that_were_passed_over_the_first_are_named_and_the_others_counted(
    head: Program, pair: Pair, sealed: None, now: datetime
) -> None:
    made = [pointing(pair, head, now) for _ in range(unmoved.MOST + 3)]
    key_vault.destroy([one["_id"] for one in made])
    *named, more = merge(head, pair).headers["Passed-Over"].split(", ")
    assert (named, more) == ([f"sample/{one['number']}" for one in made[: unmoved.MOST]], "and 3 more")
    said = head.ask("GET", f"/sample/{pair[0]}/history")
    assert said.headers["Passed-Over"] == ", ".join([*named, more])
    assert "23 records that point to" in head.desk.text(f"/records/sample/{pair[0]}")
    database()["record_sample"].update_one({"_id": made[-1]["_id"]}, {"$set": {"acl": ["top_secret|own|nobody"]}})
    said = head.ask("GET", f"/sample/{pair[0]}/history")
    assert said.headers["Passed-Over"].endswith(", and 2 more"), "what one may not know of is not counted"


def test_while_references_are_still_moved_that_is_said_and_the_history_names_what_was_passed_over(
    head: Program, pair: Pair, sealed: None, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AT_ONCE", 1)
    one, other = pointing(pair, head, now), pointing(pair, head, now)
    key_vault.destroy([one["_id"]])
    assert merge(head, pair).headers["Passed-Over"] == "still moving"
    at = f"/sample/{pair[0]}/history"
    assert head.ask("GET", at).headers["Passed-Over"] == "still moving"
    moving.carry_on(now, lambda: True)
    assert head.ask("GET", at).headers["Passed-Over"] == f"sample/{one['number']}"
    assert "Passed-Over" not in head.ask("GET", f"/sample/{other['number']}/history").headers
    database()["merge"].update_one({}, {"$set": {"moved": 2}})
    key_vault.destroy([other["_id"]])
    more = {"$push": {"changes": {"field": "name", "before": "Child", "after": "Child"}}}
    database()["record_version"].update_one({"record": other["_id"], "action": "follow_merge"}, more)
    assert unmerge(head, pair).headers["Passed-Over"] == "still moving"
    assert head.ask("GET", at).headers["Passed-Over"] == "still moving"
    moving.carry_on(now, lambda: True)
    for number in pair:
        said = head.ask("GET", f"/sample/{number}/history")
        assert said.headers["Passed-Over"] == f"sample/{other['number']}"


def test_the_document_says_how_the_header_is_to_be_read(head: Program, pair: Pair) -> None:
    paths = head.get("/openapi.json")["paths"]
    for path, method in (("merge", "post"), ("unmerge", "post"), ("history", "get")):
        done = paths[f"/api/v1/sample/{{number}}/{path}"][method]["responses"]["200"]
        told = done["headers"]["Passed-Over"]["description"]
        assert "and N more" in told
        assert "still moving" in told
    assert "headers" not in paths["/api/v1/contract/{number}/history"]["get"]["responses"]["200"]


def test_who_may_not_know_of_what_was_passed_over_is_not_told(
    head: Program, pair: Pair, sealed: None, start: Start, now: datetime
) -> None:
    one = pointing(pair, head, now)
    database()["record_sample"].update_one({"_id": one["_id"]}, {"$set": {"acl": ["top_secret|own|nobody"]}})
    key_vault.destroy([one["_id"]])
    answer = merge(head, pair)
    assert (answer.status_code, "Passed-Over" in answer.headers) == (200, False)


def test_what_stayed_of_a_merge_that_is_taken_back_is_named(
    head: Program, pair: Pair, sealed: None, now: datetime
) -> None:
    one = pointing(pair, head, now)
    assert "Passed-Over" not in merge(head, pair).headers
    key_vault.destroy([one["_id"]])
    more = {"$push": {"changes": {"field": "name", "before": "Child", "after": "Child"}}}
    database()["record_version"].update_one({"record": one["_id"], "action": "follow_merge"}, more)
    assert unmerge(head, pair).headers["Passed-Over"] == f"sample/{one['number']}"


def test_sent_twice_with_a_key_it_is_done_once_and_answered_the_same(head: Program, pair: Pair) -> None:
    key = {"Idempotency-Key": "merge-1"}
    answers = [merge(head, pair, headers=key) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].get_data() == answers[1].get_data()
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert database()["merge"].count_documents({}) == 1
    key = {"Idempotency-Key": "unmerge-1"}
    assert [unmerge(head, pair, headers=key).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("place", [0, 1])
def test_a_version_that_is_no_longer_there_is_refused_with_what_is(
    head: Program, pair: Pair, now: datetime, place: int
) -> None:
    records.change(head.person, "sample", pair[place], {"pieces": "9"}, rev=1, now=now)
    said = problem(merge(head, pair), 409, "stale")
    assert (said["current"]["number"], said["changed"]) == (pair[place], ["pieces"])
    assert database()["merge"].count_documents({}) == 0


def test_what_the_document_does_not_offer_is_refused_by_name(head: Program, pair: Pair) -> None:
    wrongs: tuple[tuple[dict[str, Any], str], ...] = (
        ({"picks": {"verdict": "keep"}}, "picks.verdict"),
        ({"picks": {"name": "mine"}}, "picks.name"),
        ({"with": ""}, "with"),
        ({"with_rev": 0}, "with_rev"),
        ({"owner": "x"}, "owner"),
    )
    for wrong, name in wrongs:
        assert problem(merge(head, pair, **wrong), 400, "bad_request")["errors"][0]["field"] == name
    assert problem(merge(head, pair, picks={"colour": "other"}), 422, "invalid")["errors"][0]["field"] == "colour"
    answer = head.ask("POST", f"/sample/{pair[0]}/merge", json={"with": pair[1], "with_rev": 1})
    problem(answer, 428, "version_missing")
    problem(merge(head, (pair[0], pair[0])), 409, "same_record")


def test_only_who_may_merge_and_reads_both_does_and_the_others_learn_nothing(
    head: Program, pair: Pair, start: Start
) -> None:
    clerk, custodian = start(Role.SPECIALIST), start(Role.CUSTODIAN)
    problem(merge(clerk, pair), 403, "forbidden")
    hidden, locked = head.make(name="Hidden", level="top_secret"), head.make(name="Locked", level="confidential")
    missing = hidden[:-3] + "999"
    said = [merge(custodian, (pair[0], number)).get_data(as_text=True) for number in (hidden, missing)]
    assert said[0] == said[1]
    problem(merge(custodian, (pair[0], locked)), 403, "locked")
    for number in (hidden, missing):
        problem(unmerge(custodian, (pair[0], number)), 404, "not_found")
    reader = start(Role.HEAD, read_only=True)
    problem(merge(reader, pair), 403, "token_only_reads")
    assert merge(custodian, pair).status_code == 200
    problem(unmerge(clerk, pair), 403, "forbidden")


def test_the_document_has_it_for_types_that_are_merged(head: Program, pair: Pair) -> None:
    paths = head.get("/openapi.json")["paths"]
    for slug in ("sample", "customer"):
        body = paths[f"/api/v1/{slug}/{{number}}/merge"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert body["required"] == ["with", "with_rev"]
        assert "name" in body["properties"]["picks"]["properties"]
        assert f"/api/v1/{slug}/{{number}}/unmerge" in paths
    assert "/api/v1/contract/{number}/merge" not in paths


def test_the_document_knows_what_the_web_server_answers_by_itself(head: Program) -> None:
    """An address of more than 8,190 bytes never reaches the program: a short page in HTML says so."""
    paths = head.get("/openapi.json")["paths"]
    methods = ("get", "post", "patch")
    operations = [one for path in paths.values() for name, one in path.items() if name in methods]
    assert len(operations) > 20
    typed = [one for one in operations if "." in one["operationId"]]
    assert {"text/html"} == {kind for one in typed for kind in one["responses"]["414"]["content"]}
