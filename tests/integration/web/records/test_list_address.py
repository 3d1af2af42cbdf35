"""The whole state of a list is in its address; whatever is not understood there is refused by name."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from pymongo.errors import ExecutionTimeout

from models.declarations import Label
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.desks import Desk
from tests.integration.web.records.conftest import Make, Sit

AT = "/records/sample/"


@pytest.fixture
def desk(sit: Sit, make: Make) -> Desk:
    """Somebody with five lamps."""
    made = sit(Role.SPECIALIST)
    for i, colour in enumerate(("red", "blue", "red", "blue", None)):
        make(made.person, name=f"Lamp {i}", colour=colour, amount=str(i * 10), made_on=f"2026-01-0{i + 1}")
    return made


def shown(page: str) -> list[str]:
    """The titles in a list, in order."""
    return re.findall(r">(Lamp \d+)</a>", page)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", "43210"),
        ("sort=amount", "01234"),
        ("sort=-amount", "43210"),
        ("colour=red", "20"),
        ("colour=is:red", "20"),
        ("colour=is_not:red", "431"),
        ("colour=any_of:red|blue", "3210"),
        ("colour=empty", "4"),
        ("colour=filled", "3210"),
        ("amount=at_least:20&amount=at_most:30", "32"),
        ("made_on=from:2026-01-04", "43"),
        ("made_on=until:today", "43210"),
        ("name=contains:amp 3", "3"),
        ("name=contains:ＡＭＰ 3", "3"),
        ("name=starts:Lamp 1", "1"),
        ("name=starts:lAMP 1", "1"),
        ("name=starts:ｌamp　1", "1"),
        ("where=any(name:starts:LAMP 3,name:starts:lamp 1)", "31"),
        ("name=starts:amp", ""),
        ("number=starts:yp-2026-00000", "43210"),
        ("name=Lamp 1", "1"),
        ("q=lamp 3", "32"),  # the number of Lamp 2 ends in 3
        ("amount=between:10..30", "321"),
        ("made_on=in:2026-01", "43210"),
        ("made_on=in:this_year", "43210"),
        ("made_on=in:this_month", ""),
        ("made_on=in:2026-01-02..2026-01-03", "21"),
        ("made_on=older_than:10_months", "43210"),
        ("made_on=overdue", "43210"),
        ("created_at=in:today", "43210"),
        ("created_at=until:today", "43210"),
        ("created_at=from:today&created_at=until:today", "43210"),
        ("where=all(created_at:until:today)", "43210"),
        ("created_at=until:today-1", ""),
        ("department=service", "43210"),
        ("department=is:客服部", "43210"),
        ("department=is_not:service", ""),
        ("created_at=in:last_quarter", ""),
        ("where=any(colour:is:red,name:contains:p 1)", "210"),
        ("where=all(colour:is:red,any(name:is:Lamp 2,name:is:Lamp 1))", "2"),
        ("where=any(colour:empty,all(colour:is:blue,amount:at_least:20))&amount=at_most:35", "3"),
        ("owner=contains:specialist", "43210"),
        ("owner=contains:nobody", ""),
        ("owner=is_not:me", ""),
        ("owner=me", "43210"),
        ("state=draft", "43210"),
        ("state=is_not:draft", ""),
        ("archived=1", ""),
        ("q=&colour=&sort=", "43210"),
    ],
)
def test_an_address_says_what_is_shown(desk: Desk, query: str, titles: str) -> None:
    assert shown(desk.text(f"{AT}?{query}")) == [f"Lamp {n}" for n in titles]


@pytest.mark.parametrize(
    "query",
    [
        "colour=$ne:red",
        "colour[$ne]=red",
        "$where=1",
        "colour=green",
        "colour=after:red",
        "amount=at_least:lots",
        "amount=at_least:99999999999999999999999",
        "made_on=2026-13-40",
        "made_on=from:",
        "owner=is:nobody at all",
        "checker=me",
        "notes=contains:x",
        "sort=notes",
        "sort=salary",
        "salary=at_least:1",
        "sort=--amount",
        "sort=amount&sort=name",
        "page=-1",
        "after=rubbish",
        "after=%00",
        "before=" + "9" * 3000,
        "after=a&before=b",
        "show=7",
        "show=1000000",
        "archived=yes",
        "name=contains:" + "x" * 400,
        "name=contains:%00",
        "add-filter=salary:at_least:1",
        "add-filter=colour:is:red&add-to=any:0",
        "f=colour:is:red",
        "where=any(salary:at_least:1)",
        "where=" + "any(" * 500 + "colour:is:red" + ")" * 500,
        "where=" + "any(" * 4 + "colour:is:red" + ")" * 4,
        "where=any()",
        "where=any(colour:is:red",
        "where=any(colour:is:red)x",
        "where=or(colour:is:red)",
        "where=any(colour:is:red," + ",".join(["name:is:x"] * 50) + ")",
        "made_on=in:this_century",
        "made_on=in:2026-13",
        "created_at=in:9999",
        "updated_at=in:0001-01-01..2026-01-01",
        "made_on=older_than:9999_years",
        "amount=between:1",
        "columns=salary",
        "columns=nothing",
        "nonsense=1",
        "acl=x",
        "colour=" + "&colour=".join(["red"] * 51),
        "colour=any_of:" + "|".join(["red"] * 51),
        "colour=any_of:",
        "colour=any_of:|",
        "where=any(name:is:x,name:contains:"
        + "长" * 290
        + ","
        + ",".join("name:is:" + "长" * 290 for _ in range(3))
        + ")",
    ],
)
def test_what_is_not_understood_is_refused(desk: Desk, query: str) -> None:
    answer = desk.client.get(f"{AT}?{query}", follow_redirects=True)
    assert answer.status_code == 400
    assert "is not valid" in answer.get_data(as_text=True)
    assert f'href="{AT}">Show all</a>' in answer.get_data(as_text=True), "the page leads on"


@pytest.mark.parametrize("query", ["q=x", "q=" + "长" * 10_000])
def test_a_search_that_is_too_short_or_too_long_says_so_on_the_list(desk: Desk, query: str) -> None:
    assert "haracters" in desk.text(f"{AT}?{query}", status=400)


def test_a_list_is_walked_page_by_page_and_back(desk: Desk, make: Make, sit: Sit) -> None:
    for i in range(5, 50):
        make(desk.person, name=f"Lamp {i}")
    seen: list[str] = []
    address = f"{AT}?sort=name"
    while address:
        page = desk.text(address)
        seen += shown(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following.group(1).replace("&amp;", "&") if following else ""
    assert seen == sorted(f"Lamp {i}" for i in range(50))
    back = re.search(r'href="([^"]+)" rel="prev"', page)
    assert back is not None
    assert shown(desk.text(back.group(1).replace("&amp;", "&"))) == seen[20:40]


def test_the_filter_maker_works_without_a_script(desk: Desk) -> None:
    for query in ("add-field=colour&add-is=is&add-value=red&q=lamp", "add-filter=colour:is:red&q=lamp"):
        answer = desk.get(f"{AT}?{query}")
        assert answer.status_code == 302
        assert answer.location == f"{AT}?q=lamp&colour=is:red"
    assert shown(desk.text(answer.location)) == ["Lamp 2", "Lamp 0"]


def test_the_form_without_a_script_offers_what_the_address_takes(desk: Desk) -> None:
    page = desk.text(f"{AT}?q=lamp&show=50")
    form = page.split("<noscript>")[1].split("</noscript>")[0]
    assert '<input type="hidden" name="q" value="lamp">' in form
    assert '<option value="colour">Colour</option>' in form
    assert '<option value="at_least">at least</option>' in form
    assert "salary" not in form


def test_each_filter_is_a_chip_that_takes_it_off(desk: Desk) -> None:
    page = desk.text(f"{AT}?colour=is:red&amount=at_least:5&after=")
    assert "Colour: Red" in page
    assert "Amount at least ¥5.00" in page
    assert 'href="/records/sample/?amount=at_least:5"' in page


def test_a_yes_or_no_and_a_choice_read_as_a_value_beside_its_field(desk: Desk, sit: Sit) -> None:
    page = unescape(desk.text("/records/complaint/?fast_lane=is:yes"))
    assert "Fast lane: Yes" in page
    assert "Colour is not Red" in unescape(desk.text(f"{AT}?colour=is_not:red"))
    chinese = unescape(sit(Role.SPECIALIST, language="zh").text(f"{AT}?colour=is:red"))
    assert re.search('class="chip-text">[^ ]+：[^ ]+<', chinese)


def test_days_in_filters_are_spelt_as_the_rest_of_the_page_spells_them(desk: Desk, sit: Sit) -> None:
    query = "made_on=from:2026-01-04&created_at=until:2027-01-01&made_on=in:2026-01-02..2026-02-03"
    page = unescape(desk.text(f"{AT}?{query}"))
    for words in ("Made on from 4 Jan 2026", "Created until 1 Jan 2027", "Made on: 2 Jan 2026 – 3 Feb 2026"):
        assert words in page
    page = unescape(desk.text(f"{AT}?created_at=until:today-1&made_on=until:today+1"))
    assert "Created until yesterday" in page
    assert "Made on until tomorrow" in page
    chinese = unescape(sit(Role.SPECIALIST, language="zh").text(f"{AT}?{query}"))
    assert "2026-01-02 – 2026-02-03" in chinese


def test_a_department_is_chosen_and_shown_by_its_name(desk: Desk) -> None:
    page = unescape(desk.text(f"{AT}?department=is:service"))
    assert "Department: Customer service" in page
    offered = json.loads(re.findall(r"data-filter-list>(.*?)</script>", page)[0])
    department = next(one for one in offered if one["name"] == "department")
    assert {"value": "legal", "label": "Legal"} in department["choices"]


def test_a_type_is_named_inside_sentences_as_words_are(desk: Desk) -> None:
    assert "New sample" in desk.text(AT)
    assert "<h1>New sample</h1>" in desk.text(f"{AT}new")
    assert (Label("大客户", "VIP list").within("en"), Label("大客户", "Key customer").within("zh")) == (
        "VIP list",
        "大客户",
    )


def test_an_order_that_begins_with_empty_values_offers_to_leave_them_out(desk: Desk, make: Make) -> None:
    make(desk.person, name="Lamp 9", colour="red")
    page = desk.text(f"{AT}?sort=made_on&colour=red")
    assert shown(page) == ["Lamp 9", "Lamp 0", "Lamp 2"]
    found = re.search(r'href="([^"]+)">Leave out those without “Made on”', page)
    assert found is not None
    assert shown(desk.text(unescape(found[1]))) == ["Lamp 0", "Lamp 2"]
    for query in ("made_on=filled&sort=made_on", "sort=-made_on", "sort=name", "made_on=empty&sort=made_on", ""):
        assert "Leave out" not in desk.text(f"{AT}?{query}"), query


def test_a_page_token_of_other_kinds_of_values_does_no_harm(desk: Desk) -> None:
    some = '{"$oid": "5f0000000000000000000001"}'
    for value in (f"[{some}]", f'["sample.name", {some}]', f'["sample.name", {some}, 5]', f"[5, {some}]", "[[]]"):
        token = base64.urlsafe_b64encode(value.encode()).decode()
        assert desk.get(f"{AT}?sort=name&after={token}").status_code == 400
    token = base64.urlsafe_b64encode(f'["sample.name", {some}, "x"]'.encode()).decode()
    assert desk.get(f"{AT}?sort=name&after={token}").status_code == 200


@pytest.mark.parametrize(
    "value", ['{"a": 1' + "0" * 30 + "}", r'{"a": "\udc00"}', r'{"\udc00": 1}', r'{"a\u0000b": 1}', '{"$gt": 1}', "[1]"]
)
@pytest.mark.parametrize("sort", ["-number", "name", "amount"])
def test_a_page_token_that_could_not_be_stored_is_refused(desk: Desk, value: str, sort: str) -> None:
    token = base64.urlsafe_b64encode(f'["sample.{sort}", {value}, "x"]'.encode()).decode()
    for side in ("after", "before"):
        assert desk.get(f"{AT}?sort={sort}&{side}={token}").status_code == 400


def test_archived_records_have_a_list_of_their_own(desk: Desk, sit: Sit) -> None:
    head = sit(Role.HEAD)
    head.send(f"{AT}YP-2026-000001/archive", rev="1", note="Gone")
    assert shown(desk.text(AT)) == ["Lamp 4", "Lamp 3", "Lamp 2", "Lamp 1"]
    assert f'href="{AT}?archived=1"' in desk.text(AT), "the list leads there"
    assert shown(desk.text(f"{AT}?archived=1")) == ["Lamp 0"]
    desk.send(f"{AT}YP-2026-000001/restore", 403, rev="2")
    head.send(f"{AT}YP-2026-000001/restore", rev="2")
    assert shown(desk.text(f"{AT}?archived=1")) == []


def test_a_person_is_filtered_by_email_or_name(desk: Desk) -> None:
    for who in (desk.person.email, desk.person.name):
        assert len(shown(desk.text(f"{AT}?owner=is:{who}"))) == 5


def test_a_list_that_takes_the_database_too_long_asks_for_one_more_filter(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise ExecutionTimeout("operation exceeded time limit", 50)

    monkeypatch.setattr("models.listing.paging.by", never)
    page = desk.text(f"{AT}?colour=red", 400)
    assert "Narrow the list with one more filter" in page
    assert shown(page) == []


@pytest.mark.parametrize("wanted", ["customer=contains:长风", "where=any(customer:contains:长风,severity:is:high)"])
def test_a_name_that_stands_for_too_many_is_told_at_its_filter(
    sit: Sit, now: datetime, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    desk, at = sit(Role.SPECIALIST), "/records/complaint/"
    for name in ("长风机械", "长风齿轮"):
        customer(desk.person, now, name=name)
    monkeypatch.setattr("models.names.MOST_NAMED", 1)
    page = desk.text(f"{at}?{wanted}&subject=contains:late&sort=number", 400)
    assert "have “长风” in their name. Type more of it." in page
    assert "That did not arrive as it should" not in page
    assert re.findall(r'chip-wrong"><span class="chip-text">([^<]+)<', page) == ["Customer contains “长风”"]
    assert f'href="{at}?subject=contains:late&amp;sort=number"' in page, "the filter is taken off in place"
    assert "Nothing matches" not in page
    assert "Export as CSV" not in page
    monkeypatch.undo()
    assert "chip-wrong" not in desk.text(f"{at}?{wanted}")


def test_a_count_stops_at_its_ceiling(desk: Desk, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(5, 22):
        make(desk.person, name=f"Lamp {i}")
    monkeypatch.setattr("models.listing.counting.TRIES", ((21, 1000),))
    assert "more than 21" in desk.text(AT)
    assert "2 records" in desk.text(f"{AT}?colour=red")


def test_undeclared_leftovers_in_the_database_do_not_show(desk: Desk, db: Any) -> None:
    row = db["record_sample"].find_one({"name": "Lamp 0"})
    assert row is not None
    db["record_sample"].update_one({"_id": row["_id"]}, {"$set": {"old_field": "LEFTOVER"}})
    assert "LEFTOVER" not in desk.text(AT) + desk.text(f"{AT}{row['number']}")


def test_a_count_that_takes_too_long_claims_nothing_that_nobody_saw(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_args: Any) -> int:
        raise ExecutionTimeout("too long")

    monkeypatch.setattr("models.listing.counting._counted", slow)
    for query in ("", "?colour=red", "?name=contains:nothing", "?q=nothing"):
        assert json.loads(desk.text(f"{AT}count{query}")) == {"text": ""}


def test_what_a_search_has_to_find_out_first_is_asked_once_for_the_page_and_its_count(
    desk: Desk, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(5, 25):
        make(desk.person, name=f"Lamp {i}", colour="blue")
    asked: list[str] = []

    def survivors(*args: Any) -> list[Any]:
        asked.append(args[-1])
        return []

    monkeypatch.setattr("models.listing.conditions.merged.survivors", survivors)
    assert "25 records" in desk.text(f"{AT}?q=Lamp")
    assert asked == ["Lamp"]


def test_a_count_that_is_not_cheap_is_asked_for_by_the_page(
    desk: Desk, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(5, 25):
        make(desk.person, name=f"Lamp {i}", colour="blue")
    monkeypatch.setattr("models.listing.walking.FEW_HITS", 10)
    monkeypatch.setattr("models.listing.hits.FEW_HITS", 10)
    monkeypatch.setattr("models.listing.counting.FEW_HITS", 10)
    page = desk.text(f"{AT}?colour=blue")
    assert "more than 20" in page
    asked = re.search(r'data-count="([^"]+)"', page)
    assert asked is not None
    assert json.loads(desk.text(unescape(asked[1]))) == {"text": "22 records"}
    assert "data-count" not in desk.text(f"{AT}?colour=red")
    assert desk.get(f"{AT}count?colour=green").status_code == 400
    assert desk.get(f"{AT}count?q=x").status_code == 400
