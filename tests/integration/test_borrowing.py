"""X4 and X5: cards of several records, windows, three signatures for top secret, what leaves and comes back."""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from pymongo.database import Database

from models import records, schema, store
from models.access import Purpose
from models.access_request import contents, grants, receipt, service
from models.access_request.contents import RecordGone
from models.access_request.refusals import AskedAlready, NotByAsking, NothingToAsk, NothingToOffer, TooManyRecords
from models.errors import Forbidden, Invalid, NotFound
from models.exchange.export import export
from models.exchange.reading import open_table
from models.listing import ListQuery
from models.person.roles import Person, Role
from tests.factories.bulk_changes import carried_out
from tests.factories.commands import commands
from tests.factories.people import person
from tests.factories.planted import unruled
from tests.factories.types import SAMPLE

pytestmark = pytest.mark.usefixtures("cards")

DB = Database[dict[str, Any]]
CARD = "access_request"


@pytest.fixture
def gm(db: DB) -> Person:
    return person(Role.GENERAL_MANAGER, name="GM", department="office")


@pytest.fixture
def custodian(db: DB) -> Person:
    return person(Role.CUSTODIAN, name="Custodian")


@pytest.fixture
def manager(db: DB, head: Person) -> Person:
    """May borrow, and does not read what others own."""
    return person(Role.SALES_MANAGER, name="Manager", manager=head.id)


def made(owner: Person, now: datetime, level: str = "secret", name: str = "Lamp works") -> str:
    return str(records.create(owner, "sample", {"name": name, "level": level}, now=now)["number"])


def wish(now: datetime, uses: str = "view", days: int = 2, **more: Any) -> dict[str, Any]:
    return {"uses": uses, "reason": "Audit at the site", "valid_until": (now + timedelta(days=days)).date(), **more}


def signed(who: Person, card: dict[str, Any], move: str, now: datetime, note: str = "") -> dict[str, Any]:
    rev = store.fetch(CARD, card["_id"])["rev"]
    return records.move(who, CARD, card["number"], move, {}, rev=rev, now=now, note=note, fresh=True)


def admitted(who: Person, now: datetime) -> Person:
    return replace(who, grants=grants.grants_in_force(who, now))


def full(who: Person, number: str, now: datetime, purpose: Purpose = Purpose.VIEW) -> bool:
    return records.see(admitted(who, now), "sample", number, purpose, now).full


@pytest.fixture
def borrowed(owner: Person, manager: Person, head: Person, custodian: Person, now: datetime) -> dict[str, Any]:
    """A card of two records in force, for export."""
    numbers = [made(owner, now), made(owner, now, "confidential")]
    return signed(head, service.ask_for(manager, "sample", numbers, wish(now, "export"), now=now), "approve", now)


# --- the card


def test_one_card_opens_all_its_records_and_no_other(
    owner: Person, manager: Person, head: Person, now: datetime
) -> None:
    numbers, other = [made(owner, now), made(owner, now, "confidential")], made(owner, now)
    card = service.ask_for(manager, "sample", [*numbers, numbers[0]], wish(now), now=now)
    assert card["number_asked"] == f"{numbers[0]} +1"
    assert card["level_asked"] == "confidential"
    assert [(item["number"], item["name"]) for item in card["items"]] == [(one, "L***s") for one in numbers]
    signed(head, card, "approve", now)
    assert [full(manager, one, now) for one in (*numbers, other)] == [True, True, False]


def test_what_one_reads_or_has_asked_for_is_left_out(owner: Person, manager: Person, now: datetime) -> None:
    numbers = [made(owner, now), made(owner, now), made(owner, now, "internal")]
    service.ask(manager, "sample", numbers[0], wish(now), now=now)
    card = service.ask_for(manager, "sample", numbers, wish(now), now=now)
    assert [item["number"] for item in card["items"]] == [numbers[1]]
    with pytest.raises(AskedAlready):
        service.ask_for(manager, "sample", numbers, wish(now), now=now)
    with pytest.raises(NothingToAsk):
        service.ask_for(manager, "sample", numbers[2:], wish(now), now=now)


def test_a_card_names_no_more_records_than_policy_allows(owner: Person, manager: Person, now: datetime) -> None:
    for numbers in ([], [f"YP-2026-{n:06d}" for n in range(21)]):
        with pytest.raises(TooManyRecords):
            service.ask_for(manager, "sample", numbers, wish(now), now=now)


