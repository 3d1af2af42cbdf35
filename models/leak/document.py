"""The leak register (泄密登记; X8): an incident, the people, the superior's responsibility, the outcome."""

from __future__ import annotations

from typing import Any

from models.declarations import (
    LEVEL_LABELS,
    Choice,
    Climb,
    Concern,
    Field,
    Label,
    RecordType,
    Relation,
    Rights,
    Rule,
    Transition,
    Workflow,
)
from models.describe import choice, field, group, grouped, state, view
from models.person.roles import Role

SLUG = "leak"
HEAD, MANAGER, SUPERVISOR = Role.HEAD.value, Role.GENERAL_MANAGER.value, Role.SUPERVISOR.value
JUDGING = (Role.HEAD, Role.GENERAL_MANAGER, Role.AUDITOR)
"""Who reads what was found and decided: not whoever reported it, and nobody whom it concerns while it is open."""
REPORTING = tuple(role for role in Role if role not in (Role.AUDITOR, Role.ADMINISTRATOR))
LEVELS = tuple(Choice(level.value, label) for level, label in LEVEL_LABELS.items())
REPORTER = Label("上报人", "Reported by")
WAYS = (
    choice("paper", "纸质文件遗失或外传", "Paper lost or passed on"),
    choice("file", "电子文件外传", "File passed on"),
    choice("talk", "口头泄露", "Told by word of mouth"),
    choice("screen", "屏幕拍照或旁观", "Screen photographed or watched"),
    choice("account", "账号被盗用或借用", "Account stolen or lent"),
    choice("other", "其他", "Other"),
)
PARTS = (
    choice("leaked", "泄密人", "Leaked it", "bad"),
    choice("received", "知悉人", "Learnt it", "warn"),
    choice("witness", "知情人", "Knows of it"),
)
DUTIES = (
    choice("none", "无责任", "None"),
    choice("supervision", "监管责任", "Supervision", "warn"),
    choice("leadership", "领导责任", "Leadership", "warn"),
    choice("direct", "直接责任", "Direct", "bad"),
)
OUTCOMES = (
    choice("unfounded", "不成立", "Unfounded"),
    choice("warning", "批评教育", "Admonished", "warn"),
    choice("penalty", "处分", "Disciplined", "bad"),
    choice("dismissed", "解除劳动合同", "Dismissed", "bad"),
    choice("prosecuted", "移送司法机关", "Handed to the authorities", "bad"),
)

INVOLVED = ("leaked", "received")
"""In which parts people neither inquire nor judge; a witness may."""


def _named(name: str, zh: str, en: str, flags: str = "", **more: Any) -> Field:
    """Some of the people in it, each with their part."""
    columns = (
        field("person", "person", "本单位人员", "Colleague"),
        field("name", "text", "外部人员", "Somebody outside"),
        field("part", "choice", "身份", "Part", "required", choices=PARTS),
        field("note", "text", "说明", "Note"),
    )
    return field(name, "embedded_list", zh, en, flags, fields=columns, **more)


