"""The look: contrast of the colours in both themes, and templates that a strict content security policy accepts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment

ROOT = Path(__file__).parents[2] / "backoffice"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
ASSETS = sorted(p for p in (ROOT / "static").iterdir() if p.suffix in (".css", ".js"))
THEMES = ("light", "dark")
GROUNDS = ("ground", "surface", "sunken", "hover", "accent-soft")

TEXT = (
    *((name, ground) for name in ("text", "muted", "accent-text") for ground in GROUNDS),
    *((name, ground) for name in ("good", "warn", "bad", "info") for ground in ("ground", "surface", "hover")),
    *((name, f"{name}-soft") for name in ("good", "warn", "bad", "info")),
    *(("text", f"{name}-soft") for name in ("warn", "bad", "info")),
    ("muted", "neutral-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-amber", "fill-amber"),
    ("on-red", "fill-red"),
    ("on-red", "danger"),
    ("on-red", "danger-hover"),
)
MARKS = (
    *((f"dot-{name}", ground) for name in ("good", "warn", "bad", "info") for ground in ("surface", "hover")),
    ("line-control", "surface"),
    ("accent-text", "surface"),
    ("accent-text", "neutral-soft"),
)


def tokens(theme: str) -> dict[str, str]:
    css = (ROOT / "static" / "app.css").read_text()
    block = css.split(f'[data-bs-theme="{theme}"] {{', 1)[1].split("\n}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (MARKS, 3.0)], ids=["text", "marks"])
def test_colours_keep_their_contrast(theme: str, pairs: tuple[tuple[str, str], ...], least: float) -> None:
    colours = tokens(theme)
    weak = {
        f"{name} on {ground}": round(contrast(colours[name], colours[ground]), 2)
        for name, ground in pairs
        if contrast(colours[name], colours[ground]) < least
    }
    assert weak == {}


def test_both_themes_define_the_same_names() -> None:
    assert tokens("light").keys() == tokens("dark").keys()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_a_template_has_no_inline_style_or_handler_and_nothing_from_outside(path: Path) -> None:
    html = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|javascript:", html)
    assert not re.search(r"(src|href|action)=[\"']?(https?:)?//", html)
    scripts = re.findall(r"<script\b([^>]*)>", html)
    inline = [tag for tag in scripts if "src=" not in tag and "application/json" not in tag]
    assert all('nonce="{{ csp_nonce() }}"' in tag for tag in inline)


@pytest.mark.parametrize("path", ASSETS, ids=lambda p: p.name)
def test_an_asset_fetches_nothing_from_outside(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"@import|url\([\"']?(https?:)?//|https?://", text)
    assert not re.search(r"\beval\(|new Function|innerHTML|document\.write", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_every_form_that_posts_carries_the_token(path: Path) -> None:
    html = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    for form in re.findall(r"<form\b.*?</form>", html, re.DOTALL):
        if re.search(r'method="post"', form):
            assert re.search(r"csrf_token|hidden_tag\(\)|render_csrf\(", form), form[:200]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_a_template_can_be_searched_for_texts_without_extensions(path: Path) -> None:
    Environment(extensions=["jinja2.ext.i18n"]).parse(path.read_text())  # what the collector of texts understands
