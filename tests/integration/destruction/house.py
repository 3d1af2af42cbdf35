"""A file that is known everywhere in the house, with words that are found nowhere else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from pymongo.database import Database

from config.database import database
from models import records, registry, store
from models.access_request import service as access_request
from models.attachment import service as attachment
from models.destruction import holds
from models.merge import service as merging
from models.outbox import service as outbox
from models.person.roles import Role
from models.secrecy_change import service as secrecy_change
from tests.factories.bulk_changes import carried_out
from tests.factories.imports import checked, uploaded
from tests.factories.people import person
from tests.factories.planted import unruled
from tests.factories.sealed import readable
from tests.factories.views import view
from tests.integration.destruction.conftest import YEARS, Cast

Base = Database[dict[str, Any]]
TITLE = "Zanzibarlampen"


@dataclass
class Planted:
    """The file, its words, and the records that point to it."""

    record: dict[str, Any]
    words: set[str] = field(default_factory=set)
    pointing: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def number(self) -> str:
        return str(self.record["number"])


def plant(cast: Cast, now: datetime) -> Planted:
    """The file with words in every text of it, its history, files, a record merged into it, requests, imports."""
    then = now - YEARS
    texts = texts_of("Zanzibar")
    first = store.create(
        "customer", {**texts, "name": TITLE, "level": "secret", "owner": cast.owner.id}, actor=cast.owner, now=then
    )
    found = Planted(first, {word.split()[0] for word in texts.values()} | {TITLE})
    _past(cast, found, then)
    _merged(cast, found, then)
    found.record = store.fetch("customer", first["_id"])
    _requests(cast, found, then)
    _elsewhere(cast, found, now)
    found.pointing = dict(_pointing(cast, found, then))
    return found


def texts_of(word: str) -> dict[str, str]:
    """A word of its own for each text of a customer file."""
    own = [f for f in registry.get("customer").rt.fields if f.kind in ("text", "long_text") and f.computed is None]
    free = [f for f in own if f.editable and not f.unique and f.name != "name"]
    return {f.name: f"{word}{place:02d}x {f.name}"[: f.max_length] for place, f in enumerate(free)}


def _past(cast: Cast, found: Planted, then: datetime) -> None:
    former = {"name": f"{TITLE}former", "address": "Formerstreet 7"}
    store.change("customer", found.record["_id"], former, actor=cast.owner, now=then, note="Notedthing told")
    again = {"name": TITLE, "address": "Zanzibar road"}
    store.change("customer", found.record["_id"], again, actor=cast.owner, now=then)
    found.words |= {f"{TITLE}former", "Formerstreet", "Notedthing"}
    row = attachment.put(io.BytesIO(b"Filecontent"), "Scannedthing.txt", person=cast.owner, now=then, limit=1000)
    fields = [f for f in registry.get("customer").rt.fields if f.kind == "files"]
    with unruled(registry.get("customer").rt):
        store.change("customer", found.record["_id"], {fields[0].name: [row]}, actor=cast.owner, now=then)
    found.words |= {"Filecontent", "Scannedthing"}


def _merged(cast: Cast, found: Planted, then: datetime) -> None:
    texts = texts_of("Twin")
    twin = {**texts, "name": "Twintitle", "level": "secret", "owner": cast.owner.id}
    other = store.create("customer", twin, actor=cast.owner, now=then)
    with unruled(registry.get("customer").rt):
        revs = (store.fetch("customer", found.record["_id"])["rev"], 1)
        merging.merge(cast.head, "customer", found.number, other["number"], {}, revs=revs, now=then)
    found.words |= {word.split()[0] for word in texts.values()} | {"Twintitle"}


def _requests(cast: Cast, found: Planted, then: datetime) -> None:
    asker = person(Role.SPECIALIST, name="Asker", manager=cast.head.id)
    asked = {"uses": ["view"], "reason": f"Reasonword about {TITLE}", "valid_until": then.date().isoformat()}
    access_request.ask(asker, "customer", found.number, asked, now=then)
    lower = {"kind": "lower", "new_level": "internal", "reason": "Lowerword"}
    made = secrecy_change.ask(cast.owner, "customer", found.number, lower, now=then)
    number, note = made["number"], "Refusedword"
    records.move(cast.head, "secrecy_change", number, "refuse", {}, rev=1, now=then, note=note, fresh=True)
    holds.place(cast.head, "customer", found.number, "Heldword", now=then)
    holds.lift(cast.head, "customer", found.number, "Liftedword", now=then)
    found.words |= {"Reasonword", "Lowerword", "Refusedword", "Heldword", "Liftedword"}


def _elsewhere(cast: Cast, found: Planted, now: datetime) -> None:
    """Views, bulk changes, files that were imported, messages."""
    view(cast.owner, f"q={TITLE}", name="By title", slug="customer")
    view(cast.owner, f"number={found.number}", name="By number", slug="customer")
    then = now - YEARS
    carried_out(cast.head, "change", {"analysis": "Bulkword"}, now=then, numbers=[found.number])
    uploaded(cast.custodian, f"客户名称,地址\n{TITLE},Importword\n", now)
    checked(cast.custodian, f"客户名称,地址\n别的公司,Secondword\n{TITLE},Thirdword\n{TITLE},Thirdword\n", now)
    outbox.post("k", to="a@example.test", subject="x", text=f"{found.number} is due", now=now)
    found.words |= {"Bulkword", "Importword", "Secondword", "Thirdword"}
    found.record = store.fetch("customer", found.record["_id"])


def _pointing(cast: Cast, found: Planted, then: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Closed records of every type that points to the file, each with its name where it keeps one."""
    for rt in registry.all_types():
        pointers = [f for f in rt.fields if f.kind == "reference" and f.to == "customer"]
        if not pointers or rt.slug == "customer":
            continue
        final = next((s.value for s in rt.workflow.states if s.final), None) if rt.workflow else None
        values: dict[str, Any] = {pointers[0].name: found.record["_id"], "owner": cast.owner.id, "state": final}
        values |= {f.name: TITLE for f in rt.fields if f.name == "customer_name"}
        with unruled(rt):
            made = store.create(rt.slug, {**values, "level": "secret"}, actor=cast.owner, now=then)
            told = {"owner": cast.head.id, "archived_at": then}
            yield rt.slug, store.change(rt.slug, made["_id"], told, actor=cast.owner, now=then)


def everything(base: Base | None = None) -> dict[str, bytes]:
    """Every document of the database as its bytes, and as whoever has the keys reads it, in small letters, by
    collection."""
    db = database() if base is None else base
    names = [name for name in db.list_collection_names() if not name.startswith("system.")]
    found = {name: b"".join(cast("Any", db[name].find_raw_batches({}))) for name in names}
    return {name: (raw + b"".join(map(readable, db[name].find()))).lower() for name, raw in found.items()}


def said(words: set[str], base: Base | None = None) -> dict[str, list[str]]:
    """Where some words stand, by collection."""
    found: dict[str, list[str]] = {}
    for name, content in everything(base).items():
        told = sorted(word for word in words if word.lower().encode() in content)
        if told:
            found[name] = told
    return found


def holding_id(record_id: Any) -> set[str]:
    """The collections in which the id of a record stands."""
    return {name for name in schema_names() if record_id.binary in raw(name)}


def schema_names() -> list[str]:
    return [name for name in database().list_collection_names() if not name.startswith("system.")]


def raw(name: str) -> bytes:
    return b"".join(cast("Any", database()[name].find_raw_batches({})))
