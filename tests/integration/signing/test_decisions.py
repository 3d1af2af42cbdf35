"""One winner of two decisions at once; steps that are over, skipped or taken back are signed by nobody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from models import records, store
from models.access import Purpose
from models.access_request import service
from models.calendar import local
from models.errors import Forbidden, Invalid, NotFound, Refusal, StaleRecord
from models.person.roles import SYSTEM, Person, Role
from tests.factories.people import person
from tests.factories.proofs import noted
from tests.integration.signing.conftest import Base, Cast, acting, name, sign, waiting

RACES = 100
SLUG = "access_request"


@pytest.fixture
def heads(db: Base) -> tuple[Person, Person]:
    return person(Role.HEAD, name="Head one"), person(Role.HEAD, name="Head two")


def request(now: datetime, cast: Cast) -> dict[str, Any]:
    """A request for a secret record that waits for the head, who is the asker's own manager."""
    target = records.create(cast.owner, "sample", {"name": "Lamp", "level": "secret"}, now=now)
    asker = person(Role.SPECIALIST, name="Asker", manager=cast.head.id)
    raw = {"uses": ["view"], "reason": "x", "valid_until": (local(now).date() + timedelta(days=2)).isoformat()}
    return service.ask(asker, "sample", target["number"], raw, now=now)


def decide(who: Person, one: dict[str, Any], act: str, now: datetime, rev: int = 1) -> dict[str, Any]:
    raw = {"valid_until": one["valid_until"].isoformat()} if act == "approve" else {}
    return records.move(who, SLUG, one["number"], act, raw, rev=rev, now=now, note="reason", fresh=True)


def test_of_two_opposite_decisions_at_once_one_wins_each_of_a_hundred_times(
    cast: Cast, heads: tuple[Person, Person], db: Base, now: datetime
) -> None:
    won: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(RACES):
            one, start = request(now, cast), Barrier(2, timeout=120)

            def act(who: Person, move: str, one: dict[str, Any] = one, start: Barrier = start) -> str:
                start.wait()
                try:
                    return str(decide(who, one, move, now)["state"])
                except (StaleRecord, records.NotNow) as lost:
                    return lost.code

            outcomes = list(pool.map(act, heads, ("approve", "refuse"), timeout=120))
            [winner] = [state for state in outcomes if state in ("granted", "refused")]
            stored = store.fetch(SLUG, one["_id"])
            assert (stored["state"], stored["rev"]) == (winner, 2)
            assert db["grant"].count_documents({"request": one["_id"]}) == int(winner == "granted")
            assert db[store.VERSIONS].count_documents({"record": one["_id"]}) == 2
            won.append(winner)
            [loser] = [code for code in outcomes if code != winner]
            noted.raced(winner, loser)
    assert len(won) == RACES


def test_a_withdrawn_a_lapsed_and_a_decided_request_are_signed_by_nobody(
    cast: Cast, heads: tuple[Person, Person], now: datetime, db: Base
) -> None:
    first, second = heads
    asked = request(now, cast)
    asker = Person(id=asked["created_by"], name="Asker", roles=frozenset({Role.SPECIALIST}), department="service")
    records.move(asker, SLUG, asked["number"], "withdraw", {}, rev=1, now=now)
    lapsed = request(now, cast)
    later = now + timedelta(days=4)
    assert service.expire(later) == 1
    granted = request(now, cast)
    decide(first, granted, "approve", now)
    for one, when in ((asked, now), (lapsed, later), (granted, now)):
        for act in ("approve", "refuse", "sign"):
            with pytest.raises((records.NotNow, Forbidden)):
                decide(second, one, act, when, rev=2)


