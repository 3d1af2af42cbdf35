"""The cards of a person that wait, are in force, or whose paper is out, and which of them keep off a further one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pymongo import ASCENDING

from config.database import database
from models.access_request import rules
from models.access_request.document import ACCESS_REQUEST
from models.access_request.refusals import AskedAlready
from models.day_words import day_text
from models.declarations import Level
from models.errors import Invalid, Sentence
from models.kinds import ZONE, loaded
from models.person.roles import Person
from models.record import collection_name
from models.sights import Sight

SLUG = ACCESS_REQUEST.slug
ASKED = ("uses", "reason", "valid_from", "valid_until")
"""What whoever asks for a card fills in."""


def in_the_way(
    person: Person, slug: str, numbers: Iterable[str], values: Mapping[str, Any], now: datetime
) -> dict[str, Mapping[str, Any]]:
    """By number of the record, the person's open card that keeps them from a further one with these values."""
    return {number: card for number, card in _open_cards(person, slug, set(numbers)) if _keeps_off(card, values, now)}


def in_force(
    person: Person, slug: str, numbers: Iterable[str], values: Mapping[str, Any], now: datetime
) -> Mapping[str, Any] | None:
    """A card of the person that was granted for one of some records, and for the same use at the same time as one with
    these values; None for none."""
    granted = (card for _, card in _open_cards(person, slug, set(numbers)) if card["state"] == "granted")
    return next((card for card in granted if _keeps_off(card, values, now)), None)


def not_asked(person: Person, found: Sequence[Sight], values: Mapping[str, Any], now: datetime) -> list[Sight]:
    """Those for which no card of the person is in the way. :raises AskedAlready: :raises Invalid: when there is none,
    with the day after which a further card may begin."""
    asked = in_the_way(person, found[0].rt.slug, [sight.number for sight in found], values, now)
    left = [sight for sight in found if sight.number not in asked]
    if left:
        return left
    card = asked[found[0].number]
    if card["state"] != "granted":
        raise AskedAlready(number=card["number"])
    raise Invalid(_after(card))


def begins_too_early(
    person: Person, found: Sequence[Sight], values: Mapping[str, Any], now: datetime
) -> dict[str, Sentence]:
    """What is wrong with the day on which a card for these records is to begin, by field: that cards of the person are
    in force for each of them until then. Nothing where another is in the way (`not_asked`)."""
    asked = in_the_way(person, found[0].rt.slug, [sight.number for sight in found], values, now)
    if any(sight.number not in asked or asked[sight.number]["state"] != "granted" for sight in found):
        return {}
    return _after(asked[found[0].number])


def _after(card: Mapping[str, Any]) -> dict[str, Sentence]:
    number, last = card["number"], day_text(last_day(card))
    zh = f"借阅卡 {number} 有效至 {last.zh}，续借应自次日起。"
    return {"valid_from": Sentence(zh, f"Your card {number} lasts to {last.en}: a further one begins after that day.")}


def _keeps_off(card: Mapping[str, Any], values: Mapping[str, Any], now: datetime) -> bool:
    begins = values.get("valid_from") or now.astimezone(ZONE).date()
    return rules.in_the_way(card["state"], card["uses"], last_day(card), values["uses"], begins)


def last_day(card: Mapping[str, Any]) -> date:
    """The last day of a card as it is stored."""
    day: date = loaded(ACCESS_REQUEST.by_name["valid_until"], card["valid_until"])
    return day


def over(card: Mapping[str, Any], now: datetime) -> bool:
    """Whether the last day of a stored card in force is over: it opens nothing, though no job has ended it yet."""
    return card["state"] == "granted" and last_day(card) < now.astimezone(ZONE).date()


def further_from(person: Person, found: Sight) -> date | None:
    """From when on the person may ask for a further card for a record that is open to them by one; None where none is
    in force, another waits already, or only an offer opens it."""
    cards = [card for _, card in _open_cards(person, found.rt.slug, {found.number})]
    if not cards or found.level == Level.TOP_SECRET.value or any(card["state"] != "granted" for card in cards):
        return None
    return max(map(last_day, cards)) + timedelta(days=1)


def open_request(person: Person, slug: str, number: str) -> dict[str, Any] | None:
    """The person's own card for a record that still waits or is in force, as stored; None without one."""
    return open_requests(person, slug, (number,)).get(number)


def open_requests(person: Person, slug: str, numbers: Iterable[str]) -> dict[str, dict[str, Any]]:
    """`open_request` for some records of a type, by number, the newest where there are two; those without one are left
    out."""
    return dict(_open_cards(person, slug, set(numbers)))


def _open_cards(person: Person, slug: str, wanted: set[str]) -> list[tuple[str, dict[str, Any]]]:
    """The person's open cards for some records of a type, as they are stored, each with the record's number; the newest
    last."""
    condition = {"owner": person.id, **naming(slug, *wanted), "state": {"$in": open_states()}}
    shown = dict.fromkeys(("number", "state", "created_at", "created_by", "owner", "items.number", *ASKED), 1)
    cards = database()[collection_name(SLUG)].find(condition, shown).sort("number", ASCENDING)
    return [(item["number"], card) for card in cards for item in card["items"] if item["number"] in wanted]


def naming(slug: str, *numbers: str) -> dict[str, Any]:
    """The condition on cards that name any of some records."""
    return {"type_asked": slug, "items.number": {"$in": list(numbers)}}


def open_states() -> list[str]:
    """The states in which a card is not over."""
    states = ACCESS_REQUEST.workflow.states if ACCESS_REQUEST.workflow else ()
    return [state.value for state in states if not state.final]
