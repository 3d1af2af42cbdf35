"""Customer files: completeness, first fill, key customers, who takes a new file (F3, F6, F8)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from models.convenient_hours import parse_convenient_hours
from models.customer.identity import is_placeholder
from models.errors import Refusal, Sentence

PersonKey = TypeVar("PersonKey", bound=Hashable)


class NoSpecialist(Refusal):
    """Nobody has room for a new file."""

    code = "no_specialist"
    zh = "没有可接收新客户的专员。请客服部经理在人员设置中调整容量。"
    en = "No specialist can take new customers. The department head can change their capacity."


# --- completeness


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of what is wanted is there, in whole per cent, and what is missing, in wanted order."""

    percent: int
    missing: tuple[str, ...]


def completeness(values: Mapping[str, Any], wanted: Sequence[str]) -> Completeness:
    """The filled part of the wanted fields.

    A path `people.phone` looks into a list of embedded records; the person described best counts, for F3
    wants one contact wholly described, not a phone here and a birthday there. 100 means nothing is missing.
    """
    plain, nested = _paths(tuple(wanted))
    missing = {path for path in plain if not has_value(values.get(path))}
    for parent, names in nested.items():
        best = max(([n for n in names if has_value(_part(e, n))] for e in _entries(values.get(parent))), key=len)
        missing.update(f"{parent}.{name}" for name in names if name not in best)
    paths = dict.fromkeys(wanted)
    total = len(paths)
    percent = 100 * (total - len(missing)) // total if total else 100
    return Completeness(percent, tuple(path for path in paths if path in missing))


def has_value(value: Any) -> bool:
    """Whether a field says something: 0 and False do; blanks, empty lists and words such as 'N/A' do not."""
    if isinstance(value, str):
        return not is_placeholder(value)
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return any(has_value(item) for item in (value.values() if isinstance(value, Mapping) else value))
    return value is not None


@lru_cache(maxsize=100)
def _paths(wanted: tuple[str, ...]) -> tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]]:
    """The paths to fields of the record itself, and by their field those into embedded records."""
    nested: dict[str, list[str]] = {}
    for path in dict.fromkeys(wanted):
        parent, dot, name = path.partition(".")
        if dot:
            nested.setdefault(parent, []).append(name)
    plain = tuple(path for path in dict.fromkeys(wanted) if "." not in path)
    return plain, {parent: tuple(names) for parent, names in nested.items()}


def _entries(value: Any) -> Sequence[Any]:
    """The embedded records of a field; one empty record stands for none."""
    if isinstance(value, Mapping):
        return [value]
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) and value else [{}]


def _part(entry: Any, name: str) -> Any:
    return entry.get(name) if isinstance(entry, Mapping) else getattr(entry, name, None)


# --- a specialist's first week


def is_completed(values: Mapping[str, Any], done: Completeness) -> bool:
    """Whether whoever got a file has talked to its salesperson, if it has one, and nothing wanted is missing (F6)."""
    talked = values.get("talked_on") is not None or values.get("salesperson") is None
    return talked and not done.missing


# --- key customers


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend on a file: which field and what is wrong. It refuses nothing."""

    field: str
    text: Sentence


def key_customer_findings(*, key: bool, service_plan: str, specialist: Any) -> tuple[Finding, ...]:
    """What a key customer's file lacks: a named service plan and a specialist of its own (F8)."""
    if not key:
        return ()
    findings = []
    if is_placeholder(service_plan):
        text = Sentence("大客户应有具名的服务方案。", "A key customer needs a named service plan.")
        findings.append(Finding("service_plan", text))
    if specialist is None:
        text = Sentence("大客户应有负责的专员。", "A key customer needs a specialist.")
        findings.append(Finding("specialist", text))
    return tuple(findings)


def convenient_hours_warning(text: str) -> Sentence | None:
    """Said when convenient hours (F2) cannot be read, so that they would not lift rest hours (V2)."""
    if parse_convenient_hours(text) is not None:
        return None
    return Sentence(
        "未能识别方便接听的时间，请写成“工作日 9:00-11:30，周六 14:00-16:00”。",
        "These hours cannot be understood; write them like 'Mon-Fri 9:00-11:30, Sat 14:00-16:00'.",
    )


# --- assignment


@dataclass(frozen=True, slots=True)
class Load(Generic[PersonKey]):
    """A specialist, the files they have and their capacity: a weight, twice as much is twice the files."""

    person: PersonKey
    files: int
    capacity: int


def choose_specialist(loads: Collection[Load[PersonKey]]) -> PersonKey:
    """Who takes one new file: whoever would then be least full; among equals the first given.

    :raises NoSpecialist: when nobody has capacity.
    """
    able = [load for load in loads if load.capacity > 0]
    if not able:
        raise NoSpecialist()
    return min(able, key=lambda load: (load.files + 1) / load.capacity).person


def spread(count: int, loads: Collection[Load[PersonKey]]) -> list[PersonKey]:
    """Who takes each of `count` new files (an import), as if chosen one after the other.

    :raises NoSpecialist: when there is a file and nobody has capacity.
    """
    present = {load.person: load for load in loads}
    chosen = []
    for _ in range(count):
        person = choose_specialist(present.values())
        chosen.append(person)
        before = present[person]
        present[person] = Load(person, before.files + 1, before.capacity)
    return chosen