def test_a_record_that_is_not_there_for_them_refuses_the_whole_card(
    owner: Person, manager: Person, now: datetime, db: DB
) -> None:
    with pytest.raises(NotFound):
        service.ask_for(manager, "sample", [made(owner, now), made(owner, now, "top_secret")], wish(now), now=now)
    assert db["record_access_request"].count_documents({}) == 0


def test_a_card_that_begins_later_opens_nothing_before(
    owner: Person, manager: Person, head: Person, now: datetime
) -> None:
    number = made(owner, now)
    begins = (now + timedelta(days=2)).date()
    card = service.ask(manager, "sample", number, wish(now, days=5, valid_from=begins), now=now)
    signed(head, card, "approve", now)
    assert not full(manager, number, now)
    assert full(manager, number, now + timedelta(days=2))
    assert not full(manager, number, now + timedelta(days=6))


def test_a_card_is_signed_for_less_than_was_asked_and_never_for_more(
    owner: Person, head: Person, gm: Person, manager: Person, now: datetime
) -> None:
    number, asked = made(owner, now, "top_secret"), wish(now, days=4)
    card = service.offer(owner, "sample", number, manager.id, asked, now=now)
    steps = [(head, "approve", 5, 3, "approved"), (gm, "countersign", 4, 2, "granted")]
    for who, move, longer, shorter, state in steps:
        rev, days = (
            store.fetch(CARD, card["_id"])["rev"],
            [str((now + timedelta(days=n)).date()) for n in (longer, shorter)],
        )
        with pytest.raises(Invalid) as refused:
            records.move(who, CARD, card["number"], move, {"valid_until": days[0]}, rev=rev, now=now, fresh=True)
        assert list(refused.value.problems) == ["valid_until"]
        done = records.move(who, CARD, card["number"], move, {"valid_until": days[1]}, rev=rev, now=now, fresh=True)
        assert (done["state"], str(done["valid_until"])) == (state, days[1])


@pytest.mark.parametrize(
    ("uses", "begins", "until", "field"),
    [
        ("export", 0, 3, "valid_until"),
        ("export", 10, 13, "valid_until"),
        ("view", 5, 4, "valid_until"),
        ("view", 1, 8, "valid_until"),
        ("view", -1, 2, "valid_from"),
        ("view", 31, 33, "valid_from"),
    ],
)
def test_windows_are_the_policys(
    owner: Person, manager: Person, now: datetime, uses: str, begins: int, until: int, field: str
) -> None:
    starts = (now + timedelta(days=begins)).date()
    with pytest.raises(Invalid) as refused:
        service.ask(manager, "sample", made(owner, now), wish(now, uses, until, valid_from=starts), now=now)
    assert set(refused.value.problems) == {field}


@pytest.mark.parametrize(("uses", "days"), [("view", 7), ("export", 3)])
@pytest.mark.parametrize("begins", [None, 10])
def test_no_card_opens_anything_for_longer_than_policy_says(
    owner: Person, manager: Person, head: Person, now: datetime, db: DB, uses: str, days: int, begins: int | None
) -> None:
    starts = (now + timedelta(days=begins)).date() if begins else None
    card = service.ask(
        manager, "sample", made(owner, now), wish(now, uses, (begins or 0) + days - 1, valid_from=starts), now=now
    )
    signed(head, card, "approve", now)
    [grant] = db["grant"].find()
    length = grant["valid_until"] - grant["valid_from"]
    assert length == timedelta(days=days) if begins else timedelta(days=days - 1) < length <= timedelta(days=days)


def test_who_is_no_manager_any_more_cannot_be_lent_anything(
    owner: Person, manager: Person, head: Person, now: datetime, db: DB
) -> None:
    number = made(owner, now)
    card = service.ask(manager, "sample", number, wish(now, "export"), now=now)
    db["user"].update_one({"_id": manager.id}, {"$set": {"roles": [Role.SALES.value]}})
    with pytest.raises(Invalid) as refused:
        signed(head, card, "approve", now)
    assert set(refused.value.problems) == {"uses"}
    assert (store.fetch(CARD, card["_id"])["state"], db["grant"].count_documents({})) == ("signed", 0)
    assert signed(head, card, "refuse", now, "No manager any more")["state"] == "refused"


