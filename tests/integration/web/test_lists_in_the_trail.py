"""Lists on the screen: who is shown classified records is in the trail first, and sees no more than lists show (X7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models import audit, store
from models.person.roles import Role
from models.reading import service as reading
from tests.factories.customers import customer
from tests.factories.desks import Desk

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
LIST = "/records/customer/"
EMPTY = "a list shows its usual columns only"


def file(owner: Desk, now: datetime, name: str, level: str) -> dict[str, Any]:
    return customer(owner.person, now, name=name, level=level, phone="021-55501234", region="浙江")


def listings(db: Base) -> list[dict[str, Any]]:
    return list(db[audit.ENTRIES].find({"action": "listed"}).sort("_id", 1))


@pytest.mark.parametrize("path", [LIST, f"{LIST}?columns=phone&show=100", "/records/find?q=隐山"])
@pytest.mark.parametrize("level", ["secret", "confidential", "top_secret"])
def test_without_its_entry_no_list_shows_what_is_classified(
    sit: Sit, db: Base, now: datetime, level: str, path: str
) -> None:
    owner = sit(Role.SPECIALIST)
    file(owner, now, "隐山仪表有限公司", level)
    db.command("collMod", audit.ENTRIES, validator={"nothing": {"$exists": True}})
    page = owner.text(path, 503)
    db.command("collMod", audit.ENTRIES, validator={})
    assert "仪表有限公司" not in page
    assert "could not be written to the audit trail" in page
    assert "仪表有限公司" in owner.text(path)


@pytest.mark.parametrize("level", ["secret", "confidential", "top_secret"])
def test_my_work_is_a_list_too(sit: Sit, db: Base, now: datetime, level: str) -> None:
    owner = sit(Role.SPECIALIST)
    made = file(owner, now, "隐山仪表有限公司", level)
    values = {"customer": made["_id"], "quarter": "2026Q4", "due_on": now.date(), "level": level}
    number = store.create("review", values, actor=owner.person, now=now)["number"]
    db.command("collMod", audit.ENTRIES, validator={"nothing": {"$exists": True}})
    assert "仪表有限公司" not in owner.text("/", 503)
    db.command("collMod", audit.ENTRIES, validator={})
    page = owner.text("/")
    assert "隐山仪表有限公司" in page
    assert 'class="watermark' in page
    assert number in str(listings(db))


@pytest.mark.parametrize("path", ["/records/find?q=隐山", LIST])
def test_every_page_that_names_a_classified_record_bears_its_readers_mark(sit: Sit, now: datetime, path: str) -> None:
    owner, colleague = sit(Role.SPECIALIST, name="Owner"), sit(Role.SPECIALIST, name="Colleague")
    number = file(owner, now, "隐山仪表有限公司", "secret")["number"]
    assert "Secret · Owner · 2026-" in owner.text(path)
    assert "Secret · Colleague · 2026-" in colleague.text(f"{LIST}{number}")


@pytest.mark.parametrize("path", [LIST, "/records/find?q=明山"])
def test_lists_of_internal_records_need_no_trail(sit: Sit, db: Base, now: datetime, path: str) -> None:
    owner = sit(Role.SPECIALIST)
    file(owner, now, "明山仪表有限公司", "internal")
    owner.text("/")
    before = db[audit.ENTRIES].count_documents({})
    assert "仪表有限公司" in owner.text(path)
    assert db[audit.ENTRIES].count_documents({}) == before


def test_a_list_is_one_entry_with_the_records_that_it_shows_in_full(sit: Sit, db: Base, now: datetime) -> None:
    owner, colleague = sit(Role.SPECIALIST), sit(Role.SPECIALIST)
    numbers = [file(owner, now, f"隐山{level}有限公司", level)["number"] for level in ("secret", "top_secret")]
    file(owner, now, "明山仪表有限公司", "internal")
    colleague.text(LIST)
    assert listings(db) == []
    owner.text(LIST)
    [entry] = listings(db)
    assert (sorted(entry["number"]), entry["actor"]) == (sorted(numbers), owner.person.id)
    assert set(entry["level"]) == {"secret", "top_secret"}
    assert db[reading.RATES].count_documents({}) == 0


def test_classified_rows_show_no_more_than_lists_do(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    file(owner, now, "明山仪表有限公司", "internal")
    assert "55501234" in owner.text(f"{LIST}?columns=phone,region")
    assert EMPTY not in owner.text(f"{LIST}?columns=phone,region")
    file(owner, now, "隐山仪表有限公司", "secret")
    page = owner.text(f"{LIST}?columns=phone,region")
    assert (page.count("55501234"), page.count(EMPTY)) == (1, 1)
    assert page.count('data-label="Region">浙江') == 2
    assert EMPTY not in owner.text(LIST)


def test_a_search_shows_of_classified_records_only_what_lists_show(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    for name, level in (("明山仪表有限公司", "internal"), ("隐山仪表有限公司", "secret")):
        customer(owner.person, now, name=name, level=level, address="临江市滨河路 8 号")
    page = owner.text("/records/find?q=滨河路")
    assert ("明山" in page, "隐山" in page) == (True, True)
    assert page.count("临江市") == 1


def test_who_has_read_it_names_whoever_saw_it_in_a_list(sit: Sit, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST, name="Owner Wang"), sit(Role.HEAD, name="Head Zhou")
    number = file(owner, now, "隐山仪表有限公司", "secret")["number"]
    file(owner, now, "远山仪表有限公司", "confidential")
    owner.text(LIST)
    page = head.text(f"/readers/customer/{number}")
    assert "Owner Wang" in page
    assert page.count("saw it in a list") == 1
    assert "saw it in a list" in head.text(f"/records/customer/{number}/history")


def test_who_has_read_it_says_nothing_of_the_records_beside_it(sit: Sit, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST, name="Owner Wang"), sit(Role.HEAD)
    number = file(owner, now, "隐山仪表有限公司", "secret")["number"]
    file(owner, now, "隐川仪表有限公司", "top_secret")
    owner.text(LIST)
    rows = head.text(f"/readers/customer/{number}").split("<tbody")[1]
    assert "Owner Wang" in rows
    assert "top_secret" not in rows
    assert "Top secret" not in rows


def test_the_auditor_finds_a_list_by_each_record_and_level_that_it_showed(sit: Sit, now: datetime) -> None:
    owner, auditor = sit(Role.SPECIALIST, name="Owner Wang"), sit(Role.AUDITOR, department="audit")
    made = [file(owner, now, f"隐山{i}号有限公司", "secret" if i else "top_secret")["number"] for i in range(5)]
    owner.text(LIST)
    for query in (f"number={made[0]}", f"number={made[4]}", "level=secret", "level=top_secret"):
        numbers = re.findall(r'<a class="num" href="[^"]*">([^<]*)</a>', auditor.text(f"/audit/?action=listed&{query}"))
        assert sorted(numbers) == made
    page = auditor.text(f"/audit/?action=listed&number={made[1]}")
    assert f'<summary><span class="num">{made[1]}</span> <span class="muted">and 4 more</span>' in page
    text = auditor.send("/audit/export", 200, action="listed").get_data(as_text=True)
    assert ", ".join(reversed(made)) in text
