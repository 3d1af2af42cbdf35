"""Asking for access, offering it, and deciding on it: cards and what follows from them (X4, X5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from config.policy import policy
from models import access, ownership, schema, store, turns
from models.access import Purpose
from models.access_request import borrowing, former, gone, open_cards, rules
from models.access_request.contents import leads, level_of, levels_of, named, only_refused, records_of, rests_on, told
from models.access_request.document import ACCESS_REQUEST
from models.access_request.ending import expire as expire
from models.access_request.grants import GRANTS
from models.access_request.refusals import (
    InForceAlready,
    NobodyLeftToSign,
    NotByAsking,
    NothingToOffer,
    NotSignedInYet,
    OfferedAlready,
    OnlyOffered,
    SeveralDepartments,
    TooManyRecords,
    ToOneself,
    nothing_to_ask,
)
from models.declarations import Level
from models.errors import Forbidden, Invalid, Sentence
from models.kinds import ZONE, read_values
from models.moves import InPersonOnly
from models.office import office_calendar
from models.person import directory
from models.person import service as people
from models.person.roles import MANAGING, Person, Role
from models.record import collection_name
from models.records import read, see
from models.registry import Called, Draft, Hooks
from models.reminder import outcomes
from models.sights import Sight, again, still_read

SLUG = "access_request"
ENDING = frozenset(
    {"revoke", "give_back", "expire", "lapse", "record_merged", "record_destroyed", borrowing.ENDED, gone.ENDED}
)
OPENING = frozenset({"approve", "countersign"})


def most_records() -> int:
    """How many records one card may name."""
    return policy().access.most_records


def terms() -> rules.Terms:
    """The longest windows of the policy in force."""
    return rules.Terms(policy().access.consultation_days, policy().access.borrowing_days)


def ask(person: Person, slug: str, number: str, raw: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """`ask_for` one record."""
    return ask_for(person, slug, (number,), raw, now=now)


def ask_for(
    person: Person, slug: str, numbers: Iterable[str], raw: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Ask on one card for locked records of which the person sees the cards. Those that they may use so without a card,
    or have asked for, are left out. While a card is in force a further one is for another use, or begins after it.

    :raises NotFound: for a record of which the person sees nothing (top secret: nobody can ask, X3).
    :raises NothingToAsk: :raises AskedAlready: when none is left. :raises OnlyOffered: for top secret held by a card.
    :raises Forbidden: for a type that is not classified.
    :raises Invalid: for a use or period that policy does not allow.
    """
    wanted = tuple(dict.fromkeys(numbers))
    if not 0 < len(wanted) <= most_records():
        raise TooManyRecords(most=most_records())
    found = [see(person, slug, number, Purpose.VIEW, now) for number in wanted]

    def work() -> dict[str, Any]:
        store.one_at_a_time(slug, [sight.id for sight in found])
        return _ask(person, [again(person, slug, sight.number) for sight in found], raw, now)

    return transaction(work)


