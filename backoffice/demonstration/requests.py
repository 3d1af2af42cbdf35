"""Access requests of the demonstration, in every state (X4, X5), and a privileged role that waits for confirmation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from backoffice.demonstration.days import Days
from backoffice.demonstration.files import CUSTODIAN, HEAD, Drawer, File
from backoffice.demonstration.plan import OWNER, Act, Deed, Step, World
from models.access_request import receipt, service
from models.declarations import Level
from models.person import rights
from models.person.roles import Role

SUPERVISOR, SELLING, MANAGER = "luqinghe", "qinshanhai", "gaozhanyuan"


@dataclass(frozen=True)
class Story:
    """A request by `who`, made `back` working days before today, for so many `days`; `moves` follow it. With `offered`
    it is the owner's offer to `who`. It names as many `files` on one card."""

    who: str
    level: Level
    back: int
    days: int = 5
    moves: tuple[str, ...] = ()
    uses: tuple[str, ...] = ("view",)
    offered: bool = False
    files: int = 1


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
    Story("gunanfeng", Level.SECRET, 1, 5, files=3),
    Story(SELLING, Level.SECRET, 6, 2, ("approve", "take", "expire"), ("print", "export"), offered=True),
    Story(SELLING, Level.CONFIDENTIAL, 0, 3, ("approve", "take"), ("print", "export"), offered=True),
    Story(SELLING, Level.SECRET, 9, 3, ("approve", "take", "give_back", "take_back"), ("export",), offered=True),
    Story(SELLING, Level.TOP_SECRET, 0, 4, ("approve",), offered=True),
)
CLOCKS = ("09:05", "10:10", "11:30", "15:40", "16:30")
"""When a request is made, and when it is moved on."""
REASONS = ("协助同事处理该客户的投诉，需了解往来经过", "准备季度走访，需核对服务约定", "客户来电咨询，负责人外出")
NOTES = {"refuse": "与所述事由无关", "revoke": "事项已移交他人办理"}
SIGNERS = {
    "sign": SUPERVISOR,
    "approve": HEAD,
    "refuse": HEAD,
    "revoke": HEAD,
    "countersign": MANAGER,
    "take_back": CUSTODIAN,
}


def steps(days: Days, drawer: Drawer) -> Iterator[Step]:
    """Every request's story, and the administrator's proposal."""
    taken: set[str] = set()
    for place, story in enumerate(STORIES):
        but = (story.who, HEAD)
        files = [drawer.take(taken, days.back(20), but=but, level=story.level) for _ in range(story.files)]
        yield from _request(f"a{place}", place, story, files, days)
    at = days.back(1, "16:05")
    yield Deed(at, partial(_propose, at=at))


def _request(key: str, place: int, story: Story, files: list[File], days: Days) -> Iterator[Step]:
    at = days.back(story.back, CLOCKS[0])
    asked = partial(_ask, key=key, story=story, files=files, reason=REASONS[place % 3])
    yield Deed(at, partial(asked, at=at))
    for clock, move in zip(CLOCKS[1:], story.moves, strict=False):
        at = days.back(story.back, clock)
        if move == "expire":
            over = at + timedelta(days=story.days)
            yield Deed(over, partial(_expire, at=over))
        elif move == "take":
            yield Deed(at, partial(_take, key=key, who=story.who, at=at))
        else:
            yield Act(at, SIGNERS.get(move, story.who), "access_request", key, move, {}, NOTES.get(move, ""))


def _ask(world: World, *, key: str, story: Story, files: list[File], reason: str, at: datetime) -> None:
    kept = [world.made[file.key] for file in files]
    numbers, slug = [one.number for one in kept], kept[0].slug
    until = (at + timedelta(days=story.days - 1)).date()
    raw = {"uses": list(story.uses), "reason": reason, "valid_until": until}
    who = world.people[story.who]
    if story.offered and who.id is not None:
        owner = world.actor(OWNER, files[0].key)
        card = service.offer(replace(owner, grants={}), slug, numbers[0], who.id, raw, now=at)
    else:
        card = service.ask_for(replace(who, grants={}), slug, numbers, raw, now=at)
    world.keep(key, "access_request", card)


def _take(world: World, *, key: str, who: str, at: datetime) -> None:
    """A file leaves under the card, with its receipt."""
    receipt.take(world.people[who], world.made[key].number, "xlsx", now=at, language="zh")


def _expire(_world: World, *, at: datetime) -> None:
    service.expire(at)


def _propose(world: World, *, at: datetime) -> None:
    """A specialist is to be supervisor too: the head or the general manager confirms."""
    chosen = world.people["gunanfeng"]
    if chosen.id is not None:
        rights.set_roles(world.people["shianran"], chosen.id, chosen.roles | {Role.SUPERVISOR}, at)
