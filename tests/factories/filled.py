"""What a browser would send of a page's form as it stands: the inputs with their values."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

SILENT = {"file", "submit", "button", "reset", "image"}


class _Filled(HTMLParser):
    """The inputs of a page by the id of their form, those of templates left out; and the forms' addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, dict[str, list[str]]] = {}
        self.actions: dict[str, str] = {}
        self._form, self._of, self._template = "", "", 0
        self._area = self._select = ""
        self._text: list[str] = []
        self._options: list[tuple[bool, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = given.get("id") or f"form at {self.getpos()}"
            if given.get("method", "").lower() == "post":
                self.actions[self._form] = given.get("action", "")
        elif tag == "template":
            self._template += 1
        if self._template:
            return
        if tag in ("input", "textarea", "select"):
            self._of = given.get("form", self._form)
        if tag == "input" and given.get("type") not in SILENT:
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self._add(given.get("name", ""), given.get("value", ""))
        elif tag == "textarea":
            self._area, self._text = given.get("name", ""), []
        elif tag == "select":
            self._select, self._options = given.get("name", ""), []
        elif tag == "option":
            self._options.append(("selected" in given, given.get("value", "")))

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = ""
        elif tag == "template":
            self._template -= 1
        elif tag == "textarea" and self._area:
            text = "".join(self._text).replace("\r\n", "\n").removeprefix("\n")
            self._add(self._area, text.replace("\n", "\r\n"))
            self._area = ""
        elif tag == "select" and self._select:
            chosen = [value for selected, value in self._options if selected] or [v for _, v in self._options[:1]]
            self._add(self._select, chosen[0] if chosen else "")
            self._select = ""

    def _add(self, name: str, value: str) -> None:
        if name and self._of:
            self.sent.setdefault(self._of, {}).setdefault(name, []).append(value)


def filled(page: str, action: str) -> dict[str, Any]:
    """What the form that is sent to an address ('' for that of the page) holds, without its token."""
    found = _Filled()
    found.feed(page)
    wanted = [one for one, address in found.actions.items() if (address.startswith(action) if action else not address)]
    assert len(wanted) == 1, found.actions
    sent = found.sent[wanted[0]]
    return {name: values for name, values in sent.items() if name != "csrf_token"}
