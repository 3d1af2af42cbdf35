"""A record type with every kind of field, classified and with a workflow: the engine is tried on it."""

from __future__ import annotations

from models.declarations import (
    Choice,
    Field,
    Group,
    Label,
    RecordType,
    Relation,
    Rights,
    Rule,
    State,
    Transition,
    Workflow,
)
from models.person.roles import Role


def label(text: str) -> Label:
    """The same text in both languages."""
    return Label(text, text)


COLOURS = (Choice("red", Label("红", "Red")), Choice("blue", Label("蓝", "Blue")))

SAMPLE = RecordType(
    slug="sample",
    label=Label("样品", "Sample"),
    plural=Label("样品", "Samples"),
    icon="box",
    menu="family",
    number="YP-{year}-{seq:06d}",
    title="name",
    classified=True,
    kept_by="service",
    due="answer_by",
    groups=(Group(name="basic", label=label("Basic")), Group(name="more", label=label("More"), folded=True)),
    fields=(
        Field(
            name="name",
            kind="text",
            label=Label("名称", "Name"),
            group="basic",
            required=True,
            listed=True,
            searchable=True,
            sortable=True,
            filterable=True,
            card="masked",
        ),
        Field(
            name="colour",
            kind="choice",
            label=label("Colour"),
            group="basic",
            choices=COLOURS,
            listed=True,
            filterable=True,
        ),
        Field(name="colours", kind="choices", label=label("Colours"), group="more", choices=COLOURS),
        Field(
            name="amount",
            kind="money",
            label=label("Amount"),
            group="basic",
            listed=True,
            sortable=True,
            filterable=True,
        ),
        Field(name="pieces", kind="integer", label=label("Pieces"), group="more", minimum=0),
        Field(name="weight", kind="decimal", label=label("Weight"), group="more", places=3),
        Field(name="share", kind="percent", label=label("Share"), group="more"),
        Field(name="made_on", kind="date", label=label("Made on"), group="basic", sortable=True, filterable=True),
        Field(name="answer_by", kind="date", label=label("Answer by"), group="basic"),
        Field(name="seen_at", kind="datetime", label=label("Seen at"), group="more"),
        Field(name="fragile", kind="yes_no", label=label("Fragile"), group="more"),
        Field(name="phone", kind="phone", label=label("Phone"), group="more", personal=True, searchable=True),
        Field(name="email", kind="email", label=label("Email"), group="more", personal=True),
        Field(name="site", kind="link", label=label("Site"), group="more"),
        Field(
            name="notes",
            kind="long_text",
            label=label("Notes"),
            group="more",
            max_length=5000,
            searchable=True,
        ),
        Field(name="seller", kind="person", label=label("Seller"), group="basic", opens=True),
        Field(name="checker", kind="person", label=label("Checker"), group="basic"),
        Field(name="parent", kind="reference", label=label("Parent"), group="more", to="sample", listed=True),
        Field(
            name="salary",
            kind="money",
            label=label("Salary"),
            group="more",
            viewers=(Role.HEAD,),
            sortable=True,
            filterable=True,
        ),
        Field(name="verdict", kind="text", label=label("Verdict"), group="more", editable=False),
        Field(name="scans", kind="files", label=label("Scans"), group="more"),
        Field(
            name="box",
            kind="embedded",
            label=label("Box"),
            group="more",
            fields=(Field(name="width", kind="integer", label=label("Width")),),
        ),
        Field(
            name="people",
            kind="embedded_list",
            label=label("People"),
            group="more",
            fields=(
                Field(name="name", kind="text", label=label("Name"), required=True, searchable=True),
                Field(name="phone", kind="phone", label=label("Phone")),
                Field(name="born", kind="date", label=label("Born")),
                Field(name="wage", kind="money", label=label("Wage")),
            ),
        ),
    ),
    rights=Rights(
        create=(Role.SPECIALIST, Role.CUSTODIAN, Role.HEAD),
        imports=(Role.CUSTODIAN, Role.HEAD),
        edit=(
            Rule(Relation.OWNER),
            Rule(Relation.DEPARTMENT, (Role.CUSTODIAN, Role.HEAD)),
        ),
        archive=(Rule(Relation.DEPARTMENT, (Role.HEAD,)),),
    ),
    workflow=Workflow(
        states=(
            State(value="draft", label=label("Draft"), turn=("owner",)),
            State(value="waiting", label=label("Waiting"), tone="warn", turn=("checker", "finance_reviewer")),
            State(value="approved", label=label("Approved"), tone="good", final=True),
        ),
        transitions=(
            Transition(
                name="submit",
                label=label("Submit"),
                source=("draft",),
                target="waiting",
                by=("owner",),
                asks=("checker",),
                needs=("checker",),
                main=True,
            ),
            Transition(
                name="approve",
                label=label("Approve"),
                source=("waiting",),
                target="approved",
                by=("turn",),
                not_by=("owner", "creator"),
                asks=("verdict",),
                signature=True,
                tone="good",
                main=True,
            ),
            Transition(
                name="send_back",
                label=label("Send back"),
                source=("waiting",),
                target="draft",
                by=("turn",),
                not_by=("owner",),
                reason=True,
                tone="warn",
            ),
        ),
    ),
)
