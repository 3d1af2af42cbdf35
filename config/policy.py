"""The department's policy: every duration, amount and threshold of the rules, read once from TOML.

`policy.toml` beside this module holds the defaults. A file named in BACKOFFICE_POLICY may replace any of
them; what it leaves out keeps its default, and what nobody knows is refused.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

DEFAULTS = Path(__file__).with_name("policy.toml")
VARIABLE = "BACKOFFICE_POLICY"
GRADES = ("A", "B", "C", "D")
LEVELS = ("internal", "secret", "confidential", "top_secret")
AUTHORITY_ROLES = ("specialist", "supervisor", "head", "general_manager")

Read = Callable[[Any, str], Any]
Shifts = tuple[tuple[time, time], ...]
T = TypeVar("T")


class PolicyError(Exception):
    """A policy file cannot be used; the text names the file or the value."""


def whole(low: int, high: int) -> Any:
    """A field that holds a whole number from `low` to `high`."""
    return field(metadata={"read": _whole(low, high)})


def money() -> Any:
    """A field that holds an amount in yuan, with two decimals at most."""
    return field(metadata={"read": _money})


def hours() -> Any:
    """A field that holds periods of a day, in order and without overlap."""
    return field(metadata={"read": _hours})


def one_of(words: tuple[str, ...]) -> Any:
    """A field that holds one of `words`."""
    return field(metadata={"read": _one_of(words)})


def per(keys: tuple[str, ...], read: Read) -> Any:
    """A field that holds one value for each of `keys`."""
    return field(metadata={"read": _per(keys, read)})


def _whole(low: int, high: int) -> Read:
    def read(value: Any, where: str) -> int:
        # bool is an int in Python, but "true" days are a slip.
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise PolicyError(f"{where}: {value!r} is not a whole number from {low} to {high}")
        return value

    return read


def _money(value: Any, where: str) -> Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        amount = Decimal(value)
        if amount.is_finite() and 0 <= amount <= 10**12 and amount == round(amount, 2):
            return amount
    raise PolicyError(f"{where}: {value!r} is not an amount in yuan")


def _hours(value: Any, where: str) -> Shifts:
    problem = PolicyError(f'{where}: must be periods in order, like [["09:00", "12:00"], ["14:00", "18:00"]]')
    if not isinstance(value, list) or not value:
        raise problem
    edges = [edge for shift in value if isinstance(shift, list) for edge in shift]
    if any(not isinstance(shift, list) or len(shift) != 2 for shift in value):
        raise problem
    if not all(isinstance(edge, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", edge) for edge in edges):
        raise problem
    if edges != sorted(set(edges)):
        raise problem
    return tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in value)


def _one_of(words: tuple[str, ...]) -> Read:
    def read(value: Any, where: str) -> str:
        if not isinstance(value, str) or value not in words:
            raise PolicyError(f"{where}: {value!r} is none of {', '.join(words)}")
        return value

    return read


def _per(keys: tuple[str, ...], read: Read) -> Read:
    def read_table(value: Any, where: str) -> Mapping[str, Any]:
        table = _table(value, where)
        _only(table, keys, where)
        return MappingProxyType({key: read(_present(table, key, where), f"{where}.{key}") for key in keys})

    return read_table


@dataclass(frozen=True)
class Calendar:
    """When the office works."""

    working_hours: Shifts = hours()


@dataclass(frozen=True)
class Secrecy:
    """How long each level lasts (X2)."""

    secret_years: int = whole(1, 50)
    confidential_years: int = whole(1, 50)
    top_secret_years: int = whole(1, 50)
    notice_days: int = whole(1, 365)


@dataclass(frozen=True)
class Access:
    """The longest grants (X4)."""

    consultation_days: int = whole(1, 365)
    borrowing_days: int = whole(1, 365)
    most_records: int = whole(1, 100)


@dataclass(frozen=True)
class Api:
    """The highest level of what a program reads by its person's own right; what is borrowed leaves under its card."""

    highest_level: str = one_of(LEVELS)


@dataclass(frozen=True)
class Customer:
    """Times of the customer files (F3-F6)."""

    first_fill_days: int = whole(1, 365)
    personal_details_months: int = whole(1, 12)
    filing_hours: int = whole(1, 1000)
    change_hours: int = whole(1, 1000)
    review_working_days: int = whole(1, 60)
    completion_days: int = whole(1, 365)


@dataclass(frozen=True)
class Credit:
    """Limits, terms and times of credit (C1, C3-C5). `report_months` and `longest_term_days` go by grade."""

    report_months: Mapping[str, int] = per(GRADES, _whole(1, 60))
    notice_days: int = whole(0, 365)
    longest_term_days: Mapping[str, int] = per(GRADES, _whole(0, 3650))
    starting_limit: Decimal = money()
    step_percent: int = whole(0, 1000)
    cash_customer_limit: Decimal = money()
    manager_excess: Decimal = money()


@dataclass(frozen=True)
class Contract:
    """Times of contracts (K2-K5)."""

    review_working_days: int = whole(1, 60)
    custody_working_days: int = whole(1, 60)
    loan_days: int = whole(1, 365)
    due_notice_days: int = whole(0, 365)
    expiry_notice_days: int = whole(0, 365)