LEAK = RecordType(
    slug=SLUG,
    label=Label("泄密登记", "Leak"),
    plural=Label("泄密登记", "Leak register"),
    icon="exclamation-octagon",
    menu="register",
    number="XM-{year}-{seq:06d}",
    title="subject",
    kept_by="service",
    due="due_on",
    owner=REPORTER,
    asker=REPORTER,
    concerns=(
        Concern("people.person", "part", INVOLVED, until="people_found"),
        Concern("people_found.person", "part", INVOLVED),
        Concern("superior"),
    ),
    help=Label(
        "发现泄密立即登记：经过、涉及人员、上级责任和处理结果；由部门经理查处，总经理签结。",
        "Report a leak at once: what happened, the people, the superior's responsibility, the outcome. The head "
        "inquires, the general manager closes it.",
    ),
    groups=(
        group("incident", "事件", "Incident"),
        group("people", "涉及人员", "People", columns=1),
        group("outcome", "查处", "Inquiry and outcome"),
    ),
    fields=(
        *grouped(
            "incident",
            field("subject", "text", "事由", "What happened, in a line", "required listed searchable"),
            field("happened_on", "date", "发生日期", "Happened on", "required listed filterable sortable"),
            field("found_on", "date", "发现日期", "Found on", "required filterable"),
            field("way", "choice", "途径", "How", "required listed filterable", choices=WAYS),
            field(
                "level_leaked", "choice", "涉及密级", "Level concerned", "required listed filterable", choices=LEVELS
            ),
            field("records_concerned", "text", "涉及记录编号", "Numbers of the records", max_length=300),
            field("account", "long_text", "经过", "What happened", "required", max_length=4000),
            field("measures", "long_text", "已采取措施", "Done at once", max_length=2000),
            field("evidence", "files", "材料", "Evidence"),
        ),
        *grouped(
            "people",
            _named("people", "涉及人员", "People"),
            _named(
                "people_found", "查明的涉及人员", "People whom the inquiry found", "fixed withheld", viewers=JUDGING
            ),
        ),
        *grouped(
            "outcome",
            field(
                "investigator",
                "person",
                "查处人",
                "Inquiry by",
                "fixed withheld",
                viewers=JUDGING,
                roles=(Role.HEAD, Role.GENERAL_MANAGER),
            ),
            field("findings", "long_text", "查明情况", "Findings", "fixed withheld", viewers=JUDGING, max_length=4000),
            field("superior", "person", "直接上级", "Superior", "fixed withheld", viewers=JUDGING),
            field(
                "duty",
                "choice",
                "上级责任",
                "Superior's responsibility",
                "fixed withheld",
                viewers=JUDGING,
                choices=DUTIES,
            ),
            field(
                "duty_note", "long_text", "上级责任说明", "About that responsibility", "fixed withheld", viewers=JUDGING
            ),
            field(
                "outcome",
                "choice",
                "处理结果",
                "Outcome",
                "fixed withheld listed filterable",
                viewers=JUDGING,
                choices=OUTCOMES,
            ),
            field("outcome_note", "long_text", "处理说明", "About the outcome", "fixed withheld", viewers=JUDGING),
            field("remedy", "long_text", "整改措施", "What changes", "fixed withheld", viewers=JUDGING),
            field("due_on", "date", "须办结日期", "To be settled by", "fixed"),
        ),
    ),
    rights=Rights(
        create=REPORTING,
        view=(
            Rule(Relation.CREATOR),
            Rule(Relation.ASSIGNED),
            Rule(Relation.DEPARTMENT, (Role.HEAD,)),
            Rule(Relation.ANY, (Role.GENERAL_MANAGER, Role.AUDITOR)),
        ),
        edit=(Rule(Relation.CREATOR), Rule(Relation.DEPARTMENT, (Role.HEAD,))),
    ),
    workflow=Workflow(
        asked_by=(),  # a report asks for nothing
        states=(
            state("reported", "已上报", "Reported", "bad", turn=(HEAD,)),
            state(
                "inquiry",
                "查处中",
                "Under inquiry",
                "warn",
                turn=("investigator",),
                climbs=(Climb("signature.inquiry_hours", (MANAGER,)),),
                frozen=True,
            ),
            state(
                "judged",
                "待签结",
                "Waiting to be closed",
                "warn",
                turn=(MANAGER,),
                climbs=(Climb("signature.next_hours", (HEAD,)),),
                frozen=True,
            ),
            state("closed", "已签结", "Closed", "good", final=True),
        ),
        transitions=(
            Transition(
                name="take_up",
                label=Label("立案查处", "Begin the inquiry"),
                done="Inquiry begun",
                source=("reported",),
                target="inquiry",
                by=(HEAD, MANAGER),
                main=True,
            ),
            Transition(
                name="conclude",
                label=Label("提出处理意见", "Propose the outcome"),
                done="Outcome proposed",
                source=("inquiry",),
                target="judged",
                by=("investigator", HEAD),
                not_by=("creator",),
                asks=(
                    *("people_found", "findings", "superior", "duty"),
                    *("duty_note", "outcome", "outcome_note", "remedy"),
                ),
                needs=("findings", "duty", "outcome"),
                signature=True,
                tone="good",
                main=True,
                help=Label("交总经理签结。", "The general manager then closes it."),
            ),
            Transition(
                name="close",
                label=Label("签结", "Close"),
                done="Closed",
                source=("judged",),
                target="closed",
                by=(MANAGER, HEAD),
                not_by=("investigator", "superior"),
                signature=True,
                tone="good",
                main=True,
            ),
            Transition(
                name="send_back",
                label=Label("退回重查", "Send back"),
                done="Sent back",
                source=("judged",),
                target="inquiry",
                by=(MANAGER,),
                not_by=("investigator", "superior"),
                reason=True,
                signature=True,
                tone="bad",
            ),
        ),
    ),
    views=(
        view("open", "未签结", "Open", "state=any_of:reported|inquiry|judged"),
        view("mine", "我上报的", "Reported by me", "owner=me"),
    ),
)
