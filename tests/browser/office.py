"""The product served to a real browser: the application on the session's database, its people, their windows."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from backoffice.app import create_app
from config import database as store
from config.settings import Settings
from models import catalogue, schema
from models.declarations import Label
from models.person import service
from models.person import session as sessions
from models.person.roles import SYSTEM, Person, Role
from tests.browser.serving import served
from tests.factories.web import Clock

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Shanghai
WAIT = 60_000
NOTES_STAY = """{
  const later = window.setTimeout;
  window.setTimeout = (work, time, ...more) => later.call(window, work, time === 8000 ? 600000 : time, ...more);
}"""
"""What was done is said for eight seconds: too short for who reads it on a machine that pauses. That it goes again is
tried in `look`."""

# key: name, roles, department, manager
STAFF: dict[str, tuple[str, tuple[Role, ...], str, str]] = {
    "gm": ("Gao Yuan", (Role.GENERAL_MANAGER,), "management", ""),
    "head": ("Su Ming", (Role.HEAD,), "service", "gm"),
    "supervisor": ("Lu Qing", (Role.SUPERVISOR,), "service", "head"),
    "ann": ("Lin Zhi", (Role.SPECIALIST,), "service", "supervisor"),
    "bob": ("Jiang Yu", (Role.SPECIALIST,), "service", "supervisor"),
    "custodian": ("Shen Mo", (Role.CUSTODIAN,), "service", "head"),
    "sales_manager": ("Qin Shan", (Role.SALES_MANAGER,), "sales", "gm"),
    "sales": ("Cheng Yang", (Role.SALES,), "sales", "sales_manager"),
    "finance": ("Song Ping", (Role.FINANCE_REVIEWER,), "finance", "gm"),
    "legal": ("Fang Zheng", (Role.LEGAL_REVIEWER,), "legal", "gm"),
    "credit": ("He Heng", (Role.CREDIT_GROUP,), "finance", "gm"),
    "auditor": ("Yan Shou", (Role.AUDITOR,), "audit", "gm"),
    "admin": ("Shi An", (Role.ADMINISTRATOR,), "it", "gm"),
}


class Office:
    """People at their desks. `complaints` is what browser or server complained about since the last test."""

    def __init__(self, browser: Browser, settings: Settings) -> None:
        self.browser, self.clock, self.complaints = browser, Clock(NOW), list[str]()
        self._contexts: dict[tuple[Any, ...], BrowserContext] = {}
        store.connect(settings)
        catalogue.load()
        schema.migrate()
        self._empty()
        self.app = self._application(settings)
        self.people = _hire()
        self._open = ExitStack()
        self.address = self._open.enter_context(served(self.app))

    def _application(self, settings: Settings) -> Flask:
        return create_app(replace(settings, demo=True, log_level="ERROR"), clock=self.clock, connect=False)

    def window(
        self, who: str = "", language: str = "en", width: int = 1440, height: int = 900, dark: bool = False
    ) -> Page:
        """A new page in the browser of a person who is signed in, or of nobody. The browser stays for the file."""
        if who:
            service.set_language(self.id(who), language)
        key = (who, language, width, height, dark)
        context = self._contexts.get(key)
        if context is None:
            context = self._contexts[key] = self.visitor(language, width=width, height=height, dark=dark)
            if who:
                self._sign_in(context, who)
        return self.watch(context.new_page())

    def visitor(
        self, language: str = "en", *, width: int = 1440, height: int = 900, dark: bool = False
    ) -> BrowserContext:
        """A browser in which nobody is signed in."""
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": width, "height": height},
            locale="zh-CN" if language == "zh" else "en-GB",
            color_scheme="dark" if dark else "light",
            timezone_id="Asia/Shanghai",
        )
        context.set_default_timeout(WAIT)
        context.add_init_script(NOTES_STAY)
        return context

    def watch(self, page: Page) -> Page:
        """Listen for complaints of a page."""
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("response", self._answered)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        # Refusals have statuses of their own, and the browser reports each as a resource; `_answered` judges those.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"console at {message.location.get('url')}: {message.text}")

    def _answered(self, response: Response) -> None:
        part_of_page = response.request.resource_type != "document"
        if response.status >= 500 or (response.status >= 400 and part_of_page):
            self.complaints.append(f"{response.status} {response.request.method} {response.url}")

    def client(self, who: str) -> FlaskClient:
        """A client without a window in which a person is signed in: for what need not be drawn."""
        row = service.get(self.id(who))
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = row["fs_uniquifier"]
            session["_fresh"] = True
            session["sid"] = sessions.start(row["_id"], row["fs_uniquifier"], "127.0.0.1", self.clock.now)
        return client

    def _sign_in(self, context: BrowserContext, who: str) -> None:
        cookie = self.client(who).get_cookie("session")
        assert cookie is not None
        context.add_cookies([{"name": "session", "value": cookie.value, "url": self.address, "httpOnly": True}])

    def sign_in_again(self, who: str) -> None:
        """A new session in every browser of a person, as of the present time of the office."""
        for (name, *_), context in self._contexts.items():
            if name == who:
                self._sign_in(context, who)

    def id(self, who: str) -> Any:
        """The id of a person."""
        return self.people[who].id

    def end_of_test(self) -> None:
        """Close the windows and say what was complained about."""
        for context in self._contexts.values():
            for page in context.pages:
                page.wait_for_load_state()  # the browser may hang when a page is closed on its way to the next
                page.close()
        heard, self.complaints[:] = list(self.complaints), []
        assert heard == []

    def close(self) -> None:
        """Send everybody home."""
        for context in self._contexts.values():
            context.close()
        self._open.close()
        self._empty()

    def _empty(self) -> None:
        base = store.database()
        for name in base.list_collection_names():
            if not name.startswith("system."):
                base[name].delete_many({})


def _hire() -> dict[str, Person]:
    people: dict[str, Person] = {}
    for order, (key, (name, roles, department, manager)) in enumerate(STAFF.items(), start=1):
        made = service.add(
            SYSTEM,
            name=name,
            email=f"{key}@example.test",
            now=NOW,
            roles=roles,
            department=department,
            manager=people[manager].id if manager else None,
            must_change=False,
            trial=(order, Label(f"{key} 的一天", f"A day of {key}")),
        )
        people[key] = service.person_of(service.get(made), "en")
    return people
