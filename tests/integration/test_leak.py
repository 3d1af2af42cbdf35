"""The leak register (X8): who reports, who reads, who inquires and closes, what an outcome needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from models import access, barred, catalogue, listing, records, registry, schema, store
from models.access import Purpose
from models.changeable import Concerned
from models.declarations import Label, RecordType, Relation, Rule
from models.errors import Forbidden, Invalid, NotFound
from models.exchange import export as exports
from models.glances import Glances
from models.leak.document import LEAK
from models.leak.service import YouAreInvolved
from models.listing import Filter, ListQuery
from models.person import rights, service
from models.person.roles import SYSTEM, Person, Role, StandIn
from models.reminder.rules import Step
from models.reminder.service import inbox
from tests.factories.people import person

DB = Database[dict[str, Any]]
REPORT = {
    "subject": "Quotation seen at a competitor",
    "happened_on": "2026-11-18",
    "found_on": "2026-11-20",
    "way": "paper",
    "level_leaked": "confidential",
    "account": "A print of the quotation lay on the table.",
}
FINDING = {"findings": "The print was left in the car.", "duty": "none", "outcome": "warning", "remedy": "Locked bags"}


@pytest.fixture(autouse=True)
def shipped(db: DB) -> None:
    catalogue.load()
    schema.migrate()


@pytest.fixture
def people(db: DB) -> dict[str, Person]:
    return {
        "reporter": person(Role.SPECIALIST, name="Reporter"),
        "leaker": person(Role.SPECIALIST, name="Leaker"),
        "head": person(Role.HEAD, name="Head"),
        "gm": person(Role.GENERAL_MANAGER, name="GM", department="management"),
    }


def reported(cast: dict[str, Person], now: datetime, **more: Any) -> dict[str, Any]:
    named = [{"person": str(cast["leaker"].id), "part": "leaked"}]
    return records.create(cast["reporter"], "leak", {**REPORT, "people": named, **more}, now=now)


def moved(
    who: Person, leak: dict[str, Any], name: str, now: datetime, raw: dict[str, Any] | None = None, note: str = ""
) -> dict[str, Any]:
    return records.move(who, "leak", leak["number"], name, raw or {}, rev=leak["rev"], now=now, note=note, fresh=True)


def test_a_leak_is_reported_inquired_into_and_closed(people: dict[str, Person], now: datetime) -> None:
    leak = reported(people, now)
    assert (leak["state"], leak["due_on"]) == ("reported", date(2026, 12, 5))
    leak = moved(people["head"], leak, "take_up", now)
    assert leak["investigator"] == people["head"].id
    leak = moved(people["head"], leak, "conclude", now, FINDING)
    assert moved(people["gm"], leak, "close", now)["state"] == "closed"


def test_who_leaked_is_named_with_the_outcome_when_the_inquiry_found_it(
    people: dict[str, Person], now: datetime
) -> None:
    leak = moved(people["head"], reported(people, now, people=[]), "take_up", now)
    for row, wrong in (([], "people_found"), ([{"part": "leaked"}], "people_found.0.name")):
        with pytest.raises(Invalid) as refused:
            moved(people["head"], leak, "conclude", now, {**FINDING, "people_found": row})
        assert wrong in refused.value.problems
    itself = [{"person": str(people["head"].id), "part": "leaked"}]
    with pytest.raises(YouAreInvolved):
        moved(people["head"], leak, "conclude", now, {**FINDING, "people_found": itself})
    named = [{"person": str(people["leaker"].id), "part": "leaked"}]
    leak = moved(people["head"], leak, "conclude", now, {**FINDING, "people_found": named})
    assert [row["person"] for row in leak["people_found"]] == [people["leaker"].id]


def test_who_reported_keeps_their_own_list_of_people_and_sees_nothing_of_the_inquirys(
    people: dict[str, Person], now: datetime
) -> None:
    found = person(Role.SALES, name="Found by the inquiry")
    cleared = {"person": str(people["leaker"].id), "part": "witness"}
    rows = [{"person": str(found.id), "part": "leaked", "note": "apart-note"}, cleared]
    leak = moved(people["head"], reported(people, now), "take_up", now)
    assert leak["people_found"] == leak["people"], "the inquiry begins with whom the report names"
    leak = moved(people["head"], leak, "conclude", now, {**FINDING, "people_found": rows})
    moved(people["gm"], leak, "close", now)
    for who, told in ((people["reporter"], False), (people["head"], True), (people["gm"], True)):
        seen = records.see(who, "leak", leak["number"], Purpose.VIEW, now)
        assert [row["person"] for row in seen.values["people"]] == [people["leaker"].id]
        history = records.versions_of(seen)
        everything = str((seen.values, history, records.as_it_was(seen, store.fetch("leak", seen.id), 2)))
        assert ("apart-note" in everything, str(found.id) in everything) == (told, told)


def test_the_inquiry_says_of_each_person_in_the_report_what_it_found(people: dict[str, Person], now: datetime) -> None:
    named = [{"person": str(people["gm"].id), "part": "leaked"}]
    leak = moved(people["head"], reported(people, now, people=named), "take_up", now)
    unfounded = {**FINDING, "outcome": "unfounded"}
    with pytest.raises(Invalid) as refused:
        moved(people["head"], leak, "conclude", now, {**unfounded, "people_found": []})
    assert set(refused.value.problems) == {"people_found"}
    kept = moved(people["head"], leak, "conclude", now, unfounded)
    with pytest.raises(YouAreInvolved):
        moved(people["gm"], kept, "close", now)


@pytest.mark.parametrize("named", ["gm", "auditor", "outsider"])
def test_nobody_in_the_report_is_left_out_beside_others(people: dict[str, Person], now: datetime, named: str) -> None:
    people["auditor"] = person(Role.AUDITOR, department="audit")
    rows = {one: {"person": str(who.id), "part": "leaked"} for one, who in people.items()}
    rows["outsider"] = {"name": " A driver", "part": "leaked"}
    report = reported(people, now, people=[rows["leaker"], rows[named]])
    leak = moved(people["head"], report, "take_up", now)
    with pytest.raises(Invalid) as refused:
        moved(people["head"], leak, "conclude", now, {**FINDING, "people_found": [rows["leaker"]]})
    assert set(refused.value.problems) == {"people_found"}
    leak = store.fetch("leak", leak["_id"])
    if named != "outsider":
        assert access.reach(people[named], registry.get("leak").rt, Purpose.VIEW).withholds(leak["acl"])
    said = {**rows[named], "name": "a driver"} if named == "outsider" else rows[named]
    assert moved(people["head"], leak, "conclude", now, {**FINDING, "people_found": [rows["leaker"], said]})


def test_whom_the_inquiry_leaves_out_neither_reads_nor_closes_it(people: dict[str, Person], now: datetime) -> None:
    named = [{"person": str(people[one].id), "part": "leaked"} for one in ("leaker", "gm")]
    leak = moved(people["head"], reported(people, now, people=named), "take_up", now)
    leak = moved(people["head"], leak, "conclude", now, FINDING)
    leak = store.change("leak", leak["_id"], {"people_found": leak["people"][:1]}, actor=people["head"], now=now)
    assert records.see(people["gm"], "leak", leak["number"], Purpose.VIEW, now).values.get("findings") is None
    with pytest.raises(YouAreInvolved):
        moved(people["gm"], leak, "close", now)


def test_whom_the_inquiry_calls_a_witness_closes_it(people: dict[str, Person], now: datetime) -> None:
    named = [{"person": str(people["gm"].id), "part": "leaked"}]
    leak = moved(people["head"], reported(people, now, people=named), "take_up", now)
    cleared = [{"person": str(people["gm"].id), "part": "witness"}]
    leak = moved(people["head"], leak, "conclude", now, {**FINDING, "outcome": "unfounded", "people_found": cleared})
    assert records.see(people["gm"], "leak", leak["number"], Purpose.VIEW, now).values["outcome"] == "unfounded"
    assert moved(people["gm"], leak, "close", now)["state"] == "closed"


def test_the_general_manager_sends_an_inquiry_back_with_a_reason(people: dict[str, Person], now: datetime) -> None:
    leak = moved(people["head"], reported(people, now), "take_up", now)
    leak = moved(people["head"], leak, "conclude", now, FINDING)
    with pytest.raises(Invalid):
        moved(people["gm"], leak, "send_back", now)
    assert moved(people["gm"], leak, "send_back", now, note="Ask the driver too")["state"] == "inquiry"


def test_history_tells_who_reported_no_reasons_and_not_who_inquires(people: dict[str, Person], now: datetime) -> None:
    leak = moved(people["head"], reported(people, now), "take_up", now)
    leak = moved(people["head"], leak, "conclude", now, FINDING)
    leak = moved(people["gm"], leak, "send_back", now, note="Ask the driver too")
    rows = records.versions(people["reporter"], "leak", leak["number"], now)
    assert [row["note"] for row in rows] == [""] * 4
    assert [row["by_name"] for row in rows][1:] == ["", "", people["reporter"].name]
    whole = records.versions(people["gm"], "leak", leak["number"], now)
    assert whole[0]["note"] == "Ask the driver too"
    assert [row["by_name"] for row in whole][1:3] == [people["head"].name] * 2


def test_who_reported_sees_their_report_and_not_what_came_of_it(people: dict[str, Person], now: datetime) -> None:
    leak = moved(people["head"], reported(people, now), "take_up", now)
    moved(people["head"], leak, "conclude", now, FINDING)
    seen = records.see(people["reporter"], "leak", leak["number"], Purpose.VIEW, now)
    assert seen.full
    assert not {"findings", "outcome", "duty", "investigator"} & set(seen.values)
    for role in (Role.SPECIALIST, Role.CUSTODIAN, Role.SUPERVISOR, Role.ADMINISTRATOR):
        with pytest.raises(NotFound):
            records.see(person(role), "leak", leak["number"], Purpose.VIEW, now)
    with pytest.raises(NotFound):
        records.see(people["leaker"], "leak", leak["number"], Purpose.VIEW, now)
    auditor = person(Role.AUDITOR, department="audit")
    assert records.see(auditor, "leak", leak["number"], Purpose.VIEW, now).values["outcome"] == "warning"


def test_nobody_judges_what_concerns_themselves(people: dict[str, Person], now: datetime) -> None:
    own = reported(people, now, people=[{"person": str(people["head"].id), "part": "leaked"}])
    with pytest.raises(YouAreInvolved):
        moved(people["head"], own, "take_up", now)
    leak = moved(people["head"], reported(people, now), "take_up", now)
    for superior, refusal in ((people["head"], YouAreInvolved), (people["gm"], records.NotYourOwn)):
        duty = {**FINDING, "duty": "supervision", "superior": str(superior.id)}
        if refusal is YouAreInvolved:
            with pytest.raises(refusal):
                moved(people["head"], leak, "conclude", now, duty)
            continue
        leak = moved(people["head"], leak, "conclude", now, duty)
        with pytest.raises(refusal):
            moved(people["gm"], leak, "close", now)


def changed(who: Person, leak: dict[str, Any], raw: dict[str, Any], now: datetime) -> dict[str, Any]:
    return records.change(who, "leak", leak["number"], raw, rev=leak["rev"], now=now)


def test_who_is_concerned_does_not_take_themselves_out(people: dict[str, Person], now: datetime) -> None:
    leak = reported(people, now, people=[{"person": str(people["head"].id), "part": "leaked"}])
    changes: tuple[dict[str, Any], ...] = ({"people": []}, {"account": "It was nothing."})
    for raw in changes:
        with pytest.raises(Concerned):
            changed(people["head"], leak, raw, now)
    other = person(Role.HEAD, name="Other head")
    assert changed(other, leak, {"people": []}, now)["people"] in (None, [])


def test_who_reports_themselves_adds_to_the_report_and_takes_nobody_out(
    people: dict[str, Person], now: datetime
) -> None:
    leak = reported(people, now, people=[{"person": str(people["reporter"].id), "part": "leaked"}])
    with pytest.raises(Invalid):
        changed(people["reporter"], leak, {"people": []}, now)
    assert changed(people["reporter"], leak, {"measures": "Asked for it back"}, now)["rev"] == 2


def test_nobody_is_offered_a_change_of_what_concerns_them(people: dict[str, Person], now: datetime) -> None:
    rt = registry.get("leak").rt
    named = [{"person": str(people[one].id), "part": "leaked"} for one in ("head", "reporter")]
    leak = reported(people, now, people=named)
    assert not records.can(people["head"], rt, leak, Purpose.EDIT)
    assert records.can(person(Role.HEAD, name="Other head"), rt, leak, Purpose.EDIT)
    assert records.can(people["reporter"], rt, leak, Purpose.EDIT), "what they wrote themselves"
    fields = {one.name for one in records.form_fields(people["reporter"], rt, leak)}
    assert ("account" in fields, "people" in fields) == (True, False)
    moved(person(Role.HEAD, name="Third head"), leak, "take_up", now)
    with pytest.raises(records.Settled):
        changed(people["head"], {**leak, "rev": 2}, {"account": "x"}, now)


def test_whoever_reported_is_told_that_it_is_closed_and_no_more(people: dict[str, Person], now: datetime) -> None:
    leak = reported_and_judged(people, now)
    assert inbox(people["reporter"], now, "en") == []
    later = now + timedelta(hours=1)
    moved(people["gm"], leak, "close", later)
    [told] = inbox(people["reporter"], later, "en")
    assert (told.number, told.reminder.step, told.became) == (leak["number"], Step.OUTCOME, Label("已签结", "Closed"))
    assert inbox(people["head"], later, "en") == []


def test_a_witness_may_change_what_they_reported(people: dict[str, Person], now: datetime) -> None:
    leak = reported(people, now, people=[{"person": str(people["reporter"].id), "part": "witness"}])
    assert changed(people["reporter"], leak, {"people": []}, now)["rev"] == 2


@pytest.mark.parametrize(
    ("raw", "field"),
    [({"remedy": ""}, "remedy"), ({"duty": "leadership"}, "superior")],
)
def test_a_founded_outcome_needs_what_follows_from_it(
    people: dict[str, Person], now: datetime, raw: dict[str, str], field: str
) -> None:
    leak = moved(people["head"], reported(people, now), "take_up", now)
    with pytest.raises(Invalid) as refused:
        moved(people["head"], leak, "conclude", now, {**FINDING, **raw})
    assert set(refused.value.problems) == {field}


def test_an_outcome_needs_somebody_who_leaked_unless_it_is_unfounded(people: dict[str, Person], now: datetime) -> None:
    leak = moved(people["head"], reported(people, now, people=[]), "take_up", now)
    with pytest.raises(Invalid):
        moved(people["head"], leak, "conclude", now, FINDING)
    assert moved(people["head"], leak, "conclude", now, {**FINDING, "outcome": "unfounded"})["state"] == "judged"


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"happened_on": "2026-11-24", "found_on": "2026-11-24"}, "happened_on"),
        ({"found_on": "2026-11-17"}, "found_on"),
        ({"people": [{"part": "leaked"}]}, "people.0.name"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(
    people: dict[str, Person], now: datetime, raw: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        reported(people, now, **raw)
    assert field in refused.value.problems


def test_an_administrator_reports_nothing(people: dict[str, Person], now: datetime) -> None:
    with pytest.raises(Forbidden):
        records.create(person(Role.ADMINISTRATOR), "leak", REPORT, now=now)


def test_who_received_it_judges_no_more_than_who_leaked_it(people: dict[str, Person], now: datetime) -> None:
    named = [{"person": str(people["head"].id), "part": "received"}]
    with pytest.raises(YouAreInvolved):
        moved(people["head"], reported(people, now, people=named), "take_up", now)


def test_an_auditor_reads_the_register_and_changes_nothing(people: dict[str, Person], now: datetime) -> None:
    leak, auditor = reported(people, now), person(Role.AUDITOR, department="audit")
    with pytest.raises(Forbidden):
        changed(auditor, leak, {"account": "Other"}, now)
    with pytest.raises(Forbidden):
        moved(auditor, leak, "take_up", now)
    with pytest.raises(Forbidden):
        records.create(auditor, "leak", REPORT, now=now)


def test_an_outcome_says_what_was_found_and_what_the_superior_answers_for(
    people: dict[str, Person], now: datetime
) -> None:
    leak = moved(people["head"], reported(people, now), "take_up", now)
    for missing in ("findings", "duty", "outcome"):
        with pytest.raises(Invalid) as refused:
            moved(people["head"], leak, "conclude", now, {**FINDING, missing: ""})
        assert missing in refused.value.problems


# --- what was found is kept from those whom it concerns, while it is open (X8)

KEPT = {
    "investigator",
    "people_found",
    "findings",
    "superior",
    "duty",
    "duty_note",
    "outcome",
    "outcome_note",
    "remedy",
}
WORDS = {
    "findings": "apart-findings",
    "remedy": "apart-remedy",
    "duty_note": "apart-duty",
    "outcome_note": "apart-note",
}


@pytest.fixture
def judged(people: dict[str, Person], now: datetime) -> dict[str, Any]:
    """An inquiry of another head's, whose outcome names the head as superior."""
    other = people["other head"] = person(Role.HEAD, name="Other head")
    leak = moved(other, reported(people, now), "take_up", now)
    found = {**FINDING, **WORDS, "duty": "supervision", "superior": str(people["head"].id)}
    return moved(other, leak, "conclude", now, found)


