"""The forms of a page, as a browser would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from flask import Flask

from backoffice.posted_fields import TOKEN, taken

CONTROLS = {"input", "select", "textarea", "button"}


@dataclass
class Form:
    """A form that is posted: where to, the names of its inputs, and its buttons with an address and a name each."""

    action: str
    inputs: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def sent(self) -> list[tuple[str, set[str]]]:
        """What each button sends, and where to: the inputs, and of the buttons the one that was pressed."""
        pressed = [(action or self.action, self.inputs | {name}) for action, name in self.buttons]
        return pressed or [(self.action, self.inputs)]


class Forms(HTMLParser):
    """The forms of a page that are posted."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.posted: dict[str, Form] = {}
        self._now = ""
        self._apart: list[tuple[str, str, dict[str, str]]] = []
        self.feed(page)
        for key, tag, given in self._apart:
            if key in self.posted:
                self._add(self.posted[key], tag, given)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._now = given.get("id") or f"form at {self.getpos()}"
            if given.get("method", "").lower() == "post":
                self.posted[self._now] = Form(given.get("action", ""))
        elif tag in CONTROLS and "disabled" not in given:
            self._apart.append((given.get("form", self._now), tag, given))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._now = ""

    def _add(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "button" and given.get("type", "submit") == "submit":
            form.buttons.append((given.get("formaction", ""), name))
        elif tag != "button":
            form.inputs.add(name)


def not_taken(app: Flask, path: str, page: str) -> set[str]:
    """The controls of a page's forms that the route which they are sent to refuses, each with its address."""
    found = set()
    for action, names in (one for form in Forms(page).posted.values() for one in form.sent()):
        target = urlsplit(urljoin(path, action)).path
        endpoint, _values = app.url_map.bind("localhost").match(target, method="POST")
        fields = taken(app, endpoint)
        if not fields.more:
            found |= {f"{target} {name}" for name in names - fields.names - {TOKEN, ""}}
    return found
