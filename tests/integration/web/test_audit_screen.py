"""The audit trail on screen (X7): for auditors only, newest first, without values."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

import backoffice
import jobs
import models
from models import audit, records
from models.access import Purpose
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.desks import Desk

Base = Database[dict[str, Any]]
Sit = Callable[..., Desk]
WRITERS = {"audit.append", "audit.append_many", "credentials.report", "_audit"}


def test_an_auditor_sees_who_read_what_and_no_content(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    file = customer(owner.person, now, name="隐山仪表有限公司", level="secret")
    records.see(owner.person, "customer", file["number"], Purpose.VIEW, now)
    page = sit(Role.AUDITOR, department="audit").text("/audit/")
    assert file["number"] in page
    assert "隐山仪表" not in page


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
def test_nobody_else_opens_the_trail(sit: Sit, role: Role) -> None:
    assert sit(role).client.get("/audit/").status_code == 403


def test_the_trail_is_searched_by_person_act_number_and_day(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    files = [customer(owner.person, now, name=name, level="secret") for name in ("甲公司", "乙公司")]
    records.see(owner.person, "customer", files[0]["number"], Purpose.VIEW, now)
    auditor = sit(Role.AUDITOR, department="audit")
    first, second = (file["number"] for file in files)
    assert second not in auditor.text("/audit/?action=view")
    assert first in auditor.text("/audit/?action=view")
    assert second not in auditor.text(f"/audit/?number={first}")
    assert first not in auditor.text("/audit/?until=2026-11-22")
    assert first in auditor.text("/audit/?from=2026-11-23&until=2026-11-23")
    assert first not in auditor.text("/audit/?person=nobody")


def test_an_entry_about_an_account_says_whose_and_is_found_by_them(sit: Sit, now: datetime) -> None:
    whose, admin = sit(Role.SPECIALIST, name="陆青禾"), sit(Role.ADMINISTRATOR, department="it", name="石安然")
    audit.append("person_changed", admin.person, audit.Subject("person", whose.person.id), now=now)
    auditor = sit(Role.AUDITOR, department="audit")
    for query in ("", "?person=陆青禾", "?person=陆青禾&type=person"):
        page = auditor.text(f"/audit/{query}")
        assert 'href="/audit/?type=person&amp;person=%E9%99%86%E9%9D%92%E7%A6%BE"' in page, query
    assert "陆青禾</a>" not in auditor.text("/audit/?person=nobody")
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    sent = {"csrf_token": token[1] if token else "", "person": "陆青禾"}
    assert "陆青禾" in auditor.client.post("/audit/export", data=sent).get_data(as_text=True)


@pytest.mark.parametrize("query", ["from=yesterday", "before=x", "sort=at", "number=" + "x" * 100, "until=2026-13-40"])
def test_what_is_not_understood_is_named(sit: Sit, query: str) -> None:
    assert sit(Role.AUDITOR, department="audit").client.get(f"/audit/?{query}").status_code == 400


def test_pages_follow_without_counting(sit: Sit, now: datetime) -> None:
    owner = sit(Role.SPECIALIST)
    numbers = [customer(owner.person, now, name=f"第{i}公司")["number"] for i in range(60)]
    auditor = sit(Role.AUDITOR, department="audit")
    first = auditor.text("/audit/?action=create")
    assert numbers[-1] in first
    assert numbers[0] not in first
    following = first.split("before=")[1].split('"')[0]
    assert numbers[0] in auditor.text(f"/audit/?action=create&before={following}")


def acts() -> Iterator[str]:
    """Every act that the code names when it writes the trail or a version."""
    for package in (models, backoffice, jobs):
        for path in Path(package.__path__[0]).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            constants = {ast.unparse(one.targets[0]): one.value for one in tree.body if isinstance(one, ast.Assign)}
            for node in ast.walk(tree):
                for value in named(node):
                    either = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                    parts = [constants.get(ast.unparse(one), one) for one in either]
                    yield from (str(part.value) for part in parts if isinstance(part, ast.Constant) and part.value)


def named(node: ast.AST) -> Iterator[ast.expr]:
    """What stands for an act: `action=`, `action = `, and the first argument of whatever writes the trail."""
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).lower() == "action":
        yield node.value
    if isinstance(node, ast.Call):
        yield from (keyword.value for keyword in node.keywords if keyword.arg == "action")
        if ast.unparse(node.func) in WRITERS:
            yield from node.args[:1]


def test_whom_a_matter_went_on_to_is_named_as_people_say_it(sit: Sit, now: datetime) -> None:
    auditor = sit(Role.AUDITOR, department="audit", language="zh")
    subject = audit.Subject("leak", number="XM-2026-000001")
    audit.append("signature_climbed", auditor.person, subject, now=now, detail={"to": ["general_manager"]})
    page = auditor.text("/audit/")
    assert "角色：总经理" in page
    assert "general_manager" not in page


@pytest.mark.parametrize(("language", "level"), [("zh", "机密"), ("en", "Confidential")])
def test_of_a_card_that_a_raised_record_ended_the_trail_tells_the_record_and_its_level(
    sit: Sit, now: datetime, language: str, level: str
) -> None:
    auditor, number = sit(Role.AUDITOR, department="audit", language=language), "KH-2026-000100"
    subject = audit.Subject("access_request", number="CY-2026-000001")
    audit.append("raised", auditor.person, subject, now=now, detail={"raised": {number: "confidential"}})
    page = auditor.text("/audit/")
    assert f"{number} {level}" in page
    assert "绝密，" not in page
    assert "top secret:" not in page


def test_every_act_has_words_in_chinese(sit: Sit, now: datetime) -> None:
    found = set(acts())
    assert {"signed_in", "person_disabled", "credit_decision", "refused"} <= found
    auditor = sit(Role.AUDITOR, department="audit", language="zh")
    for act in found:
        audit.append(act, auditor.person, audit.Subject("person"), now=now, fields=["email", "roles"])
    page = auditor.text("/audit/")
    rows = re.search(r"<tbody>(.*)</tbody>", page, re.DOTALL)
    assert rows is not None
    assert "邮箱、角色" in rows[1]
    said = re.sub(r'<small[^>]* lang="en">.*?</small>', "", rows[1])  # the trail's technical words
    words = set(re.findall(r"[A-Za-z]{3,}", re.sub(r"<[^>]*>", " ", said)))
    assert words == {auditor.person.name}
