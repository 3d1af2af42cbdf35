"""Declarations that make no sense are found, by code and place, before they come into force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from models import catalogue, checks
from models.checks import WrongDeclarations
from models.declarations import (
    Cadence,
    Choice,
    Climb,
    Concern,
    Due,
    Field,
    Formula,
    Group,
    Held,
    Label,
    RecordType,
    Related,
    Relation,
    Reminding,
    Retention,
    Rights,
    Rule,
    State,
    Transition,
    View,
    When,
    Workflow,
)
from models.person.roles import Role
from tests.factories.types import SAMPLE, label

EVERYBODY = Rights(view=(Rule(Relation.ANY),))


def branch(value: str, below: str) -> Choice:
    """A choice with another one below it."""
    return Choice(value, label(value), below=(Choice(below, label(below)),))


TWIN = Field(name="part", kind="text", label=Label("部分", "Part"))
SOON = Due(field="answer_by", after="made_on", unit="working_days", amount=1)
YES, NO = Choice("yes", label("Y")), Choice("no", label("N"))


IN_HAND = Held(by="checker", states=("waiting",), fields=("colour",))


def with_field(name: str = "extra", kind: str = "text", **properties: Any) -> RecordType:
    """The sample type with one more field."""
    made = Field(**{"name": name, "kind": kind, "label": Label("更多", "Extra"), "group": "more", **properties})
    return replace(SAMPLE, fields=(*SAMPLE.fields, made))


def due(**properties: Any) -> RecordType:
    """The sample type with a declared deadline."""
    return replace(SAMPLE, deadlines=(replace(SOON, **properties),))


def with_inner(**properties: Any) -> RecordType:
    """The sample type with a list that has one field inside."""
    inner = Field(**{"name": "part", "kind": "text", "label": Label("部分", "Part"), **properties})
    return with_field("parts", "embedded_list", fields=(inner,))


def with_state(**properties: Any) -> RecordType:
    """The sample type with one more state."""
    assert SAMPLE.workflow is not None
    made = State(**{"value": "extra", "label": Label("更多", "Extra"), "final": True, **properties})
    return replace(SAMPLE, workflow=replace(SAMPLE.workflow, states=(*SAMPLE.workflow.states, made)))


def climbing(*climbs: Climb, of: str = "waiting") -> RecordType:
    """The sample type with a state that goes on when nobody signs."""
    assert SAMPLE.workflow is not None
    states = tuple(replace(one, climbs=climbs) if one.value == of else one for one in SAMPLE.workflow.states)
    return replace(SAMPLE, workflow=replace(SAMPLE.workflow, states=states))


def with_move(**properties: Any) -> RecordType:
    """The sample type with one more move."""
    assert SAMPLE.workflow is not None
    usual = {
        "name": "extra",
        "label": Label("更多", "Extra"),
        "source": ("draft",),
        "target": "waiting",
        "by": ("owner",),
    }
    moves = (*SAMPLE.workflow.transitions, Transition(**{**usual, **properties}))
    return replace(SAMPLE, workflow=replace(SAMPLE.workflow, transitions=moves))


def with_view(query: str) -> RecordType:
    """The sample type with one more saved view."""
    return replace(SAMPLE, views=(View(name="extra", label=Label("更多", "Extra"), query=query),))


def sample(**changes: Any) -> RecordType:
    return replace(SAMPLE, **changes)


def withheld(name: str, of: str = "keeper") -> RecordType:
    """The sample type with a withheld field, from the person in a field."""
    made = tuple(replace(f, withheld=True) if f.name == name else f for f in with_field().fields)
    keeper = Field(name="keeper", kind="person", label=Label("保管", "Keeper"), group="more")
    return replace(SAMPLE, fields=(*made, keeper), concerns=(Concern(of),))


def kept_from(*fields: Field, **changes: Any) -> RecordType:
    """The sample type with a withheld number and a withheld day, and with these fields."""
    kept: dict[str, Any] = {"group": "more", "editable": False, "withheld": True, "label": Label("保密", "Kept")}
    fine = Field(name="fine", kind="integer", **kept)
    told_on = Field(name="told_on", kind="date", **kept)
    keeper = Field(name="keeper", kind="person", label=Label("保管", "Keeper"), group="more")
    return replace(
        SAMPLE, fields=(*SAMPLE.fields, fine, told_on, keeper, *fields), concerns=(Concern("keeper"),), **changes
    )


def follows(name: str = "extra", kind: str = "text", **properties: Any) -> Field:
    """A field that follows from another."""
    return Field(**{"name": name, "kind": kind, "label": Label("更多", "Extra"), "group": "more", **properties})


def only_one(*, view: tuple[Rule, ...], create: tuple[Role, ...] = (Role.SPECIALIST,), **properties: Any) -> RecordType:
    """A plain type with a unique field."""
    rights = Rights(view=view, create=create, edit=(Rule(Relation.ANY, (Role.HEAD,)),))
    return replace(with_field(unique=True, **properties), classified=False, workflow=None, rights=rights)


TO_HEAD = (Rule(Relation.OWNER), Rule(Relation.ANY, (Role.HEAD,)))
"""A head reads everything, the others what is theirs."""

WRONG: tuple[tuple[str, str, Callable[[], RecordType]], ...] = (
    ("E001", "", lambda: sample(slug="Sample")),
    ("E001", "", lambda: sample(slug="version")),
    ("E001", "", lambda: sample(slug="find")),
    ("E001", "9lives", lambda: with_field("9lives")),
    ("E001", "held", lambda: with_field("held")),
    ("E001", "climbed_from", lambda: with_field("climbed_from")),
    ("E001", "in_person", lambda: with_field("in_person")),
    ("E001", "two__parts", lambda: with_field("two__parts")),
    ("E001", "a" * 42, lambda: with_field("a" * 42)),
    ("E001", "acl", lambda: with_field("acl")),
    ("E001", "save", lambda: with_field("save")),
    ("E001", "objects", lambda: with_field("objects")),
    ("E001", "turn", lambda: with_field("turn")),
    ("E001", "head", lambda: with_field("head")),
    ("E001", "parts.Part", lambda: with_inner(name="Part")),
    ("E001", "group", lambda: sample(groups=(*SAMPLE.groups, Group(name="Else", label=Label("别的", "Else"))))),
    ("E001", "workflow", lambda: with_state(value="on hold")),
    ("E001", "workflow", lambda: with_move(name="do-it")),
    ("E001", "extra", lambda: with_field(kind="choice", choices=(Choice("a|b", Label("甲", "A")),))),
    ("E002", "extra", lambda: with_field(kind="colour")),
    ("E002", "parts.part", lambda: with_inner(kind="colour")),
    ("E003", "extra", lambda: with_field(kind="choice")),
    ("E003", "extra", lambda: with_field(kind="choices", choices=(YES, YES))),
    ("E003", "extra", lambda: with_field(kind="choice", choices=(YES, Choice("no", Label("否", "Yes"))))),
    ("E004", "extra", lambda: with_field(kind="reference", to="client")),
    ("E004", "extra", lambda: with_field(kind="reference")),
    ("E005", "title", lambda: sample(title="heading")),
    ("E005", "title", lambda: sample(title="amount")),
    ("E005", "due", lambda: sample(due="deadline")),
    ("E005", "due", lambda: sample(due="name")),
    ("E005", "related", lambda: sample(related=(Related(slug="sample", via="seller"),))),
    ("E005", "related", lambda: sample(related=(Related(slug="client", via="parent"),))),
    ("E005", "narrowed", lambda: sample(narrowed=("colour", "nothing"))),
    ("E005", "narrowed", lambda: sample(narrowed=("colour", "amount"))),
    ("E005", "seldom", lambda: sample(seldom=("nothing",))),
    ("E005", "seldom", lambda: sample(seldom=("colours",))),
    ("E005", "seldom", lambda: sample(seldom=("amount",))),
    ("E005", "extra", lambda: with_field(card="blurred")),
    ("E005", "extra", lambda: with_field(copied_from=("nobody.name",))),
    ("E005", "extra", lambda: with_field(copied_from=("name.name",))),
    ("E005", "extra", lambda: with_field(copied_from=("parent.nothing",))),
    ("E005", "extra", lambda: with_field(copied_from=("parent.made_on",))),
    ("E005", "extra", lambda: with_field(kind="choice", choices=(YES, Choice("no", Label("否", "No"), "pink")))),
    ("E005", "workflow.extra", lambda: with_state(turn=("nobody",))),
    ("E005", "workflow.extra", lambda: with_state(tone="pink")),
    ("E005", "workflow.extra", lambda: with_move(tone="pink")),
    ("E005", "workflow.extra", lambda: with_move(by=("name",))),
    ("E005", "workflow.extra", lambda: with_move(not_by=("nobody",))),
    ("E005", "workflow.extra", lambda: with_move(asks=("nothing",))),
    ("E005", "workflow.extra", lambda: with_move(asks=("verdict",), needs=("amount",))),
    ("E005", "view.extra", lambda: with_view("")),
    ("E005", "view.extra", lambda: with_view("nothing=1")),
    ("E005", "view.extra", lambda: with_view("pieces=1")),
    ("E005", "view.extra", lambda: with_view("colour=green")),
    ("E005", "view.extra", lambda: with_view("colour=from:red")),
    ("E005", "view.extra", lambda: with_view("made_on=until:tomorrow")),
    ("E005", "view.extra", lambda: with_view("state=any_of:draft|gone")),
    ("E005", "view.extra", lambda: with_view("owner=somebody")),
    ("E005", "view.extra", lambda: with_view("sort=pieces")),
    ("E006", "extra", lambda: with_field(label=Label("", "Extra"))),
    ("E006", "extra", lambda: with_field(label=Label("更多", " "))),
    ("E006", "extra", lambda: with_field(help=Label("说明", ""))),
    ("E006", "extra", lambda: with_field(kind="choice", choices=(Choice("one", Label("一", "")),))),
    ("E006", "part", lambda: with_inner(label=Label("", "Part"))),
    ("E006", "", lambda: sample(plural=Label("样品", ""))),
    ("E006", "workflow.extra", lambda: with_state(label=Label("", "Extra"))),
    ("E006", "workflow.extra", lambda: with_move(label=Label("更多", ""))),
    ("E006", "view.extra", lambda: sample(views=(View(name="extra", label=Label("", "Extra"), query="q=ab"),))),
    ("E006", "group.basic", lambda: sample(groups=(Group(name="basic", label=Label("", "Basic")), SAMPLE.groups[1]))),
    ("E007", "extra", lambda: with_field(group="elsewhere")),
    ("E007", "extra", lambda: with_field(group="")),
    ("E008", "extra", lambda: with_field(searchable=True, viewers=(Role.HEAD,))),
    ("E008", "salary", lambda: replace(with_field(), title="salary")),
    ("E008", "due", lambda: replace(with_field(kind="date", viewers=(Role.HEAD,)), due="extra")),
    ("E009", "extra", lambda: with_field(unique=True)),
    ("E010", "extra", lambda: with_field(card="masked", viewers=(Role.HEAD,))),
    ("E010", "extra", lambda: with_field(card="masked", personal=True)),
    ("E010", "extra", lambda: with_field(card="plain")),
    ("E010", "extra", lambda: with_field(kind="long_text", card="masked")),
    ("E010", "extra", lambda: with_field(kind="money", card="plain")),
    ("E011", "workflow.extra", lambda: with_move(source=("gone",))),
    ("E011", "workflow.extra", lambda: with_move(target="gone")),
    ("E011", "workflow.extra", lambda: with_move(source=())),
    ("E011", "workflow", lambda: sample(workflow=Workflow(states=()))),
    (
        "E011",
        "workflow.over",
        lambda: sample(workflow=Workflow(states=(State("over", Label("完", "Over"), final=True),))),
    ),
    ("E012", "number", lambda: sample(number="YP-{year}")),
    ("E012", "number", lambda: sample(number="YP-{seq:06d}")),
    ("E012", "number", lambda: sample(number="YP/{year}/{seq}")),
    ("E012", "number", lambda: sample(number="YP-{year}-{place}")),
    ("E012", "number", lambda: sample(number="YP-{year}-{seq")),
    ("E013", "extra", lambda: with_field(kind="integer", minimum=5, maximum=4)),
    ("E013", "extra", lambda: with_field(max_length=0)),
    ("E013", "extra", lambda: with_field(kind="choice", choices=(YES, NO), default="perhaps")),
    ("E014", "extra", lambda: with_field(kind="long_text", sortable=True)),
    ("E014", "extra", lambda: with_field(kind="files", filterable=True)),
    ("E014", "extra", lambda: with_field(kind="person", searchable=True)),
    ("E014", "extra", lambda: with_field(kind="long_text", unique=True)),
    ("E005", "workflow.extra", lambda: with_move(page="no_page")),
    ("E016", "workflow.extra", lambda: with_move(offered=False)),
    ("E016", "workflow.extra", lambda: with_move(offered=False, page="sections", main=True)),
    ("E015", "workflow.extra", lambda: with_move(signature=True)),
    ("E015", "workflow.extra", lambda: with_move(signature=True, not_by=("owner",), tone="bad")),
    ("E005", "workflow.waiting", lambda: climbing(Climb(8, ("emperor",)))),
    ("E015", "workflow.waiting", lambda: climbing(Climb(8, ()))),
    ("E015", "workflow.waiting", lambda: climbing(Climb(0, ("head",)))),
    ("E015", "workflow.waiting", lambda: climbing(Climb(8, ("head",)), Climb(8, ("owner",)))),
    ("E015", "workflow.waiting", lambda: climbing(Climb("signature.no_such_hours", ("head",)))),
    ("E015", "workflow.waiting", lambda: climbing(Climb("secrecy", ("head",)))),
    ("E015", "workflow.draft", lambda: climbing(Climb(8, ("head",)), of="draft")),
    ("E016", "rights", lambda: sample(classified=False, rights=Rights())),
    ("E016", "rights", lambda: sample(classified=False, rights=Rights(view=(Rule(Relation.ANY, levels=()),)))),
    ("E016", "rights", lambda: sample(rights=Rights(merge=(Rule(Relation.OWNER),)))),
    ("E016", "workflow.extra", lambda: with_move(by=())),
    (
        "E017",
        "",
        lambda: sample(
            fields=(
                *SAMPLE.fields,
                *(Field(name=f"f{n}", kind="text", label=Label("列", "Column"), sortable=True) for n in range(55)),
            )
        ),
    ),
    ("E018", "name", lambda: with_field("name")),
    ("E018", "part", lambda: with_field("parts", "embedded", fields=(TWIN, TWIN))),
    ("E018", "draft", lambda: with_state(value="draft")),
    ("E018", "submit", lambda: with_move(name="submit")),
    ("E018", "basic", lambda: sample(groups=(*SAMPLE.groups, SAMPLE.groups[0]))),
    ("E019", "parts.part", lambda: with_inner(viewers=(Role.HEAD,))),
    ("E019", "parts.part", lambda: with_inner(card="masked")),
    ("E019", "parts.part", lambda: with_inner(kind="files")),
    ("E020", "extra", lambda: with_field(choices=(YES, NO))),
    ("E020", "extra", lambda: with_field(to="sample")),
    ("E020", "extra", lambda: with_field(kind="embedded")),
    ("E020", "extra", lambda: with_field(opens=True)),
    ("E001", "icon", lambda: sample(icon="box danger")),
    ("E001", "menu", lambda: sample(menu="a<b")),
    ("E003", "extra", lambda: with_field(kind="tree", choices=(branch("east", "red"), branch("south", "red")))),
    ("E003", "extra", lambda: with_field(kind="tree", choices=(branch("east", "a"), branch("EAST", "b")))),
    ("E008", "extra", lambda: with_field(kind="money", computed=Formula("sum", ("salary",)))),
    ("E008", "extra", lambda: with_field(computed=Formula("join", ("phone",)))),
    ("E008", "extra", lambda: with_field(required_when=When("salary"))),
    ("E014", "extra", lambda: with_field(kind="address", sortable=True)),
    ("E019", "parts.part", lambda: with_inner(kind="embedded", fields=(TWIN,))),
    ("E019", "parts.part", lambda: with_inner(required_when=When("part"))),
    ("E020", "extra", lambda: with_field(currencies=("CNY",))),
    ("E029", "extra", lambda: with_field(encrypted=True, sortable=True)),
    ("E029", "extra", lambda: with_field(encrypted=True, listed=True)),
    ("E029", "extra", lambda: with_field(kind="person", encrypted=True)),
    ("E029", "parts", lambda: with_field("parts", "embedded", fields=(TWIN,), encrypted=True)),
    ("E029", "name", lambda: with_field("name", encrypted=True)),
    ("E021", "extra", lambda: with_field(kind="money", currencies=("CNY", "yuan"))),
    ("E021", "extra", lambda: with_field(kind="choice", choices=(branch("east", "red"),))),
    ("E022", "extra", lambda: with_field(kind="money", computed=Formula("eval", ("amount",)))),
    ("E022", "extra", lambda: with_field(kind="money", computed=Formula("sum", ("name",)))),
    ("E022", "extra", lambda: with_field(kind="money", computed=Formula("sum", ("extra",)))),
    ("E022", "extra", lambda: with_field(kind="money", computed=Formula("sum", ("price",)))),
    ("E022", "extra", lambda: with_field(kind="money", computed=Formula("share", ("amount", "amount")))),
    ("E022", "extra", lambda: with_field(kind="percent", computed=Formula("share", ("amount",)))),
    *(
        ("E022", "extra", partial(with_field, kind=kind, computed=Formula(name, of)))
        for name, kind, of in (
            ("product", "money", ("pieces", "people.wage")),
            ("share", "percent", ("amount", "people.wage")),
            ("share", "percent", ("people.wage", "amount")),
            ("difference", "money", ("people.wage", "amount")),
            ("days", "integer", ("made_on", "people.born")),
            ("days", "integer", ("people.shift",)),
            ("days", "integer", ("made_on",)),
            ("days", "integer", ("lent", "made_on")),
            ("smallest", "integer", ("made_on",)),
            ("largest", "date", ("made_on", "pieces")),
        )
    ),
    ("E022", "extra", lambda: with_field(kind="money", required=True, computed=Formula("sum", ("amount",)))),
    ("E023", "extra", lambda: with_field(required_when=When("nothing"))),
    ("E023", "extra", lambda: with_field(required_when=When("colour", ("green",)))),
    ("E023", "extra", lambda: with_field(required_when=When("state", ("gone",)))),
    ("E023", "extra", lambda: with_field(required_when=When("colour"), editors=(Role.HEAD,))),
    ("E023", "extra", lambda: with_field(required_when=When("colour"), editable=False)),
    ("E024", "retention", lambda: sample(retention=Retention("name", 12))),
    ("E024", "retention", lambda: sample(retention=Retention("made_on", 0))),
    ("E024", "cadence", lambda: sample(cadence=Cadence("made_on", "colour", (("green", 1),)))),
    ("E005", "held.by", lambda: sample(held=replace(IN_HAND, by="name"))),
    ("E011", "held.states", lambda: sample(held=replace(IN_HAND, states=("draft",)))),
    ("E011", "held.states", lambda: sample(held=replace(IN_HAND, states=("approved",)))),
    ("E010", "held.name", lambda: sample(held=replace(IN_HAND, fields=("name",)))),
    ("E010", "held.extra", lambda: replace(with_field(encrypted=True), held=replace(IN_HAND, fields=("extra",)))),
    ("E030", "extra", lambda: with_field(withheld=True)),
    ("E030", "name", lambda: withheld("name")),
    ("E030", "nobody", lambda: withheld("extra", of="nobody")),
    ("E030", "extra", lambda: withheld("extra")),
    ("E030", "nobody", lambda: replace(withheld("extra"), concerns=(Concern("keeper", until="nobody"),))),
    ("E030", "rights", lambda: replace(withheld("extra"), rights=replace(SAMPLE.rights, merge=SAMPLE.rights.edit))),
    ("E030", "parts.part", lambda: with_inner(withheld=True)),
    ("E030", "extra", lambda: kept_from(follows(kind="integer", computed=Formula("sum", ("fine",))))),
    ("E030", "extra", lambda: kept_from(follows(required_when=When("fine")))),
    ("E030", "retention", lambda: kept_from(retention=Retention("told_on", 12))),
    ("E030", "cadence", lambda: kept_from(cadence=Cadence("told_on", "colour", (("red", 1),)))),
    ("E030", "deadlines.answer_by", lambda: kept_from(deadlines=(replace(SOON, after="told_on"),))),
    ("E030", "deadlines.answer_by", lambda: kept_from(deadlines=(replace(SOON, when=When("fine")),))),
    ("E037", "extra", lambda: only_one(view=TO_HEAD)),
    ("E037", "extra", lambda: only_one(view=(Rule(Relation.DEPARTMENT),))),
    ("E037", "extra", lambda: only_one(view=TO_HEAD, editors=(Role.HEAD, Role.SALES))),
    ("E028", "reminding", lambda: sample(reminding=Reminding((30, 7)), due="")),
    ("E028", "reminding", lambda: sample(reminding=Reminding((7, 7)))),
    ("E028", "reminding", lambda: sample(reminding=Reminding((0,)))),
    ("E028", "reminding", lambda: sample(reminding=Reminding(("credit.no_such_days",)))),
    ("E028", "reminding", lambda: sample(reminding=Reminding((30, 7), climb=0))),
    ("E028", "deadlines.gone", lambda: due(field="gone")),
    ("E028", "deadlines.made_on", lambda: due(field="made_on", after="name")),
    ("E028", "deadlines.made_on", lambda: due(field="made_on", unit="working_hours")),
    ("E028", "deadlines.answer_by", lambda: due(unit="fortnights")),
    ("E028", "deadlines.answer_by", lambda: due(amount="customer.no_such_days")),
    ("E028", "deadlines.answer_by", lambda: due(amount="credit.report_months")),
    ("E028", "deadlines.answer_by", lambda: due(amount=-1)),
    ("E028", "deadlines.answer_by", lambda: due(by="name")),
    ("E028", "deadlines.answer_by", lambda: due(by="colour", amounts=(("green", 1),))),
    ("E028", "deadlines.answer_by", lambda: due(by="colour", amount="credit.report_months")),
    ("E028", "deadlines.answer_by", lambda: due(when=When("colour", ("green",)))),
    ("E028", "deadlines.answer_by", lambda: due(after="answer_by")),
    ("E028", "deadlines.answer_by", lambda: sample(deadlines=(SOON, replace(SOON, amount=2)))),
    ("E035", "workflow.extra", lambda: with_move(asks=("level",))),
    ("E035", "workflow.extra", lambda: with_move(asks=("secret_until",), needs=("secret_until",))),
    ("E036", "number", lambda: sample(number="YP-{seq:06d}-{year}")),
    ("E036", "number", lambda: sample(number="YP-{year}-{seq}")),
    ("E036", "number", lambda: sample(number="YP-{year}-{year}-{seq:06d}")),
    ("E036", "number", lambda: sample(number="YP-{year}-{seq:03d}{seq:03d}")),
    ("E039", "workflow.extra", lambda: with_move(asks=("salary",))),
    ("E039", "workflow.extra", lambda: with_move(asks=("salary",), by=("head", "creator"))),
    ("E039", "workflow.extra", lambda: with_move(asks=("salary",), by=("head", "checker"))),
    ("E039", "workflow.extra", lambda: with_move(asks=("salary",), by=("sales",))),
    ("E039", "workflow.extra", lambda: with_move(asks=("salary",), by=("turn",), source=("waiting",))),
    ("W101", "workflow.extra", lambda: with_state(final=False)),
    ("W102", "extra", lambda: with_field(label=Label("Extra", "Extra"))),
)


@pytest.mark.parametrize(
    ("code", "place", "build"), WRONG, ids=[f"{n}-{code}-{place}" for n, (code, place, _) in enumerate(WRONG)]
)
def test_what_makes_no_sense_is_found_by_code_and_place(code: str, place: str, build: Callable[[], RecordType]) -> None:
    found = {(finding.code, finding.field) for finding in checks.check([build()])}
    assert (code, place) in found


def test_every_code_of_the_table_has_a_declaration_that_triggers_it() -> None:
    documented = {line.split("|")[1].strip() for line in (checks.__doc__ or "").splitlines() if line.startswith("| ")}
    assert documented - {"code"} == {code for code, _, _ in WRONG}


def test_the_sample_is_right_but_for_its_untranslated_labels() -> None:
    assert {finding.code for finding in checks.check([SAMPLE])} <= {"W102"}


def test_the_shipped_types_have_no_finding_at_all() -> None:
    assert [finding.line() for finding in checks.check([rt for rt, _ in catalogue.SHIPPED])] == []


@pytest.mark.parametrize(
    "query",
    ["owner=me", "colour=red", "colour=any_of:red|blue", "made_on=until:today+7", "seller=me", "sort=-amount", "q=ab"],
)
def test_a_view_may_ask_what_a_list_understands(query: str) -> None:
    fields = tuple(replace(f, filterable=f.filterable or f.name == "seller") for f in SAMPLE.fields)
    assert "E005" not in {finding.code for finding in checks.check([replace(with_view(query), fields=fields)])}


def test_two_types_may_not_share_their_numbers_or_their_slug() -> None:
    other = replace(SAMPLE, slug="specimen")
    assert ("E012", "specimen") in {(f.code, f.slug) for f in checks.check([SAMPLE, other])}
    assert "E018" in {f.code for f in checks.check([SAMPLE, SAMPLE])}


def test_a_move_may_ask_for_what_all_who_make_it_read() -> None:
    named = follows("judge", "person", roles=(Role.HEAD,))
    for move in ({"by": ("head",)}, {"by": ("head", "judge"), "signature": True, "not_by": ("owner",)}):
        made = with_move(asks=("salary",), **move)
        assert "E039" not in {finding.code for finding in checks.check([replace(made, fields=(*made.fields, named))])}


def test_whoever_a_signature_goes_on_to_reads_what_it_asks_for() -> None:
    made = climbing(Climb(8, ("general_manager",)))
    assert made.workflow is not None
    signed = {"by": ("head",), "not_by": ("owner",), "source": ("waiting",), "signature": True, "asks": ("salary",)}
    moves = (*made.workflow.transitions, *(with_move(**signed).workflow or made.workflow).transitions[-1:])
    found = checks.check([replace(made, workflow=replace(made.workflow, transitions=moves))])
    assert ("E039", "workflow.extra") in {(finding.code, finding.field) for finding in found}


def test_wrong_types_are_refused_with_a_coded_line_for_each_error() -> None:
    with pytest.raises(WrongDeclarations) as refused:
        checks.require([with_field(kind="colour", group="elsewhere"), with_state(final=False)])
    lines = str(refused.value).splitlines()
    assert "E002 sample.extra: there is no kind “colour”" in lines
    assert "E007 sample.extra: there is no group “elsewhere”" in lines
    assert not any(line.startswith("W") for line in lines[1:])


def test_an_unclassified_type_without_secrets_may_have_a_unique_field() -> None:
    open_type = replace(with_field(unique=True), classified=False, rights=EVERYBODY)
    assert "E009" not in {finding.code for finding in checks.check([open_type])}


@pytest.mark.parametrize(
    "build",
    [
        lambda: only_one(view=TO_HEAD, create=(Role.HEAD,)),
        lambda: only_one(view=TO_HEAD, editors=(Role.HEAD,)),
        lambda: only_one(view=TO_HEAD, editable=False),
    ],
    ids=["made by the head", "filled in by the head", "filled in by nobody"],
)
def test_a_value_may_be_unique_where_who_fills_it_in_reads_every_record(build: Callable[[], RecordType]) -> None:
    assert "E037" not in {finding.code for finding in checks.check([build()])}


def test_what_follows_from_a_withheld_field_may_be_withheld_too() -> None:
    twice = follows(kind="integer", editable=False, withheld=True, computed=Formula("sum", ("fine",)))
    assert "E030" not in {finding.code for finding in checks.check([kept_from(twice)])}


def test_findings_speak_both_languages() -> None:
    finding = next(f for f in checks.check([with_field(kind="colour")]) if f.code == "E002")
    assert finding.line("zh") == "E002 sample.extra: 没有“colour”这种类型。"
