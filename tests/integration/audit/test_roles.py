"""The accounts that the operator's page describes, on a server with authentication: the trail cannot be rewritten."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from config import database as store
from config import embedded
from config.settings import Settings
from models import audit, catalogue, schema
from models.audit import writing
from models.audit.keys import CURRENT
from models.audit.stored import StoredTrail
from models.person.roles import SYSTEM

GUIDE = Path("docs/operate/audit-trail.md")
TRAIL = "backoffice_audit"
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
UNAUTHORIZED = 13
Base = Database[dict[str, Any]]


@dataclass
class Server:
    """A mongod with accounts, on a socket."""

    socket: Path
    password: str

    def uri(self, user: str = "", direct: bool = False) -> str:
        who = f"{user}:{self.password}@" if user else ""
        option = "directConnection=true" if direct else "replicaSet=rs&authSource=admin"
        return f"mongodb://{who}{quote(str(self.socket), safe='')}/?{option}"


def client_of(uri: str, **options: Any) -> MongoClient[dict[str, Any]]:
    return MongoClient(uri, **options)


def roles() -> list[dict[str, Any]]:
    """The roles as the guide gives them."""
    blocks = re.findall(r"```json\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    return [json.loads(block) for block in blocks if "createRole" in block]


def initiate(server: Server) -> None:
    deadline = time.monotonic() + 120
    with client_of(server.uri(direct=True), serverSelectionTimeoutMS=300) as client:
        while True:
            try:
                if client.admin.command("hello")["isWritablePrimary"]:
                    break
                members = [{"_id": 0, "host": str(server.socket)}]
                client.admin.command("replSetInitiate", {"_id": "rs", "members": members})
            except PyMongoError:
                assert time.monotonic() < deadline, "the server does not start"
                time.sleep(0.1)
        client.admin.command("createUser", "root", pwd=server.password, roles=["root"])
    with client_of(server.uri("root")) as client:
        for role in roles():
            client.admin.command(role)
        own = [{"role": name, "db": db} for name in ("readWrite", "dbAdmin") for db in ("backoffice", TRAIL)]
        users = {"web": ["backofficeApp"], "sealer": ["backofficeSealer"], "auditor": ["backofficeAuditor"]}
        for user, held in {**users, "owner": own}.items():
            client.admin.command("createUser", user, pwd=server.password, roles=held)


@pytest.fixture(scope="module")
def server(fast_dir: Path, connected: Settings) -> Iterator[Server]:
    folder = fast_dir / "accounts"
    (folder / "db").mkdir(parents=True)
    keyfile = folder / "keyfile"
    keyfile.write_text(secrets.token_hex(48))
    keyfile.chmod(0o600)
    made = Server(folder / "s.sock", secrets.token_hex(16))
    arguments = ["--dbpath", str(folder / "db"), "--bind_ip", str(made.socket), "--unixSocketPrefix", str(folder)]
    options = ["--replSet", "rs", "--keyFile", str(keyfile), "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64"]
    binary = embedded.find_mongods()[0]
    process = subprocess.Popen(
        [binary, *arguments, *options, "--setParameter", "diagnosticDataCollectionEnabled=false"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        initiate(made)
        connect(made, "owner")
        catalogue.load()
        schema.migrate()
        yield made
    finally:
        store.connect(connected)
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def connect(server: Server, user: str) -> None:
    """Connect the product with an account."""
    made = Settings(
        secret_key="x" * 40,
        password_salt="x" * 40,
        totp_secret="x" * 40,
        mongodb_uri=server.uri(user),
        audit_database=TRAIL,
    )
    store.connect(made)


@pytest.fixture
def sealed(server: Server, tmp_path: Path) -> Path:
    """A trail written by the web's account and sealed by the scheduler's; returns the folder of checkpoints."""
    connect(server, "web")
    audit.append("view", SYSTEM, audit.Subject("customer", number="C-1"), now=NOW)
    connect(server, "sealer")
    assert audit.seal(NOW) == 1
    folder = tmp_path / "audit"
    audit.Writer(folder, audit.KeySource(server.socket.parent / CURRENT)).write(NOW)
    return folder


def refused(work: Callable[[], Any]) -> bool:
    with pytest.raises(OperationFailure) as caught:
        work()
    return caught.value.code == UNAUTHORIZED


WRITES: tuple[Callable[[Base, str], Any], ...] = (
    lambda base, name: base[name].update_one({}, {"$set": {"actor_name": "Someone else"}}),
    lambda base, name: base[name].replace_one({}, {"actor_name": "Someone else"}),
    lambda base, name: base[name].find_one_and_delete({}),
    lambda base, name: base[name].delete_many({}),
    lambda base, name: base[name].drop(),
    lambda base, name: base[name].rename("other"),
    lambda base, name: base.client["backoffice"]["x"].aggregate([{"$out": {"db": base.name, "coll": name}}]),
    lambda base, name: base.command("collMod", name, validator={"nothing": True}),
)


@pytest.mark.parametrize("user", ["web", "sealer", "auditor"])
@pytest.mark.parametrize("name", [audit.ENTRIES, audit.SEALS, audit.CHECKPOINTS])
def test_no_account_of_the_product_changes_or_removes_what_is_written(
    server: Server, sealed: Path, user: str, name: str
) -> None:
    with client_of(server.uri(user)) as client:
        assert all(refused(lambda write=write: write(client[TRAIL], name)) for write in WRITES)  # type: ignore[misc]


def test_the_web_neither_seals_nor_signs(server: Server, sealed: Path) -> None:
    connect(server, "web")
    assert schema.missing() == []
    audit.append("view", SYSTEM, audit.Subject("customer", number="C-2"), now=NOW)
    assert refused(lambda: audit.seal(NOW))
    assert audit.sealing_state().waiting == 1
    connect(server, "sealer")
    assert audit.seal(NOW) == 1


def test_the_accounts_suffice_to_give_up_an_entry_and_to_refuse_it_when_it_comes(
    server: Server, sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(server, "web")
    lacking, announce = audit.Lacking(), writing._announce

    def paused(entries: Any) -> Any:
        term = announce(entries)
        connect(server, "sealer")
        for seconds in (0, 30):
            audit.seal(NOW + timedelta(seconds=seconds), lacking=lacking)
        connect(server, "web")
        return term

    monkeypatch.setattr(writing, "_announce", paused)
    with pytest.raises(audit.NotAudited):
        audit.append("view", SYSTEM, audit.Subject("customer", number="C-3"), now=NOW)
    assert [row["action"] for row in audit.entries({"action": "unwritten"})] == ["unwritten"]
    assert audit.entries({"number": "C-3"}) == []
    with client_of(server.uri("auditor"), tz_aware=True) as client:
        assert audit.verify(StoredTrail(client[TRAIL])).findings == ()


def test_the_auditor_s_account_verifies_and_writes_nothing(server: Server, sealed: Path) -> None:
    with client_of(server.uri("auditor"), tz_aware=True) as client:
        assert audit.verify(StoredTrail(client[TRAIL])).findings == ()
        assert refused(lambda: client[TRAIL][audit.ENTRIES].insert_one({}))
        assert refused(client["backoffice"]["user"].find_one)


def test_the_trail_lies_in_its_own_database_only(server: Server, sealed: Path) -> None:
    with client_of(server.uri("owner")) as client:
        assert audit.COLLECTIONS.isdisjoint(client["backoffice"].list_collection_names())
        assert set(client[TRAIL].list_collection_names()) == audit.COLLECTIONS
