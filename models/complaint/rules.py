"""Complaints: times, stages, authority, batches, closing (T2-T7). Assignment is in `assignment`."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from models.calendar import WorkingCalendar, local
from models.complaint.refusals import (
    AgreedDateTooEarly,
    AuthorityExceeded,
    BeyondAllAuthority,
    CauseWanted,
    CloseReasonWanted,
    CustomerAnswerWanted,
    NotJudged,
    OwnGrant,
    PromisesOpen,
    StageSkipped,
)
from models.day_words import moment_text
from models.errors import Sentence
from models.money_words import money_text

LEVELS = {
    "specialist": Sentence("客服专员", "specialist"),
    "supervisor": Sentence("客户信息主管", "information supervisor"),
    "head": Sentence("客服部经理", "department head"),
    "general_manager": Sentence("总经理", "general manager"),
}
"""Levels of authority, lowest first."""


# --- times, T5


def check_agreed(agreed: datetime, received_at: datetime, calendar: WorkingCalendar, *, hours: int = 48) -> None:
    """Whether a date agreed with the customer may stand for the time of resolution (T5).

    :raises AgreedDateTooEarly: it is not later than that.
    """
    due = calendar.add_working_hours(received_at, hours)
    if agreed <= due.at:
        raise AgreedDateTooEarly(due=moment_text(due.day, f"{local(due.at):%H:%M}"))


# --- stages


class Stage(StrEnum):
    """Where a complaint stands."""

    RECORDED = "recorded"
    JUDGED = "judged"
    ASSIGNED = "assigned"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    CLOSED = "closed"


STAGES = {
    Stage.RECORDED: Sentence("已登记", "recorded"),
    Stage.JUDGED: Sentence("已判定", "judged"),
    Stage.ASSIGNED: Sentence("已指派", "assigned"),
    Stage.ANSWERED: Sentence("已答复", "answered"),
    Stage.RESOLVED: Sentence("已处理", "resolved"),
    Stage.CLOSED: Sentence("已结案", "closed"),
}
MOVES: Mapping[Stage, frozenset[Stage]] = {
    Stage.RECORDED: frozenset({Stage.JUDGED}),
    Stage.JUDGED: frozenset({Stage.ASSIGNED, Stage.CLOSED}),  # the unfounded is explained and closed
    Stage.ASSIGNED: frozenset({Stage.ANSWERED, Stage.JUDGED}),
    Stage.ANSWERED: frozenset({Stage.RESOLVED, Stage.ASSIGNED, Stage.JUDGED}),
    Stage.RESOLVED: frozenset({Stage.CLOSED, Stage.ANSWERED}),
    Stage.CLOSED: frozenset({Stage.ASSIGNED}),  # reopened, its story kept
}


def check_move(present: Stage, target: Stage, *, founded: bool | None) -> None:
    """Whether a complaint may go from one stage to another.

    :raises StageSkipped: a stage was left out, or a founded complaint would be closed unresolved.
    """
    skipped = target not in MOVES[present]
    unresolved = present == Stage.JUDGED and target == Stage.CLOSED and founded is not False
    if skipped or unresolved:
        raise StageSkipped(present=STAGES[present], target=STAGES[target])


def check_closing(*, founded: bool | None, reason: str, cause: str, customer_answer: str, open_promises: int) -> None:
    """Whether a complaint has all that closing needs (T2, T7). `customer_answer` is '' until there is one.

    :raises NotJudged: nobody said whether it is founded.
    :raises CloseReasonWanted: unfounded without the reason.
    :raises CauseWanted: :raises CustomerAnswerWanted: founded without them.
    :raises PromisesOpen: something promised is not done, founded or not.
    """
    if founded is None:
        raise NotJudged()
    if not founded and not reason.strip():
        raise CloseReasonWanted()
    if founded and not cause.strip():
        raise CauseWanted()
    if founded and not customer_answer.strip():
        raise CustomerAnswerWanted()
    if open_promises:
        raise PromisesOpen(count=open_promises)


# --- authority, T4


def authority_of(roles: Collection[str], authority: Mapping[str, Decimal]) -> Decimal:
    """The most that a person with these roles may grant alone; 0 without a level."""
    return max((amount for level, amount in authority.items() if level in roles), default=Decimal(0))


def levels_to_ask(amount: Decimal, roles: Collection[str], authority: Mapping[str, Decimal]) -> tuple[str, ...]:
    """The levels to ask one after the other until the amount is covered, nearest first; () when it is already.

    `authority` goes from the lowest level up. An apology costs nothing, so it is everybody's.

    :raises BeyondAllAuthority: nobody may grant so much.
    """
    if amount <= authority_of(roles, authority):
        return ()
    highest = max(authority.values(), default=Decimal(0))
    if amount > highest:
        raise BeyondAllAuthority(amount=money_text(amount), highest=money_text(highest))
    own = max((place for place, level in enumerate(authority) if level in roles), default=-1)
    above = list(authority.items())[own + 1 :]
    last = next(place for place, (_, limit) in enumerate(above) if limit >= amount)
    return tuple(level for level, _ in above[: last + 1])


def check_grant(
    amount: Decimal,
    *,
    grantor: Hashable,
    asker: Hashable | None,
    roles: Collection[str],
    authority: Mapping[str, Decimal],
) -> None:
    """Whether a person may grant an amount; `asker` asked for it, None when the grantor acts alone (T4).

    :raises OwnGrant: :raises AuthorityExceeded: (with whom to ask) :raises BeyondAllAuthority: they may not.
    """
    if grantor == asker:
        raise OwnGrant()
    ask = levels_to_ask(amount, roles, authority)
    if ask:
        raise AuthorityExceeded(amount=money_text(amount), ask=LEVELS.get(ask[0], ask[0]))


# --- fast lane and batches, T6


def fast_lane(*, key_customer: bool) -> bool:
    """Whether a complaint goes to the fast lane at once."""
    return key_customer


def batch_since(received: Iterable[date], today: date, *, count: int, days: int) -> date | None:
    """Since which day, without a break up to today, a cause was met `count` times within `days` days; None when it is
    not so today (T6). `received` are the days on which its cases came."""
    cases = sorted(day for day in received if day <= today)
    since = until = None
    for first, last in zip(cases, cases[count - 1 :], strict=False):
        ends = first + timedelta(days=days)
        if last >= ends:
            continue
        if until is None or last > until:
            since = last
        until = ends
    return since if until is not None and today < until else None
