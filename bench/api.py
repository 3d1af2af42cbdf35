"""Our REST API, asked for with a person's token."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from bson import ObjectId
from pymongo import DESCENDING

from backoffice.api.problems import PREFIX
from backoffice.app import create_app
from bench.arm import Ask, Program, answer, nothing
from bench.screens import LISTS, rare_lists
from bench.world import READER, World
from models import registry
from models.listing import token_of
from models.person import service as people
from models.token import service as tokens
from models.token.rate import Allowance

ENDLESS = 1_000_000_000
JSON = (("Content-Type", "application/json"),)


def make(world: World) -> Program:
    """The product, asked through its API; its limit of requests a minute is lifted, or it would be what is measured."""
    app = create_app(world.settings)
    held = people.get(READER.id) if READER.id else {}
    for token in tokens.of_person(held["_id"], world.now):
        if not token.ended:
            tokens.revoke(READER, held, token.id, world.now)
    secret = tokens.create(READER, held, name="bench", now=world.now)[1]
    app.extensions["api_allowance"] = Allowance(limit=ENDLESS)
    program = Program("api", app.wsgi_app, nothing, environ={"HTTP_AUTHORIZATION": f"Bearer {secret}"})
    pages = LISTS | rare_lists(world)
    lists = {case: re.sub(r"^/records/(\w+)/", rf"{PREFIX}/\1", path) for case, path in pages.items()}

    def asks(case: str, turn: int) -> Ask | None:
        if case in lists:
            return Ask(lists[case])
        number = world.number("customer", turn)
        at = f"{PREFIX}/customer/{number}"
        if case == "deep20":
            last, record = world.deep("customer", turn)
            place = {"number": last, "_id": ObjectId(record)}
            after = token_of(registry.get("customer").rt, place, "number", DESCENDING)
            return Ask(f"{PREFIX}/customer?after={quote(after)}")
        if case == "details":
            return Ask(at)
        if case == "save":
            rev = json.loads(answer(program, Ask(at)).body)["rev"]
            body = json.dumps({"rev": rev, "values": {"fax": f"022-{turn:08d}"}}).encode()
            return Ask(at, "PATCH", body, JSON)
        return None

    program.asks = asks
    return program
