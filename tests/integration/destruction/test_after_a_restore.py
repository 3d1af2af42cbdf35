"""A backup from before a destruction is restored: proposals of what is gone say so and end; nothing of it shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from backoffice.app import create_app
from config.database import database
from config.settings import Settings
from models import audit, records, registry, store
from models.access_request import service as access_request
from models.access_request.document import ACCESS_REQUEST
from models.audit.stored import StoredTrail
from models.backup import snapshot
from models.destruction import removal, service
from models.destruction.document import SLUG
from models.merge import service as merging
from models.person import session as sessions
from models.person.roles import Person, Role
from models.reminder.document import REMINDERS
from models.secrecy_change import service as secrecy_change
from tests.factories.desks import Desk
from tests.factories.people import person
from tests.factories.planted import unruled
from tests.integration.destruction.conftest import WEEK, Cast, Restore, carried_out, old_file, sign, signed
from tests.integration.destruction.house import plant

At = Callable[[Person], Desk]
Row = dict[str, Any]
NAME = "Zanzibarlampen"
CARD = ACCESS_REQUEST.slug
PLACES = ("/", "/work", "/team/", f"/find?q={NAME}", f"/records/customer/?q={NAME}", "/records/destruction/outdated")
LEADS = re.compile(r'href="(/(?:records|work|team)[^"#]*)"')


@pytest.fixture
def at_desk(there: Settings, now: datetime) -> At:
    """Somebody of the restored place in a browser."""

    def seated(who: Person) -> Desk:
        app = create_app(replace(there, demo=True), clock=lambda: now, connect=False)
        row = database()["user"].find_one({"_id": who.id})
        assert row is not None
        assert who.id is not None
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = row["fs_uniquifier"], True
            session["sid"] = sessions.start(who.id, row["fs_uniquifier"], "192.0.2.10", now)
        return Desk(who, client)

    return seated


def proposed(cast: Cast, files: list[Row], stage: int, now: datetime) -> Row:
    """A proposal with so many signatures."""
    asked = service.propose(cast.owner, "customer", [one["number"] for one in files], "Outdated", now=now)
    for who, move in cast.signers[:stage]:
        asked = sign(who, asked, move, now)
    return asked


def restored(cast: Cast, saved: Settings, restore: Restore, stage: int, now: datetime) -> tuple[Row, Row, Row]:
    """A file that is gone, another one that is there, and a proposal of both, with so many signatures: a backup from
    before the one was destroyed is restored."""
    gone, other = old_file(cast, now, name=NAME), old_file(cast, now, name="另一公司有限公司")
    asked = proposed(cast, [gone, other], stage, now)
    path = saved.data_dir / "before.zip"
    snapshot.take(path, saved, now)
    store.change(SLUG, asked["_id"], {"state": "withdrawn"}, actor=cast.owner, now=now)
    signed(cast, [gone], now)
    carried_out(now + WEEK)
    assert restore(path).destroyed > 0
    return gone, other, store.fetch(SLUG, asked["_id"])


@pytest.mark.parametrize("stage", range(3))
def test_a_proposal_of_what_was_destroyed_since_cannot_be_signed_and_ends_by_itself(
    cast: Cast, now: datetime, saved: Settings, restore: Restore, at_desk: At, stage: int
) -> None:
    gone, other, asked = restored(cast, saved, restore, stage, now)
    signer, move = cast.signers[stage]
    page, told = f"/records/destruction/{asked['number']}", f"{gone['number']} is no longer there"
    for who in (cast.owner, signer, cast.manager):
        desk = at_desk(who)
        assert told in desk.text(page)
        for path in (page, "/", "/work", "/records/destruction/", "/records/customer/", f"{page}/history"):
            assert NAME not in desk.get(path, follow_redirects=True).get_data(as_text=True)
    desk = at_desk(signer)
    for path in (move, "refuse"):
        assert told in desk.text(f"{page}/do/{path}")
    refused = desk.send(f"{page}/do/{move}", 409, rev=str(asked["rev"]))
    assert told in refused.get_data(as_text=True)
    assert store.fetch(SLUG, asked["_id"]) == asked
    assert removal.end_impossible(now) == 1
    there = store.fetch(SLUG, asked["_id"])
    assert there["state"] == "barred"
    assert [(one["number"], one["outcome"]) for one in there["items"]] == [
        (gone["number"], "gone"),
        (other["number"], None),
    ]
    assert "No longer there" in at_desk(cast.owner).text(page)
    assert removal.end_impossible(now) == 0
    assert audit.verify(StoredTrail(database())).findings == ()
    assert proposed(cast, [other], 0, now)["state"] == "proposed", "what is there may be proposed anew"


def test_one_that_cools_off_destroys_nothing_of_what_is_there(
    cast: Cast, now: datetime, saved: Settings, restore: Restore, at_desk: At
) -> None:
    gone, other, asked = restored(cast, saved, restore, 3, now)
    page = f"/records/destruction/{asked['number']}"
    assert f"{gone['number']} is no longer there" in at_desk(cast.head).text(page)
    assert removal.end_impossible(now) == 0, "it may still be stopped"
    carried_out(now + WEEK)
    there = store.fetch(SLUG, asked["_id"])
    assert (there["state"], [one["outcome"] for one in there["items"]]) == ("barred", ["gone", None])
    assert store.fetch("customer", other["_id"])["name"] == other["name"]


def test_it_may_be_withdrawn_or_refused_before_it_ends(
    cast: Cast, now: datetime, saved: Settings, restore: Restore, at_desk: At
) -> None:
    asked = restored(cast, saved, restore, 0, now)[2]
    page, rev = f"/records/destruction/{asked['number']}", str(asked["rev"])
    at_desk(cast.supervisor).send(f"{page}/do/refuse", 422, rev=rev, note="")
    at_desk(cast.owner).send(f"{page}/do/withdraw", 303, rev=rev)
    assert store.fetch(SLUG, asked["_id"])["state"] == "withdrawn"
    assert removal.end_impossible(now) == 0


def test_a_proposal_of_a_file_that_was_merged_waits_for_it(cast: Cast, now: datetime) -> None:
    keep, part = old_file(cast, now), old_file(cast, now, name="并入公司")
    asked = proposed(cast, [part], 0, now)
    with unruled(registry.get("customer").rt):
        merging.merge(cast.head, "customer", keep["number"], part["number"], {}, revs=(1, 1), now=now)
    assert removal.end_impossible(now) == 0
    assert store.fetch(SLUG, asked["_id"])["state"] == "proposed"


def followed(desk: Desk, paths: list[str], most: int = 120) -> list[tuple[str, int, str]]:
    """Some pages and what they lead to, each with its answer."""
    seen: dict[str, tuple[str, int, str]] = {}
    while paths and len(seen) < most:
        path = paths.pop(0)
        if path in seen:
            continue
        answer = desk.get(path, follow_redirects=True)
        text = answer.get_data(as_text=True)
        seen[path] = (path, answer.status_code, text)
        if answer.status_code == 200:
            paths += [one.replace("&amp;", "&") for one in LEADS.findall(text)]
    return list(seen.values())


def test_what_names_a_record_that_is_gone_opens_and_shows_nothing_of_it(
    cast: Cast, now: datetime, saved: Settings, restore: Restore, at_desk: At
) -> None:
    """Cards in force and waiting, requests, reviews, complaints, a leak, reminders, merges, views: all of before."""
    planted = plant(cast, now)
    guest = person(Role.SALES_MANAGER, name="Guest", manager=cast.head.id)
    window = {"uses": ["view"], "reason": "Cardreasonword", "valid_until": "2026-11-25"}
    card = access_request.ask(guest, "customer", planted.number, window, now=now)
    card = records.move(cast.head, CARD, card["number"], "approve", {}, rev=card["rev"], now=now, fresh=True)
    assert card["state"] == "granted"
    longer = {"kind": "lower", "new_level": "internal", "reason": "Lowerword"}
    waits = secrecy_change.ask(cast.owner, "customer", planted.number, longer, now=now)
    told = {"subject": "Leak", "happened_on": "2026-11-18", "found_on": "2026-11-20", "way": "paper"}
    told |= {"level_leaked": "secret", "account": "Lost", "records_concerned": planted.number}
    leak = records.create(guest, "leak", told, now=now)
    reminded = {"_id": "old", "person": guest.id, "type": "customer", "record": planted.record["_id"], "due": now}
    reminded |= {"matter": "secrecy", "step": "notice", "created": now}
    database()[REMINDERS].insert_one(reminded)
    path = saved.data_dir / "before.zip"
    snapshot.take(path, saved, now)
    records.move(guest, CARD, card["number"], "give_back", {}, rev=card["rev"], now=now)
    records.move(cast.owner, "secrecy_change", waits["number"], "withdraw", {}, rev=waits["rev"], now=now)
    signed(cast, [store.fetch("customer", planted.record["_id"])], now)
    carried_out(now + WEEK)
    restore(path)
    words = {word.lower() for word in planted.words | {"Cardreasonword"}}
    at = f"/records/customer/{planted.number}"
    first = [*PLACES, *(f"/records/{rt.slug}/" for rt in registry.all_types()), f"/records/leak/{leak['number']}"]
    first += [f"{at}{end}" for end in ("", "/history", "/edit", "/hold", "/ask", "/merge", "/secrecy", "/destroy")]
    first += [f"/records/{CARD}/{card['number']}", f"/records/secrecy_change/{waits['number']}"]
    for who in (cast.owner, cast.head, guest):
        for place, status, text in followed(at_desk(who), list(first)):
            assert status < 500, (place, status)
            assert not (place.startswith(at) and status == 200), place
            assert [word for word in words if word in text.lower() and word not in place.lower()] == [], place
    assert database()[REMINDERS].find_one({"_id": "old", "closed_at": None}) is None
    assert database()["grant"].count_documents({}) == 0
