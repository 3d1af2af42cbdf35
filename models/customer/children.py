"""Records about a customer: kept where the file is kept, and by whom (X3). How secret they are at least, `belonging`
says of all records that point to others (X1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database
from models import access, belonging, ownership, registry, store
from models.access import Purpose
from models.customer.document import CUSTOMER, SLUG
from models.declarations import RecordType
from models.errors import NotFound
from models.kinds.picks import Pointer
from models.person import directory
from models.person.roles import Person, Role
from models.record import collection_name
from models.registry import Draft
from models.reminder import service as reminders
from models.turns import left_by

VIA = "customer"
"""The reference field by which such a record names its customer."""

FOLLOWED = "follow_customer"
"""The action by which such a record is changed because its customer's file was."""


SALESPERSON = "salesperson"
"""The field of a customer's file, and of such records, that says whose customer it is."""


PASSED_ON = "owner_passed_on"
"""The files whose records still go to another owner (`passing_on`): from whom and by whom, and how far it is (`type`
and `behind`)."""


def customer_of(draft: Draft) -> Mapping[str, Any]:
    """The stored file of the draft's customer, read once. :raises Invalid: when it is gone."""
    wanted = draft.values[VIA]
    if wanted not in draft.nearby:
        try:
            draft.nearby[wanted] = store.fetch(SLUG, wanted)
        except NotFound:
            draft.problem(VIA, *Pointer.unknown)
            draft.check()
    return draft.nearby[wanted]


def outlived(draft: Draft) -> bool:
    """Whether the customer that a stored record names was destroyed since (D2): the record stays as it is."""
    before, wanted = draft.before, draft.values[VIA]
    if before is None or wanted is None or wanted != before[VIA] or wanted in draft.nearby:
        return False
    try:
        draft.nearby[wanted] = store.fetch(SLUG, wanted)
    except NotFound:
        return True
    return False


def reads_customer(person: Person, customer: Mapping[str, Any]) -> bool:
    """Whether the person reads the file in full; the system works for nobody and may use any."""
    return person.id is None or access.reach(person, CUSTOMER, Purpose.VIEW).sees(customer["acl"]) == "full"


def follow_customer(draft: Draft) -> None:
    """Take department, owner and least level from the customer's file, and its name and, at each write, its salesperson
    where the type keeps them. Whoever names a customer must read its file in full: the record would repeat what it
    says. Where the file's owner left, what the department makes is its writer's, anything else takes the mark over."""
    values = draft.values
    if values[VIA] is None:
        draft.problem(VIA, "请选择客户。", "Choose the customer.")
        draft.check()
    if outlived(draft):
        return
    customer = customer_of(draft)
    fresh = draft.before is None or values[VIA] != draft.before[VIA]
    if fresh and not reads_customer(draft.actor, customer):
        draft.problem(
            VIA,
            "您只能看到该客户的卡片，请先申请查阅客户档案。",
            "You see only this customer's card: ask for access to the file first.",
        )
        draft.check()
    if fresh:
        values["department"] = customer["department"]
        theirs = left_by(customer) is not None and draft.actor.department == customer["department"]
        source = {"owner": draft.actor.id} if theirs else customer
        if ("owner" not in draft.given or values["owner"] is None) and _passes(draft, ownership.in_effect(source)):
            ownership.hand_down(draft, source)
        if "customer_name" in draft.rt.by_name:
            values["customer_name"] = customer["name"]
    if sold_by(draft.rt):
        values[SALESPERSON] = customer[SALESPERSON]
    belonging.keep_least(draft)  # what follows asks for the level


def _passes(draft: Draft, to: ObjectId | None) -> bool:
    """Whether a record that is pointed to another customer goes to the owner of that one's file."""
    before, rt = draft.before, draft.rt
    return before is None or ownership.refusal(draft.actor, rt, before, ownership.whom(to, draft.nearby)) is None


def sold_by(rt: RecordType) -> bool:
    """Whether records of a type keep the salesperson of their customer, who reads them by that (X3)."""
    via, kept = rt.by_name.get(VIA), rt.by_name.get(SALESPERSON)
    return via is not None and via.to == SLUG and kept is not None and kept.opens and not kept.editable


