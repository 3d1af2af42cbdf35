"""The installation that `compose.yaml` and the Dockerfile describe has what the product asks for."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from backoffice.cli import main
from config.settings import Settings
from models.key_vault import master

ROOT = Path(__file__).parents[2]
ASKED = re.compile(r"\$\{(\w+)(:[?-])([^}]*)\}")
OF_THE_SERVER = {"MONGO_ROOT_PASSWORD", "MONGO_PASSWORD"}
OURS = ("migrate", "web", "scheduler")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.fixture
def composed() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load(read("compose.yaml"))
    return made


@pytest.fixture
def answers() -> dict[str, str]:
    """What somebody puts into .env who follows the guide, each value made as it says."""
    found = re.search(r"^```\n(MONGO_ROOT_PASSWORD=.*?)^```", read("docs/operate/deploy.md"), re.DOTALL | re.MULTILINE)
    assert found
    given = dict(line.split("=", 1) for line in found.group(1).splitlines())
    made = {"MASTER_KEY": master.made().text}
    return {name: made.get(name, "0f" * 32) if value == "..." else value for name, value in given.items()}


def filled(value: str, answers: dict[str, str]) -> str:
    """A value of the file with the answers in it."""
    return ASKED.sub(lambda found: answers.get(found.group(1), found.group(3)), value)


def environment(composed: dict[str, Any], service: str, answers: dict[str, str]) -> dict[str, str]:
    return {name: filled(value, answers) for name, value in composed["services"][service]["environment"].items()}


def test_the_guide_names_what_the_file_insists_on_and_nothing_that_it_does_not_take(answers: dict[str, str]) -> None:
    asked = ASKED.findall(read("compose.yaml"))
    assert {name for name, mark, _ in asked if mark == ":?"} <= set(answers)
    assert set(answers) <= {name for name, _, _ in asked}


@pytest.mark.parametrize("service", OURS)
def test_the_settings_of_each_part_are_complete_and_hold_a_master_key(
    composed: dict[str, Any], answers: dict[str, str], service: str
) -> None:
    settings = Settings.from_env(environment(composed, service, answers))
    assert not settings.embedded
    assert settings.proxies == 1
    assert [key.text for key in master.read(settings.keys)] == [answers["MASTER_KEY"]]


def test_the_account_owns_each_database_that_the_product_writes(
    composed: dict[str, Any], answers: dict[str, str]
) -> None:
    settings = Settings.from_env(environment(composed, "web", answers))
    made = composed["services"]["init"]["command"][0]
    owned = re.search(r"const roles = \[(.*?)\]\.map\(\(db\) => \(\{ role: \"dbOwner\", db \}\)\)", made)
    assert owned
    assert {settings.database, settings.keys.database} == set(re.findall(r'"(\w+)"', owned.group(1)))


def test_every_variable_that_the_product_is_given_is_one_that_it_reads(composed: dict[str, Any]) -> None:
    known = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", read("docs/operate/settings.md")))
    for service in OURS:
        assert set(composed["services"][service]["environment"]) <= known


def test_the_commands_of_the_parts_exist(composed: dict[str, Any]) -> None:
    assert isinstance(main, click.Group)
    for service in ("migrate", "scheduler"):
        program, command = composed["services"][service]["command"]
        assert program == "backoffice"
        assert command in main.commands


def test_a_part_waits_only_for_parts_and_uses_only_volumes_and_networks_that_are_there(
    composed: dict[str, Any],
) -> None:
    for service in composed["services"].values():
        assert set(service.get("depends_on", {})) <= set(composed["services"])
        assert {volume.split(":")[0] for volume in service.get("volumes", [])} <= set(composed["volumes"])
        assert set(service.get("networks", [])) <= set(composed["networks"])


def test_what_the_image_is_built_from_is_let_in() -> None:
    ignored = read(".dockerignore").split()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    packages = tomllib.loads(read("pyproject.toml"))["tool"]["setuptools"]["packages"]["find"]["include"]
    assert ignored[0] == "*"
    assert {name.rstrip("*") for name in packages} <= let_in
    assert {"pyproject.toml", "README.md", "requirements.lock", "wsgi.py"} <= let_in
    assert all((ROOT / name).exists() for name in let_in)


def test_the_image_starts_an_application_with_settings_that_exist() -> None:
    last = read("Dockerfile").rpartition("\nCMD ")[2]
    command = json.loads(last.replace("\\\n", ""))
    assert command[:2] == ["gunicorn", "--config"]
    assert find_spec(command[2].removeprefix("python:")) is not None
    module, name = command[-1].split(":")
    assert re.search(rf"^{name} = ", read(f"{module}.py"), re.MULTILINE)
