"""`python -m bench.hidden`: does the time of an answer tell a hidden record from one that is not there (X6)?

A salesperson asks by turns for top-secret customers and for numbers that nobody has, on the pages and in the API; both
medians are printed, and the command ends with 1 when they are more than 5 ms apart.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

from flask import Flask
from flask.testing import FlaskClient

from backoffice.api.problems import PREFIX
from backoffice.app import create_app
from bench import filling, house, machine
from bench.world import World
from config import database
from models import access, catalogue, registry
from models.access import Purpose
from models.declarations import Level
from models.person import service as people
from models.person import session as sessions
from models.record import collection_name
from models.token import service as tokens
from models.token.rate import Allowance

TRIES, WARM, ALLOWED = 200, 20, 0.005
SLUG = "customer"
READER = house.SALES[0]
PLACES = {
    "page": f"/records/{SLUG}/{{}}",
    "history": f"/records/{SLUG}/{{}}/history",
    "API": f"{PREFIX}/{SLUG}/{{}}",
    "API history": f"{PREFIX}/{SLUG}/{{}}/history",
}
Ask = Callable[[str], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every place; 1 when one of them tells the two apart."""
    parser = argparse.ArgumentParser("python -m bench.hidden", description=__doc__)
    parser.add_argument("--size", type=int, default=10_000, help="customers in the database (default 10000)")
    parser.add_argument("--tries", type=int, default=TRIES, help=f"tries of each kind (default {TRIES})")
    parser.add_argument("--data", type=Path, default=Path("var/bench"), help="where the database lies")
    asked = parser.parse_args(arguments)
    with machine.server(asked.data):
        now = datetime.now(UTC).replace(microsecond=0)
        world = World(machine.settings(asked.data, asked.size), asked.size, now)
        database.connect(world.settings)
        catalogue.load()
        if not filling.is_filled(asked.size):
            list(filling.fill(world.settings, asked.size, now))
        apart = [place for place in PLACES if _told(place, *medians(world, place, asked.tries)) > ALLOWED]
    return min(len(apart), 1)


def _told(place: str, hidden: float, missing: float) -> float:
    difference = abs(hidden - missing)
    verdict = "alike" if difference <= ALLOWED else "APART"
    figures = f"hidden {hidden * 1000:7.2f} ms  missing {missing * 1000:7.2f} ms  apart {difference * 1000:6.2f} ms"
    print(f"{place:12} {figures}  {verdict}")
    return difference


def medians(world: World, place: str, tries: int) -> tuple[float, float]:
    """The median seconds of an answer about a hidden record, and about one that is not there."""
    ask = _asking(create_app(world.settings), world)
    known = hidden_numbers(tries + WARM)
    pairs = [(known[turn % len(known)], _missing(turn)) for turn in range(tries + WARM)]
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn, pair in enumerate(pairs):
        for side in (0, 1) if turn % 2 else (1, 0):
            began = perf_counter()
            status = ask(PLACES[place].format(pair[side]))
            seconds[side].append(perf_counter() - began)
            if status != 404:
                raise SystemExit(f"{place}: {pair[side]} was answered {status}, not 404")
    return median(seconds[0][WARM:]), median(seconds[1][WARM:])


def hidden_numbers(count: int) -> list[str]:
    """Numbers of records that do not exist for the reader. :raises SystemExit: when there are none."""
    reach = access.reach(READER, registry.get(SLUG).rt, Purpose.VIEW)
    top_secret = {"level": Level.TOP_SECRET.value}
    found = database.database()[collection_name(SLUG)].find(top_secret, {"number": 1, "acl": 1}).limit(4 * count)
    numbers = [son["number"] for son in found if not reach.sees(son["acl"])][:count]
    if not numbers:
        raise SystemExit("no record is hidden from the reader: fill a larger database with --size")
    return numbers


def _missing(turn: int) -> str:
    return f"KH-2019-{900_000 + turn:06d}"


def _asking(app: Flask, world: World) -> Ask:
    """Asks as the reader: with a token below the API, with a session elsewhere."""
    if READER.id is None:
        raise RuntimeError("nobody reads")
    app.extensions["api_allowance"] = Allowance(limit=1_000_000_000)
    for token in tokens.of_person(READER.id, world.now):
        if not token.ended:
            tokens.revoke(READER, people.get(READER.id), token.id, world.now)
    secret = tokens.create(READER, people.get(READER.id), name="bench", now=world.now)[1]
    client: FlaskClient = app.test_client()
    sid = sessions.start(READER.id, f"bench-{READER.id}", "127.0.0.1", world.now)
    with client.session_transaction() as session:
        session["sid"], session["_user_id"], session["_fresh"] = sid, f"bench-{READER.id}", True

    def ask(path: str) -> int:
        headers = {"Authorization": f"Bearer {secret}"} if path.startswith(PREFIX) else {}
        answer = client.get(path, headers=headers)
        answer.get_data()
        return answer.status_code

    return ask


if __name__ == "__main__":
    sys.exit(main())
