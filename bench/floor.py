"""The floor: the least that a Python web application can do for the same rows: Flask, pymongo and JSON, no rights, no
audit of readings, no form. Whatever is built on these two libraries costs more.

Its save is one update. `recorded` is what no save can do without that leaves a version and an audit entry: the record
is read, and one transaction changes it and inserts both, with the entry's line in the queue. `noted` is what no list
over the API can do without that knows who asks and tells the trail of what is classified in it: the account, the
rows, the line and the entry. These go into collections of the floor's own with the indexes of ours, so that the trail
stays whole.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from bson import Decimal128, ObjectId
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from pymongo.database import Database
from pymongo.write_concern import WriteConcern

from bench import questions
from bench.arm import Ask, Program
from bench.world import READER, World
from config import database
from models.audit.writing import ENTRIES, QUEUE
from models.declarations import Level
from models.person.document import USERS
from models.store import VERSIONS

LISTED = {
    "customer": [
        "number",
        "name",
        "region",
        "industry",
        "contact_name",
        "salesperson",
        "key_customer",
        "grade",
        "completeness",
        "level",
        "owner",
        "state",
    ],
    "complaint": ["number", "subject", "customer", "channel", "received_at", "severity", "level", "owner", "state"],
}
Row = dict[str, Any]
SAFE, FIRST = WriteConcern("majority", j=True), WriteConcern(1, j=False)
RECORDED = {"bench_version": VERSIONS, "bench_entry": ENTRIES, "bench_line": QUEUE}
"""The floor's own collections and whose indexes they have."""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, ObjectId | Decimal128):
        return str(value)
    if isinstance(value, bytes):  # sealed: the floor has no keys
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def _json(value: Any) -> Response:
    return Response(json.dumps(value, default=_plain, ensure_ascii=False), mimetype="application/json")


def make_app(world: World) -> Flask:
    """The application, connected as the product is: majority reads, aware times."""
    db = database.connect(world.settings)
    _like(db)
    app = Flask("floor")

    def rows(slug: str) -> list[dict[str, Any]]:
        condition = {"number": {"$lt": request.args["below"]}} if "below" in request.args else {}
        shown = dict.fromkeys(LISTED[slug], 1)
        found = db[f"record_{slug}"].find(condition, shown).sort("number", -1)
        return list(found.limit(int(request.args["limit"])))

    @app.get("/<slug>/")
    def listed(slug: str) -> ResponseReturnValue:
        return _json(rows(slug))

    @app.get("/named/")
    def named() -> ResponseReturnValue:
        found = rows("complaint")
        ids = [row["customer"] for row in found]
        names = {row["_id"]: row for row in db["record_customer"].find({"_id": {"$in": ids}}, {"name": 1})}
        return _json([{**row, "customer": names[row["customer"]]["name"]} for row in found])

    asked = questions.of(world)

    @app.get("/asked/<case>")
    def narrowed(case: str) -> ResponseReturnValue:
        condition, order = asked[case]
        found = db["record_customer"].find(condition, dict.fromkeys(LISTED["customer"], 1)).sort(order)
        return _json(list(found.limit(int(request.args["limit"]))))

    @app.get("/<slug>/<number>")
    def one(slug: str, number: str) -> ResponseReturnValue:
        return _json(db[f"record_{slug}"].find_one({"number": number}))

    @app.post("/<slug>/<number>")
    def save(slug: str, number: str) -> ResponseReturnValue:
        target = db.get_collection(f"record_{slug}", write_concern=SAFE)
        done = target.update_one({"number": number}, {"$set": request.get_json()})
        return _json({"matched": done.matched_count})

    @app.get("/<slug>/noted/")
    def noted(slug: str) -> ResponseReturnValue:
        reader = db[USERS].find_one({"_id": READER.id})
        assert reader is not None
        return _json(_noted(db, slug, reader["_id"], rows(slug)))

    @app.post("/<slug>/<number>/recorded")
    def recorded(slug: str, number: str) -> ResponseReturnValue:
        return _json({"matched": _recorded(db, slug, number, request.get_json())})

    return app


def _noted(db: Database[Row], slug: str, reader: ObjectId, found: list[Row]) -> list[Row]:
    """The rows, once line and entry of those that are classified are stored."""
    secret = [row for row in found if row["level"] != Level.INTERNAL.value]
    of_them = {"record": [row["_id"] for row in secret], "number": [row["number"] for row in secret]}
    facts = {"at": datetime.now(UTC), "action": "listed", "actor": reader, "type": slug}
    entry = {"_id": ObjectId(), **facts, **of_them, "level": sorted({row["level"] for row in secret})}
    db.get_collection("bench_line", write_concern=FIRST).insert_one({"_id": entry["_id"]})
    db.get_collection("bench_entry", write_concern=SAFE).insert_one(entry)
    return found


def _recorded(db: Database[Row], slug: str, number: str, change: Row) -> int:
    """How many records were changed, in one transaction with version, entry and line."""
    records = db[f"record_{slug}"]
    row = records.find_one({"number": number})
    assert row is not None
    now, entry = datetime.now(UTC), ObjectId()
    with db.client.start_session() as session, session.start_transaction(write_concern=SAFE):
        fresh = {"_id": row["_id"], "rev": row["rev"]}
        done = records.update_one(fresh, {"$set": {**change, "updated_at": now}}, session=session)
        changes = [{"field": name, "before": row.get(name), "after": value} for name, value in change.items()]
        version = {"record": row["_id"], "rev": row["rev"] + 1, "at": now, "by": row["owner"], "changes": changes}
        db["bench_version"].insert_one(version, session=session)
        facts = {"at": now, "action": "change", "actor": row["owner"], "type": slug, "level": row["level"]}
        told = {"record": row["_id"], "number": number, "fields": list(change)}
        db["bench_entry"].insert_one({"_id": entry, **facts, **told}, session=session)
        db["bench_line"].insert_one({"_id": entry, "at": now}, session=session)
    return done.matched_count


def _like(db: Database[Row]) -> None:
    for name, ours in RECORDED.items():
        for key, index in db[ours].index_information().items():
            if key != "_id_":
                db[name].create_index(index["key"], name=key)


def make(world: World) -> Program:
    """The floor, connected."""
    asked = questions.of(world)

    def asks(case: str, turn: int) -> Ask | None:
        number = world.number("customer", turn)
        kind = (("Content-Type", "application/json"),)
        change = json.dumps({"fax": f"020-{turn:08d}"}).encode()
        table = {
            "list20": Ask("/customer/?limit=20"),
            "list100": Ask("/customer/?limit=100"),
            "deep20": Ask(f"/customer/?limit=20&below={world.deep('customer', turn)[0]}"),
            "named100": Ask("/named/?limit=100"),
            "details": Ask(f"/customer/{number}"),
            "edit": Ask(f"/customer/{number}"),
            "save": Ask(f"/customer/{number}", "POST", change, kind),
            "noted": Ask("/customer/noted/?limit=20"),
            "recorded": Ask(f"/customer/{number}/recorded", "POST", change, kind),
        }
        return Ask(f"/asked/{case}?limit=20") if case in asked else table.get(case)

    return Program("floor", make_app(world).wsgi_app, asks)
