"""When reading is unusual, and what is done about it: values and `now` in, a decision out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.errors import Refusal

MOST_DOUBLINGS = 16


class TooMuchReading(Refusal):
    """So many records in so short a time: the person waits before the next one."""

    code, status = "too_much_reading", 429
    zh = "您在短时间内查看了大量记录，系统已放慢并通知部门经理。请在 {seconds} 秒后再试。"
    en = (
        "You have read very many records in a short time. Reading is slowed down and the department head has been "
        "told. Try again in {seconds} seconds."
    )

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(seconds=seconds)


@dataclass(frozen=True)
class Hold:
    """The person's reading waits until `until`; it is the `number`-th time of this burst."""

    until: datetime
    number: int

    @property
    def is_first(self) -> bool:
        """Whether the burst begins with it: then it is reported."""
        return self.number == 1


def read_lately(recent: Sequence[Mapping[str, int]]) -> int:
    """How many records were read in the minutes that are kept."""
    return sum(one["count"] for one in recent)


def next_hold(
    held_until: datetime | None, number: int, now: datetime, *, minutes: int, first_seconds: int, longest_seconds: int
) -> Hold:
    """The hold after one reading too many: each one of a burst is twice as long as the one before.

    A burst is over when nothing was held for `minutes`.
    """
    goes_on = held_until is not None and now - held_until < timedelta(minutes=minutes)
    number = number + 1 if goes_on else 1
    seconds = min(longest_seconds, first_seconds * 2 ** min(number - 1, MOST_DOUBLINGS))
    return Hold(now + timedelta(seconds=seconds), number)


def message(name: str, count: int, minutes: int) -> tuple[str, str]:
    """Subject and text of the email about a burst, in both languages. It names the reader and no record (X6)."""
    text = (
        f"{name} 在 {minutes} 分钟内查看了 {count} 份记录，系统已放慢其查看速度。请核实原因；明细见审计记录。\n\n"
        f"{name} read {count} records within {minutes} minutes. The system has slowed this down. Please find out why; "
        "the audit trail lists them.\n"
    )
    return f"异常查看 Unusual reading: {name}", text