def test_a_record_destroyed_in_between_cannot_be_opened(
    owner: Person, manager: Person, head: Person, now: datetime, db: DB
) -> None:
    numbers = [made(owner, now), made(owner, now)]
    card = service.ask_for(manager, "sample", numbers, wish(now), now=now)
    db["record_sample"].delete_one({"number": numbers[1]})
    with pytest.raises(RecordGone):
        signed(head, card, "approve", now)
    assert store.fetch(CARD, card["_id"])["state"] == "signed"
    assert db["grant"].count_documents({}) == 0
    assert signed(head, card, "refuse", now, "It is gone")["state"] == "refused"


# --- top secret


def test_a_top_secret_record_is_offered_and_signed_by_head_and_general_manager(
    owner: Person, manager: Person, head: Person, gm: Person, now: datetime
) -> None:
    number = made(owner, now, "top_secret")
    assert manager.id is not None
    card = service.offer(owner, "sample", number, manager.id, wish(now), now=now)
    assert (card["state"], card["owner"]) == ("signed", manager.id)
    assert signed(head, card, "approve", now)["state"] == "approved"
    with pytest.raises(NotFound):
        records.see(admitted(manager, now), "sample", number, Purpose.VIEW, now)
    assert signed(gm, card, "countersign", now)["state"] == "granted"
    assert full(manager, number, now)
    with pytest.raises(NotFound):
        records.see(person(Role.SPECIALIST), "sample", number, Purpose.VIEW, now)


def test_the_heads_own_offer_goes_to_the_general_manager(
    owner: Person, manager: Person, head: Person, now: datetime
) -> None:
    assert manager.id is not None
    card = service.offer(head, "sample", made(owner, now, "top_secret"), manager.id, wish(now), now=now)
    assert card["state"] == "approved"


def test_only_owner_and_head_offer(owner: Person, manager: Person, gm: Person, now: datetime) -> None:
    number = made(owner, now, "top_secret")
    assert manager.id is not None
    assert owner.id is not None
    with pytest.raises(Forbidden):
        service.offer(gm, "sample", number, manager.id, wish(now), now=now)
    with pytest.raises(records.Locked):
        service.offer(manager, "sample", made(owner, now), owner.id, wish(now), now=now)
    with pytest.raises(NothingToOffer):
        service.offer(owner, "sample", number, owner.id, wish(now), now=now)


def test_what_was_asked_for_and_became_top_secret_is_not_approved_but_offered_or_not_at_all(
    owner: Person, manager: Person, head: Person, gm: Person, now: datetime, db: DB
) -> None:
    number = made(owner, now)
    card = service.ask(manager, "sample", number, wish(now), now=now)
    records.change(owner, "sample", number, {"level": "top_secret"}, rev=1, now=now)
    assert contents.leads(store.fetch(CARD, card["_id"]), "approve", head) is None
    with pytest.raises(NotByAsking):
        signed(head, card, "approve", now)
    assert (store.fetch(CARD, card["_id"])["rev"], db["grant"].count_documents({})) == (1, 0)
    assert signed(head, card, "refuse", now, "Not now")["state"] == "refused"
    assert manager.id is not None
    offered = service.offer(owner, "sample", number, manager.id, wish(now), now=now)
    assert signed(head, offered, "approve", now)["state"] == "approved"
    assert signed(gm, offered, "countersign", now)["level_asked"] == "top_secret"
    assert full(manager, number, now)


@pytest.mark.parametrize("which", [0, 1])
def test_one_top_secret_record_among_others_keeps_the_whole_card_from_being_approved(
    owner: Person, manager: Person, head: Person, now: datetime, which: int
) -> None:
    numbers = [made(owner, now), made(owner, now)]
    card = service.ask_for(manager, "sample", numbers, wish(now), now=now)
    records.change(owner, "sample", numbers[which], {"level": "top_secret"}, rev=1, now=now)
    with pytest.raises(NotByAsking):
        signed(head, card, "approve", now)


def test_a_card_that_waited_for_the_general_manager_before_nobody_could_ask_is_refused(
    owner: Person, manager: Person, gm: Person, now: datetime, db: DB
) -> None:
    number = made(owner, now)
    card = service.ask(manager, "sample", number, wish(now), now=now)
    store.change(CARD, card["_id"], {"state": "approved"}, actor=owner, now=now)
    records.change(owner, "sample", number, {"level": "top_secret"}, rev=1, now=now)
    with pytest.raises(NotByAsking):
        signed(gm, card, "countersign", now)
    assert signed(gm, card, "refuse", now, "Offered anew")["state"] == "refused"


