"""What others than whoever made a bulk change are told of it: nothing that is not theirs to see (X6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from pymongo.database import Database

from models import registry, store
from models.bulk_change import service, told
from models.bulk_change.document import Line, Plan, Said
from models.declarations import Label
from models.person.roles import Person, Role
from tests.factories.bulk_changes import previewed
from tests.factories.types import SAMPLE
from tests.integration.bulk_change.conftest import Make


def refuse(draft: registry.Draft) -> None:
    """A rule whose sentences speak of what a record holds."""
    if draft.before is not None:
        draft.problem("salary", "工资机密", "The salary is confidential-7")
        draft.problem("amount", "金额机密", "The amount is confidential-8")


def texts(who: Person, plan: Plan) -> str:
    rows = told.told_of(who, plan, told.lines(plan, Said.REFUSED), "en")
    csv = b"".join(told.rejects(who, plan, "en")).decode("utf-8-sig")
    return repr(rows) + repr(told.summary(who, plan, Said.REFUSED, "en")) + csv


def test_reasons_of_records_and_fields_out_of_reach_are_not_told(
    ann: Person, ben: Person, head: Person, made: Make, now: datetime, db: Database[dict[str, Any]]
) -> None:
    seen, unseen = made(ann), made(ann, level="confidential")
    registry.register(SAMPLE, registry.Hooks(prepare=(refuse,)))
    plan = previewed(ann, "change", {"colour": "red"}, slug="sample", numbers=[*seen, *unseen], now=now)
    assert plan.count("refused") == 2

    own = texts(ann, plan)
    assert "confidential-8" in own
    assert "confidential-7" not in own  # the salary is the head's to see
    everything = texts(head, plan)
    assert "confidential-7" in everything
    rows = told.told_of(ben, plan, told.lines(plan, Said.REFUSED), "en")
    by_number = {one.number: [said.en for _, said in one.reasons] for one in rows}
    assert by_number[unseen[0]] == ["It stayed as it is."]  # ben sees its card
    assert "The amount is confidential-8" in by_number[seen[0]]
    assert told.summary(ben, plan, Said.REFUSED, "en") == []


def test_a_reason_for_many_names_its_field_and_no_value(
    ann: Person, made: Make, now: datetime, db: Database[dict[str, Any]]
) -> None:
    def lacks(draft: registry.Draft) -> None:
        if draft.before is not None:
            draft.problem("amount", "“金额”与“甲方”不符。", "“Amount” does not fit “Party A”.")

    registry.register(SAMPLE, registry.Hooks(prepare=(lacks,)))
    plan = previewed(ann, "change", {"colour": "red"}, slug="sample", numbers=made(ann), now=now)
    ((_count, _label, said),) = told.summary(ann, plan, Said.REFUSED, "en")
    assert said.en == "“Amount” does not fit “…”."


def test_a_reason_about_the_owner_names_it_as_its_type_calls_it(
    ann: Person, made: Make, now: datetime, db: Database[dict[str, Any]]
) -> None:
    def lacks(draft: registry.Draft) -> None:
        if draft.before is not None:
            draft.problem("owner", "“负责专员”不能是“甲方”。", "“Specialist” cannot be “Party A”.")

    registry.register(replace(SAMPLE, owner=Label("负责专员", "Specialist")), registry.Hooks(prepare=(lacks,)))
    plan = previewed(ann, "change", {"colour": "red"}, slug="sample", numbers=made(ann), now=now)
    ((_count, label, said),) = told.summary(ann, plan, Said.REFUSED, "en")
    assert (label, said.en) == ("Specialist", "“Specialist” cannot be “…”.")


def test_a_record_that_one_may_not_know_of_is_a_dash(
    ann: Person, ben: Person, made: Make, now: datetime, db: Database[dict[str, Any]]
) -> None:
    hidden = made(ann, level="top_secret")
    registry.register(SAMPLE, registry.Hooks(prepare=(refuse,)))
    plan = previewed(ann, "change", {"colour": "red"}, slug="sample", numbers=hidden, now=now)
    said = texts(ben, plan)
    assert hidden[0] not in said
    assert "confidential-" not in said
    assert "—" in said


def test_the_name_of_a_field_that_one_may_not_see_is_not_told(
    ann: Person, ben: Person, head: Person, made: Make, now: datetime, db: Database[dict[str, Any]]
) -> None:
    fields = tuple(replace(f, viewers=(Role.SPECIALIST,)) if f.name == "colour" else f for f in SAMPLE.fields)
    registry.register(replace(SAMPLE, fields=fields))
    numbers = made(ann)
    plan = service.start(ann, "sample", "change", numbers=numbers, now=now)
    plan = service.check(ann, plan.id, {"colour": "red"}, now=now)
    registry.register(replace(SAMPLE, fields=tuple(replace(f, editors=(Role.HEAD,)) for f in fields)))
    assert plan.picked
    line = Line(plan.picked[0], Said.REFUSED, (("colour", "不能修改“Colour”", "“Colour” is not yours"),))
    assert "Colour" in repr(told.told_of(ann, plan, [line], "en"))
    assert "Colour" not in repr(told.told_of(head, plan, [line], "en"))
    assert store.fetch("sample", line.record)["colour"] is None
