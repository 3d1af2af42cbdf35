"""Merging two records of one type: which value stays, field by field, and how secret the result is (F7, X1). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from models.declarations import Field, Level
from models.errors import Refusal
from models.kinds.nested import MOST_FILES

MOST_ROWS = 100


class Pick(StrEnum):
    """Whose value the surviving record has: its own, the other's, or both united."""

    KEEP = "keep"
    OTHER = "other"
    BOTH = "both"


class SameRecord(Refusal):
    """A record is not merged with itself."""

    code, status = "same_record", 409
    zh, en = "不能与自身合并，请选择另一份记录。", "A record is not merged with itself: choose another one."


class Settled(Refusal):
    """A record in a frozen or final state, or in the archive, changes no more."""

    code, status = "settled", 409
    zh = "“{number}”已归档或处于不可修改的状态，不能合并。"
    en = "“{number}” is archived or in a state in which it does not change: it cannot be merged."


class NotYoursToGive(Refusal):
    """What the other record says would be for the surviving one's owner to read, which is not the person's to give."""

    code, status = "not_yours_to_give", 403
    zh = "合并后“{number}”的内容将由保留记录的负责人掌管，您无权这样移交；请联系客服部经理。"
    en = "What “{number}” says would go to the other record's owner, and is not yours to hand on: ask the head."


class MergeUnderWay(Refusal):
    """Records that point to one of the two are still being moved."""

    code, status = "merge_under_way", 409
    zh = "与此记录有关的合并尚在进行，请稍候再试。"
    en = "A merge that concerns this record is still going on. Please try again in a moment."


class ChangedSince(Refusal):
    """One of the two was changed after the merge."""

    code, status = "changed_since", 409
    zh = "合并之后记录已有修改，不能再撤销合并。"
    en = "The record was changed after the merge, so the merge cannot be undone."


class OnHold(Refusal):
    """A legal hold lies on one of the two: what it keeps together is not parted, or a part could be destroyed (D3)."""

    code, status = "on_hold", 409
    zh = "其中一份记录处于法律保全中，保全解除前不能撤销合并。"
    en = "One of the two is on legal hold: the merge cannot be undone until the hold is lifted."


class TooManyRows(Refusal):
    """The united list would be longer than a list may be."""

    code = "too_many_rows"
    zh = "“{field}”合并后有 {count} 行，最多 {most} 行：请先删减。"
    en = "“{field}” would have {count} rows, {most} at most: please remove some first."


UNITED = ("embedded_list", "files")
"""Kinds of which nothing is left out: rows and attachments of both stay."""


def filled(value: Any) -> bool:
    """Whether a field holds anything."""
    return value not in (None, "", [], {})


def options(field: Field, keep: Any, other: Any) -> tuple[Pick, ...]:
    """What may be picked for a field, the surviving record's value and the other's being given; nothing where the two
    do not differ."""
    if keep == other or not (filled(keep) or filled(other)):
        return ()
    if field.kind in UNITED:
        return (Pick.BOTH,)
    both = filled(keep) and filled(other) and _unitable(field, keep, other)
    found = [Pick.KEEP, Pick.OTHER]
    if field.required:
        found = [pick for pick, value in ((Pick.KEEP, keep), (Pick.OTHER, other)) if filled(value)]
    return (*found, Pick.BOTH) if both else tuple(found)


def default(field: Field, keep: Any, other: Any, *, other_is_newer: bool) -> Pick:
    """What is picked unless somebody picks: both of lists and attachments, the filled value, of two the newer one."""
    if field.kind in UNITED:
        return Pick.BOTH
    if filled(keep) and filled(other):
        newer = Pick.OTHER if other_is_newer else Pick.KEEP
        return Pick.BOTH if field.kind == "choices" else newer
    return Pick.KEEP if filled(keep) else Pick.OTHER


