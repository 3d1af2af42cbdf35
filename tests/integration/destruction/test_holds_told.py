"""D3, X6: of legal holds on what is to be destroyed each reader is told as far as they may know, in few queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import registry, store
from models.destruction import holds, matters, service
from models.destruction.document import SLUG
from models.merge import service as merging
from models.person.roles import Person, Role
from tests.factories.commands import commands
from tests.factories.people import person
from tests.factories.planted import unruled
from tests.integration.destruction.conftest import YEARS, Cast, old_file, sign, signed
from tests.integration.destruction.pointing import closed_pointing

Base = Database[dict[str, Any]]
HELD = "on legal hold by Head since Mon 23 Nov 2026"


def told(reader: Person, asked: dict[str, Any]) -> str:
    """What the pages of a destruction say of holds."""
    assert service.HOOKS.warns is not None
    return " / ".join(text.en for text in service.HOOKS.warns(reader, store.fetch(SLUG, asked["_id"]), {}))


def propose(cast: Cast, records_of: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    return service.propose(cast.owner, "customer", [one["number"] for one in records_of], "Outdated", now=now)


def hold(cast: Cast, record: dict[str, Any], now: datetime, slug: str = "customer") -> None:
    holds.place(cast.head, slug, record["number"], "Lawsuit", now=now)


def with_part(cast: Cast, now: datetime, level: str = "top_secret") -> tuple[dict[str, Any], dict[str, Any]]:
    """A file of the owner's, and one of the head's that was merged into it."""
    keep, part = old_file(cast, now), old_file(cast, now, name="并入公司", level=level, owner=cast.head.id)
    with unruled(registry.get("customer").rt):
        merging.merge(cast.head, "customer", keep["number"], part["number"], {}, revs=(1, 1), now=now - YEARS)
    return keep, part


def test_who_holds_a_file_is_told_to_its_readers_and_to_whoever_signs_next(cast: Cast, now: datetime) -> None:
    top = old_file(cast, now, level="top_secret")
    asked = propose(cast, [top], now)
    hold(cast, top, now)
    hidden = f"{top['number']}: {matters.HIDDEN_HELD.en}"
    auditor = person(Role.AUDITOR, name="Auditor", department="audit")
    readers = (cast.owner, cast.head, cast.manager, cast.supervisor, auditor)
    assert [told(one, asked) for one in readers] == [*[f"{top['number']}: {HELD}"] * 4, hidden]
    holds.lift(cast.head, "customer", top["number"], "Settled", now=now)
    sign(cast.supervisor, asked, "sign", now)
    hold(cast, top, now)
    assert told(cast.supervisor, asked) == hidden


def test_whoever_signs_is_refused_with_who_holds_it(cast: Cast, now: datetime) -> None:
    top = old_file(cast, now, level="top_secret")
    asked = propose(cast, [top], now)
    hold(cast, top, now)
    with pytest.raises(service.NotDestructible) as refused:
        sign(cast.supervisor, asked, "sign", now)
    assert HELD in refused.value.text("en")


def test_a_part_that_is_held_is_named_to_those_only_who_may_know_of_it(cast: Cast, now: datetime) -> None:
    keep, part = with_part(cast, now)
    asked = propose(cast, [keep], now)
    hold(cast, part, now)
    for who in (cast.owner, cast.head):
        assert told(who, asked) == f"{keep['number']}: {part['number']}, merged into it, is {HELD}"
    with pytest.raises(service.NotDestructible) as refused:
        sign(cast.supervisor, asked, "sign", now)
    assert part["number"] not in refused.value.text("en")
    assert matters.HIDDEN_HELD.en in refused.value.text("en")


def test_of_a_part_that_is_seen_as_a_card_nobody_says_who_holds_it(cast: Cast, now: datetime) -> None:
    keep, part = with_part(cast, now, "confidential")
    asked = propose(cast, [keep], now)
    hold(cast, part, now)
    colleague = person(Role.SPECIALIST, name="Colleague")
    assert told(colleague, asked) == f"{keep['number']}: {part['number']}, merged into it, is on legal hold"


def test_the_proposal_counts_what_was_merged_into_a_file_and_names_none(cast: Cast, now: datetime) -> None:
    keep, part = with_part(cast, now)
    asked = propose(cast, [keep], now)
    rev = store.fetch("customer", part["_id"])["rev"]
    assert asked["items"][0]["parts"] == f"1 ({rev})"
    assert part["number"] not in str(asked)


def test_one_file_that_is_gone_hides_no_hold_on_the_others(cast: Cast, now: datetime, db: Base) -> None:
    gone, held = old_file(cast, now), old_file(cast, now, name="保全公司")
    asked = signed(cast, [gone, held], now)
    hold(cast, held, now)
    db["record_customer"].delete_one({"_id": gone["_id"]})
    gone_one, hold_on = told(cast.owner, asked).split(" / ")
    assert gone_one.startswith(f"{gone['number']} is no longer there")
    assert hold_on == f"{held['number']}: {HELD}"


def test_a_held_record_is_told_of_at_the_files_to_which_it_points_or_did_and_at_no_other(
    cast: Cast, now: datetime
) -> None:
    files = [old_file(cast, now, name=f"公司{place}") for place in range(3)]
    now_there, once_there = (closed_pointing(cast, "review", files[0], now) for _ in range(2))
    with unruled(registry.get("review").rt):
        store.change("review", once_there["_id"], {"customer": files[1]["_id"]}, actor=cast.owner, now=now)
    for one in (now_there, once_there):
        hold(cast, one, now, "review")
    found = matters.holding(registry.get("customer").rt, files, cast.owner)
    words = {number: sorted(one.text.en for one in told_of) for number, told_of in found.items()}
    label = registry.get("review").rt.label.en
    first, second = (f"{label} {one['number']} is on legal hold" for one in (now_there, once_there))
    assert words == {files[0]["number"]: sorted([first, second]), files[1]["number"]: [second]}


@pytest.mark.parametrize("held", [False, True])
def test_more_records_are_asked_for_in_no_more_queries(cast: Cast, now: datetime, held: bool) -> None:
    rt = registry.get("customer").rt
    files = [old_file(cast, now, name=f"公司{place}有限公司") for place in range(20)]
    if held:
        for one in files[:3]:
            hold(cast, one, now)
            hold(cast, closed_pointing(cast, "review", one, now), now, "review")

    def asked(some: list[dict[str, Any]]) -> list[str]:
        with commands.heard() as heard:
            found = matters.holding(rt, some, cast.owner)
        assert len(found) == (min(3, len(some)) if held else 0)
        return heard

    alone = asked(files[:1])
    assert asked(files) == alone
    if not held:
        assert alone == ["find record_customer", "find legal_hold"]