def listed(who: Person, rt: RecordType, *filters: Filter, **more: Any) -> list[str]:
    query = ListQuery(filters=filters, **more)
    fields = access.visible_fields(who, rt)
    return [row["number"] for row in listing.page(rt, access.reach(who, rt, Purpose.VIEW), query, fields).rows]


def test_whom_it_concerns_reads_no_findings_until_it_is_closed(
    people: dict[str, Person], judged: dict[str, Any], now: datetime
) -> None:
    head, number = people["head"], judged["number"]
    seen = records.see(head, "leak", number, Purpose.VIEW, now)
    assert seen.full
    assert not KEPT & set(seen.values)
    assert not KEPT & {f.name for f in seen.fields}
    told = records.versions_of(seen)
    assert not KEPT & {change["field"].name for row in told for change in row["changes"]}
    assert "apart" not in str(told)
    assert "apart" not in str(records.as_it_was(seen, store.fetch("leak", seen.id), 1))
    moved(people["gm"], judged, "close", now)
    assert records.see(head, "leak", number, Purpose.VIEW, now).values["findings"] == "apart-findings"


def test_whom_it_concerns_finds_nothing_by_what_they_do_not_read(
    people: dict[str, Person], judged: dict[str, Any], now: datetime
) -> None:
    rt, head, number = registry.get("leak").rt, people["head"], judged["number"]
    outcome = rt.by_name["outcome"]
    asked = [Filter(outcome, "is", "warning"), Filter(outcome, "filled"), Filter(outcome, "is_not", "penalty")]
    for one in (*asked, Filter(outcome, "empty")):
        assert listed(head, rt, one) == []
        assert listing.count(rt, access.reach(head, rt, Purpose.VIEW), ListQuery((one,)), rt.fields) == (0, False)
    for one in asked:
        assert listed(people["other head"], rt, one) == [number]
    assert listed(head, rt) == [number]
    assert listed(head, rt, q="apart") == []


