"""Access requests of the demonstration, in every state (X4, X5), and a privileged role that waits for confirmation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from backoffice.demonstration.days import Days
from backoffice.demonstration.files import HEAD, Drawer, File
from backoffice.demonstration.plan import Act, Deed, Step, World
from models.access_request import service
from models.declarations import Level
from models.person import rights
from models.person.roles import Role

SUPERVISOR = "luqinghe"


@dataclass(frozen=True)
class Story:
    """A request by `who`, made `back` working days before today, for so many `days`; `moves` follow it."""

    who: str
    level: Level
    back: int
    days: int = 5
    moves: tuple[str, ...] = ()


STORIES = (
    Story("linzhixia", Level.SECRET, 8, 3, ("approve", "expire")),
    Story("jiangyuan", Level.SECRET, 6, 5, ("sign", "approve", "give_back")),
    Story("gunanfeng", Level.SECRET, 5, 5, ("sign", "refuse")),
    Story("jiangyuan", Level.CONFIDENTIAL, 4, 7, ("sign", "approve", "revoke")),
    Story("linzhixia", Level.CONFIDENTIAL, 3, 2, ("withdraw",)),
    Story("gunanfeng", Level.CONFIDENTIAL, 0, 7, ("sign", "approve")),
    Story("linzhixia", Level.SECRET, 1, 7, ("approve",)),
    Story("gunanfeng", Level.SECRET, 1, 6, ("sign",)),
    Story("linzhixia", Level.SECRET, 0, 4),
    Story("jiangyuan", Level.CONFIDENTIAL, 0, 5),
    Story("jiangyuan", Level.SECRET, 1, 6),
    Story("gunanfeng", Level.SECRET, 9, 3, ("expire",)),
)
CLOCKS = ("09:05", "10:10", "11:30", "15:40")
"""When a request is made, and when it is moved on."""
REASONS = ("协助同事处理该客户的投诉，需了解往来经过", "准备季度走访，需核对服务约定", "客户来电咨询，负责人外出")
NOTES = {"refuse": "与所述事由无关", "revoke": "事项已移交他人办理"}
SIGNERS = {"sign": SUPERVISOR, "approve": HEAD, "refuse": HEAD, "revoke": HEAD}


def steps(days: Days, drawer: Drawer) -> Iterator[Step]:
    """Every request's story, and the administrator's proposal."""
    taken: set[str] = set()
    for place, story in enumerate(STORIES):
        file = drawer.take(taken, days.back(20), but=(story.who, HEAD), level=story.level)
        yield from _request(f"a{place}", place, story, file, days)
    at = days.back(1, "16:05")
    yield Deed(at, partial(_propose, at=at))


def _request(key: str, place: int, story: Story, file: File, days: Days) -> Iterator[Step]:
    at = days.back(story.back, CLOCKS[0])
    asked = partial(_ask, key=key, who=story.who, customer=file.key, until=story.days, reason=REASONS[place % 3])
    yield Deed(at, partial(asked, at=at))
    for clock, move in zip(CLOCKS[1:], story.moves, strict=False):
        at = days.back(story.back, clock)
        if move == "expire":
            over = at + timedelta(days=story.days + 1)
            yield Deed(over, partial(_expire, at=over))
        else:
            yield Act(at, SIGNERS.get(move, story.who), "access_request", key, move, {}, NOTES.get(move, ""))


def _ask(world: World, *, key: str, who: str, customer: str, until: int, reason: str, at: datetime) -> None:
    kept = world.made[customer]
    raw = {"uses": ["view"], "reason": reason, "valid_until": (at + timedelta(days=until)).date()}
    person = replace(world.people[who], grants={})
    world.keep(key, "access_request", service.ask(person, kept.slug, kept.number, raw, now=at))


def _expire(_world: World, *, at: datetime) -> None:
    service.expire(at)


def _propose(world: World, *, at: datetime) -> None:
    """A specialist is to be supervisor too: the head or the general manager confirms."""
    chosen = world.people["gunanfeng"]
    if chosen.id is not None:
        rights.set_roles(world.people["shianran"], chosen.id, chosen.roles | {Role.SUPERVISOR}, at)
