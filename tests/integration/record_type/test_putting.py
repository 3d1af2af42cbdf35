"""Putting a definition: what is refused, what is kept, what the shell can do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from config.database import database
from models import audit, checks, records, registry, schema, store
from models.access import Purpose
from models.errors import NotFound
from models.person.roles import SYSTEM, Role
from models.record_type import deriving, fitting, service
from models.record_type.plain import WrongDefinition, from_plain, to_plain
from tests.factories.definitions import visit, visit_with
from tests.factories.people import person
from tests.factories.types import SAMPLE

DB = Database[dict[str, Any]]


def codes(wrong: WrongDefinition) -> set[tuple[str, str]]:
    return {(finding.code, finding.field) for finding in wrong.findings}


@pytest.mark.parametrize(
    ("definition", "code", "place"),
    [
        (visit(colour="red"), "E031", "colour"),
        (visit_with(kind=5), "E032", "fields.badge.kind"),
        (visit(label={"zh": "来访"}), "E032", "label.en"),
        (visit(title="x" * 3000), "E033", "title"),
        (visit(slug="customer", number="LK-{year}-{seq:05d}"), "E001", ""),
        (visit(number="LF-{year}-{seq}"), "E036", "number"),
        (visit(slug="Visit"), "E001", ""),
        (visit(number="LF-{year.__class__}-{seq}"), "E012", "number"),
        (visit(number="LF-{year}-{seq:0999999999d}"), "E012", "number"),
        (visit_with(kind="reference", to="nothing"), "E004", "badge"),
        (visit_with(places=1000), "E013", "badge"),
        (visit(rights={}), "E016", "rights"),
        (visit_with(unique=True), "E037", "badge"),
        (visit_with(required_when={"field": "nothing"}), "E023", "badge"),
    ],
)
def test_a_wrong_definition_is_refused_with_the_codes_of_the_start(
    db: DB, now: datetime, definition: dict[str, Any], code: str, place: str
) -> None:
    with pytest.raises(WrongDefinition) as refused:
        service.put(definition, actor=SYSTEM, now=now)
    assert (code, place) in codes(refused.value)
    assert db[service.TYPES].count_documents({}) == 0
    assert "visit" not in {rt.slug for rt in registry.all_types()}


def test_the_findings_are_the_ones_of_the_checks(now: datetime) -> None:
    definition = visit_with(kind="choice", group="elsewhere")
    with pytest.raises(WrongDefinition) as refused:
        service.put(definition, actor=SYSTEM, now=now)
    expected = checks.check([*registry.all_types(), from_plain(definition)])
    assert [finding.line() for finding in refused.value.findings] == [f.line() for f in expected if f.is_error]


def test_a_put_is_a_version_and_an_entry_of_the_audit_trail_and_the_same_again_is_none(db: DB, now: datetime) -> None:
    actor = person(Role.ADMINISTRATOR)
    for expected in (1, 1):
        assert service.put(visit(), actor=actor, now=now).version == expected
    assert service.put(visit_with(), actor=actor, now=now).version == 2
    entries = list(db[audit.ENTRIES].find({"type": "record_type"}))
    assert [(e["action"], e["number"], e["actor"]) for e in entries] == [("type_put", "visit", actor.id)] * 2
    assert [line for line in schema.missing() if "record_visit" in line] == []


def test_a_field_keeps_the_kind_of_what_is_stored_even_after_it_was_away(now: datetime) -> None:
    service.put(visit_with(), actor=SYSTEM, now=now)
    service.put(visit_with(kind="long_text"), actor=SYSTEM, now=now)  # both are stored as text
    service.put(visit(), actor=SYSTEM, now=now)
    for kind in ("money", "text"):  # a field of one line would lose the others
        with pytest.raises(WrongDefinition) as refused:
            service.put(visit_with(kind=kind), actor=SYSTEM, now=now)
        assert codes(refused.value) == {("E034", "badge")}


def test_an_amount_keeps_its_currency(db: DB, now: datetime) -> None:
    service.put(visit_with(kind="money", currency="USD"), actor=SYSTEM, now=now)
    db[service.TYPES].update_one({"_id": "visit"}, {"$set": {"kinds.badge": "money"}})  # as older versions noted it
    for _ in range(2):
        with pytest.raises(WrongDefinition) as refused:
            service.put(visit_with(kind="money", currency="CNY"), actor=SYSTEM, now=now)
        assert codes(refused.value) == {("E034", "badge")}
        service.put(visit_with(kind="money", currency="USD", max_length=9), actor=SYSTEM, now=now)


CHOICE = {"choices": [{"value": "a", "label": {"zh": "甲", "en": "Aa"}}]}
INNER: dict[str, tuple[Any, dict[str, Any]]] = {
    "text": ("x1", {}),
    "long_text": ("x\ny", {}),
    "integer": (3, {}),
    "decimal": ("1.50", {}),
    "percent": ("12", {}),
    "money": ("12.50", {}),
    "money USD": ("12.50", {"currency": "USD"}),
    "money of several": ({"amount": "1", "currency": "USD"}, {"currencies": ["CNY", "USD"]}),
    "date": ("2026-01-02", {}),
    "datetime": ("2026-01-02T10:00:00+08:00", {}),
    "time": ("10:00", {}),
    "period": ({"from": "2026-01-02", "until": None}, {}),
    "address": ({"street": "a"}, {}),
    "yes_no": (True, {}),
    "choices": (["a"], CHOICE),
}
"""A value of each kind that an inner field may have and that is stored in its own way."""


def inner(name: str, kind: str) -> dict[str, Any]:
    """An inner field of one of these kinds."""
    return {"name": name, "label": {"zh": "乙", "en": "Nn"}, "kind": kind.split()[0], **INNER[kind][1]}


def rows_of(*fields: dict[str, Any], embedded: str = "embedded_list") -> dict[str, Any]:
    """The visitor register with rows of some fields, and of a text."""
    return visit_with(name="items", kind=embedded, fields=[*fields, inner("t", "text")])


@pytest.mark.parametrize("embedded", ["embedded_list", "embedded"])
def test_an_inner_field_keeps_the_kind_of_what_is_stored_even_after_it_was_away(now: datetime, embedded: str) -> None:
    kinds = {f"n{place}": kind for place, kind in enumerate(INNER)}
    right = rows_of(*(inner(name, kind) for name, kind in kinds.items()), embedded=embedded)
    service.put(right, actor=SYSTEM, now=now)
    head = person(Role.HEAD)
    row = {"t": "t"} | {name: INNER[kind][0] for name, kind in kinds.items()}
    items = row if embedded == "embedded" else [row]
    made = records.create(head, "visit", {"visitor": "x", "items": items}, now=now)
    seen = records.see(head, "visit", made["number"], Purpose.VIEW, now).values["items"]
    for away in (False, True):
        if away:
            service.put(rows_of(embedded=embedded), actor=SYSTEM, now=now)
        version = registry.get("visit").rt.version
        for turn in range(1, len(INNER)):
            others = dict(zip(kinds, [*INNER][turn:] + [*INNER][:turn], strict=True))
            with pytest.raises(WrongDefinition) as refused:
                service.put(
                    rows_of(*(inner(name, kind) for name, kind in others.items()), embedded=embedded),
                    actor=SYSTEM,
                    now=now,
                )
            alike = {name for name in kinds if (kinds[name], others[name]) == ("text", "long_text")}
            assert codes(refused.value) == {("E034", f"items.{name}") for name in kinds.keys() - alike}
        assert registry.get("visit").rt.version == version
    service.put(right, actor=SYSTEM, now=now)
    assert records.see(head, "visit", made["number"], Purpose.VIEW, now).values["items"] == seen


@pytest.mark.parametrize("kind", [kind for kind in INNER if kind not in ("money USD", "money of several")])
def test_what_is_sealed_is_opened_for_encrypted_fields_only(now: datetime, kind: str) -> None:
    def declared(encrypted: bool) -> dict[str, Any]:
        made = rows_of(inner("n", kind) | {"encrypted": encrypted})
        made["fields"].append(inner("n", kind) | {"group": "visit", "encrypted": encrypted})
        return made

    value = INNER[kind][0]
    head = person(Role.HEAD)
    service.put(declared(False), actor=SYSTEM, now=now)
    values = {"visitor": "x", "n": value, "items": [{"n": value, "t": "t"}]}
    made = records.create(head, "visit", values, now=now)
    seen = records.see(head, "visit", made["number"], Purpose.VIEW, now).values
    service.put(declared(True), actor=SYSTEM, now=now)
    for away in (False, True):
        if away:
            service.put(rows_of(), actor=SYSTEM, now=now)
        with pytest.raises(WrongDefinition) as refused:
            service.put(declared(False), actor=SYSTEM, now=now)
        assert codes(refused.value) == {("E034", "n"), ("E034", "items.n")}
    service.put(declared(True), actor=SYSTEM, now=now)
    assert records.see(head, "visit", made["number"], Purpose.VIEW, now).values == seen


def test_a_reference_keeps_the_type_that_it_points_to(db: DB, now: datetime) -> None:
    service.put(visit_with(kind="reference", to="customer"), actor=SYSTEM, now=now)
    with pytest.raises(WrongDefinition) as refused:
        service.put(visit_with(kind="reference", to="contract"), actor=SYSTEM, now=now)
    assert codes(refused.value) == {("E034", "badge")}


@pytest.mark.parametrize("left_in", ["the record", "its history"])
def test_an_inner_field_of_which_a_former_version_noted_nothing_is_new_only_where_nothing_is_stored(
    db: DB, now: datetime, left_in: str
) -> None:
    service.put(rows_of(inner("n", "text")), actor=SYSTEM, now=now)
    head = person(Role.HEAD)
    made = records.create(head, "visit", {"visitor": "x", "items": [{"n": "x1", "t": "t"}]}, now=now)
    service.put(rows_of(), actor=SYSTEM, now=now)
    if left_in == "its history":
        changes = {"items": [{"t": "u"}]}
        records.change(head, "visit", made["number"], changes, rev=1, now=now)
    forget = {"$unset": {fitting.BY_PATH: ""}, "$set": {"kinds": {"visitor": "text", "items": "embedded_list"}}}
    db[service.TYPES].update_one({"_id": "visit"}, forget)
    with pytest.raises(WrongDefinition) as refused:
        service.put(rows_of(inner("n", "date")), actor=SYSTEM, now=now)
    assert codes(refused.value) == {("E034", "items.n")}
    service.put(rows_of(inner("on_day", "date")), actor=SYSTEM, now=now)


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_field_of_which_a_former_version_did_not_note_that_it_was_sealed_is_not_opened_for_all(
    db: DB, now: datetime, encrypted: bool
) -> None:
    service.put(visit_with(encrypted=encrypted), actor=SYSTEM, now=now)
    records.create(person(Role.HEAD), "visit", {"visitor": "x", "badge": "1"}, now=now)
    service.put(visit(), actor=SYSTEM, now=now)
    forget = {"$unset": {fitting.BY_PATH: ""}, "$set": {"kinds": {"visitor": "text", "badge": "text"}}}
    db[service.TYPES].update_one({"_id": "visit"}, forget)
    if encrypted:
        with pytest.raises(WrongDefinition) as refused:
            service.put(visit_with(), actor=SYSTEM, now=now)
        assert codes(refused.value) == {("E034", "badge")}
    service.put(visit_with(encrypted=encrypted), actor=SYSTEM, now=now)


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        ("LF-{year}-{seq:06d}", False),
        ("LF-{year}-{seq:04d}", True),
        ("LF-{year}-A{seq:06d}", True),
        ("LG-{year}-{seq:05d}", True),
        ("AA-{year}-{seq:05d}", False),
    ],
)
def test_another_pattern_begins_where_its_numbers_stand_behind_those_that_are_there(
    now: datetime, number: str, fits: bool
) -> None:
    service.put(visit(), actor=SYSTEM, now=now)
    service.put(visit(number="LE-{year}-{seq:05d}"), actor=SYSTEM, now=now)  # nothing has a number yet
    service.put(visit(), actor=SYSTEM, now=now)
    head = person(Role.HEAD)
    first = [records.create(head, "visit", {"visitor": "x"}, now=now)["number"] for _ in range(2)]
    if not fits:
        with pytest.raises(WrongDefinition) as refused:
            service.put(visit(number=number), actor=SYSTEM, now=now)
        assert codes(refused.value) == {("E034", "number")}
        [line] = (finding.text.en for finding in refused.value.findings)
        assert ("not AA-" in line) == number.startswith("AA"), "what would help"
        if number.startswith("LF"):
            service.put(visit(number=number), actor=SYSTEM, now=now.replace(year=2027))
        return
    service.put(visit(number=number), actor=SYSTEM, now=now)
    numbers = [*first, *(records.create(head, "visit", {"visitor": "x"}, now=now)["number"] for _ in range(2))]
    assert numbers == sorted(numbers)


def test_a_field_becomes_unique_only_where_no_value_stands_twice(db: DB, now: datetime) -> None:
    for_all = {"rights": {**visit()["rights"], "view": [{"relation": "any"}]}}
    service.put(visit_with() | for_all, actor=SYSTEM, now=now)
    head = person(Role.HEAD)
    for _ in range(2):
        records.create(head, "visit", {"visitor": "x", "badge": "1"}, now=now)
    with pytest.raises(WrongDefinition) as refused:
        service.put(visit_with(unique=True) | for_all, actor=SYSTEM, now=now)
    assert codes(refused.value) == {("E034", "")}
    assert registry.get("visit").rt.version == 1


def test_stored_records_follow_the_new_version_without_being_written(db: DB, now: datetime) -> None:
    service.put(visit_with(), actor=SYSTEM, now=now)
    head = person(Role.HEAD)
    made = records.create(head, "visit", {"visitor": "王敏", "badge": "蓝色七号", "on": "2026-11-30"}, now=now)
    first = db["record_visit"].find_one({"_id": made["_id"]}) or {}
    changed = visit_with(searchable=True) | {"due": "on"}
    both = {"name": "called", "kind": "text", "label": {"zh": "称呼", "en": "Called"}, "group": "visit"}
    changed["fields"].append({**both, "computed": {"name": "join", "of": ["visitor", "badge"]}})
    service.put(changed, actor=SYSTEM, now=now)
    son = db["record_visit"].find_one({"_id": made["_id"]}) or {}
    assert "蓝色" in son["grams"]
    assert (son["called"], son["due_at"].date().isoformat()) == ("王敏 蓝色七号", "2026-11-30")
    assert (son["rev"], son["updated_at"]) == (first["rev"], first["updated_at"])
    service.put(visit_with(), actor=SYSTEM, now=now)
    son = db["record_visit"].find_one({"_id": made["_id"]}) or {}
    assert "due_at" not in son
    assert son["grams"] == first["grams"]


class PowerCut(Exception):
    """The process dies."""


def dies(*_: Any) -> Any:
    raise PowerCut


@pytest.fixture
def half_put(db: DB, now: datetime, monkeypatch: pytest.MonkeyPatch) -> ObjectId:
    """A visit whose type has a deadline since, put by a process that died before the records followed."""
    service.put(visit_with(), actor=SYSTEM, now=now)
    made = records.create(person(Role.HEAD), "visit", {"visitor": "王敏", "on": "2026-11-30"}, now=now)
    with monkeypatch.context() as patched:
        patched.setattr(service, "derive_again", dies)
        with pytest.raises(PowerCut):
            service.put(visit_with(searchable=True) | {"due": "on"}, actor=SYSTEM, now=now)
    record: ObjectId = made["_id"]
    assert "due_at" not in stored(db, record)
    return record


def stored(db: DB, record: ObjectId) -> dict[str, Any]:
    return db["record_visit"].find_one({"_id": record}) or {}


def test_a_put_that_broke_off_is_completed_by_the_same_definition_again(
    db: DB, now: datetime, half_put: ObjectId
) -> None:
    service.put(visit_with(searchable=True) | {"due": "on"}, actor=SYSTEM, now=now)
    assert "due_at" in stored(db, half_put)
    assert registry.get("visit").rt.version == 2


def test_a_put_that_broke_off_is_completed_by_the_job_and_only_once(db: DB, now: datetime, half_put: ObjectId) -> None:
    assert service.carry_on(now, lambda: True) == 0  # others may still be writing by the former version
    later = now + registry.UNDER_WAY
    assert service.carry_on(later, lambda: True) == 1
    assert "due_at" in stored(db, half_put)
    assert service.carry_on(later, lambda: True) == 0


def test_what_another_process_stored_meanwhile_by_the_former_version_follows(db: DB, now: datetime) -> None:
    service.put(visit_with(), actor=SYSTEM, now=now)
    made = records.create(person(Role.HEAD), "visit", {"visitor": "王敏", "on": "2026-11-30"}, now=now)
    service.put(visit_with() | {"due": "on"}, actor=SYSTEM, now=now)
    db["record_visit"].update_one({"_id": made["_id"]}, {"$unset": {"due_at": ""}, "$inc": {"rev": 1}})
    assert service.carry_on(now + registry.UNDER_WAY, lambda: True) == 1
    assert "due_at" in stored(db, made["_id"])


def test_a_long_register_follows_in_turns_and_goes_on_behind_what_is_done(
    db: DB, now: datetime, half_put: ObjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deriving, "AT_ONCE", 1)
    more = [records.create(person(Role.HEAD), "visit", {"visitor": "x"}, now=now)["_id"] for _ in range(2)]
    db["record_visit"].update_many({}, {"$unset": {"grams": ""}})
    later, turns = now + registry.UNDER_WAY, 0
    while service.carry_on(later, lambda: False) == 0:
        turns += 1
        assert turns < 10
    assert turns == 3
    assert all("grams" in stored(db, one) for one in (half_put, *more))


def test_the_former_version_s_work_ends_when_the_next_is_put(
    db: DB, now: datetime, half_put: ObjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deriving, "AT_ONCE", 1)
    made = records.create(person(Role.HEAD), "visit", {"visitor": "x"}, now=now)["_id"]
    db["record_visit"].update_many({}, {"$unset": {"grams": ""}})
    pieces = deriving.derive_again

    def overtaken(*args: Any) -> Iterator[ObjectId]:
        for last in pieces(*args):
            db[service.TYPES].update_one({"_id": "visit"}, {"$inc": {"version": 1}})
            yield last

    monkeypatch.setattr(service, "derive_again", overtaken)
    service._derive_at_once(registry.get("visit").rt)
    assert ["grams" in stored(db, one) for one in (half_put, made)] == [True, False]


def test_a_grant_given_while_records_follow_is_kept(db: DB, now: datetime, half_put: ObjectId) -> None:
    grant = ObjectId()
    rt = registry.get("visit").rt
    update = deriving._update(rt, stored(db, half_put) | {"acl": ["changed"]})
    store.add_grant("visit", half_put, grant)
    assert update is not None
    db["record_visit"].bulk_write([update])
    assert any(str(grant) in token for token in stored(db, half_put)["acl"])


def test_a_signature_that_goes_on_while_records_follow_is_kept(db: DB, now: datetime, half_put: ObjectId) -> None:
    rt = registry.get("visit").rt
    update = deriving._update(rt, stored(db, half_put) | {"acl": ["changed"]})
    climbed = {"climbed": 1, "acl": ["the next one's"]}
    db["record_visit"].update_one({"_id": half_put}, {"$set": climbed})
    assert update is not None
    db["record_visit"].bulk_write([update])
    assert stored(db, half_put)["acl"] == ["the next one's"]


class Late:
    """A lock that one gets when another thread has taken a type over in between."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row

    def __enter__(self) -> None:
        database()[service.TYPES].insert_one(self.row)

    def __exit__(self, *_: object) -> None:
        pass


