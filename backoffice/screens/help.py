"""Help: the user pages of `backoffice/help` in the reader's language.

The pages are Markdown files that also read well in the repository; raw HTML in them is shown as text, never run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup

from backoffice import locale
from backoffice.screens.closed import ClosedView
from config.later import Later
from models.errors import NotFound

if TYPE_CHECKING:
    from markdown_it.token import Token

markdown = Later("markdown_it")

FOLDER = Path(__file__).parents[1] / "help"
PAGES = (
    "sign-in",
    "my-work",
    "notifications",
    "signing",
    "finding",
    "customers",
    "locked-records",
    "destruction",
    "credit-reports",
    "contracts",
    "complaints",
    "revisits",
    "reviews",
    "reports",
    "calendar",
    "import-export",
    "bulk-changes",
    "merging",
    "audit-trail",
    "keyboard",
    "api",
)
"""The pages in the order of reading; each is a file of this name in both languages."""


@dataclass(frozen=True)
class HelpPage:
    """One page as shown: its name in addresses, its title, its text as safe HTML."""

    name: str
    title: str
    html: Markup


@cache
def page(language: str, name: str) -> HelpPage:
    """A page of help in `zh` or `en`. :raises NotFound: for a name that is not in `PAGES`."""
    if name not in PAGES:
        raise NotFound()
    reader = markdown.MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse((FOLDER / language / f"{name}.md").read_text("utf-8"))
    heading, text = tokens[:3], tokens[3:]  # a page begins with its title; the template shows that itself
    for token in text:
        _point_inside(token.children or ())
    html = Markup(reader.renderer.render(text, reader.options, {}))  # noqa: S704 - raw HTML is off
    return HelpPage(name, heading[1].content, html)


def _point_inside(tokens: Sequence[Token]) -> None:
    """Make links between the files links between the pages."""
    for token in tokens:
        target = str(token.attrGet("href") or "")
        if target.endswith(".md"):
            token.attrSet("href", target.removesuffix(".md"))


class HelpView(ClosedView):
    """The pages of help, for everybody who is signed in."""

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> ResponseReturnValue:
        """The first page."""
        return redirect(url_for(".show", topic=PAGES[0]))

    @expose("/<topic>")  # type: ignore[untyped-decorator]
    def show(self, topic: str) -> str:
        """One page, with the list of all."""
        language = locale.language()
        shown = page(language, topic)
        pages = [
            {"title": page(language, other).title, "url": url_for(".show", topic=other), "active": other == topic}
            for other in PAGES
        ]
        return self.page("help.html", page_title=shown.title, shown=shown, pages=pages)