def still_with(pairs: Set[tuple[ObjectId, ObjectId | None]]) -> set[tuple[ObjectId, ObjectId | None]]:
    """Those of some pairs of a file and a former owner in which that one still has a record of the file that somebody
    could give on: none that is archived or closed. One query for each type of such records."""
    files, former = ({pair[side] for pair in pairs} for side in (0, 1))
    wanted = {VIA: {"$in": list(files)}, ownership.OWNER: {"$in": list(former)}, "archived_at": None}
    by_pair = {"$group": {"_id": {"file": f"${VIA}", "owner": f"${ownership.OWNER}"}}}
    found = set[tuple[ObjectId, ObjectId | None]]()
    for rt in _about(registry.all_types()):
        finals = [state.value for state in (rt.workflow.states if rt.workflow else ()) if state.final]
        stages: list[dict[str, Any]] = [{"$match": {**wanted, "state": {"$nin": finals}}}, by_pair]
        rows = database()[collection_name(rt.slug)].aggregate(stages)
        found.update((row["_id"]["file"], row["_id"].get("owner")) for row in rows)
    return found & pairs


def types_about() -> list[RecordType]:
    """The types whose records are about a customer; those out of force are among them."""
    return _about(registry.kept_types())


def _about(types: Iterable[RecordType]) -> list[RecordType]:
    return [rt for rt in types if VIA in rt.by_name and rt.by_name[VIA].to == SLUG]


def tell_heads(customer: Mapping[str, Any], former: ObjectId | None, now: datetime) -> None:
    """Tell the heads of a file that has another owner that some records about it stayed with the former one."""
    heads = directory.holders((Role.HEAD,), customer["department"])
    reminders.tell_of_left(heads, SLUG, customer["_id"], former, now)


def adopt(drafts: Sequence[Draft], former: Mapping[str, Any], survivor: Mapping[str, Any]) -> None:
    """Records whose customer's file was merged into another one: their level, department, salesperson and name of the
    customer follow the surviving file, and their owner where they had the owner of the former one, or are on their way
    to that one still, as far as it is for whoever merges to hand them on; of those that stay the head is told, once
    (F7, X1)."""
    looked_up = dict[ObjectId, Mapping[str, Any]]()
    on_their_way = database()[PASSED_ON].find({"file": former["_id"]}, {"former": 1})
    owners = {former["owner"], *(row["former"] for row in on_their_way)}
    left = [draft for draft in drafts if not _adopt(draft, former, owners, survivor, looked_up)]
    for owner in {draft.values["owner"] for draft in left}:
        tell_heads(survivor, owner, left[0].now)


def _adopt(
    draft: Draft,
    former: Mapping[str, Any],
    owners: Set[ObjectId | None],
    survivor: Mapping[str, Any],
    looked_up: dict[ObjectId, Mapping[str, Any]],
) -> bool:
    """Let a record follow the surviving file; False when it stays with one of the `owners` of the former one."""
    values, via, follows = draft.values, draft.rt.by_name.get(VIA), True
    if via is None or via.to != SLUG or values[VIA] != survivor["_id"]:
        return True
    values["department"] = survivor["department"]
    if values["owner"] in owners and values["owner"] != survivor["owner"]:
        to = ownership.whom(ownership.in_effect(survivor), looked_up)
        follows = ownership.goes_along(draft.actor, draft.rt, draft.before or {}, to)
        if follows:
            ownership.hand_down(draft, survivor)
    if "customer_name" in draft.rt.by_name and values["customer_name"] == former["name"]:
        values["customer_name"] = survivor["name"]
    come_to(draft, survivor)
    return follows


def come_to(draft: Draft, customer: Mapping[str, Any]) -> None:
    """Let a record be its customer's salesperson's, also one that comes back to its file when a merge is taken back
    (X3). Its owner who left meanwhile is not its owner in effect again."""
    values, via = draft.values, draft.rt.by_name.get(VIA)
    if via is None or via.to != SLUG or values[VIA] != customer["_id"]:
        return
    if draft.touches((ownership.OWNER,)) and values[ownership.OWNER] == customer[ownership.OWNER]:
        ownership.hand_down(draft, customer)
    if sold_by(draft.rt):
        values[SALESPERSON] = customer[SALESPERSON]
