"""Asking for a longer period or a lower level, and carrying it out once the head has approved (X2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from config.database import database, transaction
from models import belonging, noted, ownership, registry, store
from models.access import Purpose
from models.access_request.contents import name_now
from models.calendar import local
from models.day_words import day_text
from models.declarations import Label, Level, RecordType
from models.errors import Forbidden, Invalid, NotFound, Refusal, Sentence
from models.kinds import kind_of, read_values
from models.masking import masked
from models.person.roles import Person
from models.record import collection_name
from models.records import read
from models.registry import Draft, Hooks
from models.reminder.outcomes import tell_asker
from models.secrecy import period_of
from models.secrecy_change import rules
from models.secrecy_change.document import SECRECY_CHANGE, SLUG
from models.sights import Sight, still_read

ASKED = ("kind", "new_level", "new_basis", "new_until", "reason")
ACTION = "secrecy_changed"


class ChangeWaits(Refusal):
    """One change at a time waits for the head."""

    code, status = "change_waits", 409
    zh, en = "该记录已有待审批的密级变更：{number}。", "A change of this record's secrecy waits already: {number}."


class NoLongerSo(Refusal):
    """The record is gone or was merged into another one, or has another level or period than when it was asked for."""

    code, status = "no_longer_so", 409
    zh = "记录 {number} 已不存在或已并入其他记录，或密级、保密期已变，不能批准；请拒绝并说明理由。"
    en = "The record {number} is gone or was merged away, or its level or period has changed. Refuse this, saying why."


def may_ask(person: Person, found: Sight) -> bool:
    """Whether the person may ask: the owner, and the custodian of the department, of a record that they read without a
    card. What was merged into another record follows that one."""
    if found.values.get("merged_into") is not None or found.level == Level.INTERNAL.value or person.read_only:
        return False
    return ownership.answers_for(person, found.rt, found.values)


def ask(person: Person, slug: str, number: str, raw: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Ask for a longer period or a lower level.

    :raises Locked: :raises NotFound: :raises Forbidden: :raises ChangeWaits: :raises Invalid:
    """
    found = read(person, slug, number, Purpose.VIEW, now)

    def work() -> dict[str, Any]:
        store.one_at_a_time(slug, [found.id])  # somebody else who asks, and the job that declassifies
        return _ask(person, still_read(person, found, now), raw, now)

    return transaction(work)


def _ask(person: Person, found: Sight, raw: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    if not may_ask(person, found):
        raise Forbidden()
    refused = waits(found)
    if refused is not None:
        raise refused
    values, problems = read_values(tuple(f for f in SECRECY_CHANGE.fields if f.name in ASKED), raw)
    if not problems:
        problems = _problems(found.rt, values, store.fetch_to_show(found.rt.slug, found.id), now)
    if problems:
        raise Invalid(problems)
    title = found.rt.by_name[found.rt.title]
    made = {
        **rules.asked_for(values),
        "type_asked": found.rt.slug,
        "number_asked": found.number,
        "name_asked": masked(kind_of(title).text(title, found.values.get(title.name), "zh")),
        "level_now": found.level,
        "until_now": found.values["secret_until"],
        "department": found.values["department"],
        "asked_at": now,
    }
    return store.create(SLUG, made, actor=person, now=now)


def waits(found: Sight) -> ChangeWaits | None:
    """Why nothing more can be asked for a record: a change of it waits already; None where none does."""
    waiting = {"type_asked": found.rt.slug, "number_asked": found.number, "state": "asked"}
    known = database()[collection_name(SLUG)].find_one(waiting, {"number": 1})
    return ChangeWaits(number=known["number"]) if known is not None else None


def to_be_extended(slug: str, numbers: Collection[str]) -> set[str]:
    """Of some records of a type, by number, those for which a longer period is asked and not decided: none of them is
    declassified by itself meanwhile (X2)."""
    waiting = {"type_asked": slug, "kind": "extend", "state": "asked", "number_asked": {"$in": list(numbers)}}
    return {row["number_asked"] for row in database()[collection_name(SLUG)].find(waiting, {"number_asked": 1})}


def _problems(
    rt: RecordType, values: Mapping[str, Any], record: Mapping[str, Any], now: datetime
) -> dict[str, Sentence]:
    new_level = Level(values["new_level"]) if values.get("new_level") else None
    level, until = Level(record["level"]), record["secret_until"]
    today = local(now).date()
    found = rules.problems_of(values["kind"], level, until, new_level, values.get("new_until"), today, period_of)
    too_low = belonging.problem_with(rt, record, new_level) if new_level is not None else None
    return {**({"new_level": too_low} if too_low is not None else {}), **found}


def _after(draft: Draft) -> None:
    """Carry the change out, in the transaction of the head's signature."""
    if draft.action != "approve":
        return
    asked = draft.values
    slug = asked["type_asked"]
    row = database()[collection_name(slug)].find_one({"number": asked["number_asked"]}, {"_id": 1})
    record = store.fetch(slug, row["_id"]) if row else None
    if (
        record is None
        or record["merged_into"] is not None
        or (record["level"], record["secret_until"]) != (asked["level_now"], asked["until_now"])
    ):
        raise NoLongerSo(number=asked["number_asked"])
    if _problems(registry.get(slug).rt, asked, record, draft.now):
        raise NoLongerSo(number=asked["number_asked"])
    values = rules.values_of(asked)
    note = asked["number"]
    store.change(
        slug,
        record["_id"],
        values,
        actor=draft.actor,
        now=draft.now,
        action=ACTION,
        note=note,
        behalf=draft.behalf,
    )


def _opens(asked: Mapping[str, Any]) -> list[tuple[Label, Sentence]]:
    """What the signature changes, in words: how the record is called now, and what follows."""
    then = (Label("批准后", "Then"), _then(asked))
    try:
        rt = registry.get(asked["type_asked"]).rt
    except NotFound:  # withdrawn since
        return [then]
    called = " ".join([asked["number_asked"], *(name_now(rt, row) for row in _asked_about(asked))]).strip()
    return [(rt.label, Sentence(called, called)), then]


def _then(asked: Mapping[str, Any]) -> Sentence:
    if asked["kind"] == "extend":
        until, now = day_text(asked["new_until"]), day_text(asked["until_now"]) if asked["until_now"] else None
        if now is not None:
            return Sentence(f"保密期由 {now.zh}延至 {until.zh}", f"secret until {until.en} instead of {now.en}")
        return Sentence(f"保密期至 {until.zh}", f"secret until {until.en}")
    if asked["new_level"] == Level.INTERNAL.value:
        return Sentence("解密，按内部资料开放查看", "declassified: read as internal")
    return Sentence("按新密级开放查看，并重新计算保密期", "read by the new level, with its own period")


def _rests_on(asked: Mapping[str, Any]) -> list[tuple[object, ...]]:
    """The version of the record whose secrecy is decided."""
    return [(row["rev"],) for row in _asked_about(asked)]


def _asked_about(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The record as it is stored now; none where it is gone."""
    return list(database()[collection_name(asked["type_asked"])].find({"number": asked["number_asked"]}))


noted.names(SLUG, noted.by_action(ACTION))

HOOKS = Hooks(after=(_after, tell_asker), opens=_opens, rests_on=_rests_on)
