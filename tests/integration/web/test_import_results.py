"""What the pages of an import say of rows to be looked at and of an undo; another sheet of a workbook."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from pymongo.database import Database

from models import records
from models.exchange import running, service, undoing
from models.person.roles import Role
from tests.factories.desks import Desk
from tests.unit.exchange.files import text_row, xlsx

Base = Database[dict[str, Any]]
AT = "/records/customer/import"
ALIKE = "公司名称,电话\n远山机械有限公司,021-55501234\n近水电子有限公司,0571-8880001\n远山机械,\n"


@pytest.fixture
def desk(sit: Callable[..., Desk]) -> Desk:
    return sit(Role.CUSTODIAN, name="custodian")


def uploaded(desk: Desk, data: str | bytes, name: str = "a.csv") -> str:
    """The address of the new import."""
    content = data.encode() if isinstance(data, str) else data
    return str(desk.post(AT, {"file": (io.BytesIO(content), name)}).location)


def work(now: datetime) -> None:
    """What the scheduler would do."""
    for batch_id in service.at_work():
        running.advance(batch_id, holder="test", now=now)


def stored(desk: Desk, now: datetime) -> tuple[str, str]:
    """The address of an import that is done, and the page of what was found before."""
    at = uploaded(desk, ALIKE)
    assert desk.post(f"{at}/check", {"field-0": "name", "field-1": "phone"}).status_code == 303
    work(now)
    page = desk.text(at)
    found = re.search(r'name="stamp" value="([^"]+)"', page)
    assert found is not None
    desk.send(f"{at}/confirm", stamp=found[1])
    work(now)
    return at, page


def looked_at(page: str) -> str:
    """The open part of the page with the rows to be looked at."""
    found = re.search(r'<details class="group" open><summary><h2>To be looked at</h2>.*?</details>', page, re.DOTALL)
    return unescape(found[0]) if found else ""


def test_rows_to_be_looked_at_stand_open_before_and_after_they_are_stored(desk: Desk, now: datetime) -> None:
    at, page = stored(desk, now)
    assert "This may repeat “row 2”." in looked_at(page)
    after = desk.text(at)
    assert "This may repeat “row 2”." in looked_at(after)
    assert "1</strong> to be looked at" in after


def test_a_colleague_does_not_see_them(desk: Desk, sit: Callable[..., Desk], now: datetime) -> None:
    at, _ = stored(desk, now)
    assert looked_at(sit(Role.HEAD, name="head").text(at)) == ""


def test_an_undo_says_before_what_it_would_do_and_after_what_stayed_and_why(
    desk: Desk, now: datetime, db: Base
) -> None:
    at, _ = stored(desk, now)
    number = db["record_customer"].find_one({"batch_row": 3})["number"]  # type: ignore[index]
    records.change(desk.person, "customer", number, {"city": "杭州"}, rev=1, now=now)
    assert "As they were stored: 2 of 3 that you see." in unescape(desk.text(at))
    assert desk.get(f"{at}/kept").status_code == 409
    desk.send(f"{at}/undo")
    work(now)
    page = desk.text(at)
    assert "partly undone" in page
    assert "Records that stayed: 1." in page
    assert number in page
    assert "It was changed after the import." in page
    assert "As they were stored: 0 of 1 that you see." in unescape(page)
    answer = desk.get(f"{at}/kept")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert number in answer.get_data(as_text=True)


def test_its_page_tells_nothing_of_one_that_stayed_and_is_hidden(
    desk: Desk, sit: Callable[..., Desk], now: datetime, db: Base
) -> None:
    """X3, X6: it looks as where the record had been destroyed before."""
    at, _ = stored(desk, now)
    number = db["record_customer"].find_one({"batch_row": 3})["number"]  # type: ignore[index]
    head = sit(Role.HEAD, name="head")
    hidden = {"level": "top_secret", "owner": head.person.id}
    records.change(head.person, "customer", number, hidden, rev=1, now=now)
    desk.send(f"{at}/undo")
    work(now)
    page = desk.text(at)
    assert "partly undone" in page
    assert "Records that stayed" not in page
    assert f"{at}/kept" not in page
    assert "Records that stayed: 1." in head.text(at)
    db["record_customer"].delete_one({"number": number})
    db["import_batch"].update_one({}, {"$set": {"counts.kept": 0}})
    assert main_part(desk.text(at)) == main_part(page)


def test_what_it_says_before_an_undo_counts_what_the_reader_sees(
    desk: Desk, sit: Callable[..., Desk], now: datetime, db: Base
) -> None:
    """X6: the sum is of the day; of what there is now, only what is in sight."""
    at, _ = stored(desk, now)
    number = db["record_customer"].find_one({"batch_row": 3})["number"]  # type: ignore[index]
    head = sit(Role.HEAD, name="head")
    hidden = {"level": "top_secret", "owner": head.person.id}
    records.change(head.person, "customer", number, hidden, rev=1, now=now)
    page = desk.text(at)
    assert "As they were stored: 2 of 2 that you see." in unescape(page)
    assert "As they were stored: 2 of 3 that you see." in unescape(head.text(at))
    db["record_customer"].update_one({"number": number}, {"$set": {"rev": 1}})
    assert main_part(desk.text(at)) == main_part(page)


def test_the_sum_is_of_what_was_stored_on_that_day_also_after_an_undo(desk: Desk, now: datetime, db: Base) -> None:
    at, _ = stored(desk, now)
    number = db["record_customer"].find_one({"batch_row": 3})["number"]  # type: ignore[index]
    records.change(desk.person, "customer", number, {"city": "杭州"}, rev=1, now=now)
    desk.send(f"{at}/undo")
    work(now)
    page = desk.text(at)
    assert "3</strong> stored" in page
    assert "2</strong> taken back" in page
    assert re.search(r'data-label="Stored">3<', desk.text(AT))


def test_its_page_leads_to_exactly_its_records_page_by_page(
    desk: Desk, sit: Callable[..., Desk], now: datetime, db: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing.numbers, "__kwdefaults__", {"limit": 2})
    records.create(desk.person, "customer", {"name": "早先公司"}, now=now)
    at, _ = stored(desk, now)
    one, two, three = (
        son["number"] for son in db["record_customer"].find({"batch_row": {"$gte": 0}}).sort("batch_row")
    )
    assert linked(desk.text(at)) == [one, two]
    second = re.search(rf'href="({at}\?after=\d+)"', desk.text(at))
    assert second is not None
    page = desk.text(second[1])
    assert linked(page) == [three]
    first = re.search(rf'href="({at}\?before=\d+)"', page)
    assert first is not None
    assert linked(desk.text(first[1])) == [one, two]
    assert desk.get(f"{at}?after=x").status_code == 400
    head = sit(Role.HEAD, name="head")
    hidden = {"level": "top_secret", "owner": head.person.id}
    records.change(head.person, "customer", two, hidden, rev=1, now=now)
    page = desk.text(at)
    assert linked(page) == [one, three]
    assert "?after=" not in main_part(page)


def linked(page: str) -> list[str]:
    """The records to which the page of an import leads as its own."""
    return re.findall(r'<a class="num" href="/records/customer/([^"/]+)', main_part(page))


def main_part(page: str) -> str:
    return page.split('class="page page-import"')[1].split("</main>")[0]


def test_an_undo_that_removed_nothing_leaves_the_import_done(desk: Desk, now: datetime, db: Base) -> None:
    at, _ = stored(desk, now)
    for son in list(db["record_customer"].find()):
        records.change(desk.person, "customer", son["number"], {"city": "杭州"}, rev=1, now=now)
    desk.send(f"{at}/undo")
    work(now)
    page = desk.text(at)
    assert "Records that stayed: 3." in page
    assert "undone</" not in page
    assert "Undo this import" in page


def test_the_heading_of_one_sheet_says_nothing_of_another(desk: Desk) -> None:
    plain = text_row(1, "公司名称", "电话") + text_row(2, "远山机械", "021-55501234")
    below = text_row(1, "客户名册") + text_row(3, "公司名称", "城市") + text_row(4, "近水电子", "杭州")
    at = uploaded(desk, xlsx(plain, below), "a.xlsx")
    assert "heading in row 1" in desk.text(at)
    desk.send(f"{at}/read", sheet="S2", header_row="1")
    assert "heading in row 3" in desk.text(at)
    desk.send(f"{at}/read", sheet="S2", header_row="4")
    assert "heading in row 4" in desk.text(at)
    desk.send(f"{at}/read", sheet="S1", header_row="2")
    assert "heading in row 2" in desk.text(at)
