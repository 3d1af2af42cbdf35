"""Proposing a destruction, and what each of its three signatures asks and follows (D1, D3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from config.database import database, transaction
from config.policy import policy
from models import access, ownership, registry, store
from models.access import Purpose
from models.access_request.contents import name_now
from models.access_request.rules import title_of
from models.declarations import LEVEL_LABELS, Label, Level, RecordType
from models.destruction import matters, rules
from models.destruction.document import DESTRUCTION, SIGNERS, SIGNING, SLUG, WAITING
from models.errors import Forbidden, Invalid, NotFound, Refusal, Sentence
from models.kinds import read_values
from models.moves import InPersonOnly, moves
from models.person.roles import Person
from models.record import collection_name
from models.records import read
from models.registry import Draft, Hooks
from models.reminder.outcomes import tell_asker
from models.sights import Sight, still_read

OPEN = (*WAITING, "cooling", "removing")


class NotDestructible(Refusal):
    """Something stands against it, said record by record (D3)."""

    code, status = "not_destructible", 409
    zh, en = "不得销毁。{why}。", "This may not be destroyed. {why}."


class ProposedAlready(Refusal):
    """A destruction of the record is under way."""

    code, status = "proposed_already", 409
    zh, en = "记录 {record} 的销毁已在办理：{number}。", "{record} is to be destroyed already: {number}."


class TooMany(Refusal):
    """A proposal names at least one record and no more than policy allows."""

    code = "too_many_to_destroy"
    zh, en = "一次可提出销毁 1 至 {most} 份记录。", "A proposal names 1 to {most} records."


class OfSeveralDepartments(Refusal):
    """The records of one proposal are signed by one head."""

    code = "several_departments"
    zh, en = "所选记录分属不同部门，请分开提出。", "These records belong to several departments: propose them apart."


class PartOfAnother(Refusal):
    """A record that was merged into another one goes with that."""

    code, status = "part_of_another", 409
    zh = "{number} 已并入另一份记录，并随其一同销毁；如需销毁，请对那份记录提出。"
    en = "{number} was merged into another record and goes when that goes: propose that one."


class NoLongerThere(Refusal):
    """A record is gone since it was proposed."""

    code, status = "no_longer_there", 409
    zh, en = "记录 {number} 已不存在；请拒绝并说明理由。", "{number} is no longer there: refuse this, saying why."


class ChangedSince(Refusal):
    """A record is not as it was proposed: the signatures before were given for something else (D1)."""

    code, status = "changed_since_proposed", 409
    zh = (
        "{numbers} 在提出销毁之后有改动，已有的签署不适用于现在的内容，不能再签署。请拒绝或撤回；仍需销毁的，重新提出。"
    )
    en = (
        "{numbers} changed since this was proposed: what was signed is not what would go now. Refuse this or withdraw "
        "it, and propose anew what is still to be destroyed."
    )


def may_propose(person: Person, found: Sight) -> bool:
    """Whether the person may propose a record that they read in full: its owner, the custodian of its department, whom
    no card lets read it."""
    if not (found.rt.classified and found.full) or person.read_only:
        return False
    return ownership.answers_for(person, found.rt, found.values)


def check_whole(found: Iterable[Sight]) -> None:
    """:raises PartOfAnother: for a record that was merged into another one."""
    for one in found:
        if one.values["merged_into"] is not None:
            raise PartOfAnother(number=one.number)


def propose(person: Person, slug: str, numbers: Iterable[str], why: str, *, now: datetime) -> dict[str, Any]:
    """Propose records of a classified type for destruction, with a reason; nothing is kept of them but their numbers
    and levels.

    :raises NotFound: :raises Locked: for a record that the person does not read in full.
    :raises Forbidden: when they may not propose it. :raises TooMany: :raises OfSeveralDepartments:
    :raises ProposedAlready: :raises PartOfAnother: :raises NotDestructible: :raises Invalid: without a reason.
    """
    wanted = tuple(dict.fromkeys(numbers))
    most = policy().destruction.most_records
    if not 0 < len(wanted) <= most:
        raise TooMany(most=most)
    found = [read(person, slug, number, Purpose.VIEW, now) for number in wanted]

    def work() -> dict[str, Any]:
        store.one_at_a_time(slug, [one.id for one in found])
        return _propose(person, [still_read(person, one, now) for one in found], why, now)

    return transaction(work)


def _propose(person: Person, found: Sequence[Sight], why: str, now: datetime) -> dict[str, Any]:
    if not all(may_propose(person, one) for one in found):
        raise Forbidden()
    check_whole(found)
    values, problems = read_values((DESTRUCTION.by_name["reason"],), {"reason": why})
    if problems:
        raise Invalid(problems)
    departments = {one.values["department"] for one in found}
    if len(departments) > 1:
        raise OfSeveralDepartments()
    rt, numbers = found[0].rt, [one.number for one in found]
    _check_free(rt.slug, numbers)
    sons = stored_of(rt.slug, numbers)
    _check_matters(rt, sons, person, now, signing=False)
    named = {**_naming(rt.slug, sons), "department": departments.pop(), "owner": person.id}
    return store.create(SLUG, {**values, **named, "proposed_at": now}, actor=person, now=now)


def all_under_way(slug: str) -> set[str]:
    """The numbers of the records of a type of which a destruction has not ended."""
    condition = {"type_asked": slug, "state": {"$in": list(OPEN)}}
    rows = database()[collection_name(SLUG)].find(condition, {"items.number": 1})
    return {item["number"] for row in rows for item in row["items"]}


def under_way(slug: str, numbers: Sequence[str]) -> Mapping[str, Any] | None:
    """The destruction of one of these records that has not ended; None without one."""
    return database()[collection_name(SLUG)].find_one(_open(slug, numbers))


def _open(slug: str, numbers: Sequence[str]) -> dict[str, Any]:
    return {"type_asked": slug, "items.number": {"$in": list(numbers)}, "state": {"$in": list(OPEN)}}


def beside(rt: RecordType, number: str) -> list[dict[str, Any]]:
    """The stages that add number and rights tokens of a record's `under_way` to a document, as `destructions`; none for
    a type of which nothing is destroyed."""
    if rt.slug == SLUG or not rt.classified:
        return []
    told = [{"$match": _open(rt.slug, [number])}, {"$limit": 1}, {"$project": {"_id": 0, "number": 1, "acl": 1}}]
    return [{"$lookup": {"from": collection_name(SLUG), "pipeline": told, "as": "destructions"}}]


def _check_free(slug: str, numbers: Sequence[str]) -> None:
    known = under_way(slug, numbers)
    if known is not None:
        record = next(item["number"] for item in known["items"] if item["number"] in numbers)
        raise ProposedAlready(record=record, number=known["number"])


def _there(slug: str, numbers: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    rows = database()[collection_name(slug)].find({"number": {"$in": list(numbers)}, "merged_into": None})
    return {row["number"]: row for row in rows}


def stored_of(slug: str, numbers: Sequence[str]) -> list[Mapping[str, Any]]:
    """Some records as they are stored now, in this order. :raises NoLongerThere:"""
    by_number = _there(slug, numbers)
    for number in numbers:
        if number not in by_number:
            raise NoLongerThere(number=number)
    return [by_number[number] for number in numbers]


def _naming(slug: str, sons: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    parts = matters.parts_of(registry.get(slug).rt, sons)
    items = [
        {"number": son["number"], "level": _level(son), "rev": son["rev"], "parts": with_what(parts[son["_id"]])}
        for son in sons
    ]
    return {
        "type_asked": slug,
        "number_asked": title_of([one["number"] for one in items]),
        "level_asked": Level.highest(one["level"] for one in items).value,
        "items": items,
    }


def with_what(parts: Sequence[Mapping[str, Any]]) -> str | None:
    """What goes together with a record because it was merged into it: how many, and their versions together, which grow
    with each change of one. Not by number: whoever reads of the destruction need not know of each (X6)."""
    return f"{len(parts)} ({sum(one['rev'] for one in parts)})" if parts else None


def changed(asked: Mapping[str, Any], rt: RecordType, sons: Sequence[Mapping[str, Any]]) -> list[str]:
    """The numbers of the records that are not as they were proposed, they or what was merged into them: no signature
    was given for what they became."""
    parts = matters.parts_of(rt, sons)
    known = {item["number"]: (item["rev"], item["level"], item["parts"]) for item in asked["items"]}
    as_now = {son["number"]: (son["rev"], _level(son), with_what(parts[son["_id"]])) for son in sons}
    return [number for number, found in as_now.items() if found != known[number]]


def _level(son: Mapping[str, Any]) -> str:
    return Level.of(son.get("level")).value


def numbers_of(asked: Mapping[str, Any]) -> list[str]:
    """The numbers of the records that a destruction names."""
    return [item["number"] for item in asked["items"] or ()]


def _check_matters(
    rt: RecordType, sons: Sequence[Mapping[str, Any]], reader: Person, now: datetime, *, signing: bool
) -> None:
    found = matters.against(rt, sons, reader, now, signing=signing)
    if found:
        raise NotDestructible(why=rules.in_words(found))


def _prepare(draft: Draft) -> None:
    """At each signature: that the records are as they were proposed, what stands against it now, and who signed, in
    whose place, when."""
    if draft.action not in SIGNING:
        return
    values = draft.values
    rt = registry.get(values["type_asked"]).rt
    sons = stored_of(rt.slug, numbers_of(values))
    if other := changed(values, rt, sons):
        raise ChangedSince(numbers=", ".join(other))
    if draft.behalf is not None and values["level_asked"] == Level.TOP_SECRET.value:
        raise InPersonOnly()
    _check_matters(rt, sons, draft.actor, draft.now, signing=True)
    place = SIGNERS[SIGNING.index(draft.action)]
    values[f"{place}_signer"], values[f"{place}_at"] = draft.actor.id, draft.now
    values[f"{place}_for"] = draft.behalf.id if draft.behalf else None
    if draft.action == SIGNING[-1]:
        values["stop_until"] = draft.now + timedelta(days=policy().destruction.cooling_days)


def _opens(asked: Mapping[str, Any]) -> list[tuple[Label, Sentence]]:
    """What a signature would destroy: each record by its number, masked name and level, and what goes with it."""
    slug = asked["type_asked"]
    try:
        rt = registry.get(slug).rt
        sons = stored_of(slug, numbers_of(asked))
    except (NoLongerThere, NotFound) as gone:
        return [(Label("注意", "Mind"), Sentence(gone.text("zh"), gone.text("en")))]
    parts = matters.parts_of(rt, sons)
    told = [(rt.label, _said(rt, son, len(parts[son["_id"]]))) for son in sons]
    days = policy().destruction.cooling_days
    after = Sentence(
        f"三方签署后 {days} 天内可中止；期满后内容、附件、历史及旧备份中的内容均不可恢复",
        f"it can be stopped for {days} days after the third signature; then content, files and history are gone for "
        "good, in older backups too",
    )
    return [*told, (Label("后果", "What follows"), after)]


def _rests_on(asked: Mapping[str, Any]) -> list[tuple[object, ...]]:
    """Each record of which a destruction is decided, and what was merged into it, in its version of now."""
    if asked["state"] not in WAITING:
        return []
    try:
        rt = registry.get(asked["type_asked"]).rt
        sons = stored_of(rt.slug, numbers_of(asked))
    except (NoLongerThere, NotFound):  # the sheet says so
        return []
    parts = matters.parts_of(rt, sons)
    return [(son["number"], son["rev"], with_what(parts[son["_id"]])) for son in sons]


def _only_refused(asked: Mapping[str, Any]) -> Refusal | None:
    """Why nobody can sign a destruction as its records are now; None where it can be signed."""
    if asked["state"] not in WAITING:
        return None
    try:
        rt = registry.get(asked["type_asked"]).rt
        other = changed(asked, rt, stored_of(rt.slug, numbers_of(asked)))
    except (NoLongerThere, NotFound) as gone:
        return gone
    return ChangedSince(numbers=", ".join(other)) if other else None


def _said(rt: RecordType, son: Mapping[str, Any], parts: int) -> Sentence:
    name, level = name_now(rt, son), LEVEL_LABELS[Level(_level(son))]
    zh, en = f"{son['number']} {name}（{level.zh}）", f"{son['number']} {name} ({level.en})"
    if parts:
        zh, en = f"{zh}，连同并入的 {parts} 份", f"{en}, with {parts} merged into it"
    return Sentence(zh, en)


def _warns(reader: Person, asked: Mapping[str, Any], _beside: Mapping[str, Any]) -> list[Sentence]:
    """To whoever looks before it is destroyed: what is not there any more, what changed since, where they sign or read
    it, and every legal hold (D1, D3)."""
    if asked["state"] not in (*WAITING, "cooling"):
        return []
    try:
        rt = registry.get(asked["type_asked"]).rt
    except NotFound:  # the sheet says so
        return []
    stored = store.fetch(SLUG, asked["_id"])  # rights hang on what a person is not shown
    signing = any(move.signature for move in moves(reader, DESTRUCTION, stored))
    there = _there(rt.slug, numbers_of(asked))
    found = matters.holding(rt, list(there.values()), reader, signing=signing)
    held = [rules.in_words({number: found[number]}) for number in numbers_of(asked) if number in found]
    lacking = [rules.not_there(number) for number in numbers_of(asked) if number not in there]
    reach = access.reach(reader, rt, Purpose.VIEW)
    known = [number for number, son in there.items() if signing or reach.sees(son["acl"]) == "full"]
    others = [rules.changed(number) for number in changed(asked, rt, list(there.values())) if number in known]
    return [*lacking, *others, *held]


HOOKS = Hooks(
    prepare=(_prepare,),
    after=(tell_asker,),
    opens=_opens,
    rests_on=_rests_on,
    only_refused=_only_refused,
    warns=_warns,
)
