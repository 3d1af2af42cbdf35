"""A change in a customer's situation as somebody reported it (客户变动; F4): it reaches the customer's file in time."""

from __future__ import annotations

from models.declarations import Due, Label, RecordType, Relation, Rights, Rule, Transition, Workflow
from models.describe import choice, field, group, grouped, state, view
from models.person.roles import Role

SLUG = "customer_change"
FILING = ("owner", Role.CUSTODIAN.value, Role.HEAD.value)
KEEPERS = (Role.CUSTODIAN, Role.HEAD)
SECTIONS = (
    choice("basic", "基础资料", "Basic data"),
    choice("people", "联系人与关键人物", "Contacts and key people"),
    choice("dealings", "交易现状", "Current dealings"),
    choice("credit", "信用与付款", "Credit and payment"),
    choice("business", "业务状况", "Business status"),
    choice("needs", "投资与需求计划", "Investment and needs"),
    choice("other", "其他", "Other"),
)

CUSTOMER_CHANGE = RecordType(
    slug=SLUG,
    label=Label("客户变动", "Reported change"),
    plural=Label("客户变动", "Reported changes"),
    icon="arrow-left-right",
    menu="family",
    number="BD-{year}-{seq:06d}",
    title="customer_name",
    classified=True,
    kept_by="service",
    due="filed_due",
    deadlines=(Due(field="filed_due", after="received_at", unit="working_hours", amount="customer.change_hours"),),
    help=Label(
        "客户情况有变化随时上报；24 个工作小时内须记入客户档案，记入后方可办结。",
        "Report a customer's change at any time. It is in the file within 24 working hours, and only then closed.",
    ),
    groups=(group("reported", "变动", "Change"), group("filing", "入档", "Filing")),
    fields=(
        *grouped(
            "reported",
            field("customer", "reference", "客户", "Customer", "required filterable", to="customer"),
            field(
                "customer_name",
                "text",
                "客户名称",
                "Customer name",
                "fixed listed searchable sortable",
                card="masked",
                copied_from=("customer.name",),
            ),
            field("section", "choice", "涉及部分", "About", "required listed filterable", choices=SECTIONS),
            field("change", "long_text", "变动情况", "What changed", "required searchable", max_length=4000),
            field("happened_on", "date", "变动日期", "Since", "filterable"),
            field("salesperson", "person", "业务员", "Salesperson", "fixed filterable", opens=True),
            field(
                "report",
                "reference",
                "客户信息报告",
                "Information report",
                "filterable",
                to="change_report",
                gathered=True,
            ),
        ),
        *grouped(
            "filing",
            field("received_at", "datetime", "收到时间", "Received", "fixed listed sortable filterable"),
            field("filed_due", "datetime", "入档期限", "To be filed by", "fixed listed sortable filterable"),
            field("filed_at", "datetime", "入档时间", "Filed", "fixed sortable filterable"),
            field("filed_rev", "integer", "档案版本", "Version of the file", "fixed"),
            field("not_filed", "long_text", "无需入档理由", "Why nothing was filed", "fixed", max_length=500),
        ),
    ),
    rights=Rights(
        create=(Role.SALES, Role.SALES_MANAGER, Role.SPECIALIST, Role.CUSTODIAN, Role.HEAD),
        edit=(Rule(Relation.OWNER), Rule(Relation.CREATOR), Rule(Relation.DEPARTMENT, KEEPERS)),
        archive=(Rule(Relation.DEPARTMENT, KEEPERS),),
    ),
    workflow=Workflow(
        states=(
            state("reported", "待入档", "To be filed", "warn", turn=("owner",)),
            state("filed", "已入档", "Filed", "good", final=True),
            state("void", "无需入档", "Nothing to file", final=True),
        ),
        transitions=(
            Transition(
                name="file",
                label=Label("已记入档案", "Filed"),
                source=("reported",),
                target="filed",
                by=FILING,
                tone="good",
                main=True,
                help=Label(
                    "请先更正客户档案；收到变动之后档案须有新版本。",
                    "Correct the customer's file first: it needs a version that is later than the report.",
                ),
            ),
            Transition(
                name="set_aside",
                label=Label("无需入档", "Nothing to file"),
                source=("reported",),
                target="void",
                by=FILING,
                not_by=("creator",),
                asks=("not_filed",),
                needs=("not_filed",),
            ),
        ),
    ),
    views=(
        view("open", "待入档", "To be filed", "state=reported"),
        view("mine", "我的", "Mine", "owner=me&state=reported"),
        view("filed", "已入档", "Filed", "state=filed"),
    ),
)
