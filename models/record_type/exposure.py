"""Whether a definition opens records above internal, archived ones too, to others than the version before did (E034),
or may not follow what they hang on, may be seen by who has them in hand, or by anybody whom whoever fills them in names
(E038: `gathered`, `held`, and a turn of who is asked for no role, which are for types that come with the product).

Both are read as plain data, so that a stored definition that this version cannot read counts as far as it makes sense;
what makes none opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.database import database
from models import turns
from models.checks.finding import Finding
from models.declarations import Level, RecordType, Workflow
from models.errors import Sentence
from models.person.roles import Role
from models.record import collection_name
from models.record_type.fitting import unfit
from models.record_type.plain import to_plain

CARDS = {"": 0, "masked": 1, "plain": 2}
"""What of a value a card shows, from nothing to all."""
READ_ANYHOW = {"owner", Role.HEAD.value}
"""Whoever reads a record of each level, whether it waits for them or not (X3)."""
ABOVE = {"$nin": [None, Level.INTERNAL.value]}
"""What a level above internal is, in a query."""
SECRET: Mapping[str, Any] = {"level": ABOVE}
"""The records that are above internal, in a query."""
SET_BY_PEOPLE: Mapping[str, Any] = {**SECRET, "level_set_by": {"$ne": None}}
"""Those of them that are so by the act of a person, and not because a put let them follow what they point to."""


@dataclass
class Opened:
    """What a definition opens of records above internal: how much of a field a card shows (`cards`) and what it is
    computed from, down to what people fill in (`basis`); for whom records wait, by state (`whom`): a role, a field, or
    `field@role` where the field asks for roles. `hang` are the references whose records' level they follow."""

    cards: dict[str, int] = field(default_factory=dict)
    basis: dict[str, Any] = field(default_factory=dict)
    whom: dict[str, set[str]] = field(default_factory=dict)
    hang: dict[str, str] = field(default_factory=dict)


def secrets_held(
    rt: RecordType, stored: Mapping[str, Any] | None, secret: Mapping[str, Any] = SECRET
) -> Iterator[Finding]:
    """What of a definition would open records above internal, those that `secret` names, to others than the stored one
    before (X1, X2, X3): that it is not classified, that it shows more on cards, that records would wait for somebody
    else, that they would no longer follow what they are about."""
    if not rt.classified:
        if _any(rt, secret):
            en = "a stored record is above internal: it would be open to whoever reads the type"
            yield unfit(rt, "classified", "已存有密级高于内部的记录，不再分级会使其公开。", en)
        return
    now, before = opened(to_plain(rt)), opened(stored or {})
    yield from _on_cards(rt, now, before, secret)
    for state, whom in now.whom.items():
        known = before.whom.get(state, set()) | READ_ANYHOW
        new = sorted(one for one in whom - known if one.partition("@")[0] not in known)
        if new and _any(rt, {**secret, "state": state}):
            zh, en = (
                "密级高于内部的记录处于此状态，将对以下人员公开",
                "a record above internal stands in it: it would be open to",
            )
            yield unfit(rt, f"workflow.{state}", f"{zh}：{'、'.join(new)}。", f"{en} {', '.join(new)}")
    for name, to in before.hang.items():
        if name not in now.hang and _hangs_on_secret(rt, name, to, secret):
            en = "records point by it to what is above internal: they would no longer follow its level"
            yield unfit(rt, name, "有记录由此指向密级高于内部的记录，去掉后不再随其密级。", en)


def shipped_only(rt: RecordType) -> Iterator[Finding]:
    """What a stored type cannot say: that its records do not follow the level of what they point to (X1), that somebody
    reads of them by having something in hand (K4), and that what is classified waits for, and so opens to, anybody whom
    a field names (X3)."""
    if rt.held is not None:
        en = "only a type that comes with the product may declare who has something in hand"
        yield Finding("E038", rt.slug, "held", Sentence("“held”仅限随产品提供的类型。", en))
    for one in (one for one in rt.fields if one.gathered):
        en = "only a type that comes with the product may declare a reference as gathered"
        yield Finding("E038", rt.slug, one.name, Sentence("“gathered”仅限随产品提供的类型。", en))
    if rt.workflow is not None and rt.workflow.asked_by != Workflow.asked_by:
        en = "only a type that comes with the product may say that who asked may sign"
        yield Finding("E038", rt.slug, "workflow.asked_by", Sentence("“asked_by”仅限随产品提供的类型。", en))
    for name in sorted(turns.named_for_none(rt)) if rt.classified else ():
        en = "what is classified opens to whom it waits for: a person whom a field names is asked for a role"
        yield Finding("E038", rt.slug, name, Sentence("分级记录会对待办人公开：人员字段须要求角色（roles）。", en))


