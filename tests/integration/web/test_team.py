"""The department's page: who is behind with what, the quarter's reviews, and what comes tomorrow."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from models import records, store
from models.person import rights
from models.person.roles import SYSTEM, Person, Role
from models.review.rules import SECTIONS
from tests.factories.customers import customer
from tests.factories.desks import Desk
from tests.integration.reminder.conftest import submitted
from tests.integration.web.test_home import revisit

Sit = Callable[..., Desk]
ROW = re.compile(r'<th scope="row" class="first"><div>([^<]*)</div></th>(.*?)</tr>', re.DOTALL)
LINK = re.compile(r'href="(/records/(\w+)/\?[^"]*)"')
TAG = re.compile(r"<[^>]+>|\s+")


def rows(desk: Desk) -> dict[str, str]:
    """The text of each line of who is behind, by name."""
    behind = desk.text("/team/").partition('class="card-plain team-visits"')[0]
    return {name: TAG.sub(" ", text) for name, text in ROW.findall(behind)}


def review(owner: Person, now: datetime, **values: object) -> dict[str, object]:
    file = customer(owner, now)
    return store.create(
        "review",
        {"customer": file["_id"], "quarter": "2026Q4", "due_on": date(2026, 12, 30), **values},
        actor=owner,
        now=now,
    )


def test_each_owner_stands_with_what_is_late_and_due_this_week_the_worst_first(sit: Sit, now: datetime) -> None:
    head, ann, bob = sit(Role.HEAD), sit(Role.SPECIALIST, name="Ann"), sit(Role.SPECIALIST, name="Bob")
    revisit(ann.person, date(2026, 11, 28), now)
    for due in (date(2026, 11, 12), date(2026, 11, 19), date(2026, 11, 29), date(2026, 11, 30)):
        revisit(bob.person, due, now)
    found = rows(head)
    assert list(found) == ["Bob", "Ann"]
    assert re.search(r"\b2\b.*\b1\b.*6 working days late.*Revisits 2", found["Bob"])
    assert re.search(r"\b0\b.*\b1\b", found["Ann"])


def test_a_figure_opens_the_records_that_it_counts(sit: Sit, now: datetime) -> None:
    head, ann = sit(Role.HEAD), sit(Role.SPECIALIST, name="Ann")
    late = revisit(ann.person, date(2026, 11, 12), now)
    free = revisit(ann.person, date(2026, 12, 12), now)
    link = re.search(r'href="(/records/revisit/\?[^"]*)"', head.text("/team/"))
    assert link is not None
    page = head.text(link[1].replace("&amp;", "&"))
    assert late["number"] in page
    assert free["number"] not in page


def test_what_waits_for_a_role_or_somebody_else_is_not_counted_under_its_owner(sit: Sit, now: datetime) -> None:
    head, ann, bob = sit(Role.HEAD), sit(Role.SPECIALIST, name="Ann"), sit(Role.SPECIALIST, name="Bob")
    submitted(ann.person, date(2026, 11, 12), now)
    made = submitted(ann.person, date(2026, 11, 13), now)
    secret = submitted(ann.person, date(2026, 11, 16), now, level="top_secret")
    store.change(
        "revisit", revisit(ann.person, date(2026, 11, 17), now)["_id"], {"owner": bob.person.id}, actor=SYSTEM, now=now
    )
    found = rows(head)
    assert list(found) == ["Finance reviewer", "Ann", "Bob"]
    assert "Credit reports 2" in found["Finance reviewer"]
    assert "Credit reports 1" in found["Ann"]
    assert "Revisits 1" in found["Bob"]
    links = re.findall(r'href="(/records/credit_report/\?[^"]*)"', head.text("/team/"))
    pages = [head.text(link.replace("&amp;", "&")) for link in links]
    assert [(made["number"] in page, secret["number"] in page) for page in pages] == [(True, False), (False, True)]


def test_a_reviewer_who_was_named_counts_while_they_have_the_role(sit: Sit, now: datetime) -> None:
    head, ann = sit(Role.HEAD), sit(Role.SPECIALIST, name="Ann")
    fay = sit(Role.FINANCE_REVIEWER, Role.SPECIALIST, name="Fay", department="finance")
    for level in ("internal", "top_secret"):
        made = submitted(ann.person, date(2026, 11, 12), now, level)
        store.change("credit_report", made["_id"], {"finance_person": fay.person.id}, actor=SYSTEM, now=now)
    found = rows(head)
    assert list(found) == ["Fay"]
    assert "Credit reports 2" in found["Fay"]
    assert fay.person.id is not None
    rights.set_roles(SYSTEM, fay.person.id, [Role.SPECIALIST], now)
    found = rows(head)
    assert list(found) == ["Finance reviewer"]
    assert "Credit reports 1" in found["Finance reviewer"], "what is top secret opens to no role"
    rights.set_roles(SYSTEM, fay.person.id, [Role.FINANCE_REVIEWER], now)
    rights.set_active(SYSTEM, fay.person.id, False, now)
    assert list(rows(head)) == ["Finance reviewer"]


def test_what_is_due_later_today_is_in_no_figure_and_no_list_of_one(sit: Sit, now: datetime) -> None:
    head, ann = sit(Role.HEAD, Role.FINANCE_REVIEWER), sit(Role.SPECIALIST, name="Ann")
    late = revisit(ann.person, date(2026, 11, 12), now)
    today = revisit(ann.person, date(2026, 11, 23), now)
    submitted(ann.person, date(2026, 11, 12), now)
    elsewhere = submitted(ann.person, date(2026, 11, 12), now)
    store.change("credit_report", elsewhere["_id"], {"department": "sales"}, actor=SYSTEM, now=now)
    found = {slug: link for link, slug in LINK.findall(head.text("/team/").partition("team-visits")[0])}
    pages = {slug: head.text(link.replace("&amp;", "&")) for slug, link in found.items()}
    assert (late["number"] in pages["revisit"], today["number"] in pages["revisit"]) == (True, False)
    assert elsewhere["number"] not in pages["credit_report"]
    assert "Credit reports 1" in rows(head)["Finance reviewer"]


def test_what_an_owner_has_of_both_kinds_opens_as_one_list(sit: Sit, now: datetime) -> None:
    head, ann = sit(Role.HEAD), sit(Role.SPECIALIST, name="Ann")
    waits, secret = (submitted(ann.person, date(2026, 11, 12), now, level) for level in ("internal", "top_secret"))
    begun = submitted(ann.person, date(2026, 11, 12), now)
    store.change("credit_report", begun["_id"], {"state": "draft"}, actor=SYSTEM, now=now)
    assert "Credit reports 2" in rows(head)["Ann"]
    [link] = [link for link, _slug in LINK.findall(head.text("/team/")) if "any(" in link or "any%28" in link]
    page = head.text(link.replace("&amp;", "&"))
    assert [one["number"] in page for one in (waits, secret, begun)] == [False, True, True]


def test_what_the_head_does_not_read_is_in_no_figure(sit: Sit, now: datetime) -> None:
    head, ann = sit(Role.HEAD), sit(Role.SPECIALIST, name="Ann")
    made = revisit(ann.person, date(2026, 11, 12), now)
    assert "Ann" in rows(head)
    store.change("revisit", made["_id"], {"department": "sales"}, actor=SYSTEM, now=now)
    assert rows(head) == {}


def test_the_quarters_reviews_stand_by_owner(sit: Sit, now: datetime) -> None:
    head, ann = sit(Role.HEAD), sit(Role.SPECIALIST, name="Ann")
    made, _ = review(ann.person, now), review(ann.person, now)
    records.move(
        ann.person, "review", str(made["number"]), "finish", dict.fromkeys(SECTIONS, "confirmed"), rev=1, now=now
    )
    assert "1/2" in head.text("/team/")


def test_tomorrow_says_who_is_reminded_of_what_and_stores_nothing(sit: Sit, now: datetime) -> None:
    head, ann = sit(Role.HEAD), sit(Role.SPECIALIST, name="Ann")
    made = revisit(ann.person, date(2026, 11, 24), now)
    customer(ann.person, now, state="active", next_report_due=date(2026, 12, 3))
    page = head.text("/team/tomorrow")
    assert "Tue 24 Nov 2026" in page
    assert made["number"] in page
    assert "Due today 1" in page
    assert "1 new: Credit reports" in page
    assert "unread" not in ann.text("/")


def test_the_page_is_for_whoever_oversees_a_department(sit: Sit) -> None:
    for desk in (sit(Role.SPECIALIST), sit(Role.ADMINISTRATOR), sit(Role.GENERAL_MANAGER)):
        assert desk.get("/team/").status_code == 403
        assert desk.get("/team/tomorrow").status_code == 403
        assert 'href="/team/"' not in desk.text("/")
    assert 'href="/team/"' in sit(Role.HEAD).text("/")


def test_a_batch_of_complaints_stands_first_and_opens_them(sit: Sit, now: datetime) -> None:
    head, ann = sit(Role.HEAD), sit(Role.SPECIALIST, name="Ann")
    made = []
    for day in range(5):
        raw = {"subject": "灯具到货破损", "channel": "phone"}
        complaint = records.create(ann.person, "complaint", raw, now=now - timedelta(days=day))
        made.append(store.change("complaint", complaint["_id"], {"cause": "包装 & 破损"}, actor=SYSTEM, now=now))
    link = r'<a href="(/records/complaint/\?[^"]*)">包装 &amp; 破损 <span class="num">5</span>'
    found = re.search(link, head.text("/team/"))
    assert found is not None
    page = head.text(found[1].replace("&amp;", "&"))
    assert all(one["number"] in page for one in made)
    store.change("complaint", made[0]["_id"], {"cause": None}, actor=SYSTEM, now=now)
    assert "team-batches" not in head.text("/team/")


def test_the_revisits_that_were_not_made_open_from_their_figure(sit: Sit, now: datetime) -> None:
    head, ann = sit(Role.HEAD), sit(Role.SPECIALIST, name="Ann")
    left, done = revisit(ann.person, date(2026, 11, 12), now), revisit(ann.person, date(2026, 11, 13), now)
    store.change("revisit", done["_id"], {"state": "reached", "ease": 5, "outcome": 4}, actor=SYSTEM, now=now)
    visits = head.text("/team/").partition("team-visits")[2]
    assert re.findall(r">(\d+%)<", visits) == ["50%", "40%"]
    link = re.search(r'href="(/records/revisit/\?[^"]*)"', visits)
    assert link is not None
    page = head.text(link[1].replace("&amp;", "&"))
    assert (left["number"] in page, done["number"] in page) == (True, False)