def told(reader: Person, card: dict[str, Any], now: datetime) -> str:
    """All that whoever asked is told of a card, its history included."""
    found = records.read(reader, CARD, card["number"], Purpose.VIEW, now)
    versions = records.versions_of(found)
    rows = [(row["action"], row["note"], row["by_name"]) for row in versions]
    changes = [(one["field"].name, one["before"], one["after"]) for row in versions for one in row["changes"]]
    return repr((found.values, rows, changes))


def test_a_card_of_a_record_raised_to_top_secret_looks_as_it_did_and_names_no_level(
    owner: Person, manager: Person, head: Person, now: datetime
) -> None:
    number = made(owner, now)
    card = service.ask(manager, "sample", number, wish(now), now=now)
    before = told(manager, card, now)
    records.change(owner, "sample", number, {"level": "top_secret"}, rev=1, now=now)
    assert told(manager, card, now) == before, "the card looks as it did"
    assert dict(signer_told(store.fetch(CARD, card["_id"])))["Highest level now"] == "Top secret", "the signer is told"
    with pytest.raises(NotByAsking):
        signed(head, card, "approve", now)
    assert told(manager, card, now) == before, "nor does it go on"
    signed(head, card, "refuse", now, "Ask your manager")
    other = service.ask(manager, "sample", made(owner, now), wish(now), now=now)
    signed(head, other, "refuse", now, "Ask your manager")
    ended, usual = (re.sub(r"[A-Z]{2,}-\d{4}-\d+", "-", told(manager, one, now)) for one in (card, other))
    ids = r"ObjectId\('[0-9a-f]+'\)"
    assert re.sub(ids, "-", ended) == re.sub(ids, "-", usual), "one that is refused is refused as any other"


def test_whoever_signs_before_the_head_does_not_learn_that_a_record_became_top_secret(
    owner: Person, head: Person, now: datetime
) -> None:
    own = person(Role.SALES_MANAGER, name="Own manager", department="sales")
    number = made(owner, now)
    card = service.ask(person(Role.SALES, name="Asker", manager=own.id), "sample", number, wish(now), now=now)
    before = signer_told(store.fetch(CARD, card["_id"]))
    records.change(owner, "sample", number, {"level": "top_secret"}, rev=1, now=now)
    assert signer_told(store.fetch(CARD, card["_id"])) == before
    passed_on = signed(own, card, "sign", now)
    assert dict(signer_told(passed_on))["Highest level now"] == "Top secret", "the head is told"


def signer_told(card: dict[str, Any]) -> list[tuple[str, str]]:
    return [(label.en, text.en) for label, text in contents.told(card)]


def test_the_signer_s_sheet_asks_once_for_the_records_and_once_for_the_reader(
    borrowed: dict[str, Any], head: Person
) -> None:
    card = store.fetch(CARD, borrowed["_id"])
    with commands.heard() as asked:
        contents.told(card)
    assert asked == ["find record_sample", "find user"]
    with commands.heard() as asked:
        contents.leads(card, "approve", head)
    assert asked == [], "what was asked for goes nowhere else"


def test_a_card_that_ends_because_a_record_was_raised_ends_by_the_system_and_names_no_level(
    borrowed: dict[str, Any], owner: Person, manager: Person, now: datetime, db: DB
) -> None:
    records.change(owner, "sample", borrowed["items"][0]["number"], {"level": "top_secret"}, rev=1, now=now)
    row = db[store.VERSIONS].find_one({"record": borrowed["_id"]}, sort=[("rev", -1)]) or {}
    assert (row["action"], row["by"], row["note"]) == ("expire", None, "")
    assert "top_secret" not in told(manager, borrowed, now)
    entry = db["audit"].find_one({"action": "raised", "record": borrowed["_id"]}) or {}
    assert entry["actor"] == owner.id


def test_a_record_raised_to_top_secret_closes_at_once_the_cards_that_the_general_manager_has_not_signed(
    owner: Person, manager: Person, head: Person, now: datetime, db: DB
) -> None:
    number = made(owner, now)
    card = signed(head, service.ask(manager, "sample", number, wish(now), now=now), "approve", now)
    records.change(owner, "sample", number, {"level": "top_secret"}, rev=1, now=now)
    assert store.fetch(CARD, card["_id"])["state"] == "ended"
    assert grants.grants_in_force(manager, now) == {}
    with pytest.raises(NotFound):
        records.see(admitted(manager, now), "sample", number, Purpose.VIEW, now)
    assert service.expire(now) == 0
    entry = db["audit"].find_one({"action": "raised", "record": card["_id"]})
    assert entry is not None
    assert entry["actor"] == owner.id