@pytest.mark.usefixtures("judged")
def test_a_file_leaves_without_what_its_reader_does_not_read(people: dict[str, Person], now: datetime) -> None:
    leaving = replace(LEAK.rights, export=(Rule(Relation.DEPARTMENT, (Role.HEAD,)),))
    registry.register(replace(LEAK, rights=leaving), registry.get("leak").hooks)
    try:
        for who, said in ((people["head"], False), (people["other head"], True)):
            made = b"".join(exports.export(who, "leak", ListQuery(), "csv", now=now, language="en").pieces).decode()
            assert "Quotation seen" in made
            assert ("apart-findings" in made) is said
    finally:
        catalogue.load()


def test_lists_show_a_record_that_concerns_its_reader_without_what_they_do_not_read(
    people: dict[str, Person], judged: dict[str, Any], now: datetime
) -> None:
    rt = registry.get("leak").rt
    for who, said in ((people["head"], False), (people["other head"], True)):
        reach = access.reach(who, rt, Purpose.VIEW)
        glances = Glances(who, rt, reach, rt.fields)
        [row] = listing.page(rt, reach, ListQuery(), rt.fields, only=glances.names).rows
        glance = glances.of(row)
        assert glance is not None
        assert ("apart-findings" in str(glance.values)) is said
        assert ("findings" in {f.name for f in glance.fields}) is said