def test_of_two_threads_that_look_at_once_none_takes_away_what_the_other_has_just_taken_over(
    db: DB, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.put(visit(), actor=SYSTEM, now=now)
    row = db[service.TYPES].find_one_and_delete({"_id": "visit"})
    assert row is not None
    monkeypatch.setattr(service, "_lock", Late(row))
    assert service.refresh() == []
    assert "visit" in {rt.slug for rt in registry.all_types()}


def test_indexes_that_only_the_former_version_wanted_are_dropped(db: DB, now: datetime) -> None:
    service.put(visit_with(filterable=True), actor=SYSTEM, now=now)
    service.put(visit(), actor=SYSTEM, now=now)
    assert "list_badge" not in db["record_visit"].index_information()


def test_a_withdrawn_type_is_gone_with_its_records_until_it_is_put_again(db: DB, now: datetime) -> None:
    service.put(visit(), actor=SYSTEM, now=now)
    head = person(Role.HEAD)
    made = records.create(head, "visit", {"visitor": "x"}, now=now)
    service.withdraw("visit", actor=SYSTEM, now=now)
    with pytest.raises(NotFound):
        records.see(head, "visit", made["number"], Purpose.VIEW, now)
    with pytest.raises(NotFound):
        service.withdraw("visit", actor=SYSTEM, now=now)
    assert service.put(visit(), actor=SYSTEM, now=now).version == 2
    assert records.see(head, "visit", made["number"], Purpose.VIEW, now).values["visitor"] == "x"


def test_a_type_on_which_another_stands_is_not_withdrawn(now: datetime) -> None:
    service.put(visit(), actor=SYSTEM, now=now)
    pass_ = visit_with(kind="reference", to="visit") | {"slug": "pass", "number": "TX-{year}-{seq:05d}"}
    service.put(pass_, actor=SYSTEM, now=now)
    with pytest.raises(WrongDefinition) as refused:
        service.withdraw("visit", actor=SYSTEM, now=now)
    assert codes(refused.value) == {("E004", "badge")}
    service.withdraw("pass", actor=SYSTEM, now=now)
    service.withdraw("visit", actor=SYSTEM, now=now)


def test_a_stored_definition_that_makes_no_sense_is_left_out_and_the_house_stands(
    db: DB, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    service.put(visit(), actor=SYSTEM, now=now)
    row = {"version": 2, "definition": {**visit(), "later": True}}
    db[service.TYPES].update_one({"_id": "visit"}, {"$set": row})
    assert service.refresh() == ["visit"]
    assert service.refresh() == []
    assert registry.get("visit").rt.version == 1
    assert "E031 visit.later" in caplog.text


def test_nothing_new_costs_one_small_question(db: DB, now: datetime) -> None:
    service.put(visit(), actor=SYSTEM, now=now)
    before = registry.get("visit")
    assert service.refresh() == []
    assert registry.get("visit") is before


def test_a_sample_of_everything_goes_through_the_database_unchanged(now: datetime) -> None:
    asked = tuple(
        replace(one, roles=(Role.FINANCE_REVIEWER,)) if one.name == "checker" else one for one in SAMPLE.fields
    )
    sample = replace(SAMPLE, fields=asked)  # of what is classified no stored type waits for just anybody
    stored = service.put(json.loads(json.dumps(to_plain(sample))), actor=SYSTEM, now=now)
    assert stored == sample
    assert database()["record_sample"].index_information().keys() >= {"list_address", "list_lent", "list_price"}
