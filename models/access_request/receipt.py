"""What leaves under a card (X4, X5): each file and print with a receipt on the card, counted and in the trail."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from bson import ObjectId

from config.database import database, transaction
from models import access, audit, numbering, registry, store
from models.access import Purpose
from models.access_request.contents import RecordGone, records_of
from models.access_request.grants import GRANTS, grants_in_force, held, in_force
from models.access_request.service import SLUG
from models.at_hand import LONGEST_NUMBER
from models.declarations import Level
from models.errors import Refusal
from models.exchange.export import FORMATS, Card, UnknownFormat, export
from models.listing import ListQuery
from models.person.roles import Person
from models.reading import service as reading
from models.record import collection_name
from models.records import read
from models.sights import Sight

SERIES, PATTERN = "receipt", "HZ-{year}-{seq:06d}"
ACTION = "took_out"
T = TypeVar("T")


class CardClosed(Refusal):
    """The card is not in force, is somebody else's, or was not given for this use."""

    code, status = "card_closed", 409
    zh, en = (
        "该借阅卡未生效、已结束，或不包含此用途，不能带出。",
        "This card is not in force, not yours, or not for this use: nothing leaves under it.",
    )


@dataclass(frozen=True)
class Taken:
    """A file that left under a card, and the receipt for it."""

    name: str
    content: bytes
    receipt: str
    sha256: str


@dataclass(frozen=True)
class Opened:
    """By which card a person has a record, for which uses, until when."""

    id: ObjectId
    card: str
    uses: tuple[str, ...]
    until: datetime


def take(person: Person, number: str, form: str, *, now: datetime, language: str = "") -> Taken:
    """The records of a card as a file (csv or xlsx): receipt, file and count are stored together before a byte leaves.

    :raises NotFound: for a card that the person does not see.
    :raises CardClosed: audited, when nothing may leave under it. :raises RecordGone: :raises UnknownFormat:
    :raises TooMuchReading: when the person is to wait: what leaves counts as read.
    """
    if form not in FORMATS:
        raise UnknownFormat()
    found = read(person, SLUG, number, Purpose.VIEW, now)

    def work() -> Taken:
        card = _in_force(person, found.id, Purpose.EXPORT, now)
        holder = replace(person, grants=grants_in_force(person, now))
        numbers = tuple(record["number"] for record in records_of(card))
        [receipt] = numbering.reserve_in(SERIES, PATTERN, now)
        under = Card(receipt, numbers)
        made = export(holder, card["type_asked"], ListQuery(), form, now=now, language=language, via="card", card=under)
        content = b"".join(made.pieces)
        row = _row(receipt, form, ", ".join(numbers), len(numbers), now, hashlib.sha256(content).hexdigest())
        _store(card, row, person, now)
        return Taken(f"{receipt}-{made.name}", content, receipt, row["sha256"])

    card = store.fetch(SLUG, found.id)
    subject = audit.Subject(SLUG, found.id, card["number"], card["level_asked"] or "")
    reading.count(person, now, records=len(card["items"] or ()))
    return _or_audited(lambda: transaction(work), person, subject, Purpose.EXPORT, now)


def note(
    person: Person,
    found: Sight,
    purpose: Purpose,
    how: str,
    *,
    now: datetime,
    what: str = "",
    let_in: Purpose | None = None,
) -> str:
    """Give a receipt when a record that was just allowed to leave does so under the person's card; its number, or ''
    when it does so by their own right or is not classified. `how` is `print`, `file` or `api`, `what` says by which
    way; what a file is called stands on no card, for a file is called after its matter. `let_in` is for what the person
    was let in, where that is not the purpose itself: whoever has that by right needs no card, and the trail, which has
    that alone, gets the purpose with the receipt (X7).

    :raises CardClosed: audited, when the card of a classified record ended since the person was let in by it.
    """
    if not any(person.grants.values()):
        return ""
    record = store.fetch_to_show(found.rt.slug, found.id)
    if _by_right(person, found, purpose, record):
        return ""

    def work() -> str:
        opened = _under(person, found, purpose, now)
        if opened is None or person.read_only:
            if Level.of(record["level"]) is Level.INTERNAL or _by_right(person, found, let_in or purpose, record):
                return ""
            raise CardClosed()
        card = _in_force(person, opened.id, purpose, now)
        [receipt] = numbering.reserve_in(SERIES, PATTERN, now)
        about = " · ".join(text for text in (found.number, what) if text)
        _store(card, _row(receipt, how, about[:300], 1, now), person, now)
        if let_in not in (None, purpose):
            detail = {"purpose": purpose.value, "via": how, "receipt": receipt}
            audit.append(purpose.value, person, store.subject(found.rt, record), now=now, detail=detail)
        return receipt

    return _or_audited(lambda: transaction(work), person, store.subject(found.rt, record), purpose, now)