@pytest.mark.parametrize("part", ["leaked", "received"])
def test_one_who_is_named_in_the_report_is_kept_out_from_the_start(
    people: dict[str, Person], now: datetime, part: str
) -> None:
    head = people["head"]
    leak = reported(people, now, people=[{"person": str(head.id), "part": part}])
    assert "findings" not in records.see(head, "leak", leak["number"], Purpose.VIEW, now).values


def test_a_witness_may_inquire(people: dict[str, Person], now: datetime) -> None:
    rows = [{"person": str(people["head"].id), "part": "witness"}, {"name": "Somebody", "part": "leaked"}]
    leak = moved(people["head"], reported(people, now, people=rows), "take_up", now)
    moved(people["head"], leak, "conclude", now, FINDING)


def test_whom_it_concerns_is_shown_no_sheet_that_holds_the_findings(people: dict[str, Person], now: datetime) -> None:
    leak = moved(people["head"], reported(people, now), "take_up", now)
    other = person(Role.HEAD, name="Other head")
    named = [{"person": str(people["head"].id), "part": "leaked"}]
    store.change("leak", leak["_id"], {"people_found": named, "findings": "apart-findings"}, actor=other, now=now)
    seen = records.see(people["head"], "leak", leak["number"], Purpose.VIEW, now)
    with pytest.raises(Forbidden):
        records.possible_move(people["head"], seen, "conclude")