def test_a_right_that_is_revoked_while_it_is_closed_as_over_stays_revoked(
    cast: Cast, heads: tuple[Person, Person], now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, change = request(now, cast), store.change
    decide(heads[0], one, "approve", now)
    later = now + timedelta(days=4)
    revoked: list[bool] = []

    def overtaken(*args: Any, **how: Any) -> Any:
        if not revoked:
            revoked.append(True)
            records.move(heads[0], SLUG, one["number"], "revoke", {}, rev=2, now=later, note="leak")
        return change(*args, **how)

    with monkeypatch.context() as patched:
        patched.setattr(store, "change", overtaken)
        service.expire(later)
    assert (store.fetch(SLUG, one["_id"])["state"], store.fetch(SLUG, one["_id"])["rev"]) == ("revoked", 3)
    assert db["grant"].count_documents({"ended_at": None}) == 0
    assert service.expire(later) == 0


def test_a_step_that_was_skipped_is_signed_by_nobody(cast: Cast, now: datetime) -> None:
    """Where one's own manager is the head, the first step is left out; who stands there signs nothing any more."""
    manager = person(Role.SALES_MANAGER, department="service")
    one = request(now, cast)
    store.change(SLUG, one["_id"], {"manager": manager.id}, actor=SYSTEM, now=now)
    with pytest.raises((records.NotNow, NotFound, Forbidden, records.Locked)):
        decide(manager, one, "sign", now, rev=2)


def test_a_refusal_needs_a_reason_and_a_signature_a_fresh_sign_in(
    cast: Cast, heads: tuple[Person, Person], now: datetime
) -> None:
    one = request(now, cast)
    with pytest.raises(Invalid) as refused:
        records.move(heads[0], SLUG, one["number"], "refuse", {}, rev=1, now=now, note="  ", fresh=True)
    assert set(refused.value.problems) == {"note"}
    for act in ("approve", "refuse"):
        with pytest.raises(records.NeedsFreshSignIn):
            records.move(heads[0], SLUG, one["number"], act, {}, rev=1, now=now, note="x")
    assert store.fetch(SLUG, one["_id"])["rev"] == 1


def told(who: Person, slug: str, number: str, move: str, now: datetime) -> Refusal:
    """The refusal that a move meets."""
    with pytest.raises(Refusal) as refused:
        records.move(who, slug, number, move, {}, rev=1, now=now, note="x", fresh=True)
    return refused.value


@pytest.mark.parametrize(("first", "zh", "en"), [("approve", "批准", "Approved"), ("refuse", "拒绝", "Refused")])
@pytest.mark.parametrize(("second", "wanted"), [("approve", ("批准", "Approve")), ("refuse", ("拒绝", "Refuse"))])
def test_who_comes_second_is_told_who_decided_what_and_when(
    cast: Cast, heads: tuple[Person, Person], now: datetime, first: str, zh: str, en: str, second: str, wanted: Any
) -> None:
    one = request(now, cast)
    decide(heads[0], one, first, now)
    for who in heads:
        refusal = told(who, SLUG, one["number"], second, now)
        assert (refusal.code, refusal.status) == ("not_now", 409)
        assert refusal.text("zh") == (f"Head one 已于 2026-11-23（周一）10:00 办理“{zh}”，不能再办理“{wanted[0]}”。")
        assert refusal.text("en") == (
            f"Done already: “{en}” by Head one, Mon 23 Nov 2026, 10:00. “{wanted[1]}” is not possible any more."
        )
    assert store.fetch(SLUG, one["_id"])["rev"] == 2


def test_the_decision_of_a_deputy_is_told_with_both_names(cast: Cast, now: datetime) -> None:
    one = request(now, cast)
    name(cast.head, cast.head, cast.deputy, now)
    decide(acting(cast.deputy, now), one, "refuse", now)
    refusal = told(cast.head, SLUG, one["number"], "approve", now)
    assert "Deputy（代Head） 已于" in refusal.text("zh")
    assert "“Refused” by Deputy for Head," in refusal.text("en")


def test_a_move_whose_turn_has_not_come_or_that_nobody_took_away_names_nobody(
    cast: Cast, heads: tuple[Person, Person], now: datetime
) -> None:
    """What waits for others yet, what lapsed by itself, and what was put into the archive."""
    waits, lapsed = request(now, cast), request(now, cast)
    assert "当前状态下不能" in told(heads[0], SLUG, waits["number"], "countersign", now).text("zh")
    service.expire(now + timedelta(days=4))
    assert "当前状态下不能" in told(heads[0], SLUG, lapsed["number"], "approve", now).text("zh")
    store.change("sample", (shelved := waiting(cast, now))["_id"], {"archived_at": now}, actor=SYSTEM, now=now)
    assert "当前状态下不能" in told(cast.owner, "sample", shelved["number"], "submit", now).text("zh")


def test_who_reads_a_record_no_more_or_not_as_it_was_is_told_nobody_s_name(cast: Cast, now: datetime) -> None:
    """X6: a decision of a time when the record was more secret than its reader reads says nothing of itself."""
    one = waiting(cast, now, "confidential")
    sign(cast.checker, one, now)
    custodian = person(Role.CUSTODIAN, name="Custodian")
    assert told(custodian, "sample", one["number"], "approve", now).code == "locked"
    store.change("sample", one["_id"], {"level": "secret"}, actor=SYSTEM, now=now)
    refusal = told(custodian, "sample", one["number"], "approve", now)
    assert (refusal.code, refusal.text("en")) == ("not_now", "“Approve” is not possible in the present state.")
    assert "Checker" in told(cast.owner, "sample", one["number"], "approve", now).text("en")


def test_who_lost_sight_of_it_by_the_decision_is_told_nothing_of_it(cast: Cast, now: datetime) -> None:
    """The record was read before it was decided, in the same request."""
    one = waiting(cast, now, "confidential")
    sight = records.read(cast.checker, "sample", one["number"], Purpose.VIEW, now)
    store.change("sample", one["_id"], {"checker": cast.head.id}, actor=SYSTEM, now=now)
    sign(cast.head, store.fetch("sample", one["_id"]), now)
    with pytest.raises(records.NotNow) as refused:
        records.possible_move(cast.checker, sight, "approve")
    assert refused.value.text("en") == "“Approve” is not possible in the present state."
