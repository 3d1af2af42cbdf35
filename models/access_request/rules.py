"""Rules of asking for access: who may ask for which use, and for how long (X4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from models.errors import Sentence

BORROWING = ("print", "export")


def problems_of(
    uses: Collection[str],
    until: date,
    today: date,
    *,
    managing: bool,
    consultation_days: int,
    borrowing_days: int,
) -> dict[str, Sentence]:
    """What is wrong with a request, by field; empty when it may be made.

    Anyone may ask to consult; only managers and above may borrow. `consultation_days` and `borrowing_days` are the
    longest periods, today included.
    """
    found: dict[str, Sentence] = {}
    borrowing = any(use in BORROWING for use in uses)
    if borrowing and not managing:
        found["uses"] = Sentence(
            "借阅（打印、导出）限经理及以上人员；您可以申请查阅。",
            "Borrowing (print, export) is for managers and above; you may ask to consult.",
        )
    longest = borrowing_days if borrowing else consultation_days
    if until < today:
        found["valid_until"] = Sentence("日期不能早于今天。", "The date cannot be before today.")
    elif until > today + timedelta(days=longest):
        last = today + timedelta(days=longest)
        found["valid_until"] = Sentence(
            f"最长 {longest} 天，即最晚 {last.isoformat()}。",
            f"{longest} days at most: {last.isoformat()} at the latest.",
        )
    return found


def first_state(manager: object, manager_is_head: bool) -> str:
    """Where a request starts: with one's own manager, or, where that is the head or nobody, with the head."""
    return "asked" if manager is not None and not manager_is_head else "signed"


def uses_granted(uses: Collection[str]) -> list[str]:
    """The purposes that a grant opens; whoever may print or export may also look."""
    return sorted({"view", *uses})