def opened_by(person: Person, found: Sight, purpose: Purpose, now: datetime) -> Opened | None:
    """The card by which the person has a record for a purpose; None for whoever has it without."""
    if not any(person.grants.values()):
        return None
    if _by_right(person, found, purpose, store.fetch_to_show(found.rt.slug, found.id)):
        return None
    return _under(person, found, purpose, now)


def is_open(person: Person, slug: str, number: str) -> bool:
    """Whether the person has a record in full now, by a card or without: nothing of it is read, counted or audited."""
    rt, wanted = registry.get(slug).rt, {"number": str(number)[:LONGEST_NUMBER]}
    son = database()[collection_name(slug)].find_one(wanted, {"acl": 1})
    return son is not None and access.reach(person, rt, Purpose.VIEW).sees(son["acl"]) == "full"


def _by_right(person: Person, found: Sight, purpose: Purpose, record: Mapping[str, Any]) -> bool:
    """Whether the person has a record, as it is stored now, without any card."""
    return access.reach(replace(person, grants={}), found.rt, purpose).sees(record["acl"]) == "full"


def _under(person: Person, found: Sight, purpose: Purpose, now: datetime) -> Opened | None:
    """The card in force that opens a record to the person for a purpose, the longest one."""
    opens = {"record": found.id, **held(person, purpose.value, now)}
    grant = database()[GRANTS].find_one(opens, sort=[("valid_until", -1)])
    if grant is None:
        return None
    card = store.fetch(SLUG, grant["request"])
    return Opened(card["_id"], card["number"], tuple(grant["uses"]), grant["valid_until"])


def open_until(card_id: ObjectId, now: datetime) -> datetime | None:
    """When a card ends that is in force now; None for others."""
    grant = database()[GRANTS].find_one({"request": card_id, **in_force(now)})
    return grant["valid_until"] if grant else None


def _in_force(person: Person, card_id: ObjectId, purpose: Purpose, now: datetime) -> dict[str, Any]:
    """The card as it stands, read inside the transaction. :raises CardClosed:"""
    card = store.fetch(SLUG, card_id)
    opens = {"request": card_id, **held(person, purpose.value, now)}
    if card["state"] != "granted" or person.read_only or database()[GRANTS].find_one(opens, {"_id": 1}) is None:
        raise CardClosed()
    return card


def _row(receipt: str, how: str, what: str, count: int, now: datetime, sha256: str | None = None) -> dict[str, Any]:
    return {"number": receipt, "at": now, "how": how, "what": what[:300], "count": count, "sha256": sha256}


def _store(card: Mapping[str, Any], row: Mapping[str, Any], person: Person, now: datetime) -> None:
    receipts = [*(card["receipts"] or ()), row]
    store.change(SLUG, card["_id"], {"receipts": receipts}, actor=person, now=now, action=ACTION, note=row["number"])


def _or_audited(work: Callable[[], T], person: Person, subject: audit.Subject, purpose: Purpose, now: datetime) -> T:
    """Run it; that it was refused goes to the trail (X7)."""
    try:
        return work()
    except (CardClosed, RecordGone):
        detail = {"purpose": purpose.value}
        transaction(lambda: audit.append("refused", person, subject, now=now, detail=detail))
        raise
