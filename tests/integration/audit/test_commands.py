"""The commands that verify, export and sign: on their own, without the product running."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backoffice.cli import main
from config.settings import Settings
from models import audit
from tests.integration.audit.conftest import Chain

SECRETS = dict.fromkeys(("SECRET_KEY", "PASSWORD_SALT", "TOTP_SECRET"), "x" * 40)


@pytest.fixture
def environment(chain: Chain, connected: Settings) -> dict[str, str]:
    """The settings of the installation whose trail it is."""
    where = {"MONGODB_URI": connected.mongodb_uri or "", "BACKOFFICE_DATABASE": connected.database}
    return {**SECRETS, **where, "BACKOFFICE_DATA": str(chain.folder.parent)}


def run(environment: dict[str, str], *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["audit", *map(str, arguments)], env={"MONGODB_URI": "", **environment})


def test_the_installation_s_trail_is_verified_with_its_files(chain: Chain, environment: dict[str, str]) -> None:
    result = run(environment, "verify", "--key", chain.public)
    assert (result.exit_code, result.stdout) == (
        0,
        "18 sealed entries checked, 0 waiting for their seal, 6 checkpoints\n",
    )


def test_an_address_is_enough_to_verify_and_no_setting_is_read(chain: Chain, connected: Settings) -> None:
    where = ("--uri", connected.mongodb_uri or "", "--database", connected.database)
    files = ("--checkpoints", chain.folder, "--key", chain.public)
    result = run({"SECRET_KEY": "wrong", "BACKOFFICE_DATA": "/nowhere"}, "verify", *where, *files)
    assert result.exit_code == 0, result.stderr
    chain.db[audit.ENTRIES].update_one({"number": "C-5"}, {"$set": {"actor_name": "Someone else"}})
    result = run({}, "verify", *where, *files)
    entry = chain.db[audit.ENTRIES].find_one({"number": "C-5"})
    assert entry is not None
    assert result.exit_code == 1
    assert f"entry {entry['_id']} of seal 2 was altered" in result.stdout
    assert result.stderr == "Error: the audit trail was tampered with: 1 findings\n"


def test_the_trail_is_exported_for_its_owner_alone_and_verified_from_the_file(
    chain: Chain, environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "trail.jsonl"
    result = run(environment, "export", file)
    assert (result.exit_code, result.stdout) == (0, f"19 entries written to {file}\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    result = run({}, "verify", "--dump", file, "--checkpoints", chain.folder, "--key", chain.public)
    assert (result.exit_code, result.stdout) == (
        0,
        "18 sealed entries checked, 1 waiting for their seal, 6 checkpoints\n",
    )
    assert run(environment, "export", file).exit_code == 1


def test_the_public_key_is_printed_and_changed(chain: Chain, environment: dict[str, str]) -> None:
    old = chain.public
    assert run(environment, "key").stdout == old + "\n"
    new = run(environment, "rotate-key").stdout.strip()
    assert (new != old, run(environment, "key").stdout) == (True, new + "\n")
    again = run(environment, "rotate-key")
    assert (again.exit_code, "not finished" in again.stderr) == (1, True)
    chain.grow(1)
    assert run(environment, "verify", "--key", old).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("verify", "--key", "none"), 2),
        (("verify", "--dump", "nowhere"), 2),
        (("verify", "--checkpoints", "nowhere"), 2),
        (("verify", "--uri", "mongodb://"), 1),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(arguments: tuple[str, ...], code: int) -> None:
    result = run({}, *arguments)
    assert result.exit_code == code
    assert result.stderr.strip().splitlines()[-1].startswith("Error: ")


def test_the_state_is_told(chain: Chain, environment: dict[str, str]) -> None:
    result = run(environment, "status")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "18 entries sealed (seal 6 of 2026-11-23 10:24:00), 0 waiting",
        "checkpoint 6 of 2026-11-23 10:24:00 signed seal 6",
    ]
