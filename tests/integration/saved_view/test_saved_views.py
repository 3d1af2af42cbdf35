"""Saved views on a real database: whose they are, how many, changed at once, shared and audited (X6)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import access, listing, registry
from models.access import Purpose
from models.errors import FieldProblem, Forbidden, NotFound, Refusal
from models.listing import BadQuery
from models.person import service as people
from models.person.roles import Person, Role
from models.saved_view import rules, service
from tests.factories.people import person
from tests.factories.types import SAMPLE
from tests.factories.views import view

DB = Database[dict[str, Any]]

pytestmark = pytest.mark.usefixtures("sample")


def names(who: Person) -> list[str]:
    """The views that somebody is offered, in their order."""
    visible = access.visible_fields(who, SAMPLE)
    known = listing.queryable(SAMPLE, visible)
    return [one.name for one in service.offered(service.of_type(who, "sample"), known, [f.name for f in visible])]


def at_once(*works: Callable[[], str]) -> list[str]:
    """What each of some works that begin together gives back: its answer, or the code of its refusal."""
    ready, found = threading.Barrier(len(works)), list[str]()

    def run(work: Callable[[], str]) -> None:
        ready.wait()
        try:
            found.append(work())
        except Refusal as refusal:
            found.append(refusal.code)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_a_view_keeps_the_whole_state_of_a_list_but_the_page(owner: Person, clerk: Person) -> None:
    query = "q=Lamp&colour=is:red&where=any(amount:at_least:1,name:filled)&sort=-name&show=50&columns=amount&archived=1"
    made = view(owner, f"{query}&after=abc&before=", "Red   lamps ")
    assert made.name == "Red lamps"
    assert [f"{name}={text}" for name, text in made.address] == query.split("&")
    assert (names(owner), names(clerk)) == (["Red lamps"], [])


def test_what_is_no_name_and_what_is_the_whole_list_is_refused(owner: Person) -> None:
    view(owner, "colour=red")
    for name in ("", "  ", "x" * 41, "a\x00b", "Mine"):
        with pytest.raises(FieldProblem):
            view(owner, "colour=red", name)
    with pytest.raises(rules.NothingToSave):
        view(owner, "after=abc", "All")
    with pytest.raises(BadQuery):
        view(owner, f"q={'x' * 7000}", "Long")
    assert names(owner) == ["Mine"]


def test_a_person_has_fifty_views_at_most(owner: Person, clerk: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_VIEWS", 3)
    for number in range(3):
        view(owner, "colour=red", f"View {number}")
    with pytest.raises(rules.TooManyViews):
        view(owner, "colour=red", "One more")
    view(clerk, "colour=red")


def test_views_saved_at_once_do_not_pass_the_limit(owner: Person, db: DB, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_VIEWS", 2)
    view(owner, "colour=red", "First")
    found = at_once(*(lambda name=name: view(owner, "colour=red", name).name for name in "ABCD"))
    assert found.count("too_many_views") == 3
    assert [row["position"] for row in db["saved_view"].find().sort("position", 1)] == [1, 2]


def test_views_are_renamed_replaced_moved_and_removed(owner: Person, now: datetime) -> None:
    one, two, three = (view(owner, f"amount=at_least:{n}", f"V{n}") for n in range(3))
    service.move(owner, three.id, forward=False)
    service.move(owner, one.id, forward=False)  # the first one stays
    assert names(owner) == ["V0", "V2", "V1"]
    service.move(owner, one.id, forward=True)
    assert names(owner) == ["V2", "V0", "V1"]
    service.rename(owner, two.id, "Middle", rev=1, now=now)
    made = service.replace(owner, two.id, [("colour", "blue")], rev=2, now=now)
    assert (made.address, made.rev) == ((("colour", "blue"),), 3)
    with pytest.raises(FieldProblem):
        service.rename(owner, two.id, "V2", rev=3, now=now)
    service.remove(owner, one.id, rev=1, now=now)
    assert names(owner) == ["V2", "Middle"]


def test_what_was_made_from_an_older_version_is_refused(owner: Person, now: datetime) -> None:
    made = view(owner, "colour=red")
    service.rename(owner, made.id, "Other", rev=1, now=now)
    for late in (
        lambda: service.rename(owner, made.id, "Late", rev=1, now=now),
        lambda: service.replace(owner, made.id, [("colour", "blue")], rev=1, now=now),
        lambda: service.remove(owner, made.id, rev=1, now=now),
    ):
        with pytest.raises(rules.ViewChanged):
            late()
    assert names(owner) == ["Other"]


def test_of_two_changes_at_once_one_wins(owner: Person, now: datetime) -> None:
    made = view(owner, "colour=red")
    found = at_once(*(lambda name=name: service.rename(owner, made.id, name, rev=1, now=now).name for name in "AB"))
    assert "view_changed" in found
    assert service.get(made.id).rev == 2


def test_the_view_of_another_is_as_one_that_does_not_exist(owner: Person, clerk: Person, now: datetime) -> None:
    made = view(owner, "colour=red")
    for act in (
        lambda: service.rename(clerk, made.id, "Late", rev=1, now=now),
        lambda: service.replace(clerk, made.id, [("colour", "blue")], rev=1, now=now),
        lambda: service.remove(clerk, made.id, rev=1, now=now),
        lambda: service.move(clerk, made.id, forward=True),
        lambda: service.start_with(clerk, "sample", made.id),
        lambda: service.withdraw(clerk, made.id, rev=1, now=now),
    ):
        with pytest.raises(NotFound):
            act()
    assert service.get(made.id) == made


def test_a_head_shares_with_the_own_department_and_an_administrator_with_any(
    head: Person, owner: Person, now: datetime, db: DB
) -> None:
    mine = view(head, "colour=red", "Ours")
    for department, role in (("sales", ""), ("", "specialist"), ("sales", "head")):
        with pytest.raises(Forbidden):
            service.share(head, mine.id, department, role, rev=1, now=now)
    service.share(head, mine.id, "service", "specialist", rev=1, now=now)
    custodian, sales = person(Role.CUSTODIAN), person(Role.SALES, Role.SPECIALIST, department="sales")
    assert [names(who) for who in (owner, custodian, sales)] == [["Ours"], [], []]
    service.share(head, mine.id, "service", "", rev=2, now=now)
    assert [names(who) for who in (owner, custodian, sales)] == [["Ours"], ["Ours"], []]

    admin = person(Role.ADMINISTRATOR, Role.SPECIALIST, name="Admin", department="it")
    theirs = view(admin, "colour=blue", "Everybody's")
    service.share(admin, theirs.id, "", "sales", rev=1, now=now)
    assert names(sales) == ["Everybody's"]
    for wrong in (("nowhere", ""), ("", "king"), ("", "")):
        with pytest.raises(FieldProblem):
            service.share(admin, theirs.id, *wrong, rev=2, now=now)
    own = view(owner, "colour=red", "Own")
    with pytest.raises(Forbidden):
        service.share(owner, own.id, "service", "", rev=1, now=now)
    acts = [entry["action"] for entry in db["audit"].find({"type": "saved_view"}).sort("_id", 1)]
    assert acts == ["view_shared", "view_shared", "view_shared"]


def test_a_view_is_not_offered_to_who_may_not_see_one_of_its_fields(head: Person, owner: Person, now: datetime) -> None:
    queries = {
        "filter": "salary=at_least:5",
        "group": "where=any(colour:is:red,all(salary:filled,colour:is:blue))",
        "sort": "sort=-salary",
        "columns": "columns=salary,colour",
        "open": "colour=red&sort=amount&columns=colour",
    }
    for name, query in queries.items():
        made = view(head, query, name)
        service.share(head, made.id, "service", "", rev=1, now=now)
    assert sorted(names(head)) == sorted(queries)
    assert names(owner) == ["open"]
    hidden = tuple(replace(f, viewers=(Role.HEAD,)) if f.name == "colour" else f for f in SAMPLE.fields)
    registry.register(replace(SAMPLE, fields=hidden))
    visible = access.visible_fields(owner, registry.get("sample").rt)
    known = listing.queryable(registry.get("sample").rt, visible)
    assert service.offered(service.of_type(owner, "sample"), known, [f.name for f in visible]) == []


@pytest.mark.parametrize(
    "query",
    [
        "number=YP-2026-000001",
        "name=is:Lamp",
        "name=starts:L",
        "where=any(colour:is:red,all(name:contains:L,amount:1))",
    ],
)
def test_what_somebody_typed_of_a_record_is_not_shared(head: Person, now: datetime, query: str) -> None:
    with pytest.raises(rules.NotToShare):
        service.share(head, view(head, query).id, "service", "", rev=1, now=now)


@pytest.mark.parametrize(
    "query", ["name=filled", "number=filled", "department=service", "owner=me", "amount=at_least:1", "sort=name"]
)
def test_common_values_are_shared(head: Person, owner: Person, now: datetime, query: str) -> None:
    service.share(head, view(head, query).id, "service", "", rev=1, now=now)
    assert names(owner) == ["Mine"]


def test_who_may_not_share_any_more_changes_nothing_of_what_is_shared(
    head: Person, owner: Person, now: datetime
) -> None:
    made = view(head, "colour=red", "Shared")
    service.share(head, made.id, "service", "", rev=1, now=now)
    demoted = replace(head, roles=frozenset({Role.SPECIALIST}))
    with pytest.raises(Forbidden):
        service.rename(demoted, made.id, "Look here", rev=2, now=now)
    with pytest.raises(Forbidden):
        service.replace(demoted, made.id, [("colour", "blue")], rev=2, now=now)
    assert names(owner) == ["Shared"]
    service.withdraw(demoted, made.id, rev=2, now=now)
    assert service.rename(demoted, made.id, "Mine again", rev=3, now=now).name == "Mine again"


def test_search_words_and_single_records_are_not_shared(head: Person, owner: Person, now: datetime) -> None:
    hidden = tuple(replace(f, filterable=True) if f.name == "parent" else f for f in SAMPLE.fields)
    registry.register(replace(SAMPLE, fields=hidden))
    for number, query in enumerate(("q=Lamp", "parent=YP-2026-000001", "where=any(parent:contains:L,colour:is:red)")):
        made = view(head, query, f"V{number}")
        with pytest.raises(rules.NotToShare):
            service.share(head, made.id, "service", "", rev=1, now=now)
    shared = view(head, "colour=red", "Shared")
    service.share(head, shared.id, "service", "", rev=1, now=now)
    with pytest.raises(rules.NotToShare):
        service.replace(head, shared.id, [("q", "Lamp")], rev=2, now=now)
    assert names(owner) == ["Shared"]


def test_sharing_ends_with_the_view_by_its_owner_or_by_who_answers_for_its_readers(
    head: Person, owner: Person, clerk: Person, now: datetime, db: DB
) -> None:
    former = person(Role.HEAD, name="Former head")
    for name in ("A", "B", "C"):
        made = view(former, "colour=red", name)
        service.share(former, made.id, "service", "", rev=1, now=now)
    first, second, third = service.of_type(owner, "sample")
    service.rename(former, first.id, "A2", rev=2, now=now)
    service.remove(former, first.id, rev=3, now=now)
    service.withdraw(former, second.id, rev=2, now=now)
    with pytest.raises(NotFound):
        service.withdraw(clerk, third.id, rev=2, now=now)
    assert [one.name for one in service.governed(head, "sample")] == ["C"]
    assert service.governed(clerk, "sample") == []
    service.withdraw(head, third.id, rev=2, now=now)
    assert names(owner) == []
    assert names(former) == ["B", "C"]
    entries = db["audit"].find({"type": "saved_view", "action": {"$ne": "view_shared"}}).sort("_id", 1)
    told = [(entry["action"], entry["actor_name"], entry["detail"]) for entry in entries]
    detail = {"of": "sample", "department": "service", "roles": []}
    assert told == [
        ("shared_view_changed", "Former head", detail),
        ("shared_view_removed", "Former head", detail),
        ("view_withdrawn", "Former head", detail),
        ("view_withdrawn", "Head", detail),
    ]


def test_a_list_begins_with_a_view_until_it_is_gone(owner: Person, clerk: Person, now: datetime) -> None:
    assert owner.id is not None
    made = view(owner, "colour=red")
    service.start_with(owner, "sample", made.id)
    assert service.starts_of(people.get(owner.id)) == {"sample": made.id}
    service.remove(owner, made.id, rev=1, now=now)
    assert service.starts_of(people.get(owner.id)) == {}


def test_a_type_out_of_reach_takes_no_views(now: datetime, owner: Person) -> None:
    outsider = person(department="sales")
    nobody = replace(SAMPLE, rights=replace(SAMPLE.rights, view=()), classified=False, due="")
    registry.register(nobody)
    with pytest.raises(Forbidden):
        view(outsider, "colour=red")
    assert access.reach(outsider, nobody, Purpose.VIEW).nothing
    with pytest.raises(Forbidden):
        view(replace(owner, read_only=True), "colour=red")