def opened(definition: Mapping[str, Any]) -> Opened:
    """What a definition opens, from its plain data."""
    made = Opened()
    asked: dict[str, list[str] | None] = {}
    for one in items(definition, "fields"):
        name = str(one.get("name"))
        made.cards[name] = CARDS.get(str(one.get("card", "")), 0)
        made.basis[name] = _basis(one, made.basis)
        asked[name] = words(one, "roles")
        to = one.get("to")
        if one.get("kind") == "reference" and to != definition.get("slug") and not one.get("gathered"):
            made.hang[name] = str(to)
    flow = definition.get("workflow")
    for state in items(flow, "states"):
        named = [*(words(state, "turn") or ()), *(w for c in items(state, "climbs") for w in words(c, "to") or ())]
        made.whom[str(state.get("value"))] = {whose for one in named for whose in _with_roles(one, asked.get(one, []))}
    return made


def _on_cards(rt: RecordType, now: Opened, before: Opened, secret: Mapping[str, Any]) -> Iterator[Finding]:
    """Which cards show more than before. A value that is computed is not there yet: its declaration tells."""
    for name in (name for name, shown in now.cards.items() if shown):
        wider = now.cards[name] > before.cards.get(name, 0)
        if now.basis[name] is None:
            if wider and _any(rt, {**secret, name: {"$nin": [None, "", []]}}):
                en = "a record above internal holds a value for it: its card would show more than before"
                yield unfit(rt, name, "密级高于内部的记录已有此值，卡片会显示更多。", en)
        elif (wider or now.basis[name] != before.basis.get(name)) and _any(rt, secret):
            en = "a stored record is above internal: its card would show what is computed for it from now on"
            yield unfit(rt, name, "已存有密级高于内部的记录，卡片会显示为其新计算的值。", en)


def _basis(one: Mapping[str, Any], before: Mapping[str, Any]) -> Any:
    """What a field is computed from, where a source that is computed stands for what that is computed from; None when
    people fill it in."""
    formula = one.get("computed")
    if not isinstance(formula, Mapping):
        return formula
    return formula.get("name"), [before.get(path) or path for path in words(formula, "of") or ()]


def _with_roles(whose: str, roles: list[str] | None) -> list[str]:
    """Whom a turn names, by the roles that its field asks of them; nobody where these cannot be read."""
    return [whose] if roles == [] else [f"{whose}@{role}" for role in roles or ()]


def items(data: Any, key: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; none where there is no list."""
    found = data.get(key) if isinstance(data, Mapping) else None
    yield from (one for one in (found if isinstance(found, list | tuple) else ()) if isinstance(one, Mapping))


def words(data: Mapping[str, Any], key: str) -> list[str] | None:
    """The words of a list, none where there is no list; None where it cannot be read."""
    found = data.get(key, [])
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        return None
    return list(found)


def _any(rt: RecordType, which: Mapping[str, Any]) -> bool:
    return database()[collection_name(rt.slug)].find_one(which, {"_id": 1}) is not None


def _hangs_on_secret(rt: RecordType, name: str, to: str, secret: Mapping[str, Any]) -> bool:
    """Whether a record points by a field to one above internal; then it is above internal itself."""
    steps: list[dict[str, Any]] = [
        {"$match": {**secret, name: {"$ne": None}}},
        {"$group": {"_id": f"${name}"}},
        {"$lookup": {"from": collection_name(to), "localField": "_id", "foreignField": "_id", "as": "near"}},
        {"$match": {"near.level": {"$exists": True, **ABOVE}}},
        {"$limit": 1},
    ]
    return any(True for _ in database()[collection_name(rt.slug)].aggregate(steps))
