"""`python -m bench.hidden`: does the time of an answer tell a hidden record from one that is not there (X6)?

A salesperson asks by turns for top-secret customers and for numbers that nobody has, on the pages and in the API; both
medians are printed, and the command ends with 1 when they are more than 5 ms apart. The processor time that the program
itself took is printed beside them: it tells a difference from what else the machine does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time

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

Sent = dict[str, str | int]
Ask = Callable[[str, Sent | None], int]
TRIES, WARM, ALLOWED = 200, 20, 0.005
SLUG = "customer"
READER = house.SALES[0]
PAGE, BELOW_API = f"/records/{SLUG}/{{}}", f"{PREFIX}/{SLUG}/{{}}"
SOME_FILE = "0123456789abcdef01234567"
PLACES: dict[str, tuple[str, Sent | None]] = {
    "page": (PAGE, None),
    "form": (f"{PAGE}/edit", None),
    "related": (f"{PAGE}/related", None),
    "history": (f"{PAGE}/history", None),
    "print": (f"{PAGE}/print", None),
    "file": (f"{PAGE}/files/{SOME_FILE}", None),
    "ask for it": (f"{PAGE}/ask", {"use": "view", "reason": "a word", "until": ""}),
    "move sheet": (f"{PAGE}/do/activate", None),
    "move": (f"{PAGE}/do/activate", {"rev": "1"}),
    "API": (BELOW_API, None),
    "API history": (f"{BELOW_API}/history", None),
    "API file": (f"{BELOW_API}/files/{SOME_FILE}", None),
    "API move": (f"{BELOW_API}/actions/activate", {"rev": 1}),
}
"""Addresses with a place for the number, and what is sent there; without it they are only asked for."""


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
        apart = [place for place in PLACES if _told(place, medians(world, place, asked.tries)) > ALLOWED]
    return min(len(apart), 1)


def _told(place: str, times: Sequence[float]) -> float:
    hidden, missing, *busy = times
    difference = abs(hidden - missing)
    verdict = "alike" if difference <= ALLOWED else "APART"
    figures = f"hidden {hidden * 1000:7.2f} ms  missing {missing * 1000:7.2f} ms  apart {difference * 1000:6.2f} ms"
    print(f"{place:12} {figures}  {verdict:5}  processor {busy[0] * 1000:6.2f} {busy[1] * 1000:6.2f} ms", flush=True)
    return difference


def medians(world: World, place: str, tries: int) -> list[float]:
    """The median seconds of an answer about a hidden record, and about one that is not there; then those of processor
    time."""
    ask = _asking(create_app(world.settings), world)
    known = hidden_numbers(tries + WARM)
    pairs = [(known[turn % len(known)], _missing(turn)) for turn in range(tries + WARM)]
    seconds: tuple[list[float], ...] = ([], [], [], [])
    path, sent = PLACES[place]
    for turn, pair in enumerate(pairs):
        for side in (0, 1) if turn % 2 else (1, 0):
            began, worked = perf_counter(), thread_time()
            status = ask(path.format(pair[side]), sent)
            seconds[side].append(perf_counter() - began)
            seconds[side + 2].append(thread_time() - worked)
            if status != 404:
                raise SystemExit(f"{place}: {pair[side]} was answered {status}, not 404")
    return [median(one[WARM:]) for one in seconds]


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

    form_token = client.get("/").get_data(as_text=True).partition('name="csrf-token" content="')[2].partition('"')[0]

    def ask(path: str, sent: Sent | None) -> int:
        below_api = path.startswith(PREFIX)
        headers = {"Authorization": f"Bearer {secret}"} if below_api else {}
        if sent is None:
            answer = client.get(path, headers=headers)
        elif below_api:
            answer = client.post(path, headers=headers, json=sent)
        else:
            answer = client.post(path, data={**sent, "csrf_token": form_token})
        answer.get_data()
        return answer.status_code

    return ask


if __name__ == "__main__":
    sys.exit(main())
