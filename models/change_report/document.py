"""The customer information report (客户信息报告; F4): each salesperson, each month, on how their customers changed."""

from __future__ import annotations

from models.declarations import (
    Due,
    Label,
    Level,
    RecordType,
    Related,
    Relation,
    Rights,
    Rule,
    Transition,
    When,
    Workflow,
)
from models.describe import field, group, grouped, state, view
from models.person.roles import Role

SLUG = "change_report"
KEEPERS = (Role.CUSTODIAN, Role.HEAD)

CHANGE_REPORT = RecordType(
    slug=SLUG,
    label=Label("客户信息报告", "Customer information report"),
    plural=Label("客户信息报告", "Customer information reports"),
    icon="journal-text",
    menu="work",
    number="XX-{year}-{seq:06d}",
    title="subject",
    classified=True,
    default_level=Level.SECRET,
    kept_by="service",
    due="next_due",
    deadlines=(
        Due(field="next_due", after="due_on", unit="working_days", when=When("state", ("open",))),
        Due(
            field="next_due",
            after="received_at",
            unit="working_hours",
            amount="customer.change_hours",
            when=When("state", ("handed_in",)),
        ),
    ),
    help=Label(
        "每月第一个星期一由业务员上报所属客户的变化；每项变化记为一条客户变动，全部入档后办结。",
        "On the first Monday of a month each salesperson reports how their customers changed. Each change is a record "
        "of its own; the report is closed when all are filed.",
    ),
    groups=(group("report", "报告", "Report"), group("filing", "入档", "Filing")),
    fields=(
        *grouped(
            "report",
            field("subject", "text", "报告", "Report", "fixed listed searchable", card="masked"),
            field("salesperson", "person", "业务员", "Salesperson", "fixed listed filterable"),
            field("month", "text", "月份", "Month", "fixed listed sortable filterable", max_length=7),
            field("due_on", "date", "应上报日期", "To be handed in on", "fixed filterable"),
            field("nothing_changed", "yes_no", "本月无变化", "Nothing changed", "filterable"),
            field(
                "others",
                "long_text",
                "其他客户的变化",
                "Changes of other customers",
                "",
                max_length=4000,
                help=Label(
                    "您看不到档案的客户：请写明客户名称和变化，由信息管理员代为登记。",
                    "Customers whose file you do not see: name and change; the custodian records them.",
                ),
            ),
            field("outlook", "long_text", "市场情况", "Market news", "", max_length=4000),
        ),
        *grouped(
            "filing",
            field("received_at", "datetime", "收到时间", "Received", "fixed sortable filterable"),
            field("next_due", "datetime", "期限", "Due", "fixed"),
            field("others_filed", "long_text", "其他客户变化的处理", "What was done about the others", "fixed"),
            field("closed_at", "datetime", "办结时间", "Closed", "fixed filterable"),
        ),
    ),
    rights=Rights(edit=(Rule(Relation.OWNER), Rule(Relation.DEPARTMENT, KEEPERS))),
    workflow=Workflow(
        states=(
            state("open", "待上报", "To be handed in", "info", turn=("owner",)),
            state("handed_in", "待入档", "To be filed", "warn", turn=(Role.CUSTODIAN.value,), frozen=True),
            state("closed", "已办结", "Closed", "good", final=True),
        ),
        transitions=(
            Transition(
                name="hand_in",
                label=Label("上报", "Hand in"),
                source=("open",),
                target="handed_in",
                by=("owner",),
                asks=("nothing_changed", "others", "outlook"),
                main=True,
                help=Label(
                    "请先登记各客户变动；没有变化的选「本月无变化」。",
                    "Report the changes first; tick “Nothing changed” where there are none.",
                ),
            ),
            Transition(
                name="close",
                label=Label("办结", "Close"),
                source=("handed_in",),
                target="closed",
                by=(Role.CUSTODIAN.value, Role.HEAD.value),
                not_by=("owner",),
                asks=("others_filed",),
                tone="good",
                main=True,
                help=Label("所附客户变动须全部入档。", "Every change that it reports is filed."),
            ),
            Transition(
                name="send_back",
                label=Label("退回补充", "Send back"),
                source=("handed_in",),
                target="open",
                by=(Role.CUSTODIAN.value, Role.HEAD.value),
                reason=True,
                tone="bad",
            ),
        ),
    ),
    related=(Related(slug="customer_change", via="report"),),
    views=(
        view("open", "待上报", "To be handed in", "state=open"),
        view("filing", "待入档", "To be filed", "state=handed_in"),
        view("mine", "我的报告", "Mine", "owner=me"),
    ),
)
