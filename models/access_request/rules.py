"""Rules of cards: who may ask for which use, from when until when, whose signatures it needs, what follows (X4, X5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from models.day_words import day_text
from models.declarations import Label, Level
from models.errors import Sentence
from models.person.roles import MANAGING_EN, MANAGING_ZH, Role

BORROWING = ("print", "export")
BORROWERS = Sentence(f"限{MANAGING_ZH}", f"Only for: {MANAGING_EN}")
AHEAD_DAYS = 30
"""How many days ahead a card may begin."""


@dataclass(frozen=True)
class Terms:
    """The longest windows of the policy, in days; the first day counts, so that none lasts longer."""

    consultation_days: int
    borrowing_days: int

    @property
    def shortest(self) -> int:
        """How many days a card for any use may last."""
        return min(self.consultation_days, self.borrowing_days)

    def longest(self, uses: Collection[str]) -> int:
        """How many days a card for these uses may last."""
        return self.borrowing_days if any(use in BORROWING for use in uses) else self.consultation_days


def problems_of(
    uses: Collection[str],
    begins: date | None,
    until: date | None,
    today: date,
    terms: Terms,
    *,
    managing: bool,
    unread: Collection[str] = (),
) -> dict[str, Sentence]:
    """What is wrong with a request, by field; empty when it may be made.

    Anyone may ask to consult; only managers and above may borrow (`managing`). Without `begins` it begins today. The
    window lasts to the end of `until`. Of a day, nothing is said that hangs on another field which is wrong itself or
    among the `unread`.
    """
    found: dict[str, Sentence] = {}
    if any(use in BORROWING for use in uses) and not managing:
        found["uses"] = Sentence(
            f"借阅（打印、导出）{BORROWERS.zh}；查阅不受此限。",
            f"Borrowing (print, export) is for: {MANAGING_EN}. Anyone may ask to consult.",
        )
    if begins is not None and not today <= begins <= today + timedelta(days=AHEAD_DAYS):
        found["valid_from"] = Sentence(
            f"应为今天起 {AHEAD_DAYS} 天之内的日期。", f"This is a day from today to {AHEAD_DAYS} days ahead."
        )
    starts = max(begins or today, today)
    days = terms.longest(uses)
    last = starts + timedelta(days=days - 1)
    if until is None:
        return found
    if until < today:
        found["valid_until"] = Sentence("日期不能早于今天。", "The date cannot be before today.")
    elif "valid_from" in unread or "valid_from" in found:
        return found
    elif until < starts:
        found["valid_until"] = Sentence("结束不能早于开始。", "The end cannot be before the beginning.")
    elif "uses" not in unread and until > last:
        found["valid_until"] = Sentence(
            f"含首日最长 {days} 天，即最晚 {day_text(last).zh}。",
            f"{days} days at most with the first one: {day_text(last).en} at the latest.",
        )
    return found


def later_than_asked(until: date | None, asked: date | None) -> dict[str, Sentence]:
    """What is wrong with a signature for longer than was asked for or signed before: who signs may shorten, and nobody
    gets more than they asked for (X4)."""
    if until is None or asked is None or until <= asked:
        return {}
    day = day_text(asked)
    return {
        "valid_until": Sentence(
            f"只能缩短，不能晚于申请或前一步签署的 {day.zh}。",
            f"You may shorten it only: {day.en}, as asked for or signed before, is the latest.",
        )
    }


def first_state(manager: object, manager_is_head: bool) -> str:
    """Where a request starts: with one's own manager, or, where that is the head or nobody, with the head."""
    return "asked" if manager is not None and not manager_is_head else "signed"


def offered_state(by_head: bool) -> str:
    """Where an offer starts: with the head, or, when the head offers, with the general manager (X3)."""
    return "approved" if by_head else "signed"


def needs_general_manager(state: str, level: Level) -> bool:
    """Whether an offer that starts in a state comes to the general manager for sure: what the head offers, and top
    secret (X4)."""
    return state == "approved" or level is Level.TOP_SECRET


def is_offer(card: Mapping[str, Any]) -> bool:
    """Whether a card was not asked for by its reader but offered to them: of these alone top secret opens (X3)."""
    return bool(card["created_by"] != card["owner"])


def awaits_general_manager(level: Level, *, by: Collection[Role]) -> bool:
    """Whether an offer that somebody with the roles `by` approves needs the general manager's signature as well: top
    secret does (X4). A general manager who approves because the head did not in time has given both with one, as a
    head does who is also the asker's own manager."""
    return level is Level.TOP_SECRET and Role.GENERAL_MANAGER not in by


def may_use(uses: Collection[str], *, managing: bool) -> bool:
    """Whether a card for these uses opens anything to its reader as they are now: all who read may consult, a card to
    borrow opens nothing once they are no manager any more (X4)."""
    return managing or not any(use in BORROWING for use in uses)


def called(uses: Collection[str] | None) -> Label:
    """What a request for these uses is called: to consult, or to borrow (X4)."""
    if any(use in BORROWING for use in uses or ()):
        return Label("借阅申请", "Borrowing request")
    return Label("查阅申请", "Access request")


def uses_granted(uses: Collection[str]) -> list[str]:
    """The purposes that a grant opens; whoever may print or export may also look."""
    return sorted({"view", *uses})


def in_the_way(state: str, uses: Collection[str], until: date, wanted: Collection[str], begins: date) -> bool:
    """Whether an open card keeps its reader from a further one for the same record that begins on a day: one that is
    not decided, or whose paper is out; and one in force for one of the same uses that lasts to that day."""
    return state != "granted" or (begins <= until and not set(wanted).isdisjoint(uses_granted(uses)))


def state_after(action: str, taken: int) -> str:
    """Where a card stands once its right has ended by `action`: what was taken out has to come back first (X5)."""
    if taken:
        return "out"
    return "revoked" if action == "revoke" else "ended"


def title_of(numbers: Collection[str]) -> str:
    """What a card is called: its first record's number, and how many more there are."""
    first = next(iter(numbers))
    return first if len(numbers) == 1 else f"{first} +{len(numbers) - 1}"
