"""Customer files (客户档案): what they hold, who may do what, which lists they offer."""

from __future__ import annotations

from models.customer.fields import FIELDS
from models.declarations import Due, Label, RecordType, Related, Relation, Rights, Rule, Transition, Workflow
from models.describe import group, state, view
from models.person.roles import Role

SLUG = "customer"

FIRST_FILL = (
    "name",
    "address",
    "phone",
    "person_in_charge",
    "contact_name",
    "contact_position",
    "contact_phone",
    "contact_email",
    "contact_sex",
    "contact_birthday",
    "contact_hours",
)
"""What the first fill has to hold (F3)."""

WORKFLOW = Workflow(
    asked_by=(),  # nobody asks for trade to be resumed
    states=(
        state("prospect", "潜在", "Prospect", "info"),
        state("active", "合作中", "Active", "good"),
        state("dormant", "休眠", "Dormant"),
        state("suspended", "暂停供货", "Supply suspended", "bad"),
    ),
    transitions=(
        Transition(
            name="activate",
            label=Label("转为合作中", "Mark as active"),
            done="Marked as active",
            source=("prospect", "dormant"),
            target="active",
            by=("owner", Role.CUSTODIAN.value, Role.HEAD.value),
        ),
        Transition(
            name="rest",
            label=Label("转为休眠", "Mark as dormant"),
            done="Marked as dormant",
            source=("prospect", "active"),
            target="dormant",
            by=("owner", Role.CUSTODIAN.value, Role.HEAD.value),
            reason=True,
        ),
        Transition(
            name="suspend",
            label=Label("暂停供货", "Suspend supply"),
            done="Supply suspended",
            source=("prospect", "active", "dormant"),
            target="suspended",
            by=("owner", "salesperson", Role.HEAD.value),
            reason=True,
            tone="bad",
            help=Label(
                "情况突变时可先暂停供货，恢复须经经理签字。",
                "A sudden change may stop supply; resuming is signed.",
            ),
        ),
        Transition(
            name="resume",
            label=Label("恢复供货", "Resume supply"),
            done="Supply resumed",
            source=("suspended",),
            target="active",
            by=(Role.HEAD.value,),
            not_by=("owner",),
            reason=True,
            signature=True,
            tone="good",
        ),
    ),
)

CUSTOMER = RecordType(
    slug=SLUG,
    label=Label("客户档案", "Customer file"),
    plural=Label("客户档案", "Customer files"),
    icon="building",
    menu="family",
    number="KH-{year}-{seq:06d}",
    title="name",
    classified=True,
    kept_by="service",
    due="next_due",
    deadlines=(
        Due(field="first_fill_due", after="contract_signed", unit="days", amount="customer.first_fill_days"),
        Due(field="personal_due", after="contract_signed", unit="months", amount="customer.personal_details_months"),
        Due(field="completion_due", after="assigned_at", unit="days", amount="customer.completion_days"),
        Due(field="filing_due", after="information_received_at", unit="working_hours", amount="customer.filing_hours"),
    ),
    foreign="foreign_code",
    narrowed=("key_customer", "grade", "state", "country", "region", "city", "industry"),
    seldom=(
        "country",
        "ownership",
        "size",
        "potential",
        "attitude",
        "reputation",
        "standing",
        "first_fill_due",
        "first_fill_late",
        "assigned_at",
        "completion_due",
        "filing_due",
        "filing_late",
    ),
    fields=FIELDS,
    groups=(
        group("basic", "基础资料", "Basic data"),
        group("people", "联系人与关键人物", "Contacts and key people"),
        group("service", "服务", "Service"),
        group("credit", "信用", "Credit"),
        group("dealings", "交易现状", "Current dealings", folded=True),
        group("characteristics", "客户特征", "Characteristics", folded=True),
        group("business", "业务状况", "Business status", folded=True),
        group("organisation", "组织与管理", "Organisation", columns=1, folded=True),
        group("purchase", "采购流程", "Purchase procedure", folded=True),
        group("needs", "投资与需求计划", "Investment and needs", columns=1, folded=True),
        group("analysis", "分析", "Analysis", columns=1, folded=True),
        group("filing", "建档", "Filing", folded=True),
    ),
    rights=Rights(
        create=(Role.SPECIALIST, Role.CUSTODIAN, Role.HEAD, Role.SALES),
        imports=(Role.CUSTODIAN, Role.HEAD),
        edit=(Rule(Relation.OWNER), Rule(Relation.DEPARTMENT, (Role.CUSTODIAN, Role.HEAD))),
        archive=(Rule(Relation.DEPARTMENT, (Role.CUSTODIAN, Role.HEAD)),),
        merge=(Rule(Relation.DEPARTMENT, (Role.CUSTODIAN, Role.SUPERVISOR, Role.HEAD)),),
    ),
    workflow=WORKFLOW,
    related=(
        Related(slug="contract", via="customer"),
        Related(slug="credit_report", via="customer"),
        Related(slug="complaint", via="customer"),
        Related(slug="revisit", via="customer"),
        Related(slug="review", via="customer"),
        Related(slug="customer_change", via="customer"),
    ),
    views=(
        view("mine", "我的客户", "Mine", "owner=me"),
        view("active", "合作中", "Active", "state=active"),
        view("key", "大客户", "Key customers", "key_customer=true"),
        view("late", "已逾期", "Late", "due_at=until:today-1"),
        view("reports", "信用报告将到期", "Credit report soon", "next_report_due=until:today+14"),
        view("incomplete", "资料不全", "Incomplete", "completeness=at_most:79"),
        view("prospects", "潜在客户", "Prospects", "state=prospect"),
        view("suspended", "暂停供货", "Suspended", "state=suspended"),
    ),
    help=Label(
        "一户一档。基础资料、联系人、信用与往来都在这里。",
        "One customer, one file: basic data, contacts, credit and dealings.",
    ),
)