def test_what_left_of_a_record_raised_to_top_secret_is_called_back(
    borrowed: dict[str, Any], owner: Person, manager: Person, now: datetime
) -> None:
    receipt.take(admitted(manager, now), borrowed["number"], "csv", now=now)
    records.change(owner, "sample", borrowed["items"][0]["number"], {"level": "top_secret"}, rev=1, now=now)
    card = store.fetch(CARD, borrowed["_id"])
    assert (card["state"], card["due_on"]) == ("out", date(2026, 11, 23))


def test_records_raised_many_at_a_time_close_their_cards_too(
    borrowed: dict[str, Any], owner: Person, now: datetime
) -> None:
    numbers = [item["number"] for item in borrowed["items"]]
    done = carried_out(owner, "change", {"level": "top_secret"}, now=now, slug="sample", numbers=numbers)
    assert done.count("changed") == 2
    assert store.fetch(CARD, borrowed["_id"])["state"] == "ended"


@pytest.fixture
def countersigned(owner: Person, manager: Person, head: Person, gm: Person, now: datetime) -> dict[str, Any]:
    """An offer of a top secret record that the general manager signed."""
    assert manager.id is not None
    card = service.offer(owner, "sample", made(owner, now, "top_secret"), manager.id, wish(now), now=now)
    return signed(gm, signed(head, card, "approve", now), "countersign", now)


def test_a_card_keeps_the_level_of_each_record_when_it_was_signed(
    borrowed: dict[str, Any], countersigned: dict[str, Any]
) -> None:
    assert countersigned["level_asked"] == "top_secret"
    assert [item["level"] for item in countersigned["items"]] == ["top_secret"]
    assert [item["level"] for item in borrowed["items"]] == ["secret", "confidential"]


def test_what_the_general_manager_signed_for_one_record_is_not_signed_for_another_raised_later(
    countersigned: dict[str, Any], owner: Person, manager: Person, now: datetime, db: DB
) -> None:
    first, second = countersigned["items"][0]["number"], made(owner, now)
    items = [*countersigned["items"], {"number": second, "name": "", "level": "secret"}]
    db["record_access_request"].update_one({"_id": countersigned["_id"]}, {"$set": {"items": items}})
    assert full(manager, first, now)
    assert service.expire(now) == 0
    records.change(owner, "sample", second, {"level": "top_secret"}, rev=1, now=now)
    assert store.fetch(CARD, countersigned["_id"])["state"] == "ended"


def test_what_the_general_manager_signed_stays_open_through_a_change_of_level(
    countersigned: dict[str, Any], manager: Person, head: Person, now: datetime, db: DB
) -> None:
    number = countersigned["items"][0]["number"]
    row = db["record_sample"].find_one({"number": number})
    assert row is not None
    for level in ("secret", "top_secret"):
        store.change("sample", row["_id"], {"level": level}, actor=head, now=now)
    assert full(manager, number, now)


def test_the_job_ends_what_was_raised_past_the_rules_of_the_type(
    owner: Person, manager: Person, head: Person, now: datetime
) -> None:
    number = made(owner, now)
    card = signed(head, service.ask(manager, "sample", number, wish(now), now=now), "approve", now)
    with unruled(SAMPLE):
        records.change(owner, "sample", number, {"level": "top_secret"}, rev=1, now=now)
    assert store.fetch(CARD, card["_id"])["state"] == "granted"
    assert service.expire(now) == 1
    assert service.expire(now) == 0
    assert store.fetch(CARD, card["_id"])["state"] == "ended"


def test_names_of_files_go_out_of_receipts_of_former_versions(
    borrowed: dict[str, Any], manager: Person, now: datetime, db: DB
) -> None:
    number = borrowed["items"][0]["number"]
    told = {"file": f"{number} · Price of the lamps · 2026.pdf", "api": f"{number} · API", "print": number}
    rows = [
        {"number": f"HZ-{how}", "at": now, "how": "file" if how == "api" else how, "what": what, "count": 1}
        for how, what in told.items()
    ]
    for until in (1, 2, 3):
        values = {"receipts": rows[:until]}
        store.change(CARD, borrowed["_id"], values, actor=manager, now=now, action="took_out", note="HZ")
    rev = store.fetch(CARD, borrowed["_id"])["rev"]
    assert schema.migrate() == ["took the names of files out of the receipts of 1 cards"]
    card = store.fetch(CARD, borrowed["_id"])
    assert [row["what"] for row in card["receipts"]] == [number, f"{number} · API", number]
    assert card["rev"] == rev
    kept = [*db[store.VERSIONS].find(), *db["record_access_request"].find()]
    assert "Price of the lamps" not in str(kept)
    assert len(records.versions(manager, CARD, card["number"], now)) == rev
    assert schema.migrate() == []


