"""Customer information reports: which month, when due, what may be handed in (F4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from models.calendar import first_monday
from models.errors import Refusal


class NothingReported(Refusal):
    """A report says what changed, or that nothing did."""

    code = "nothing_reported"
    zh = "请登记客户变动，或填写其他客户的变化；没有变化的请选「本月无变化」。"
    en = "Report a change, write of other customers, or tick that nothing changed."


class SaysBoth(Refusal):
    """A report with changes does not say that nothing changed."""

    code = "says_both"
    zh = "已登记变化，不能再选「本月无变化」。"
    en = "It reports changes: it cannot say that nothing changed."


class ChangesOpen(Refusal):
    """A report stays open while one of its changes is not in its file."""

    code = "changes_open"
    zh = "还有 {count} 条客户变动未入档。"
    en = "Changes that are not filed yet: {count}."


class OthersOpen(Refusal):
    """What was written of customers whose file the salesperson does not see was recorded, or there is a word why
    not."""

    code, about = "others_open", "others_filed"
    zh = "请写明其他客户的变化是如何处理的。"
    en = "Say what was done about the changes of other customers."


@dataclass(frozen=True, slots=True)
class Month:
    """The month of a report, as written in it, and the first Monday, on which it is due."""

    name: str
    due: date


def month_to_open(today: date) -> Month | None:
    """The month whose reports must be there today; None before its first Monday. The same answer until the month
    ends, so that a missed opening is caught up."""
    monday = first_monday(today.year, today.month)
    return Month(f"{today:%Y-%m}", monday) if today >= monday else None


def subject_of(month: str, name: str) -> str:
    """How a report is called."""
    return f"{month} 客户信息报告 · {name}"


def check_handed_in(*, nothing_changed: bool, changes: int, others: str) -> None:
    """Whether a report may be handed in. :raises NothingReported: :raises SaysBoth:"""
    told = changes > 0 or bool(others.strip())
    if told and nothing_changed:
        raise SaysBoth()
    if not told and not nothing_changed:
        raise NothingReported()


def check_closed(*, unfiled: int, others: str, others_filed: str) -> None:
    """Whether a report may be closed. :raises ChangesOpen: :raises OthersOpen:"""
    if unfiled:
        raise ChangesOpen(count=unfiled)
    if others.strip() and not others_filed.strip():
        raise OthersOpen()
