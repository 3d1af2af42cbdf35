"""Computed fields: derivations by name, from plain values to a plain value. A declaration names one; none holds code.

They run at every write, after the type's own hooks, so that a computed value sorts, filters and is searched like any
other. Empty sources are nothing to a sum and leave the others without a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from models.declarations import Field, RecordType
from models.errors import Sentence
from models.kinds import ZONE, Unreadable, kind_of
from models.registry import Draft

NUMBERS = ("integer", "decimal", "money", "percent")
DAYS = ("date", "datetime")
TEXTS = ("text", "phone", "email")
ROWS = ("embedded_list", "choices", "files")


@dataclass(frozen=True)
class Derivation:
    """What a formula reads (`takes`: kinds), how many of it, what it gives, and how. `derive` gets a value for each
    source, None for an empty one, and for a column of an embedded list a list of its values; the first `single` sources
    are no such columns."""

    takes: tuple[str, ...]
    gives: tuple[str, ...]
    derive: Callable[[Sequence[Any]], Any]
    least: int = 1
    most: int = 20
    single: int = 0


def _flat(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        yield from (one for one in (value if isinstance(value, list) else [value]) if one is not None)


def _sum(values: Sequence[Any]) -> Any:
    found = list(_flat(values))
    return sum(found[1:], found[0]) if found else None


def _difference(values: Sequence[Any]) -> Any:
    rest = _sum(values[1:])
    return values[0] if rest is None or values[0] is None else values[0] - rest


def _product(values: Sequence[Any]) -> Any:
    if any(value is None for value in values):
        return None
    made = Decimal(1)
    for value in values:
        made *= value
    return made


def _share(values: Sequence[Any]) -> Any:
    part, whole = values
    return None if part is None or not whole else Decimal(part) * 100 / Decimal(whole)


def _days(values: Sequence[Any]) -> Any:
    """From the first day to the second; of a period, all its days."""
    if len(values) == 1:
        period = values[0] or {}
        begins, ends = period.get("from"), period.get("until")
        return None if begins is None or ends is None else (ends - begins).days + 1
    if any(value is None for value in values):
        return None
    first, second = (v.astimezone(ZONE).date() if isinstance(v, datetime) else v for v in values)
    return (second - first).days


def _smallest(values: Sequence[Any]) -> Any:
    return min(_flat(values), default=None)


def _largest(values: Sequence[Any]) -> Any:
    return max(_flat(values), default=None)


def _join(values: Sequence[Any]) -> Any:
    return " ".join(_flat(values)) or None


def _count(values: Sequence[Any]) -> Any:
    return sum(len(value or ()) for value in values)


FORMULAS: dict[str, Derivation] = {
    "sum": Derivation(NUMBERS, NUMBERS, _sum),
    "difference": Derivation(NUMBERS, NUMBERS, _difference, least=2, single=1),
    "product": Derivation(NUMBERS, NUMBERS, _product, least=2, single=20),
    "share": Derivation(NUMBERS, ("percent", "decimal"), _share, least=2, most=2, single=2),
    "smallest": Derivation((*NUMBERS, "date"), (*NUMBERS, "date"), _smallest),
    "largest": Derivation((*NUMBERS, "date"), (*NUMBERS, "date"), _largest),
    "days": Derivation((*DAYS, "period"), ("integer",), _days, most=2, single=2),
    "join": Derivation(TEXTS, ("text",), _join),
    "count": Derivation(ROWS, ("integer",), _count),
}


def compute(draft: Draft) -> None:
    """Fill the computed fields of a write, in their order. A result that the field cannot hold is a problem of the
    first field that it is made of."""
    for field in draft.rt.fields:
        formula = field.computed
        if formula is None:
            continue
        result = FORMULAS[formula.name].derive([value_at(draft.values, path) for path in formula.of])
        try:
            draft.values[field.name] = fitted(field, result)
        except Unreadable as wrong:
            problem = wrong.problems[""]
            text = Sentence(f"{field.label.zh}：{problem.zh}", f"{field.label.en}: {problem.en}")
            draft.problems.setdefault(formula.of[0].partition(".")[0], text)


def results(rt: RecordType, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the computed fields of a record; what the field cannot hold is empty."""
    found: dict[str, Any] = {}
    for field in rt.fields:
        if field.computed is not None:
            sources = [value_at({**values, **found}, path) for path in field.computed.of]
            try:
                found[field.name] = fitted(field, FORMULAS[field.computed.name].derive(sources))
            except Unreadable:
                found[field.name] = None
    return found


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """The value at a path: a field's, an inner field's, or the list of a column of rows."""
    name, _, inner = path.partition(".")
    value = values.get(name)
    if not inner or value is None:
        return value
    return [row.get(inner) for row in value] if isinstance(value, list) else value.get(inner)


def fitted(field: Field, result: Any) -> Any:
    """A result as the field holds it, rounded half up to its places. :raises Unreadable: when it cannot."""
    if isinstance(result, Decimal | int) and field.kind in NUMBERS:
        number, places = Decimal(result), 0 if field.kind == "integer" else field.places
        if abs(number) >= Decimal(10) ** 15:
            raise Unreadable("数字太大。", "The number is too large.")
        result = f"{number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
    if isinstance(result, date):
        return result
    return kind_of(field).read(field, result)