def test_who_is_no_head_any_more_neither_reads_nor_concludes_what_they_inquired_into(
    people: dict[str, Person], now: datetime
) -> None:
    """X8, X3: an inquiry is its head's while they are one; then it climbs."""
    head = people["head"]
    leak = moved(head, reported(people, now), "take_up", now)
    assert head.id is not None
    service.change_profile(
        SYSTEM, head.id, name="Head", email="head@example.test", department="sales", manager=None, now=now
    )
    rights.set_roles(SYSTEM, head.id, [Role.SALES], now)
    former = service.person_of(service.get(head.id))
    with pytest.raises(NotFound):
        records.see(former, "leak", leak["number"], Purpose.VIEW, now)
    with pytest.raises((Forbidden, NotFound)):
        moved(former, leak, "conclude", now, FINDING)
    assert store.fetch("leak", leak["_id"])["state"] == "inquiry"
    successor = person(Role.HEAD, name="Successor")
    concluded = moved(successor, leak, "conclude", now, FINDING)
    assert (concluded["state"], concluded["investigator"]) == ("judged", successor.id)


def test_no_deputy_takes_up_an_inquiry(people: dict[str, Person], now: datetime) -> None:
    """It is no signature: an inquiry is always of a head or general manager of their own (X8)."""
    deputy = replace(person(Role.CUSTODIAN), stands_in=(StandIn(people["head"]),))
    leak = reported(people, now)
    with pytest.raises((Forbidden, NotFound)):
        moved(deputy, leak, "take_up", now)
    assert store.fetch("leak", leak["_id"])["state"] == "reported"


