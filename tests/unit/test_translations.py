"""Chinese and English are complete: the catalogue has every text of code and templates, declarations and refusals
carry both languages, and what is compiled is what is written."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import string
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import backoffice
import config
import jobs
import models
from backoffice.locale import LOCALES, TRANSLATIONS
from models import catalogue, registry
from models.declarations import Label
from models.errors import FieldProblem, Spoken
from models.person.roles import ROLE_LABELS, Role

ROOT = Path(__file__).parents[2]
PO = TRANSLATIONS / LOCALES["zh"] / "LC_MESSAGES" / "messages.po"
HAN = re.compile(r"[\u4e00-\u9fff]")
LIKE_A_CODE = re.compile(r"[A-Z0-9][A-Z0-9 .:/+-]{0,11}")
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
KEYWORDS = DEFAULT_KEYWORDS | parse_keywords(["_l", "lazy_gettext"])
SHIPPED = (models, backoffice, jobs, config)


def written() -> Catalog:
    """The catalogue as it stands."""
    with PO.open("rb") as file:
        return read_po(file, locale=LOCALES["zh"])


def said() -> set[tuple[str, ...]]:
    """Every text of code and templates, read afresh: one form, or singular and plural."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT / "backoffice", methods, options, KEYWORDS)
    return {forms(message) for _file, _line, message, _comments, _context in found}


def forms(message: Any) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message)


def texts() -> dict[tuple[str, ...], Message]:
    return {forms(message.id): message for message in written() if message.id}


def chinese(message: Message) -> tuple[str, ...]:
    return forms(message.string)


def is_chinese(text: str) -> bool:
    """Whether a text has a Chinese character, or no letters at all, as `、`."""
    return bool(HAN.search(text)) or not any(sign.isalpha() for sign in text)


def test_the_texts_are_found_in_code_templates_and_marked_messages() -> None:
    found = said()
    assert {("Not found",), ("Save and stay",), ("Email or password is wrong.",), ("No second step",)} <= found
    assert ("%(num)s record", "%(num)s records") in found


def test_every_text_has_its_chinese() -> None:
    known = texts()
    missing = [one for one in said() if one not in known or not all(chinese(known[one]))]
    assert not missing, "run `make texts` and translate what is empty"
    assert not [one for one, message in known.items() if message.fuzzy]


def test_the_catalogue_holds_nothing_that_no_screen_says() -> None:
    assert not texts().keys() - said()
    assert not written().obsolete


def test_chinese_texts_are_chinese() -> None:
    foreign = [text for message in texts().values() for text in chinese(message) if not is_chinese(text)]
    assert not foreign


def test_placeholders_agree() -> None:
    wrong = []
    for one, message in texts().items():
        for text in filter(None, chinese(message)):
            if sorted(PLACES.findall(text)) != sorted(PLACES.findall(one[-1])):
                wrong.append((one, text))
    assert not wrong


def test_what_is_compiled_is_what_is_written() -> None:
    compiled = BytesIO()
    write_mo(compiled, written())
    assert PO.with_suffix(".mo").read_bytes() == compiled.getvalue(), "run `make install`"


def test_no_text_is_marked_with_a_word_that_the_extraction_does_not_know() -> None:
    used = set()
    for path in (ROOT / "backoffice").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flask_babel"):
                used |= {name.asname or name.name for name in node.names if name.name.endswith("gettext")}
    assert used
    assert used <= KEYWORDS.keys()


def test_no_text_of_the_code_escapes_the_extraction() -> None:
    """As one inside the braces of an f-string does."""
    marked = set()
    for path in (ROOT / "backoffice").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in KEYWORDS
                and node.args
            ):
                marked.add(literal(node.args[0]))
    assert len(marked) > 100
    assert not marked - {"", *(one[0] for one in said())}


def modules() -> Iterator[ModuleType]:
    for package in SHIPPED:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith(".__main__"):
                yield importlib.import_module(found.name)


def labels_in(value: Any, path: str) -> Iterator[tuple[str, Label]]:
    """The labels inside a value, however deep, with the way to each."""
    if isinstance(value, Label):
        yield path, value
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from labels_in(getattr(value, one.name), f"{path}.{one.name}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from labels_in(inner, f"{path}.{key}")
    elif isinstance(value, (tuple, list)):
        for index, inner in enumerate(value):
            yield from labels_in(inner, f"{path}.{getattr(inner, 'name', index)}")


def declared() -> dict[str, Label]:
    """Every label that a declaration or a table of a module carries."""
    catalogue.load()
    found = dict(each for rt in registry.all_types() for each in labels_in(rt, rt.slug))
    for module in modules():
        for name, value in vars(module).items():
            if not name.startswith("_") or name.isupper():  # the others are what a module remembers while it runs
                found |= dict(labels_in(value, f"{module.__name__}.{name}"))
    return found


def test_every_label_is_given_in_both_languages() -> None:
    found = declared()
    assert {"customer.label", "contract.label", "complaint.plural", "models.declarations.LEVEL_LABELS.secret"} <= set(
        found
    )
    assert not {path: label for path, label in found.items() if not in_both(label.zh, label.en)}


def in_both(zh: str, en: str) -> bool:
    chinese_enough = is_chinese(zh) or (zh == en and LIKE_A_CODE.fullmatch(zh) is not None)
    return bool(zh.strip()) and bool(en.strip()) and chinese_enough and not HAN.search(en)


@pytest.mark.parametrize(
    ("zh", "en", "fits"),
    [
        ("客户", "Customer", True),
        ("XLSX", "XLSX", True),
        ("", "", False),
        ("Customer", "Customer", False),
        ("客户", "客户", False),
    ],
)
def test_a_label_with_one_language_is_noticed(zh: str, en: str, fits: bool) -> None:
    assert in_both(zh, en) is fits


def test_every_role_has_a_name_in_both_languages() -> None:
    assert set(ROLE_LABELS) == set(Role)
    assert all(in_both(zh, en) for zh, en in ROLE_LABELS.values())


def kinds_of(spoken: type[Spoken]) -> Iterator[type[Spoken]]:
    for kind in spoken.__subclasses__():
        yield kind
        yield from kinds_of(kind)


def shipped_refusals() -> set[type[Spoken]]:
    roots = {package.__name__ for package in SHIPPED}
    list(modules())
    return {kind for kind in kinds_of(Spoken) if kind.__module__.split(".")[0] in roots and kind is not FieldProblem}


def test_every_refusal_speaks_both_languages_about_the_same_things() -> None:
    refusals = shipped_refusals()
    assert len(refusals) > 50
    assert not [kind for kind in refusals if not in_both(kind.zh, kind.en)]
    assert not [kind for kind in refusals if parameters(kind.zh) != parameters(kind.en)]


def test_sentences_made_on_the_way_are_in_both_languages_too() -> None:
    found = [pair for package in SHIPPED for path in Path(package.__path__[0]).rglob("*.py") for pair in pairs(path)]
    assert len(found) > 100
    assert not [pair for pair in found if "".join(pair).strip(" ,") and not in_both(*pair)]


def pairs(path: Path) -> Iterator[tuple[str, str]]:
    """The literal Chinese and English of every `Sentence(...)` and of every call with `zh=` and `en=`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        given = node.args if called in ("Sentence", "Label") and len(node.args) == 2 else []
        zh, en = given or (named.get("zh"), named.get("en"))
        if literal(zh) and literal(en):
            yield literal(zh), literal(en)


def literal(node: ast.expr | None) -> str:
    """The words of a string or f-string in the code; empty for anything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def parameters(template: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name}
