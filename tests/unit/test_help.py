"""Help: the same pages in both languages, rendered to HTML that the content security policy accepts."""

from __future__ import annotations

import re

import pytest

from backoffice.screens.help import FOLDER, PAGES, page
from models.errors import NotFound

LANGUAGES = ("zh", "en")
EVERY = [(language, name) for language in LANGUAGES for name in PAGES]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_has_a_file_and_each_file_is_a_page(language: str) -> None:
    assert {path.stem for path in (FOLDER / language).iterdir()} == set(PAGES)


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_a_page_has_one_title_and_only_plain_html(language: str, name: str) -> None:
    shown = page(language, name)
    assert shown.title
    assert "<p>" in shown.html
    assert not re.search(r"<h1|<script|<img|\sstyle=|\son\w+=|&lt;|https?://", shown.html)


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_links_between_pages_lead_to_pages(language: str, name: str) -> None:
    targets = re.findall(r'href="([^"]*)"', page(language, name).html)
    assert set(targets) <= set(PAGES)


def test_both_languages_have_the_same_sections() -> None:
    def outline(language: str, name: str) -> list[str]:
        return re.findall(r"<(h[2-6]|table)>", page(language, name).html)

    assert {name: outline("zh", name) for name in PAGES} == {name: outline("en", name) for name in PAGES}


def test_what_is_no_page_is_not_found() -> None:
    with pytest.raises(NotFound):
        page("zh", "../../cli")
