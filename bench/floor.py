"""The floor: the least that a Python web application can do for the same rows: Flask, pymongo and JSON, no rights, no
audit of readings, no form. Whatever is built on these two libraries costs more."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from bson import Decimal128, ObjectId
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from pymongo.write_concern import WriteConcern

from bench.arm import Ask, Program
from bench.world import World
from config import database

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
SAFE = WriteConcern("majority", j=True)


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

    @app.get("/<slug>/<number>")
    def one(slug: str, number: str) -> ResponseReturnValue:
        return _json(db[f"record_{slug}"].find_one({"number": number}))

    @app.post("/<slug>/<number>")
    def save(slug: str, number: str) -> ResponseReturnValue:
        target = db.get_collection(f"record_{slug}", write_concern=SAFE)
        done = target.update_one({"number": number}, {"$set": request.get_json()})
        return _json({"matched": done.matched_count})

    return app


def make(world: World) -> Program:
    """The floor, connected."""

    def asks(case: str, turn: int) -> Ask | None:
        number = world.number("customer", turn)
        kind = (("Content-Type", "application/json"),)
        table = {
            "list20": Ask("/customer/?limit=20"),
            "list100": Ask("/customer/?limit=100"),
            "deep20": Ask(f"/customer/?limit=20&below={world.deep('customer', turn)[0]}"),
            "named100": Ask("/named/?limit=100"),
            "details": Ask(f"/customer/{number}"),
            "edit": Ask(f"/customer/{number}"),
            "save": Ask(f"/customer/{number}", "POST", json.dumps({"fax": f"020-{turn:08d}"}).encode(), kind),
        }
        return table.get(case)

    return Program("floor", make_app(world).wsgi_app, asks)
