"""Quarterly re-verification (季度核定; F5): one per active file and quarter, answered section by section."""

from __future__ import annotations

from models.declarations import Due, Field, Label, RecordType, Rights, Transition, Workflow
from models.describe import choice, field, group, grouped, state, view
from models.person.roles import Role
from models.review.rules import SECTIONS

SLUG = "review"
SHEET = "sections"
"""The page on which the sections are answered."""
ANSWERS = (
    choice("confirmed", "无变化", "Still right", "good"),
    choice("corrected", "已更正", "Corrected", "warn"),
)
SECTION_LABELS = {
    "basic": Label("基础资料", "Basic data"),
    "people": Label("联系人与关键人物", "Contacts and key people"),
    "dealings": Label("交易现状", "Current dealings"),
    "characteristics": Label("客户特征", "Characteristics"),
    "business": Label("业务状况", "Business status"),
    "organisation": Label("组织与管理", "Organisation"),
    "purchase": Label("采购流程", "Purchase procedure"),
    "needs": Label("投资与需求计划", "Investment and needs"),
    "analysis": Label("分析", "Analysis"),
}


def answer_field(section: str) -> Field:
    """The answer for one section of the file."""
    label = SECTION_LABELS[section]
    return field(section, "choice", label.zh, label.en, "fixed", choices=ANSWERS)


REVIEW = RecordType(
    slug=SLUG,
    label=Label("季度核定", "Quarterly review"),
    plural=Label("季度核定", "Quarterly reviews"),
    icon="clipboard-check",
    menu="family",
    number="HD-{year}-{seq:06d}",
    title="customer_name",
    classified=True,
    kept_by="service",
    due="due_on",
    deadlines=(Due(field="due_on", after="opened_on", unit="working_days", amount="customer.review_working_days"),),
    groups=(group("review", "核定", "Review"), group("sections", "逐项核定", "Section by section")),
    fields=(
        *grouped(
            "review",
            field("customer", "reference", "客户", "Customer", "required filterable fixed", to="customer"),
            field(
                "customer_name",
                "text",
                "客户名称",
                "Customer name",
                "fixed listed searchable sortable",
                card="masked",
                copied_from=("customer.name",),
            ),
            field("quarter", "text", "季度", "Quarter", "listed sortable filterable fixed", max_length=6),
            field("opened_on", "date", "开始日期", "Started", "fixed"),
            field("due_on", "date", "应完成日期", "Due on", "listed sortable filterable fixed"),
            field("finished_at", "datetime", "完成时间", "Finished", "sortable filterable fixed"),
        ),
        *grouped(
            "sections",
            *(answer_field(section) for section in SECTIONS),
            field("corrections", "long_text", "更正说明", "What was corrected", "fixed", max_length=2000),
        ),
    ),
    rights=Rights(),
    workflow=Workflow(
        states=(
            state("open", "待核定", "Open", "info", turn=("owner",)),
            state("done", "已核定", "Done", "good", final=True),
        ),
        transitions=(
            Transition(
                name="finish",
                label=Label("逐项核定", "Review by section"),
                source=("open",),
                target="done",
                by=("owner", Role.HEAD.value),
                asks=(*SECTIONS, "corrections"),
                tone="good",
                main=True,
                page=SHEET,
                help=Label(
                    "请先在客户档案中更正，再在此逐项确认。", "Correct the file first, then answer each section here."
                ),
            ),
            Transition(
                name="keep",
                label=Label("保存进度", "Keep what is answered"),
                source=("open",),
                target="open",
                by=("owner", Role.HEAD.value),
                asks=(*SECTIONS, "corrections"),
                page=SHEET,
                offered=False,
            ),
            Transition(
                name="hand_over",
                label=Label("移交", "Hand over"),
                source=("open",),
                target="open",
                by=("owner", Role.HEAD.value),
                asks=("owner",),
                needs=("owner",),
                reason=True,
            ),
        ),
    ),
    views=(
        view("mine", "我的核定", "Mine", "owner=me&state=open"),
        view("open", "待核定", "Open", "state=open"),
        view("done", "已核定", "Done", "state=done"),
    ),
    help=Label(
        "每季度第一个工作日，为每份在用客户档案开出一份核定，15 个工作日内完成。",
        "On the first working day of a quarter every active file gets a review, due in 15 working days.",
    ),
)

NOTED = f"{REVIEW.label.zh} "
"""How the note of a correction begins that was made in a review; the review's number follows."""
