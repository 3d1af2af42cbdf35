"""Every page speaks the reader's language: a walk along the links in Chinese meets no English word, and one in
English no Chinese character.

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
from models.saved_view import service as saved_view
from tests.factories.desks import Desk, seat
from tests.factories.forms import not_taken
from tests.factories.planted import plant

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
SAME_IN_BOTH = {"CSV", "XLSX", "PDF", "Excel", "Ctrl", "Enter", "Esc", "Shift", "Tab", "archived"}
SAME_IN_BOTH |= {"API", "REST", "JSON", "OpenAPI", "Authorization"}
ENCODINGS = {"UTF", "GBK", "BOM", "BIG", "EUC", "SHIFT", "JIS"}
SET_ASIDE = re.compile(
    r"\S+@\S+|https?://\S+|(?:Kanari|Apart)\w*(?: [a-z_]+|\.pdf)?|[A-Z]{1,4}-\d[\w-]*|…[0-9a-f]{6}\b", re.IGNORECASE
)
WORD = re.compile(r"[A-Za-z]{3,}")
HAN = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
BEGINNINGS = ("/", "/verify", "/records/find?q=Kanarie", "/records/customer/?q=zz")
A_FEW = 2
NAMES = {"zh": ("林青", "周正", "吴同", "郑重", "何管"), "en": ("Lin", "Zhou", "Wu", "Zheng", "He")}
ELSEWHERE = {
    "static": "files",
    "bootstrap.static": "files",
    "admin.static": "files",
    "health.healthz": "for machines",
    "health.readyz": "for machines",
    "records.lookup": "for scripts",
    "records.count": "for scripts",
    "records.related": "for scripts",
    "records.still_open": "for scripts",
    "records.import_state": "for scripts",
    "records.import_rows": "a file",
    "records.import_kept": "a file",
    "records.bulk_plan": "needs a bulk change",
    "records.bulk_state": "for scripts",
    "records.bulk_rows": "a file",
    "records.imported": "needs an import",
    "records.file": "a file",
    "records.ask": "leads back to the record",
    "records.nothing": "leads to a list",
    "records.start": "leads to a list",
    "records.take": "needs a card in force",
    "records.restore_version": "needs a former version",
    "records.certificate": "needs a destroyed record",
    "calendar_feed.show": "for calendar programs",
    "work.index": "leads home",
    "readers.index": "names no record",
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
        self.page = page
        self.said: list[str] = []
        self.links: list[str] = []
        self._inside: list[tuple[str, bool]] = []
        self._marked = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._marked = self._marked or tag == "mark"
        given = {name: value or "" for name, value in attrs}
        foreign = (tag != "html" and "lang" in given) or tag in ("script", "style", "kbd", "code", "pre")
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

    def foreign(self, language: str) -> set[str]:
        """The texts that are not in the reader's language."""
        return self.english() if language == "zh" else {text for text in self.said if HAN.search(text)}

    def english(self) -> set[str]:
        """The texts that hold an English word."""
        return {text for text in self.said if set(WORD.findall(SET_ASIDE.sub("", text))) - SAME_IN_BOTH - ENCODINGS}


def take_seats(app: Flask, language: str, now: datetime) -> list[Desk]:
    """People who together may see everything, and records of every type at every level."""
    names = iter(NAMES[language])

    def sit(*roles: Role, department: str = "service") -> Desk:
        return seat(app, *roles, now=now, name=next(names), department=department, language=language)

    owner = sit(Role.SPECIALIST)
    plant([rt for rt in registry.all_types() if rt.slug != "sample"], owner.person, now)
    saved_view.save(owner.person, "customer", "Kanarie", [("owner", "me")])
    signing = (Role.SALES_MANAGER, Role.FINANCE_REVIEWER, Role.LEGAL_REVIEWER, Role.CREDIT_GROUP, Role.GENERAL_MANAGER)
    return [
        owner,
        sit(Role.HEAD, Role.CUSTODIAN, Role.SUPERVISOR),
        sit(Role.SPECIALIST),
        sit(*signing, department="sales"),
        sit(Role.ADMINISTRATOR, Role.AUDITOR, department="it"),
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


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_speaks_another_language_or_has_a_form_that_is_refused(
    demo_app: Flask, language: str, now: datetime
) -> None:
    foreign: dict[str, str] = {}
    refused: dict[str, str] = {}
    reached: set[str] = set()
    for desk in take_seats(demo_app, language, now):
        for path, words in walk(demo_app, desk, reached):
            foreign |= dict.fromkeys(words.foreign(language), path)
            refused |= dict.fromkeys(not_taken(demo_app, path, words.page), path)
    assert not foreign
    assert not refused, "a form sends what its route does not take"
    pages = {rule.endpoint for rule in demo_app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    pages = {page for page in pages if not page.startswith("api.")}  # for programs
    assert pages - reached - ELSEWHERE.keys() == {"security.login"}, (
        "a new page is linked from somewhere, or named above"
    )


def test_the_walk_notices_a_foreign_text() -> None:
    assert not Words("<p>用途：查阅；文件：…bea4c5</p>").foreign("zh"), "the end of a file's address is no word"
    page = Words('<p title="Save">保存</p><p lang="en">English</p><p>Kanarie007 name 等 3 条</p><p>Not found</p>')
    assert page.foreign("zh") == {"Save", "Not found"}
    assert page.foreign("en") == {"保存", "Kanarie007 name 等 3 条"}


def test_strangers_and_mistakes_are_answered_in_chinese(demo_app: Flask) -> None:
    client = demo_app.test_client()
    chinese = {"Accept-Language": "zh-CN"}
    for path, status in (("/login", 200), ("/records/customer/none", 302), ("/nowhere", 404)):
        answer = client.get(path, headers=chinese)
        assert answer.status_code == status
        assert not Words(answer.get_data(as_text=True)).english() or status == 302


def test_the_words_of_the_scripts_are_chinese(demo_app: Flask, now: datetime) -> None:
    page = seat(demo_app, Role.SPECIALIST, now=now, language="zh").text("/")
    found = re.search(r'<script type="application/json" id="words"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found is not None
    assert not WORD.findall(re.sub(r'"(\w+)":|\{\w+\}', "", found[1].encode().decode("unicode_escape")))