# --- what leaves


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_leaves_with_a_receipt_its_hash_and_an_entry(
    borrowed: dict[str, Any], manager: Person, now: datetime, db: DB, form: str
) -> None:
    taken = receipt.take(admitted(manager, now), borrowed["number"], form, now=now, language="en")
    assert taken.receipt == "HZ-2026-000001"
    [row] = store.fetch(CARD, borrowed["_id"])["receipts"]
    assert (row["number"], row["how"], row["count"]) == (taken.receipt, form, 2)
    assert row["sha256"] == taken.sha256 == hashlib.sha256(taken.content).hexdigest()
    with open_table(BytesIO(taken.content)) as table:
        rows = [dict(zip(table.header, one.cells, strict=True)) for one in table.rows()]
    assert [one["Number"] for one in rows] == [item["number"] for item in borrowed["items"]]
    assert {(one["Receipt"], one["Exported by"]) for one in rows} == {(taken.receipt, "Manager")}
    if form == "xlsx":
        with zipfile.ZipFile(BytesIO(taken.content)) as parts:
            sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert f"&amp;CConfidential · Manager · 2026-11-23 10:00 · {taken.receipt}</oddHeader>" in sheet
    done = db["audit"].find_one({"action": "export_done"})
    assert done is not None
    assert done["detail"]["sha256"] == taken.sha256
    assert db["audit"].count_documents({"action": "export", "record": {"$ne": None}}) == 2
    assert db["audit"].count_documents({"action": "took_out"}) == 1


def test_each_taking_is_counted(borrowed: dict[str, Any], manager: Person, now: datetime) -> None:
    for _ in range(2):
        receipt.take(admitted(manager, now), borrowed["number"], "csv", now=now)
    numbers = [row["number"] for row in store.fetch(CARD, borrowed["_id"])["receipts"]]
    assert numbers == ["HZ-2026-000001", "HZ-2026-000002"]


def test_what_is_borrowed_leaves_with_no_list(borrowed: dict[str, Any], head: Person, now: datetime) -> None:
    colleague = person(Role.SPECIALIST, Role.SALES_MANAGER, name="Both", manager=head.id)
    card = service.ask(colleague, "sample", borrowed["items"][0]["number"], wish(now, "export"), now=now)
    signed(head, card, "approve", now)
    made = export(admitted(colleague, now), "sample", ListQuery(), "csv", now=now)
    assert b"Lamp works" not in b"".join(made.pieces)
    assert b"Lamp works" in receipt.take(admitted(colleague, now), card["number"], "csv", now=now).content


def test_a_card_that_is_over_foreign_or_for_another_use_lets_nothing_out_and_says_so_in_the_trail(
    borrowed: dict[str, Any], owner: Person, manager: Person, head: Person, now: datetime, db: DB
) -> None:
    looking = service.ask(manager, "sample", made(owner, now), wish(now), now=now)
    signed(head, looking, "approve", now)
    late = now + timedelta(days=5)
    for who, card, at in ((head, borrowed, now), (manager, looking, now), (manager, borrowed, late)):
        with pytest.raises(receipt.CardClosed):
            receipt.take(admitted(who, at), card["number"], "csv", now=at)
    with pytest.raises(NotFound):
        receipt.take(person(Role.SPECIALIST), borrowed["number"], "csv", now=now)
    assert db["audit"].count_documents({"action": "refused", "type": CARD}) == 3
    assert db["audit"].count_documents({"action": "export"}) == 0
    assert store.fetch(CARD, borrowed["_id"])["receipts"] is None
    assert db["counter"].count_documents({"_id": "receipt:2026"}) == 0


