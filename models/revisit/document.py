"""Revisits (客户回访): planned, tried, recorded with satisfaction (V1-V4)."""

from __future__ import annotations

from typing import Any

from models.declarations import Due, Label, RecordType, Relation, Rights, Rule, Transition, Workflow
from models.describe import choice, field, group, grouped, state, view
from models.person.roles import Role

SLUG = "revisit"
ABOVE = (Role.SUPERVISOR.value, Role.HEAD.value)

OCCASIONS = (
    choice("regular", "定期回访", "Regular"),
    choice("complaint", "投诉后回访", "After a complaint", "warn"),
    choice("festival", "节日", "Festival"),
    choice("anniversary", "周年", "Anniversary"),
    choice("promotion", "促销", "Promotion"),
    choice("birthday", "生日", "Birthday"),
    choice("other", "其他", "Other"),
)
CHANNELS = (
    choice("phone", "电话", "Phone"),
    choice("letter", "信函", "Letter"),
    choice("message", "短信或消息", "Message"),
    choice("visit", "上门", "Visit"),
)
SCORE: dict[str, Any] = {"minimum": 1, "maximum": 5, "help": Label("1 至 5 分，5 为最满意。", "1 to 5; 5 is best.")}

FIELDS = (
    *grouped(
        "plan",
        field("customer", "reference", "客户", "Customer", "filterable", to="customer"),
        field(
            "customer_name",
            "text",
            "客户名称",
            "Customer name",
            "fixed listed searchable sortable",
            card="masked",
            copied_from=("customer.name",),
        ),
        field("complaint", "reference", "相关投诉", "Complaint", "filterable", to="complaint"),
        field(
            "occasion",
            "choice",
            "回访缘由",
            "Occasion",
            "required listed filterable",
            choices=OCCASIONS,
            default="regular",
        ),
        field("due_on", "date", "应完成日期", "Due on", "required listed sortable filterable"),
        field("complaint_closed", "datetime", "投诉结案时间", "Complaint closed", "fixed"),
        field(
            "planned_at",
            "datetime",
            "计划时间",
            "Planned for",
            help=Label(
                "不得在客户休息时间（12:00-14:00、20:00-9:00、休息日）。", "Never in the customer's rest hours."
            ),
        ),
        field("channel", "choice", "方式", "Channel", "listed filterable", choices=CHANNELS, default="phone"),
        field(
            "contact",
            "text",
            "联系人",
            "Contact",
            "personal",
            copied_from=("customer.contact_name", "complaint.complainant"),
        ),
        field(
            "contact_phone",
            "phone",
            "联系电话",
            "Phone",
            "personal searchable encrypted",
            copied_from=("customer.contact_phone", "complaint.contact_phone"),
        ),
        field(
            "contact_hours", "text", "方便时间", "Convenient hours", "personal", copied_from=("customer.contact_hours",)
        ),
        field("papers", "files", "附件", "Attachments"),
    ),
    *grouped(
        "record",
        field("revisited_at", "datetime", "回访时间", "Revisited", "listed sortable filterable fixed"),
        field("revisited_by", "person", "回访人", "Revisited by", "fixed"),
        field("answers", "long_text", "客户回答", "What the customer said", "fixed", max_length=4000),
        field("ease", "integer", "投诉便利", "Ease of complaining", "fixed", **SCORE),
        field("attitude", "integer", "服务态度", "Staff attitude", "fixed", **SCORE),
        field("ability", "integer", "业务能力", "Ability", "fixed", **SCORE),
        field("time", "integer", "处理时间", "Time", "fixed", **SCORE),
        field("outcome", "integer", "处理结果", "Outcome", "fixed", **SCORE),
        field("average", "decimal", "平均满意度", "Average satisfaction", "fixed listed sortable filterable", places=1),
        field("suggestions", "long_text", "客户建议", "Suggestions", "fixed", max_length=2000),
        field("promises", "long_text", "承诺事项", "Promises", "fixed", max_length=2000),
    ),
    *grouped(
        "tries",
        field(
            "tries",
            "embedded_list",
            "联系记录",
            "Tries",
            "fixed",
            fields=(
                field("at", "datetime", "时间", "When"),
                field("note", "text", "情况", "What happened"),
            ),
        ),
        field("next_try_at", "datetime", "下次联系", "Next try from", "fixed"),
        field("try_note", "text", "未联系上的情况", "What happened", "fixed"),
    ),
)

REVISIT = RecordType(
    slug=SLUG,
    label=Label("客户回访", "Revisit"),
    plural=Label("客户回访", "Revisits"),
    icon="telephone-outbound",
    menu="family",
    number="HF-{year}-{seq:06d}",
    title="customer_name",
    classified=True,
    kept_by="service",
    due="due_on",
    deadlines=(
        Due(
            field="due_on",
            after="complaint_closed",
            unit="working_days",
            amount="revisit.after_complaint_working_days",
        ),
    ),
    fields=FIELDS,
    groups=(
        group("plan", "计划", "Plan"),
        group("record", "回访记录", "Record"),
        group("tries", "联系情况", "Tries"),
    ),
    rights=Rights(
        create=(Role.SPECIALIST, Role.CUSTODIAN, Role.HEAD),
        imports=(Role.HEAD,),
        edit=(Rule(Relation.OWNER), Rule(Relation.DEPARTMENT, (Role.CUSTODIAN, Role.HEAD))),
        archive=(Rule(Relation.DEPARTMENT, (Role.HEAD,)),),
    ),
    workflow=Workflow(
        states=(
            state("planned", "待回访", "Planned", "info", turn=("owner",)),
            state("reached", "已回访", "Done", "good", final=True),
            state("given_up", "未能联系", "Not reached", "warn", final=True),
        ),
        transitions=(
            Transition(
                name="record",
                label=Label("记录回访", "Record the revisit"),
                source=("planned",),
                target="reached",
                by=("owner", *ABOVE),
                asks=(
                    "channel",
                    "answers",
                    "ease",
                    "attitude",
                    "ability",
                    "time",
                    "outcome",
                    "suggestions",
                    "promises",
                ),
                needs=("channel",),
                main=True,
                tone="good",
            ),
            Transition(
                name="not_reached",
                label=Label("未联系上", "Not reached"),
                source=("planned",),
                target="planned",
                by=("owner", *ABOVE),
                asks=("try_note",),
                help=Label("换一天再试，共试三次。", "Try again on another day, three times in all."),
            ),
            Transition(
                name="hand_over",
                label=Label("移交", "Hand over"),
                source=("planned",),
                target="planned",
                by=("owner", *ABOVE),
                asks=("owner",),
                needs=("owner",),
            ),
        ),
    ),
    views=(
        view("mine", "我的回访", "Mine", "owner=me&state=planned"),
        view("planned", "待回访", "Planned", "state=planned"),
        view("done", "已回访", "Done", "state=reached"),
        view("complaint", "投诉后", "After complaints", "occasion=complaint"),
    ),
    help=Label("按期回访，记录满意度与建议。", "Revisit in time; keep satisfaction and suggestions."),
)