def test_a_deputy_who_does_not_read_what_was_found_concludes_no_inquiry(
    people: dict[str, Person], now: datetime
) -> None:
    """X6, X8: they would write over what they do not see; a general manager reads it."""
    clerk = replace(person(Role.CUSTODIAN), stands_in=(StandIn(people["head"]),))
    manager = replace(person(Role.GENERAL_MANAGER, name="Peer"), stands_in=(StandIn(people["head"]),))
    leak = moved(people["head"], reported(people, now, people=[]), "take_up", now)
    leak = store.change("leak", leak["_id"], {"findings": "The print was left."}, actor=people["head"], now=now)
    rt = registry.get("leak").rt
    assert records.moves(clerk, rt, leak) == []
    assert barred.of_person(clerk, rt, {}, signing=True) == {leak["_id"]}
    with pytest.raises(Forbidden):
        moved(clerk, leak, "conclude", now, {**FINDING, "findings": "Nothing."})
    assert store.fetch("leak", leak["_id"])["findings"] == "The print was left."
    assert barred.of_person(manager, rt, {}, signing=True) == set()
    found = {"findings": "A second key.", "people_found": [{"person": str(people["leaker"].id), "part": "leaked"}]}
    assert moved(manager, leak, "conclude", now, {**FINDING, **found})["state"] == "judged"