def settled_by_rule(field: Field, keep: Any) -> Pick:
    """What becomes of a field that nobody picks, because only rules set it or the person may not: lists and
    attachments are united, else the surviving record's value stays where it has one."""
    if field.kind in UNITED:
        return Pick.BOTH
    return Pick.KEEP if filled(keep) else Pick.OTHER


def picked(field: Field, pick: Pick, keep: Any, other: Any) -> Any:
    """The value that a pick stands for. :raises TooManyRows: when a united list is too long."""
    if pick is Pick.OTHER:
        return other
    if pick is Pick.KEEP or not filled(other):
        return keep
    if not filled(keep):
        return other
    if field.kind == "long_text":
        return _joined(keep, other)
    if field.kind == "choices":
        offered = [choice.value for choice in field.choices]
        wanted = dict.fromkeys([*keep, *other])
        return [*(one for one in offered if one in wanted), *(one for one in wanted if one not in offered)]
    united = _united(keep, other, "file" if field.kind == "files" else "")
    most = {"embedded_list": MOST_ROWS, "files": MOST_FILES}.get(field.kind)
    if most is not None and len(united) > most:
        raise TooManyRows(field=field.label, count=len(united), most=most)
    return united


def secrecy(keep: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Level, basis and end of secrecy of the result: never below the higher of both (X1), of one level the longer
    period (X2)."""
    first, second = (Level.of(record.get("level")) for record in (keep, other))
    source = other if second.rank > first.rank else keep
    ends = [record.get("secret_until") for record in (keep, other)]
    until = source.get("secret_until")
    if first is second and all(ends):
        until = max(end for end in ends if end is not None)
    return {"level": max(first, second, key=lambda one: one.rank).value, "secret_until": until} | (
        {"level_basis": source.get("level_basis")} if source is other else {}
    )


def added(numbers: str | None, other: Mapping[str, Any]) -> str:
    """The numbers merged into a record, with another one and those merged into that."""
    return " ".join(part for part in (numbers, other["number"], other.get("merged_from")) if part)


def _unitable(field: Field, keep: Any, other: Any) -> bool:
    if field.kind == "long_text":
        return len(_joined(keep, other)) <= field.max_length
    return field.kind == "choices"


def _joined(keep: str, other: str) -> str:
    return f"{keep}\n\n{other}"


def _united(keep: list[Any], other: list[Any], key: str) -> list[Any]:
    """Each row as often as it stands where it stands more often."""
    left, more = [row[key] if key else row for row in keep], []
    for row in other:
        known = row[key] if key else row
        if known in left:
            left.remove(known)
        else:
            more.append(row)
    return [*keep, *more]


def three_way(original: list[Any], mine: list[Any], theirs: list[Any]) -> list[Any]:
    """Two people's changes of one list, both kept: what either added is there, what either took out is not, what one
    changed stays in its place; a row that both changed stands there twice. Equal rows count one by one. Where both
    changed something, rows stand in the order of theirs."""
    if theirs == original:
        return mine
    kept, known = _places(original, mine), {son: at for at, son in _places(original, theirs).items()}
    added = [row for at, row in enumerate(mine) if at not in kept.values()]
    for row in (row for at, row in enumerate(theirs) if at not in known and row in added):
        added.remove(row)
    found = []
    for at, row in enumerate(theirs):
        before = known.get(at)
        if before is None or before in kept:
            found.append(row)
        elif len(mine) == len(original) and mine[before] in added:
            added.remove(mine[before])
            found.append(mine[before])
    return [*found, *added]


def _places(original: list[Any], side: list[Any]) -> dict[int, int]:
    """Where the rows of a list stand in a changed one, by place, as far as they are still there: where they stood, if
    both are equally long and they still do, else in the first place that no equal row has."""
    same = range(len(original)) if len(original) == len(side) else ()
    found = {at: at for at in same if original[at] == side[at]}
    free = [at for at in range(len(side)) if at not in found]
    for at, row in enumerate(original):
        there = None if at in found else next((one for one in free if side[one] == row), None)
        if there is not None:
            found[at] = there
            free.remove(there)
    return found
