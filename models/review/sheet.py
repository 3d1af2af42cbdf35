"""The sheet of a quarterly review: the customer's file section by section, what stood there at the last review beside
what stands there now, and one answer that stores what differs (F5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import database, transaction
from models import access, records, sights
from models import store as versions
from models.access import Purpose
from models.customer.document import CUSTOMER
from models.declarations import Field
from models.errors import NotFound
from models.kinds import parts_of
from models.person.roles import Person
from models.record import collection_name
from models.records import Sight
from models.review.document import NOTED, REVIEW
from models.review.rules import SECTIONS, Answer
from models.sights import Former

OPEN, DONE = "open", "done"
FINISH, KEEP = "finish", "keep"
NOT_TYPED = ("choices", "files", "reference", "person", "tree")
"""Kinds that the sheet shows and does not ask: they are corrected in the file itself."""


@dataclass(frozen=True)
class Sheet:
    """A review with the file that it is about, both read in full. `asked` are the fields of the file that the person
    may correct here, `in_file` those that they correct in the file itself; `corrected` were changed there since the
    review was opened. `former` is what is known of the file as it was at the last review, which ended at `reviewed`."""

    review: Sight
    file: Sight
    record: dict[str, Any]
    asked: tuple[Field, ...]
    in_file: tuple[Field, ...]
    corrected: tuple[Field, ...]
    former: Former
    reviewed: datetime | None

    def shown(self, section: str) -> list[Field]:
        """The fields of a section that the person reads, those that can be corrected and others."""
        return [f for f in self.file.fields if f.group == section]


@dataclass(frozen=True)
class Progress:
    """How far a person is with the reviews of a quarter, and which of theirs comes next; '' for none."""

    done: int
    total: int
    next: str


def read(person: Person, number: str, now: datetime) -> Sheet:
    """The sheet of an open review; both readings are audited.

    :raises NotFound: when there is none, or not for this person. :raises NotNow: when it is over.
    :raises Forbidden: when it is not theirs to answer. :raises Locked: when the file is closed to them by now.
    """
    review = records.read(person, REVIEW.slug, number, Purpose.VIEW, now)
    records.possible_move(person, review, FINISH)
    row = database()[collection_name(CUSTOMER.slug)].find_one({"_id": review.values["customer"]}, {"number": 1})
    if row is None:
        raise NotFound()
    file, record = sights.read_stored(person, CUSTOMER.slug, row["number"], Purpose.VIEW, now)
    allowed: tuple[Field, ...] = ()
    if records.can(person, CUSTOMER, record, Purpose.EDIT):
        allowed = tuple(f for f in records.form_fields(person, CUSTOMER, record) if f.group in SECTIONS)
    asked = tuple(f for f in allowed if _is_typed(f))
    in_file = tuple(f for f in allowed if not _is_typed(f))
    since = _changed_since(file, review.values["created_at"])
    corrected = tuple(f for f in allowed if f.name in since)
    reviewed = _last_review(review)
    former = Former({}, frozenset()) if reviewed is None else sights.as_it_was(file, record, _rev_at(file.id, reviewed))
    return Sheet(review, file, record, asked, in_file, corrected, former, reviewed)


def store(
    person: Person,
    sheet: Sheet,
    corrected: Mapping[str, Any],
    confirmed: Iterable[str],
    *,
    revs: tuple[int, int],
    note: str,
    now: datetime,
) -> bool:
    """Correct the file where something differs, and answer the sections; whether the review is done with that.

    A section of which a field was corrected is answered by it. One in `confirmed` is right as it stands: corrected, if
    the file was changed in it since the review was opened, else still right. Any other stays as it is. `revs` are the
    versions of review and file that the person saw. All of it is stored, or nothing.

    :raises Invalid: naming what is wrong. :raises StaleRecord: when either was changed meanwhile.
    """
    known = {f.name: f for f in sheet.asked}
    touched = {known[name].group for name in corrected if name in known}
    before = {name: sheet.review.values[name] for name in SECTIONS if sheet.review.values[name]}
    right = {section for section in confirmed if section in SECTIONS and section not in before}
    in_file = [f for f in sheet.corrected if f.group in right and f.name not in corrected]
    touched |= {f.group for f in in_file}
    answers = {
        **before,
        **dict.fromkeys(right, Answer.CONFIRMED.value),
        **dict.fromkeys(touched, Answer.CORRECTED.value),
    }
    said = [
        sheet.review.values["corrections"] or "",
        _in_words([*(known[name] for name in corrected if name in known), *in_file]),
        note,
    ]
    answers["corrections"] = "\n".join(part for part in said if part.strip())
    over = all(answers.get(section) for section in SECTIONS)

    def work() -> None:
        if corrected:
            why = f"{NOTED}{sheet.review.number}"
            records.change_seen(person, sheet.file, corrected, rev=revs[1], now=now, note=why)
        records.move_seen(person, sheet.review, FINISH if over else KEEP, answers, rev=revs[0], now=now)

    transaction(work)
    return over


def progress(person: Person, quarter: str) -> Progress:
    """How far the person is with their own reviews of a quarter, by what they read (X6)."""
    reach = access.reach(person, REVIEW, Purpose.VIEW)
    own = {"$and": [{"owner": person.id, "quarter": quarter}, reach.query()]}
    reviews = database()[collection_name(REVIEW.slug)]
    waiting = {"$and": [{"owner": person.id, "state": OPEN}, reach.query()]}
    following = reviews.find_one(waiting, {"number": 1}, sort=[("due_at", 1), ("number", 1)])
    total = reviews.count_documents(own)
    done = reviews.count_documents({"$and": [own, {"state": DONE}]})
    return Progress(done, total, following["number"] if following else "")


def _is_typed(field: Field) -> bool:
    return not (field.kind in NOT_TYPED or parts_of(field) or field.currencies)


def _last_review(review: Sight) -> datetime | None:
    """When the file's last review before this one was done."""
    wanted = {"customer": review.values["customer"], "state": DONE}
    row = database()[collection_name(REVIEW.slug)].find_one(wanted, {"state_since": 1}, sort=[("state_since", -1)])
    found: datetime | None = row["state_since"] if row else None
    return found


def _changed_since(file: Sight, at: datetime) -> set[str]:
    """The names of the fields that versions of the file have changed since a moment, as far as the person sees them."""
    rows = sights.versions_of(file, 0, _rev_at(file.id, at))
    return {change["field"].name for row in rows for change in row["changes"] if row["action"] != "create"}


def _rev_at(record: ObjectId, at: datetime) -> int:
    """The version of a record that stood at a moment; the first one, where it is younger."""
    wanted = {"record": record, "at": {"$lte": at}}
    row = database()[versions.VERSIONS].find_one(wanted, {"rev": 1}, sort=[("rev", -1)])
    return int(row["rev"]) if row else 1


def _in_words(fields: Iterable[Field]) -> str:
    """What was corrected, by the names of the fields: never their values."""
    labels = "、".join(f.label.zh for f in fields)
    return f"更正：{labels}" if labels else ""