def reported_and_judged(people: dict[str, Person], now: datetime) -> dict[str, Any]:
    leak = moved(people["head"], reported(people, now), "take_up", now)
    return moved(people["head"], leak, "conclude", now, FINDING)


def test_whom_it_concerns_reads_no_report_as_a_deputy_of_who_inquires(people: dict[str, Person], now: datetime) -> None:
    """Nor does another deputy, a colleague of theirs, while it is open (X8)."""
    rt, leak = registry.get("leak").rt, reported(people, now)
    deputies = [replace(people["leaker"], stands_in=(StandIn(people["head"]), StandIn(people["gm"])))]
    deputies.append(replace(person(Role.CUSTODIAN), stands_in=(StandIn(people["head"]), StandIn(people["gm"]))))
    for name, raw, who in (("take_up", {}, "head"), ("conclude", FINDING, "head"), ("close", {}, "gm")):
        leak = moved(people[who], leak, name, now, raw)
        for deputy in deputies:
            with pytest.raises(NotFound):
                records.see(deputy, "leak", leak["number"], Purpose.VIEW, now)
            assert listing.page(rt, access.reach(deputy, rt, Purpose.VIEW), ListQuery(), rt.fields).rows == []
    with pytest.raises(NotFound):
        moved(deputies[1], reported_and_judged(people, now), "close", now)


def test_who_judges_is_told_when_nobody_is_left_who_could_close_it(people: dict[str, Person], now: datetime) -> None:
    """The head whom it concerns does not, nor the only general manager who inquired; whoever reported is told
    nothing."""
    warns = registry.get("leak").hooks.warns
    assert warns is not None

    def told(who: str) -> list[str]:
        seen = records.see(people[who], "leak", leak["number"], Purpose.VIEW, now)
        return [text.en[:12] for text in warns(people[who], {**seen.values, "_id": seen.id}, {})]

    named = [{"person": str(people["head"].id), "part": "leaked"}]
    leak = reported(people, now, people=named)
    assert told("gm") == []
    leak = moved(people["gm"], leak, "take_up", now)
    assert (told("gm"), told("reporter")) == (["Nobody could"], [])
    leak = moved(people["gm"], leak, "conclude", now, FINDING)
    assert (told("gm"), told("reporter")) == (["Nobody could"], [])
    other = person(Role.GENERAL_MANAGER, name="Second", department="management")
    assert told("gm") == []
    assert moved(other, leak, "close", now)["state"] == "closed"
