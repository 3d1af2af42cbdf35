"""Revisits of the demonstration (V1-V3): past ones recorded, and what falls due before, on and after today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from random import Random
from typing import Any

from backoffice.demonstration import words
from backoffice.demonstration.days import Days
from backoffice.demonstration.files import SEED, Drawer, File
from backoffice.demonstration.plan import Act, Deed, Made, Step, World
from config.policy import policy
from models.calendar import add_months, local
from models.revisit import service

NEXT_DUE = (-3, 0, 1, 2, 4, 6, 8, 9, 11, 13, 15, 16, 18)
"""In days from today: when regular revisits fall due, over and over."""
OPENINGS = (2, 0)
"""Working days before today on which the regular revisits were opened."""


def steps(days: Days, drawer: Drawer) -> Iterator[Step]:
    """The last regular revisit of every delivered customer, the openings since, and some on other occasions."""
    random = Random(SEED + 4)
    delivered = [f for f in drawer.files if f.active and f.owner and f.delivered is not None]
    for place, file in enumerate(delivered):
        yield from _last_one(f"v{place}", place, file, days, random)
    for back in OPENINGS:
        at = days.back(back, "08:30")
        yield Deed(at, partial(_open, at=at), alone=True)
    yield from _by_hand(days, drawer)


def _open(_world: World, *, at: Any) -> None:
    service.open_regular(at)


def _last_one(key: str, place: int, file: File, days: Days, random: Random) -> Iterator[Step]:
    """A recorded revisit, placed so that the next one falls due around today."""
    assert file.delivered is not None
    due = days.day(NEXT_DUE[place % len(NEXT_DUE)])
    known = max(file.delivered + timedelta(days=4), local(file.created).date() + timedelta(days=2))
    day = days.calendar.working_day_from(max(_before(file, due), known))
    at = days.on(day, random.choice(("10:20", "15:10", "16:40")))
    if at >= days.now:
        at = days.back(1, "15:10")
    if local(at).date() < known:
        return
    values = {"customer": Made(file.key), "occasion": "regular", "due_on": at.date(), "channel": "phone"}
    yield Act(at - timedelta(days=1), file.owner, "revisit", key, "create", values)
    yield Act(at, file.owner, "revisit", key, "record", record(random))


def _before(file: File, due: date) -> date:
    """The day after which the next regular revisit is due on `due` (V1)."""
    assert file.delivered is not None
    terms = policy().revisit
    quarterly = add_months(due, -terms.later_months)
    if file.key_customer or quarterly < add_months(file.delivered, 12):
        return add_months(due, -terms.first_year_months)
    return quarterly


def record(random: Random) -> dict[str, Any]:
    """What was said at a revisit."""
    scores = {name: str(random.choice((3, 4, 4, 5, 5))) for name in ("ease", "attitude", "ability", "time", "outcome")}
    return {"channel": "phone", "answers": random.choice(words.REVISIT_ANSWERS), **scores}


def _by_hand(days: Days, drawer: Drawer) -> Iterator[Step]:
    """Planned by specialists for other occasions: due today, tried in vain, given up."""
    files = drawer.some(9, after=150)
    for place, file in enumerate(files[:5]):
        occasion = ("anniversary", "birthday", "festival", "promotion", "other")[place]
        values = {"customer": Made(file.key), "occasion": occasion, "due_on": days.day((0, 0, 0, 2, -1)[place])}
        yield Act(days.back(3, "14:15"), file.owner, "revisit", f"o{place}", "create", values)
    for place, file in enumerate(files[5:]):
        key, tries = f"n{place}", (3, 2, 1, 3)[place]
        values = {"customer": Made(file.key), "occasion": "other", "due_on": days.back(5).date()}
        yield Act(days.back(8, "11:30"), file.owner, "revisit", key, "create", values)
        for back in range(5, 5 - tries, -1):
            note = {"try_note": "电话无人接听，已留言"}
            yield Act(days.back(back, "15:30"), file.owner, "revisit", key, "not_reached", note)
