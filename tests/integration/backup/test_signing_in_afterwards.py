"""After a restore: who signs in with password, second factor and token, whichever of data and keys is the older."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask
from pymongo.database import Database

from backoffice.app import create_app
from config import database as store
from config.settings import Settings
from models.backup import archive, snapshot
from models.backup.restoring import Restored, restore
from models.key_vault import copies
from models.key_vault.keyring import COLLECTION
from models.person import service as people
from models.person.roles import SYSTEM, Role
from models.token import service as tokens
from tests.factories.customers import customer
from tests.factories.web import Browser, Clock, account
from tests.integration.backup.test_commands import run
from tests.integration.web.test_second_factor import code, set_up

Base = Database[dict[str, Any]]
EMAIL = "head@example.com"
SECRET = "Slow to pay"


@dataclass
class House:
    """An installation with a head, their authenticator and their token, and a file of theirs."""

    settings: Settings
    clock: Clock
    head: ObjectId
    factor: str
    token: str
    early: str

    def more(self, name: str) -> str:
        """Another file, with keys of its own; its number."""
        classified = {"level": "secret", "level_basis": "dealings", "analysis": SECRET}
        made = customer(people.person_of(people.get(self.head)), self.clock.now, name=name, **classified)
        return str(made["number"])


@pytest.fixture
def house(saved: Settings, db: Base, now: datetime) -> House:
    clock = Clock(now)
    app = create_app(saved, clock=clock, connect=False)
    head = account(app, Role.HEAD, email=EMAIL, now=now, department="service")
    factor = set_up(Browser(app.test_client()), clock, EMAIL)
    _token, secret = tokens.create(SYSTEM, people.get(head), name="reports", now=now)
    made = House(saved, clock, head, factor, secret, "")
    made.early = made.more("Early works")
    return made


def restored(path: Path, there: Settings, now: datetime) -> Restored:
    with archive.opened(path) as source:
        source.verify()
        store.connect(there)
        return restore(source, there, now)


def signed_in(app: Flask, house: House) -> Browser:
    """With password and code; what was signed in before is not."""
    house.clock.forward(minutes=5)
    browser = Browser(app.test_client())
    browser.sign_in(EMAIL, "some other umbrellas")
    assert not browser.inside()
    assert browser.sign_in(EMAIL).location.startswith("/tf-validate")
    assert not browser.inside()
    assert browser.post("/tf-validate", {"code": code(house.factor, house.clock)}).status_code == 302
    assert browser.inside()
    return browser


def asked(app: Flask, house: House, number: str) -> Any:
    """A file over the API, by the token."""
    answer = app.test_client().get(f"/api/v1/customer/{number}", headers={"Authorization": f"Bearer {house.token}"})
    return answer.get_json() if answer.status_code == 200 else answer.status_code


def test_with_keys_newer_than_the_data_everybody_is_let_in_as_at_the_time_of_the_backup(
    house: House, there: Settings, now: datetime, tmp_path: Path
) -> None:
    snapshot.take(tmp_path / "one.zip", house.settings, now)
    late = house.more("Late works")
    tokens.revoke(SYSTEM, people.get(house.head), tokens.of_person(house.head, now)[0].id, now)
    copies.backup(tmp_path / "keys")
    first = run(there, "keys", "restore", tmp_path / "keys")
    assert (first.exit_code, "records that hold something sealed: 0\n" in first.stdout) == (0, True), first.stderr
    restored(tmp_path / "one.zip", there, now)
    app = create_app(there, clock=house.clock, connect=False)
    browser = signed_in(app, house)
    assert SECRET in browser.get(f"/records/customer/{house.early}").get_data(as_text=True)
    assert browser.get(f"/records/customer/{late}").status_code == 404
    told = asked(app, house, house.early)
    assert told["values"]["analysis"] == SECRET, "a token that was revoked since is in force again"


def test_with_keys_older_than_the_data_nothing_is_restored_and_the_way_is_told(
    house: House, there: Settings, now: datetime, tmp_path: Path
) -> None:
    copies.backup(tmp_path / "keys")
    house.more("Late works")
    snapshot.take(tmp_path / "one.zip", house.settings, now)
    older, newest = tmp_path / "keys", tmp_path / "newest"
    copies.backup(newest)
    assert run(there, "keys", "restore", older).exit_code == 0
    refused = run(there, "restore", tmp_path / "one.zip")
    assert (refused.exit_code, "older than the backup" in refused.stderr) == (1, True), refused.stderr
    again = run(there, "keys", "restore", newest)
    assert again.exit_code == 1
    assert f"drop the database {there.keys.database}" in again.stderr
    store.connect(there).client.drop_database(there.keys.database)
    assert run(there, "keys", "restore", newest).exit_code == 0
    done = run(there, "restore", tmp_path / "one.zip")
    assert done.exit_code == 0, done.stderr


def test_with_the_keys_of_a_database_that_lives_no_record_lacks_one(house: House, db: Base, tmp_path: Path) -> None:
    copies.backup(tmp_path / "keys")
    db.client[house.settings.keys.database][COLLECTION].delete_many({})
    done = run(house.settings, "keys", "restore", tmp_path / "keys")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "records that hold something sealed: 1\n" in done.stdout
    assert "records that cannot be read in full, as a key is missing: 0\n" in done.stdout
    store.connect(house.settings)


def test_with_keys_older_than_a_database_that_lives_all_are_let_in_and_what_came_later_is_marked(
    house: House, db: Base, now: datetime, tmp_path: Path
) -> None:
    """The vault is lost, and all that is left of it is a backup from before."""
    copies.backup(tmp_path / "keys")
    late = house.more("Late works")
    vault = db.client[house.settings.keys.database][COLLECTION]
    vault.delete_many({})
    done = run(house.settings, "keys", "restore", tmp_path / "keys")
    assert (done.exit_code, "what was sealed under keys made since cannot be read" in done.stdout) == (1, True)
    assert "records that hold something sealed: 2\n" in done.stdout
    assert "records that cannot be read in full, as a key is missing: 1 (customer 1)" in done.stderr
    assert f"drop the database {house.settings.keys.database}" in done.stderr
    store.connect(house.settings)
    app = create_app(house.settings, clock=house.clock, connect=False)
    browser = signed_in(app, house)
    assert SECRET in browser.get(f"/records/customer/{house.early}").get_data(as_text=True)
    page = browser.get(f"/records/customer/{late}").get_data(as_text=True)
    assert SECRET not in page
    assert "Late works" in page
    assert "无法读取" in page or "cannot be read" in page
    assert asked(app, house, house.early)["values"]["analysis"] == SECRET
    told = asked(app, house, late)
    assert (told["values"]["analysis"], told["unreadable"]) == (None, ["analysis"])
