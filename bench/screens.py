"""Our pages, asked for as a signed-in person's browser does."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import quote, urlencode

from bson import ObjectId
from flask import Flask
from pymongo import DESCENDING

from backoffice.app import create_app
from bench.arm import Ask, Program, answer, nothing
from bench.world import READER, World
from models import registry
from models.listing import token_of
from models.person import session as sessions

FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
CHANGED = "fax"

LISTS: dict[str, str] = {
    "list20": "/records/customer/",
    "list100": "/records/customer/?show=100",
    "filter": "/records/customer/?" + urlencode({"region": "is:浙江", "state": "is:active"}),
    "filter_rare": "/records/customer/?" + urlencode({"city": "is:云溪市", "grade": "D", "key_customer": "true"}),
    "prefix_zh": "/records/customer/?" + urlencode({"name": "starts:云溪"}),
    "prefix_en": "/records/customer/?" + urlencode({"name": "starts:Calderwell"}),
    "search_zh": "/records/customer/?" + urlencode({"q": "机械"}),
    "search_en": "/records/customer/?" + urlencode({"q": "logistics"}),
    "search_none": "/records/customer/?" + urlencode({"q": "不存在的公司"}),
    "sort_name": "/records/customer/?sort=name",
    "sort_limit": "/records/customer/?sort=-credit_limit",
    "named100": "/records/complaint/?show=100",
}


def rare_lists(world: World) -> dict[str, str]:
    """Searches for what few records hold."""
    rare = {f"search_{language}_rare": world.words(language) for language in ("zh", "en")}
    return {case: "/records/customer/?" + urlencode({"q": words}) for case, words in rare.items()}


def signed_in(app: Flask, world: World) -> str:
    """The cookie of a session that has just begun."""
    if READER.id is None:
        raise RuntimeError("nobody reads")
    sid = sessions.start(READER.id, f"bench-{READER.id}", "127.0.0.1", world.now)
    client = app.test_client()
    with client.session_transaction() as session:
        session["sid"], session["_user_id"], session["_fresh"] = sid, f"bench-{READER.id}", True
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    if cookie is None:
        raise RuntimeError("the session left no cookie")
    return f"{cookie.key}={cookie.value}"


class _Inputs(HTMLParser):
    """What a browser would send of the forms of a page, by the form's action."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, list[tuple[str, str]]] = {}
        self._form, self._text, self._select, self._first = "", "", "", True
        self._templates = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._templates += tag == "template"
        if tag == "form":
            self._form = found.get("action", "")
            self.forms.setdefault(self._form, [])
        elif tag == "input" and found.get("type") not in ("submit", "button", "file"):
            if found.get("type") not in ("checkbox", "radio") or "checked" in found:
                self._add(found.get("name", ""), found.get("value", "on" if "checked" in found else ""))
        elif tag == "textarea":
            self._text = found.get("name", "")
            self._add(self._text, "")
        elif tag == "select":
            self._select, self._first = found.get("name", ""), True
        elif tag == "option" and self._select and (self._first or "selected" in found):
            if not self._first:
                self._drop()
            self._add(self._select, found.get("value", ""))
            self._first = False

    def handle_data(self, data: str) -> None:
        if self._text and not self._templates:
            self.forms[self._form][-1] = (self._text, data.lstrip("\n"))
            self._text = ""

    def handle_endtag(self, tag: str) -> None:
        self._templates -= tag == "template"
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._text = ""

    def _drop(self) -> None:
        if not self._templates:
            self.forms[self._form].pop()

    def _add(self, name: str, value: str) -> None:
        if name and self._form in self.forms and not self._templates:
            self.forms[self._form].append((name, value))


def form_of(page: str, action: str) -> list[tuple[str, str]]:
    """What a browser would send of the form of a page whose action holds `action`."""
    parser = _Inputs()
    parser.feed(page)
    return max((inputs for at, inputs in parser.forms.items() if action in at), key=len)


def make(world: World) -> Program:
    """The product, with the head signed in."""
    app = create_app(world.settings)
    program = Program("screens", app.wsgi_app, nothing, signed_in(app, world))

    lists = LISTS | rare_lists(world)

    def asks(case: str, turn: int) -> Ask | None:
        if case in lists:
            return Ask(lists[case])
        at = f"/records/customer/{world.number('customer', turn)}"
        if case == "deep20":
            number, record = world.deep("customer", turn)
            place = {"number": number, "_id": ObjectId(record)}
            after = token_of(registry.get("customer").rt, place, "number", DESCENDING)
            return Ask(f"/records/customer/?after={quote(after)}")
        if case == "details":
            return Ask(at)
        if case == "related":
            return Ask(f"{at}/related")
        if case == "edit":
            return Ask(f"{at}/edit")
        if case == "save":
            page = answer(program, Ask(f"{at}/edit")).body.decode()
            inputs = [(name, value) for name, value in form_of(page, "/edit") if name != CHANGED]
            return Ask(f"{at}/edit", "POST", urlencode([*inputs, (CHANGED, f"021-{turn:08d}")]).encode(), FORM)
        return None

    program.asks = asks
    return program