def _ask(person: Person, found: Sequence[Sight], raw: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    values, problems = _window(raw, now, managing=person.has(*MANAGING))
    if not found[0].rt.classified and not all(sight.full for sight in found):
        raise Forbidden()  # the card of a plain type is its signer's (ADR 16): nothing opens more of it
    left = _not_held(person, found, values.get("uses") or ())
    if not left:
        raise nothing_to_ask(values["uses"])
    if problems:
        early = open_cards.begins_too_early(person, left, values, now) if _names_a_time(problems) else {}
        raise Invalid(early | problems)
    if any(sight.level == Level.TOP_SECRET.value for sight in left):
        raise OnlyOffered()
    left = open_cards.not_asked(person, left, values, now)
    department = _department(left)
    state = _first_state(person, department)
    made = {**values, **named(left), "manager": _manager(person), "department": department, "owner": person.id}
    return store.create(SLUG, {**made, "state": state}, actor=person, now=now)


def own_manager_signs(person: Person, sight: Sight) -> bool:
    """Whether a request for a record would go to the asker's own manager before the head (X4)."""
    return _first_state(person, _department([sight])) == "asked"


def _first_state(person: Person, department: str) -> str:
    heads, manager = directory.holders((Role.HEAD,), department), _manager(person)
    return rules.first_state(manager, manager in heads)


def _manager(person: Person) -> ObjectId | None:
    """The person's own manager, who signs first; None where their account is disabled."""
    return person.manager if person.manager is not None and directory.eligible(person.manager) else None


def offer(
    person: Person, slug: str, number: str, reader_id: ObjectId | None, raw: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Offer a record to a named person who sees nothing of it (top secret, or of another department): its owner or
    its head does; the head signs, for top secret and for the head's own offer the general manager (X3, X4).

    :raises NotFound: :raises Locked: :raises Forbidden: for anybody else. :raises Invalid: all that is wrong, nobody to
        offer it to (None) and what is said below included where it is not all.
    :raises ToOneself: :raises NothingToOffer: when that person reads it already. :raises OfferedAlready:
    :raises NotSignedInYet:
    """
    found = read(person, slug, number, Purpose.VIEW, now)

    def work() -> dict[str, Any]:
        store.one_at_a_time(slug, [found.id])
        return _offer(person, still_read(person, found, now), reader_id, raw, now)

    return transaction(work)


def _offer(
    person: Person, found: Sight, reader_id: ObjectId | None, raw: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    if not may_offer(person, found, store.fetch_to_show(found.rt.slug, found.id)):
        raise Forbidden()
    if reader_id is None or not directory.eligible(reader_id):
        problems = _window(raw, now, managing=True)[1]  # whether nobody may borrow cannot be said
        raise Invalid({"to": Sentence("请从列表中选择。", "Choose one from the list."), **problems})
    reader = people.person_of(people.get(reader_id))
    values, problems = _window(raw, now, managing=reader.has(*MANAGING))
    against = _against(person, reader, found, values, now) if _names_a_time(problems) else None
    if problems:
        said = {"to": Sentence(against.text("zh"), against.text("en"))} if against else {}
        raise Invalid(said | problems)
    if against is not None:
        raise against
    made = {**values, **named([found]), "department": found.values["department"], "owner": reader_id}
    state = rules.offered_state(heads(person, found))
    return store.create(SLUG, {**made, "state": state}, actor=person, now=now)


def _against(
    person: Person, reader: Person, found: Sight, values: Mapping[str, Any], now: datetime
) -> NothingToOffer | NotSignedInYet | ToOneself | NobodyLeftToSign | OfferedAlready | None:
    """Why a record cannot be offered to a reader, for uses from a day on; None when it can."""
    if not _not_held(reader, [found], values["uses"]):
        return NothingToOffer()
    if reader.id == person.id:
        return ToOneself()
    if reader.unclaimed:
        return NotSignedInYet()
    state, level = rules.offered_state(heads(person, found)), Level.of(found.level)
    if rules.needs_general_manager(state, level) and _only_general_manager(person, reader):
        return NobodyLeftToSign()
    in_the_way = open_cards.in_the_way(reader, found.rt.slug, (found.number,), values, now)
    return OfferedAlready() if in_the_way else None


def _only_general_manager(*people: Person) -> bool:
    """Whether there is a general manager, and none but these people. Where the post is vacant, the card waits."""
    found = set(directory.holders((Role.GENERAL_MANAGER,)))
    return bool(found) and found <= {one.id for one in people}


def may_offer(person: Person, found: Sight, record: Mapping[str, Any]) -> bool:
    """Whether the person may offer a stored record that they read in full to others: its owner and its head, whoever of
    them reads it without a card, which opens it to be read and no more (X5)."""
    if not found.rt.classified or person.read_only:
        return False
    own = person.id is not None and ownership.in_effect(record) == person.id
    return (own or heads(person, found)) and access.reads_to_act(person, found.rt, record.get("acl") or ())


def heads(person: Person, found: Sight) -> bool:
    """Whether the person is the head of a record's department."""
    return turns.serves(person, found.values, Role.HEAD)


def _window(raw: Mapping[str, Any], now: datetime, *, managing: bool) -> tuple[dict[str, Any], dict[str, Sentence]]:
    """Uses, reason and window as sent, and all that is wrong with them."""
    fields = tuple(f for f in ACCESS_REQUEST.fields if f.name in open_cards.ASKED)
    values, problems = read_values(fields, raw)
    today, unread = now.astimezone(ZONE).date(), {path.partition(".")[0] for path in problems}
    uses, begins, until = values.get("uses") or (), values.get("valid_from"), values.get("valid_until")
    found = rules.problems_of(uses, begins, until, today, terms(), managing=managing, unread=unread)
    return {**values, "due_on": _due_day(until, now)}, found | problems


def _due_day(until: date | None, now: datetime) -> date | None:
    """The day by which a card is to be settled that lasts until a day: that one; none where the office has closed on
    it, or the card would be late before anybody could see it."""
    return until if until is not None and office_calendar().end_of(until).at > now else None


def _names_a_time(problems: Iterable[str]) -> bool:
    """Whether nothing is wrong with the uses and the first day that a card is to have."""
    return {"uses", "valid_from"}.isdisjoint(path.partition(".")[0] for path in problems)


def _not_held(person: Person, found: Sequence[Sight], uses: Collection[str]) -> list[Sight]:
    """Those that the person may not use in all these ways without a card."""
    left, person = [], replace(person, grants={})
    for sight in found:
        acl = store.fetch_to_show(sight.rt.slug, sight.id)["acl"]
        held = [access.reach(person, sight.rt, Purpose(use)).sees(acl) == "full" for use in uses]
        if not held or not all(held):
            left.append(sight)
    return left


def _department(found: Sequence[Sight]) -> str:
    """The department of all of them. :raises SeveralDepartments:"""
    departments = {store.fetch_to_show(sight.rt.slug, sight.id)["department"] or "" for sight in found}
    if len(departments) > 1:
        raise SeveralDepartments()
    return departments.pop()


def _prepare(draft: Draft) -> None:
    """Check the window again when it is granted, see who has to sign yet, and note the moments of opening and end."""
    values = draft.values
    # A record may have been raised since the card was handed in; refusing opens nothing.
    if draft.behalf is not None and draft.action != "refuse" and level_of(values) is Level.TOP_SECRET:
        raise InPersonOnly()
    if draft.action in OPENING:
        if _reader(values).unclaimed:
            raise NotSignedInYet()
        _check_window(draft)
        levels = levels_of(values)
        level = Level.highest(levels.values())
        if level is Level.TOP_SECRET and not rules.is_offer(values):
            raise NotByAsking()
        values["due_on"] = _due_day(values["valid_until"], draft.now)
        if draft.action == "approve" and rules.awaits_general_manager(level, by=draft.actor.roles):
            values["state"] = "approved"
        else:
            # Only now: the card says a new level to whoever asked when the record is theirs to read.
            values["level_asked"] = level.value
            values["items"] = [{**item, "level": levels[item["number"]]} for item in values["items"] or ()]
            values["opened_at"] = draft.now
            values["granted_to"] = values["owner"]
            values["receiver"] = _receiver(draft, level)
            values["countersigner"] = _countersigner(draft)
            _check_alone(draft)
    elif draft.action in ENDING:
        values["ended_at"] = draft.now
        if draft.before is not None and draft.before["state"] == "granted":
            values["state"] = rules.state_after(draft.action, len(values["receipts"] or ()))
        if values["state"] == "out":
            values["due_on"] = _return_day(draft)


def _check_window(draft: Draft) -> None:
    """Policy and the reader's roles may have changed and days have passed since it was asked for; what began meanwhile
    begins now. It is signed for no longer than was asked for."""
    today = draft.now.astimezone(ZONE).date()
    begins: date | None = draft.values["valid_from"]
    begins = begins if begins and begins > today else None
    uses, until = draft.values["uses"], draft.values["valid_until"]
    managing = _reader(draft.values).has(*MANAGING)
    longer = rules.later_than_asked(until, (draft.before or {}).get("valid_until"))
    draft.problems.update(longer | rules.problems_of(uses, begins, until, today, terms(), managing=managing))


def _check_alone(draft: Draft) -> None:
    """No two cards are in force for the same record and the same use. :raises InForceAlready:"""
    card = draft.values
    numbers = [item["number"] for item in card["items"] or ()]
    held = open_cards.in_force(_reader(card), card["type_asked"], numbers, card, draft.now)
    if held:
        raise InForceAlready(number=held["number"])


def _reader(card: Mapping[str, Any]) -> Person:
    """Whose card it is, as they are now. :raises Forbidden: when there is nobody."""
    if card["owner"] is None:
        raise Forbidden()
    return people.person_of(people.get(card["owner"]))


def _return_day(draft: Draft) -> date:
    """By when comes back what left: when the period is over, its last day; when somebody ended it before, the same day,
    or the next one where the office has closed."""
    today, due = draft.now.astimezone(ZONE).date(), draft.values["due_on"]
    if draft.action == "expire":
        return min(due or today, today)
    return today if office_calendar().end_of(today).at > draft.now else today + timedelta(days=1)


def _receiver(draft: Draft, level: Level) -> ObjectId | None:
    """Who takes back what leaves on paper: a custodian of the department; of top secret, whoever signed last."""
    held = directory.holders((Role.CUSTODIAN,), draft.values["department"] or "")
    found = [one for one in held if one != draft.values["owner"]] if level is not Level.TOP_SECRET else []
    return found[0] if found else draft.actor.id


def _countersigner(draft: Draft) -> ObjectId | None:
    """Which general manager lets a card go into force, who may revoke it (X5); None where only the head signs."""
    signer = draft.behalf or draft.actor
    return signer.id if signer.has(Role.GENERAL_MANAGER) else None


def _after(draft: Draft) -> None:
    """Open the records when granted, close what is top secret to deputies; end the grants when revoked, returned or
    over. Same transaction."""
    if draft.action == "approve" and draft.values["state"] == "approved":
        store.sign_in_person(SLUG, draft.values["_id"])
    if draft.action in OPENING and draft.values["state"] == "granted":
        _open(draft)
    elif draft.action in ENDING:
        condition = {"request": draft.values["_id"], "ended_at": None}
        database()[GRANTS].update_many(condition, {"$set": {"ended_at": draft.now}})


def _open(draft: Draft) -> None:
    card = draft.values
    begins = datetime.combine(card["valid_from"], time(), ZONE).astimezone(UTC) if card["valid_from"] else draft.now
    until = datetime.combine(card["valid_until"] + timedelta(days=1), time(), ZONE).astimezone(UTC)
    signed = {item["number"]: item["level"] for item in card["items"] or ()}
    for record in records_of(card):
        grant = ObjectId()
        database()[GRANTS].insert_one(
            {
                "_id": grant,
                "person": card["owner"],
                "type": card["type_asked"],
                "record": record["_id"],
                "request": card["_id"],
                "uses": rules.uses_granted(card["uses"]),
                "level": signed[record["number"]],
                "valid_from": max(begins, draft.now),
                "valid_until": until,
            }
        )
        store.add_grant(card["type_asked"], record["_id"], grant)


def end_for(
    slug: str, record: Mapping[str, Any], *, actor: Person, now: datetime, action: str = "record_merged"
) -> int:
    """End every card that names a record that was merged into another, and its grants with it: access to one opens
    nothing of the other (X5); or, by another `action`, one that is gone. Returns how many."""
    states = [state for state in open_cards.open_states() if state != "out"]
    condition = {**open_cards.naming(slug, record["number"]), "state": {"$in": states}}
    waiting = list(database()[collection_name(SLUG)].find(condition, {"_id": 1}))
    for row in waiting:
        store.change(SLUG, row["_id"], {"state": "ended"}, actor=actor, now=now, action=action)
    return len(waiting)


def _tell(draft: Draft) -> None:
    """Tell whoever asked, or offered, and the reader of what was granted."""
    outcomes.tell(draft, draft.values["created_by"], draft.values["granted_to"])


HOOKS = Hooks(
    prepare=(_prepare,),
    after=(_after, _tell),
    opens=told,
    rests_on=rests_on,
    only_refused=only_refused,
    leads=leads,
    called=Called("uses", rules.called),
)
schema.bring_up(former.take_names_out)
schema.bring_up(former.name_countersigners)
schema.bring_up(former.name_readers)
schema.bring_up(former.note_levels_signed)
