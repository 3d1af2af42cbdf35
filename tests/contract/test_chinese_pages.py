"""Every page speaks the reader's language: a walk along the links in Chinese that meets no English word.

What is planted in the records is set aside; so are keys, file formats and addresses, which are the same in both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from models import registry
from models.person.roles import Role
from tests.factories.desks import Desk, seat
from tests.factories.planted import plant

pytestmark = pytest.mark.timeout(300)

SAID = (
    "title",
    "aria-label",
    "placeholder",
    "alt",
    "data-label",
    "data-confirm",
    "data-confirm-text",
    "data-confirm-yes",
)
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SAME_IN_BOTH = {"CSV", "XLSX", "PDF", "Excel", "Ctrl", "Enter", "Esc", "Shift", "archived"}
ENCODINGS = {"UTF", "GBK", "BOM", "BIG", "EUC", "SHIFT", "JIS"}
SET_ASIDE = re.compile(r"\S+@\S+|https?://\S+|Kanari\w*(?: [a-z_]+|\.pdf)?|[A-Z]{1,4}-\d[\w-]*", re.IGNORECASE)
WORD = re.compile(r"[A-Za-z]{3,}")
BEGINNINGS = ("/", "/verify", "/records/find?q=Kanarie", "/records/customer/?q=%E6%97%A0%E6%AD%A4")
A_FEW = 2
ELSEWHERE = {
    "static": "files",
    "bootstrap.static": "files",
    "admin.static": "files",
    "health.healthz": "for machines",
    "health.readyz": "for machines",
    "records.lookup": "for scripts",
    "records.import_state": "for scripts",
    "records.import_rows": "a file",
    "records.imported": "needs an import",
    "records.file": "a file",
    "records.ask": "leads back to the record",
    "records.nothing": "leads to a list",
    "security.two_factor_rescue": "closed",
    "security.tf_select": "closed",
    "security.two_factor_token_validation": "needs a password given just before",
    "security.mf_recovery": "needs a password given just before",
}
"""Addresses that the walk leaves out, and why; a page that is new has to be reached or to stand here."""


class Words(HTMLParser):
    """What a page says in the reader's language, and where it leads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.links: list[str] = []
        self._inside: list[tuple[str, bool]] = []
        self._marked = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._marked = self._marked or tag == "mark"
        given = {name: value or "" for name, value in attrs}
        foreign = given.get("lang") == "en" or tag in ("script", "style", "kbd")
        if tag == "a":
            self.links.append(given.get("href", "").partition("#")[0])
        if not foreign and not self._silent():
            self.said += [given[name] for name in SAID if given.get(name)]
        if tag not in VOID:
            self._inside.append((tag, foreign))

    def handle_endtag(self, tag: str) -> None:
        self._marked = tag == "mark"
        while self._inside and self._inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._silent():
            text = " ".join(data.split())
            if self._marked and self.said:  # a hit is marked in the middle of a name
                self.said[-1] += text
            else:
                self.said.append(text)
            self._marked = False

    def _silent(self) -> bool:
        return any(foreign for _tag, foreign in self._inside)

    def english(self) -> set[str]:
        """The texts that hold an English word."""
        return {text for text in self.said if set(WORD.findall(SET_ASIDE.sub("", text))) - SAME_IN_BOTH - ENCODINGS}


@pytest.fixture
def desks(demo_app: Flask, now: datetime) -> list[Desk]:
    """People who together may see everything, and records of every type at every level."""
    owner = seat(demo_app, Role.SPECIALIST, now=now, name="林青", language="zh")
    plant([rt for rt in registry.all_types() if rt.slug != "sample"], owner.person, now)
    service = (Role.HEAD, Role.CUSTODIAN, Role.SUPERVISOR)
    others = (Role.SALES_MANAGER, Role.FINANCE_REVIEWER, Role.LEGAL_REVIEWER, Role.CREDIT_GROUP, Role.GENERAL_MANAGER)
    return [
        owner,
        seat(demo_app, *service, now=now, name="周正", language="zh"),
        seat(demo_app, Role.SPECIALIST, now=now, name="吴同", language="zh"),
        seat(demo_app, *others, now=now, name="郑重", department="sales", language="zh"),
        seat(demo_app, Role.ADMINISTRATOR, Role.AUDITOR, now=now, name="何管", department="it", language="zh"),
    ]


def kind_of(app: Flask, path: str) -> tuple[Any, ...] | None:
    """What sort of page an address leads to: one of a sort and a level of secrecy is enough."""
    try:
        endpoint, values = app.url_map.bind("localhost").match(urlsplit(path).path)
    except HTTPException:
        return None
    return (endpoint, values.get("slug"), values.get("move"), values.get("topic"), values.get("file_id"))


def walk(app: Flask, desk: Desk, reached: set[str]) -> Iterator[tuple[str, Words]]:
    """The pages that a person's links lead to, a few of each sort; `reached` collects their endpoints."""
    seen: Counter[tuple[Any, ...]] = Counter()
    ahead, known = [*BEGINNINGS], set[str]()
    while ahead:
        path = ahead.pop(0)
        kind = kind_of(app, path)
        if kind is None or path in known or kind[0] in ELSEWHERE or seen[kind] == A_FEW:
            continue
        known.add(path)
        seen[kind] += 1
        answer = desk.get(path)
        reached.add(kind[0])
        if answer.location:
            ahead.insert(0, answer.location)
        elif answer.mimetype == "text/html":
            assert answer.status_code == 200, path
            words = Words(answer.get_data(as_text=True))
            yield path, words
            ahead += [link for link in words.links if link.startswith("/")]


def test_no_page_that_links_lead_to_shows_english_to_a_chinese_reader(demo_app: Flask, desks: list[Desk]) -> None:
    english: dict[str, str] = {}
    reached: set[str] = set()
    for desk in desks:
        for path, words in walk(demo_app, desk, reached):
            english |= dict.fromkeys(words.english(), path)
    assert not english
    pages = {rule.endpoint for rule in demo_app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert pages - reached - ELSEWHERE.keys() == {"security.login"}, (
        "a new page is linked from somewhere, or named above"
    )


def test_the_walk_notices_english() -> None:
    page = Words('<p title="Save">保存</p><p lang="en">English</p><p>Kanarie007 name 等 3 条</p><p>Not found</p>')
    assert page.english() == {"Save", "Not found"}


def test_strangers_and_mistakes_are_answered_in_chinese(demo_app: Flask) -> None:
    client = demo_app.test_client()
    chinese = {"Accept-Language": "zh-CN"}
    for path, status in (("/login", 200), ("/records/customer/none", 302), ("/nowhere", 404)):
        answer = client.get(path, headers=chinese)
        assert answer.status_code == status
        assert not Words(answer.get_data(as_text=True)).english() or status == 302


def test_the_words_of_the_scripts_are_chinese(desks: list[Desk]) -> None:
    page = desks[0].text("/")
    found = re.search(r'<script type="application/json" id="words"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found is not None
    assert not WORD.findall(re.sub(r'"(\w+)":|\{\w+\}', "", found[1].encode().decode("unicode_escape")))
