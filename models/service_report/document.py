"""The service department's reports (服务报告): weekly, monthly on complaints (T8) and on its supervision (Q, B)."""

from __future__ import annotations

from models.declarations import Label, RecordType, Relation, Rights, Rule, Transition, Workflow
from models.describe import choice, field, group, grouped, state, view
from models.person.roles import Role

SLUG = "service_report"
HEAD, MANAGER = Role.HEAD.value, Role.GENERAL_MANAGER.value
KINDS = (
    choice("weekly", "周报", "Weekly"),
    choice("monthly", "投诉月报", "Monthly, complaints"),
    choice("supervision", "服务监督月报", "Monthly, supervision"),
)
READING = (
    Rule(Relation.OWNER),
    Rule(Relation.ASSIGNED),
    Rule(Relation.DEPARTMENT, (Role.HEAD,)),
    Rule(Relation.ANY, (Role.GENERAL_MANAGER,)),
)
"""What a report counts comes from records of every level: the department does not read it, its head does (X6)."""

SERVICE_REPORT = RecordType(
    slug=SLUG,
    label=Label("服务报告", "Service report"),
    plural=Label("服务报告", "Service reports"),
    icon="bar-chart",
    menu="work",
    number="FW-{year}-{seq:06d}",
    title="subject",
    kept_by="service",
    due="due_on",
    help=Label(
        "每周五的周报，每月 22 日前的投诉月报和服务监督月报；数字由记录汇总，写上说明后报总经理。",
        "The weekly report of each Friday, and by the 22nd those of the month on complaints and supervision. Figures "
        "are counted from the records; with a word on them they go to the general manager.",
    ),
    groups=(group("report", "报告", "Report"), group("figures", "数字", "Figures", columns=1)),
    fields=(
        *grouped(
            "report",
            field("subject", "text", "报告", "Report", "fixed listed searchable"),
            field("kind", "choice", "种类", "Kind", "fixed listed filterable", choices=KINDS),
            field("occasion", "text", "期别", "Period", "fixed listed unique", max_length=40),
            field("begins", "date", "自", "From", "fixed sortable filterable"),
            field("ends", "date", "至", "Until", "fixed filterable"),
            field("due_on", "date", "应提交日期", "Due on", "fixed listed sortable filterable"),
            field("summary", "long_text", "情况说明", "Summary", "", max_length=4000),
            field("causes", "long_text", "主要原因", "Hot causes", "", max_length=4000),
            field("good_cases", "long_text", "好的案例", "Good cases", "", max_length=4000),
            field("bad_cases", "long_text", "差的案例", "Bad cases", "", max_length=4000),
            field("duty", "long_text", "责任追究", "Responsibility", "", max_length=4000),
            field("plan", "long_text", "下期安排", "Next", "", max_length=4000),
            field("handed_in_at", "datetime", "提交时间", "Handed in", "fixed filterable"),
        ),
        *grouped(
            "figures",
            field("counted_at", "datetime", "汇总时间", "Counted", "fixed"),
            field(
                "figures",
                "embedded_list",
                "数字",
                "Figures",
                "fixed",
                fields=(
                    field("figure", "text", "项目", "Figure", "required"),
                    field("value", "text", "取值", "Of", ""),
                    field("count", "integer", "数量", "Count", "required", minimum=0),
                ),
            ),
        ),
    ),
    rights=Rights(
        view=READING,
        edit=(Rule(Relation.OWNER), Rule(Relation.DEPARTMENT, (Role.HEAD,))),
        export=(Rule(Relation.DEPARTMENT, (Role.HEAD,)), Rule(Relation.ANY, (Role.GENERAL_MANAGER,))),
    ),
    workflow=Workflow(
        states=(
            state("open", "待提交", "To be handed in", "info", turn=(HEAD,)),
            state("handed_in", "待阅", "With the general manager", "warn", turn=(MANAGER,), frozen=True),
            state("done", "已完成", "Done", "good", final=True),
        ),
        transitions=(
            Transition(
                name="count",
                label=Label("汇总数字", "Count"),
                source=("open",),
                target="open",
                by=(HEAD,),
                help=Label(
                    "按您能看到的记录重新汇总本期数字。", "Counts the period again, from the records that you read."
                ),
            ),
            Transition(
                name="hand_in",
                label=Label("提交", "Hand in"),
                source=("open",),
                target="handed_in",
                by=(HEAD,),
                asks=("summary", "causes", "plan"),
                needs=("summary",),
                tone="good",
                main=True,
                help=Label("数字同时汇总；月报报总经理。", "The figures are counted; monthly reports go up."),
            ),
            Transition(
                name="note",
                label=Label("已阅", "Noted"),
                source=("handed_in",),
                target="done",
                by=(MANAGER,),
                tone="good",
                main=True,
            ),
            Transition(
                name="send_back",
                label=Label("退回", "Send back"),
                source=("handed_in",),
                target="open",
                by=(MANAGER,),
                reason=True,
                tone="bad",
            ),
        ),
    ),
    views=(
        view("open", "待提交", "To be handed in", "state=open"),
        view("monthly", "月报", "Monthly", "kind=any_of:monthly|supervision"),
        view("weekly", "周报", "Weekly", "kind=weekly"),
    ),
)
