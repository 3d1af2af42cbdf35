"""Rules on tokens: what one looks like, how long it lives, how many a person may have, how often it may be used."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta

from models.declarations import Level
from models.errors import Sentence

FORM = re.compile(r"bo_[A-Za-z0-9]{8}_[A-Za-z0-9_-]{43}")
"""A mark, eight characters by which people know the token again, and 256 random bits."""
SHOWN = len("bo_") + 8
USUAL_LIFE, LONGEST_LIFE = timedelta(days=90), timedelta(days=366)
LONGEST_NAME = 60
MOST_TOKENS = 50
"""In force at once, for one person."""
USE_NOTED_EVERY = timedelta(minutes=1)
"""How stale `last_used` may be: not every request needs a write."""
REQUESTS_A_MINUTE = 600
"""Of one token, over all processes."""


def problems(name: str, days: int, types: Collection[str], known: Collection[str]) -> dict[str, Sentence]:
    """What is wrong with a token that is asked for, by field. `known` are the types that the person reaches."""
    found: dict[str, Sentence] = {}
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        found["name"] = Sentence(
            f"请填写用途，最多 {LONGEST_NAME} 个字。", f"Say what it is for, in {LONGEST_NAME} characters at most."
        )
    if not 1 <= days <= LONGEST_LIFE.days:
        found["days"] = Sentence(
            f"有效期为 1 至 {LONGEST_LIFE.days} 天。", f"A token lives 1 to {LONGEST_LIFE.days} days."
        )
    if not set(types) <= set(known):
        found["types"] = Sentence("请从列表中选择。", "Choose from the list.")
    return found


def levels_up_to(highest: str, own: str = "") -> frozenset[str] | None:
    """The levels of which a token opens something without a grant: up to the policy's `highest`, and to the `own` limit
    of its person where there is one; None for all of them, none at all for a limit that is no level."""
    limits = [one for one in (highest, own) if one]
    if not {level.value for level in Level}.issuperset(limits):
        return frozenset()
    top = min((Level(one) for one in limits), key=lambda level: level.rank)
    if top is Level.TOP_SECRET:
        return None
    return frozenset(level.value for level in Level if level.rank <= top.rank)


def in_force(expires: datetime, revoked: datetime | None, now: datetime) -> bool:
    """Whether a token still opens anything."""
    return revoked is None and now < expires
