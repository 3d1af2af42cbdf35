"""Whether a definition fits what is stored under it (E034): the kinds of values, those of inner fields included, the
states in which records stand, and the order of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from config.database import database
from models import numbering, store
from models.checks.finding import Finding
from models.declarations import Field, RecordType
from models.errors import Sentence
from models.kinds import KINDS
from models.record import collection_name

STORED_AS_TEXT = ("text", "long_text", "email", "phone", "link", "choice", "tree")
"""Kinds whose values are stored alike: a field may change from one to another."""
SEALED = "sealed "
"""Before the kind of values that are stored sealed."""
BY_PATH = "kinds_by_path"
"""Marks a stored type whose noted kinds name inner fields too, and say what is sealed. Former versions of the product
noted neither."""


def kinds_of(rt: RecordType | None) -> dict[str, str]:
    """What the stored form of each field's values is called, by the field's path (`items`, `items.price`)."""
    return {path: _stored_as(field) for path, field in _paths(rt.fields if rt else ())}


def misfits(rt: RecordType, row: Mapping[str, Any] | None, former: RecordType | None) -> Iterator[Finding]:
    """What is wrong with the kinds of a definition's fields, beside the stored type (its `row`) and the version that
    this had last."""
    declared = kinds_of(former)
    kinds = noted(row, former)
    for path, field in _paths(rt.fields):
        if field.kind not in KINDS:
            continue
        known = kinds.get(path)
        if known is not None and not _fits(known, field):
            en = f"values stored for it are of kind {known}"
            yield unfit(rt, path, f"已存的值属于“{known}”类型。", en)
        elif row is not None and BY_PATH not in row and path not in declared and _is_strange(rt, path, field, known):
            yield unfit(
                rt, path, "已存有类型不明的值。", "values of another kind are stored for it, nobody noted which"
            )


def noted(row: Mapping[str, Any] | None, former: RecordType | None) -> dict[str, str]:
    """The kinds of all values that may be stored under a type, by the field's path. What an older version of the
    product noted of a field says less than its declaration."""
    return {**(row["kinds"] if row else {}), **kinds_of(former)}


def numbers_behind(rt: RecordType, now: datetime) -> Iterator[Finding]:
    """What is wrong with the next number of a type, where its pattern is another than before: lists would have it
    stand behind older ones."""
    newest = database()[collection_name(rt.slug)].find_one({}, {"number": 1}, sort=[("number", -1)])
    [coming] = numbering.coming(rt, now, 1)
    if newest is not None and coming <= newest["number"]:
        yield unfit(rt, "number", *_behind(coming, newest["number"], rt.number.partition("{year}")[0]))


def _behind(coming: str, there: str, begins: str) -> tuple[str, str]:
    """That a number would stand before one that is there, and what brings it behind."""
    zh, en = "可在 {seq} 前加一个字母，或待新年启用", "a letter before {seq} or the new year brings it behind"
    if not there.startswith(begins):
        zh = f"开头“{begins}”须按字母顺序排在已有编号的开头之后"
        en = f"only a beginning that comes later in the alphabet than theirs, not {begins}, brings it behind"
    return (
        f"下一个编号“{coming}”会排在已有编号（如 {there}）之前：{zh}。",
        f"its next number, {coming}, would stand before numbers that are there, as {there}: {en}",
    )


def states_held(rt: RecordType, former: RecordType | None) -> Iterator[Finding]:
    """What is wrong with a workflow that lacks states of the version before, or is not there any more: records that
    stand in one of these, archived ones too, would have no move and be found by no filter."""
    states = former.workflow.states if former is not None and former.workflow is not None else ()
    kept = {state.value for state in rt.workflow.states} if rt.workflow is not None else set()
    for state in (one for one in states if one.value not in kept):
        count = database()[collection_name(rt.slug)].count_documents({"state": state.value})
        if count:
            en = f"{count:,} stored records stand in it" if count > 1 else "a stored record stands in it"
            yield unfit(rt, f"workflow.{state.value}", f"仍有 {count:,} 条记录处于“{state.label.zh}”状态。", en)


def unfit(rt: RecordType, place: str, zh: str, en: str) -> Finding:
    """E034: what is stored does not fit the definition."""
    return Finding("E034", rt.slug, place, Sentence(zh, en))


def _paths(fields: Iterable[Field]) -> Iterator[tuple[str, Field]]:
    for field in fields:
        yield field.name, field
        yield from ((f"{field.name}.{inner.name}", inner) for inner in field.fields)


def _stored_as(field: Field) -> str:
    """What the stored form of a field's values is called. Amounts are stored without their currency, references without
    the type that they point to; texts of several lines would lose these in a field of one; what is sealed is opened
    for a field that is encrypted, and for no other."""
    sealed = SEALED if field.encrypted else ""
    if field.kind in STORED_AS_TEXT:
        return sealed + ("text" if field.kind != "long_text" else "long_text")
    if field.kind == "money":
        return sealed + ("money+currency" if field.currencies else f"money {field.currency}")
    return sealed + (f"reference {field.to}" if field.kind == "reference" else field.kind)


def _fits(known: str, field: Field) -> bool:
    """Whether values that are stored in some form may go on under a declaration: as they are, or sealed by what lets
    records follow their type. Of amounts in a field that was taken out before currencies were noted nobody can tell,
    nor of references."""
    if known.startswith(SEALED) and not field.encrypted:
        return False
    known, stored = known.removeprefix(SEALED), _stored_as(field).removeprefix(SEALED)
    return known in (stored, stored.partition(" ")[0]) or (known, stored) == ("text", "long_text")


def _is_strange(rt: RecordType, path: str, field: Field, known: str | None) -> bool:
    """Whether a record, or a former version of one, holds values for a path that were not noted as they are: any where
    no kind is known, sealed ones where the field is not encrypted. They are looked for one by one."""
    if known is None and "." not in path:  # there never was such a field
        return False
    if known is not None and field.encrypted:
        return False
    strange = {"$exists": True} if known is None else {"$type": "binData"}
    if database()[collection_name(rt.slug)].find_one({path: strange}, {"_id": 1}):
        return True
    name, dot, inner = path.partition(".")
    held = [{f"{side}{dot}{inner}": strange} for side in ("before", "after")]
    changed = {"type": rt.slug, "changes": {"$elemMatch": {"field": name, "$or": held}}}
    return database()[store.VERSIONS].find_one(changed, {"_id": 1}) is not None