def test_a_print_under_a_card_is_counted_and_one_by_right_is_not(
    borrowed: dict[str, Any], owner: Person, manager: Person, head: Person, now: datetime
) -> None:
    number = made(owner, now)
    card = service.ask(manager, "sample", number, wish(now, "print"), now=now)
    signed(head, card, "approve", now)
    for who, wanted in ((admitted(manager, now), "HZ-2026-000001"), (head, ""), (owner, "")):
        sight = records.see(who, "sample", number, Purpose.PRINT, now)
        assert receipt.note(who, sight, Purpose.PRINT, "print", now=now) == wanted
    [row] = store.fetch(CARD, card["_id"])["receipts"]
    assert (row["how"], row["what"]) == ("print", number)


@pytest.mark.parametrize("purpose", [Purpose.PRINT, Purpose.EXPORT])
def test_a_card_revoked_while_its_reader_is_let_in_lets_nothing_out(
    borrowed: dict[str, Any], manager: Person, head: Person, now: datetime, db: DB, purpose: Purpose
) -> None:
    if purpose is Purpose.PRINT:
        db["grant"].update_many({}, {"$set": {"uses": ["print", "view"]}})
    reader = admitted(manager, now)
    sight = records.see(reader, "sample", borrowed["items"][0]["number"], purpose, now)
    assert sight.full
    signed(head, borrowed, "revoke", now, "Not needed")
    with pytest.raises(receipt.CardClosed):
        receipt.note(reader, sight, purpose, "file", now=now)
    entry = list(db["audit"].find({"record": sight.id}).sort("_id", 1))[-1]
    assert (entry["action"], entry["detail"]) == ("refused", {"purpose": purpose.value})
    assert store.fetch(CARD, borrowed["_id"])["receipts"] is None
    assert db["counter"].count_documents({"_id": "receipt:2026"}) == 0


def test_what_is_not_classified_any_more_leaves_without_a_card(
    borrowed: dict[str, Any], manager: Person, head: Person, now: datetime
) -> None:
    reader, number = admitted(manager, now), borrowed["items"][0]["number"]
    sight = records.see(reader, "sample", number, Purpose.EXPORT, now)
    signed(head, borrowed, "revoke", now, "Not needed")
    store.change("sample", sight.id, {"level": "internal"}, actor=head, now=now)
    assert receipt.note(reader, sight, Purpose.EXPORT, "file", now=now) == ""


# --- coming back


def test_what_left_has_to_come_back_and_the_custodian_confirms_it(
    borrowed: dict[str, Any], manager: Person, custodian: Person, now: datetime
) -> None:
    receipt.take(admitted(manager, now), borrowed["number"], "csv", now=now)
    assert signed(manager, borrowed, "give_back", now)["state"] == "out"
    assert grants.grants_in_force(manager, now) == {}
    out = store.fetch(CARD, borrowed["_id"])
    assert (out["receiver"], out["due_on"]) == (custodian.id, date(2026, 11, 23))
    with pytest.raises((Forbidden, records.NotYourOwn)):
        signed(manager, borrowed, "take_back", now)
    assert signed(custodian, borrowed, "take_back", now)["state"] == "ended"


def test_a_card_whose_window_ends_waits_for_what_left_and_is_late_from_then_on(
    borrowed: dict[str, Any], manager: Person, custodian: Person, now: datetime, db: DB
) -> None:
    receipt.take(admitted(manager, now), borrowed["number"], "csv", now=now)
    late = now + timedelta(days=4)
    assert service.expire(late) == 1
    assert service.expire(late) == 0
    row = db["record_access_request"].find_one({"_id": borrowed["_id"]})
    assert row is not None
    assert row["state"] == "out"
    assert row["due_at"] < late
    assert set(row["waiting"]) == {f"user:{manager.id}", f"user:{custodian.id}"}


def test_a_revoked_card_with_nothing_out_is_over(borrowed: dict[str, Any], head: Person, now: datetime) -> None:
    assert signed(head, borrowed, "revoke", now, "Not needed")["state"] == "revoked"


def test_a_revoked_card_with_paper_out_calls_it_back_at_once(
    borrowed: dict[str, Any], manager: Person, head: Person, now: datetime
) -> None:
    receipt.take(admitted(manager, now), borrowed["number"], "csv", now=now)
    assert signed(head, borrowed, "revoke", now, "Not needed")["state"] == "out"
    assert not full(manager, borrowed["items"][0]["number"], now)
    with pytest.raises(receipt.CardClosed):
        receipt.take(admitted(manager, now), borrowed["number"], "csv", now=now)
