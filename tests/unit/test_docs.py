"""What the documents name exists: commands, options, targets, variables, values, links; their example loads."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest

from backoffice.cli import SETTINGS_HELP, main
from backoffice.screens.help import PAGES, page
from config.policy import DEFAULTS
from models import catalogue, checks, record
from models.errors import Invalid
from models.kinds import kind_of
from models.person.roles import Person
from models.registry import Draft
from tests.conftest import NOW
from tests.factories import guide

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("backoffice/help/**/*.md")])
CODE = re.compile(r"^```.*?\n(.*?)^```|`([^`\n]+)`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
VARIABLE = re.compile(r"\b(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|PORT)\b")
COMMAND = re.compile(r"(?:^|[\s/])backoffice((?: [\w=@./:*-]+|\s\"[^\"]*\")+)")
ROOTS = ("backoffice", "bench", "config", "docs", "jobs", "models", "tests")
PATH = re.compile(rf"(?<![\w/.<])(?:(?:{'|'.join(ROOTS)})/[\w*/.-]*[\w*]|\w+\.py)\b")
DECISION = re.compile(r"docs/adr/\d{4}")
OF_THE_GUIDE = {
    *("models/gift/document.py", "models/gift/__init__.py", "models/gift/service.py", "models/gift/rules.py"),
    "tests/integration/gift",
}
PLACES = (
    "config/settings.py",
    "config/policy.py",
    "backoffice/gunicorn_settings.py",
    "backoffice/commands/exchange.py",
    "tests/conftest.py",
    "compose.yaml",
    "Makefile",
)
EXAMPLES = {"MONGODB_URI_OF_A_BACKUP_ACCOUNT"}


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def code(path: Path) -> Iterator[str]:
    """Every line of code of a document: from its blocks and from within its sentences."""
    for block, span in CODE.findall(path.read_text("utf-8")):
        yield from (block or span).splitlines()


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def wrong_in(words: list[str]) -> str:
    """What of a command line does not exist; '' when all of it does. Capitals stand for a value."""
    command: click.Command = main
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            if word.isupper():
                return ""
            found = command.commands.get(word)
            if found is None:
                return word
            command = found
        elif word.startswith("--"):
            known = {opt for param in command.params for opt in param.opts} | {"--help", "--version"}
            if word.partition("=")[0] not in known:
                return word
    return ""


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_every_command_and_its_options_exist(path: Path) -> None:
    named = [found.group(1).split("#")[0].split() for line in code(path) for found in COMMAND.finditer(line)]
    assert [words for words in named if wrong_in(words)] == []


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert wrong_in(["fly"]) == "fly"
    assert wrong_in(["jobs", "run", "NAME", "--soon"]) == "--soon"


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_every_make_target_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", read("Makefile"), re.MULTILINE))
    named = {found for line in code(path) for found in re.findall(r"\bmake ([a-z]+)\b", line)}
    assert named <= targets


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_every_variable_is_read_somewhere(path: Path) -> None:
    known = {found for place in PLACES for found in VARIABLE.findall(read(place))}
    named = {found for line in code(path) for found in VARIABLE.findall(line)}
    assert named <= known | EXAMPLES


def test_every_setting_is_described_in_the_reference_and_in_the_help() -> None:
    sources = ("config/settings.py", "config/policy.py", "backoffice/gunicorn_settings.py")
    texts = [
        node.value for name in sources for node in ast.walk(ast.parse(read(name))) if isinstance(node, ast.Constant)
    ]
    settings = {text for text in texts if isinstance(text, str) and VARIABLE.fullmatch(text)}
    assert len(settings) > 15
    assert settings <= set(VARIABLE.findall(read("docs/operate/settings.md")))
    assert settings - {"WEB_WORKERS", "WEB_THREADS"} <= set(VARIABLE.findall(SETTINGS_HELP))


def values(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Each value of the policy as its reference writes it."""
    for name, value in table.items():
        if (isinstance(value, dict) and any(isinstance(inner, dict) for inner in value.values())) or not prefix:
            yield from values(value, f"{prefix}{name}.")
        elif isinstance(value, dict):
            yield prefix + name, ", ".join(f"{key} {one}" for key, one in value.items())
        elif isinstance(value, list):
            yield prefix + name, ", ".join("-".join(period) for period in value)
        else:
            yield prefix + name, str(value)


def test_the_policy_reference_has_every_value_with_its_default() -> None:
    described = dict(re.findall(r"^\| `([a-z_.]+)` \| ([^|]+) \|", read("docs/operate/policy.md"), re.MULTILINE))
    assert described == dict(values(tomllib.loads(DEFAULTS.read_text("utf-8"))))


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    targets = [target for target in LINK.findall(path.read_text("utf-8")) if "://" not in target]
    assert [target for target in targets if not (path.parent / target.partition("#")[0]).exists()] == []


def missing(path: Path) -> set[str]:
    """What a document names of this tree and is not there. A module may stand without its ending, a decision without
    its title, and a file by its name alone."""
    text = path.read_text("utf-8")
    named = {name for span in CODE.findall(text) for name in PATH.findall(" ".join(span))}
    named |= set(DECISION.findall(text))
    names = {file.name for root in ROOTS for file in (ROOT / root).rglob("*.py")}
    return {name for name in named if name not in names and not any(ROOT.glob(f"{name}*")) and name not in OF_THE_GUIDE}


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_every_file_and_folder_exists(path: Path) -> None:
    assert missing(path) == set()


def test_a_file_that_does_not_exist_is_noticed(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(
        "`models/nowhere.py`, `nothing.py`, `models/merge`, `rules.py`, docs/adr/9999 and docs/adr/0001", "utf-8"
    )
    assert missing(document) == {"models/nowhere.py", "nothing.py", "docs/adr/9999"}


def test_the_users_guide_lists_every_page_of_the_help_by_its_title_and_in_its_order() -> None:
    listed = re.findall(r"\[(.+?)\]\(\.\./\.\./backoffice/help/(\w\w)/([\w-]+)\.md\)", read("docs/user/README.md"))
    assert listed == [(page(language, name).title, language, name) for name in PAGES for language in ("zh", "en")]


@pytest.fixture
def example() -> dict[str, Any]:
    """What the code of the guide to record types defines."""
    return guide.defined(*guide.blocks())


def test_the_example_types_have_no_findings_and_can_be_stored(example: dict[str, Any]) -> None:
    gift = example["GIFT"]
    assert checks.check([*(entry[0] for entry in catalogue.SHIPPED), example["LOAN"]]) == []
    assert checks.check([*(entry[0] for entry in catalogue.SHIPPED), gift]) == []
    assert record.build(gift).declaration is gift
    assert {"number", f"{record.LIST_PREFIX}give_on"} <= {index.document["name"] for index in record.indexes(gift)}
    assert {kind_of(field).name for field in gift.fields} == {"text", "reference", "choice", "money", "date"}


@pytest.mark.parametrize(("value", "refused"), [(Decimal(500), False), (Decimal("500.01"), True), (None, False)])
def test_the_example_hook_refuses_what_it_says(example: dict[str, Any], value: Decimal | None, refused: bool) -> None:
    draft = Draft(example["GIFT"], "create", None, {"value": value}, Person(None, "x"), NOW)
    example["HOOKS"].prepare[0](draft)
    if refused:
        with pytest.raises(Invalid):
            draft.check()
    else:
        draft.check()