@dataclass(frozen=True)
class Complaint:
    """Times, thresholds and authority over complaints (T4-T6). `authority` goes by role."""

    chat_answer_minutes: int = whole(1, 1000)
    answer_hours: int = whole(1, 1000)
    resolution_hours: int = whole(1, 10_000)
    step_hours: int = whole(1, 1000)
    batch_count: int = whole(2, 10_000)
    batch_days: int = whole(1, 365)
    authority: Mapping[str, Decimal] = per(AUTHORITY_ROLES, _money)


@dataclass(frozen=True)
class Revisit:
    """Cadence and manner of revisits (V1-V3)."""

    first_year_months: int = whole(1, 12)
    later_months: int = whole(1, 60)
    key_customer_months: int = whole(1, 60)
    after_complaint_working_days: int = whole(1, 365)
    attempts: int = whole(1, 20)
    calling_hours: Shifts = hours()


@dataclass(frozen=True)
class Reminder:
    """When people are reminded (J, X2)."""

    ahead_working_days: int = whole(0, 60)
    climb_working_days: int = whole(1, 60)
    secrecy_last_days: int = whole(0, 365)


@dataclass(frozen=True)
class Signature:
    """How long a signature is waited for until the next level may give it, in working hours, and by when it is due
    (J, X2, X8, D1)."""

    next_hours: int = whole(1, 400)
    second_next_hours: int = whole(1, 400)
    inquiry_hours: int = whole(1, 400)
    sign_working_days: int = whole(1, 60)


@dataclass(frozen=True)
class Leak:
    """By when an inquiry into a leak is to be settled (X8)."""

    inquiry_days: int = whole(1, 365)


@dataclass(frozen=True)
class Reading:
    """What counts as unusual reading, and how it is slowed (X7)."""

    records: int = whole(10, 1_000_000)
    minutes: int = whole(1, 60)
    first_pause_seconds: int = whole(1, 3600)
    longest_pause_seconds: int = whole(1, 3600)


@dataclass(frozen=True)
class Destruction:
    """How long files are kept whose type says nothing else, and the time between signing and removal (D1-D3)."""

    retention_months: int = whole(0, 1200)
    cooling_days: int = whole(1, 365)
    most_records: int = whole(1, 100)


@dataclass(frozen=True)
class Policy:
    """All of it, by section."""

    calendar: Calendar
    secrecy: Secrecy
    access: Access
    api: Api
    customer: Customer
    credit: Credit
    contract: Contract
    complaint: Complaint
    revisit: Revisit
    reminder: Reminder
    signature: Signature
    leak: Leak
    reading: Reading
    destruction: Destruction


SECTIONS: dict[str, type] = {
    "calendar": Calendar,
    "secrecy": Secrecy,
    "access": Access,
    "api": Api,
    "customer": Customer,
    "credit": Credit,
    "contract": Contract,
    "complaint": Complaint,
    "revisit": Revisit,
    "reminder": Reminder,
    "signature": Signature,
    "leak": Leak,
    "reading": Reading,
    "destruction": Destruction,
}


@cache
def policy() -> Policy:
    """The policy in force, read at the first call.

    :raises PolicyError: a file cannot be read or a value makes no sense.
    """
    override = os.environ.get(VARIABLE, "").strip()
    return load(Path(override) if override else None)


def load(override: Path | None = None) -> Policy:
    """The default policy with the values of the file `override` in place of theirs.

    :raises PolicyError: a file cannot be read or a value makes no sense.
    """
    tables = _read(DEFAULTS)
    if override is not None:
        tables = _merged(tables, _read(override))
    _only(tables, tuple(SECTIONS), "policy")
    sections: dict[str, Any] = {name: _section(cls, tables.get(name, {}), name) for name, cls in SECTIONS.items()}
    made = Policy(**sections)
    _check_together(made)
    return made


def _check_together(made: Policy) -> None:
    """What no value can say alone."""
    years = (made.secrecy.secret_years, made.secrecy.confidential_years, made.secrecy.top_secret_years)
    if list(years) != sorted(years):
        raise PolicyError("secrecy: a higher level cannot last shorter than a lower one")
    if made.reminder.secrecy_last_days > made.secrecy.notice_days:
        raise PolicyError("reminder.secrecy_last_days: the last notice cannot come before the first")
    if made.signature.next_hours >= made.signature.second_next_hours:
        raise PolicyError("signature.second_next_hours: the second level cannot come before the next")
    amounts = list(made.complaint.authority.values())
    if amounts != sorted(amounts):
        raise PolicyError("complaint.authority: a higher level cannot grant less than a lower one")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except OSError as error:
        raise PolicyError(f"{VARIABLE}: {path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # not UTF-8, or not TOML
        raise PolicyError(f"{path} is not a policy file: {error}") from error


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the values of `over`, table by table."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        result[key] = _merged(base[key], value) if both else value
    return result


def _section(cls: type[T], value: Any, where: str) -> T:
    table = _table(value, where)
    known = {entry.name: entry.metadata["read"] for entry in fields(cls)}  # type: ignore[arg-type]
    _only(table, tuple(known), where)
    values = {name: read(_present(table, name, where), f"{where}.{name}") for name, read in known.items()}
    return cls(**values)


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise PolicyError(f"{where}: must be a table, not {value!r}")
    return value


def _present(table: Mapping[str, Any], key: str, where: str) -> Any:
    if key not in table:
        raise PolicyError(f"{where}.{key}: is missing")
    return table[key]


def _only(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            raise PolicyError(f"{where}: unknown name {key!r} (known: {', '.join(known)})")
