"""Contracts (合同管理): from the counterparty check over two opinions to custody and loans (K1-K6)."""

from __future__ import annotations

from models.contract.fields import FIELDS
from models.declarations import Climb, Held, Label, RecordType, Relation, Reminding, Rights, Rule, Transition, Workflow
from models.describe import group, state, view
from models.person.roles import Role

SLUG = "contract"

FINANCE, LEGAL = Role.FINANCE_REVIEWER.value, Role.LEGAL_REVIEWER.value
CUSTODIAN, HEAD, MANAGER = Role.CUSTODIAN.value, Role.HEAD.value, Role.GENERAL_MANAGER.value
NOT_OWN = ("creator", "owner", "submitted_by")
NEXT_LEVEL = (Climb("signature.next_hours", (MANAGER,)),)
"""A reviewer who is away: the next level decides (K2)."""
NOTICES = Reminding(("contract.expiry_notice_days", "contract.due_notice_days"))
"""Days before an agreed delivery or payment, or the contract's end (K5); what is due sooner is told of at once."""
IN_REVIEW = ("in_review", "with_finance", "with_legal")
SIGNED = ("signed", "in_custody", "loan_asked", "lent")
"""The states in which a contract is in force."""

STATES = (
    state("draft", "草稿", "Draft", turn=("creator",)),
    state(
        "in_review",
        "会审中",
        "In review",
        "info",
        turn=(FINANCE, "finance_person", LEGAL, "legal_person"),
        climbs=NEXT_LEVEL,
        frozen=True,
    ),
    state(
        "with_finance",
        "待财务审查",
        "With finance",
        "info",
        turn=(FINANCE, "finance_person"),
        climbs=NEXT_LEVEL,
        frozen=True,
    ),
    state(
        "with_legal",
        "待法务审查",
        "With legal",
        "info",
        turn=(LEGAL, "legal_person"),
        climbs=NEXT_LEVEL,
        frozen=True,
    ),
    state("returned", "已退回", "Returned", "warn", turn=("creator",)),
    state("approved", "待签订", "To be signed", "good", turn=("creator", "owner"), frozen=True),
    state("signed", "待移交", "To be handed in", "warn", turn=("creator", "owner", CUSTODIAN), frozen=True),
    state("in_custody", "已归档保管", "In custody", "good", frozen=True),
    state("loan_asked", "待批准提取", "Loan asked for", "info", turn=(MANAGER,), frozen=True),
    state("lent", "已提取", "Taken out", "warn", turn=("borrower",), frozen=True),
    state("ended", "已终止", "Ended", final=True),
)

REVIEWING = (
    Transition(
        name="submit",
        label=Label("送审", "Hand in for review"),
        done="Handed in for review",
        source=("draft", "returned"),
        target="in_review",
        by=("creator", "owner"),
        asks=("finance_person", "legal_person"),
        main=True,
        help=Label("财务与法务各自审查，各限一个工作日。", "Finance and legal each review it within one working day."),
    ),
    Transition(
        name="withdraw",
        label=Label("撤回", "Withdraw"),
        done="Withdrawn",
        source=IN_REVIEW,
        target="draft",
        by=("creator", "owner"),
    ),
    Transition(
        name="finance_review",
        label=Label("财务审查", "Give finance's opinion"),
        done="Finance's opinion given",
        source=("in_review", "with_finance"),
        target="with_legal",
        by=(FINANCE, "finance_person"),
        not_by=(*NOT_OWN, "legal_by"),
        asks=("finance_agrees", "finance_opinion", "finance_phoned", "finance_phoned_at"),
        needs=("finance_agrees",),
        signature=True,
        main=True,
        help=Label("不同意须写明理由，合同随即退回。", "An objection needs its reason and returns the contract."),
    ),
    Transition(
        name="legal_review",
        label=Label("法务审查", "Give legal's opinion"),
        done="Legal's opinion given",
        source=("in_review", "with_legal"),
        target="with_finance",
        by=(LEGAL, "legal_person"),
        not_by=(*NOT_OWN, "finance_by"),
        asks=("legal_agrees", "legal_opinion", "legal_phoned", "legal_phoned_at"),
        needs=("legal_agrees",),
        signature=True,
        main=True,
        help=Label("不同意须写明理由，合同随即退回。", "An objection needs its reason and returns the contract."),
    ),
    Transition(
        name="revise",
        label=Label("修改后重审", "Revise"),
        done="Taken back to revise it",
        source=("approved",),
        target="draft",
        by=("creator", "owner"),
        reason=True,
    ),
)

KEEPING = (
    Transition(
        name="sign",
        label=Label("登记签订", "Record the signing"),
        done="Signing recorded",
        source=("approved",),
        target="signed",
        by=("creator", "owner", HEAD),
        asks=("signed_on", "starts_on", "ends_on"),
        needs=("signed_on",),
        tone="good",
        main=True,
    ),
    Transition(
        name="hand_in",
        label=Label("接收入库", "Take into custody"),
        done="Taken into custody",
        source=("signed",),
        target="in_custody",
        by=(CUSTODIAN, HEAD),
        asks=("cabinet", "box", "copies", "copies_place", "scans"),
        needs=("cabinet", "box"),
        tone="good",
        main=True,
    ),
    Transition(
        name="progress",
        label=Label("登记履行与争议", "Note progress or a dispute"),
        done="Progress or a dispute noted",
        source=("signed", "in_custody", "loan_asked", "lent"),
        target="in_custody",
        by=("creator", "owner", CUSTODIAN, HEAD),
        asks=(
            *("deliveries", "payments", "ends_on", "renews", "notice_days"),
            *("dispute", "dispute_notes", "dispute_outcome", "scans"),
        ),
        help=Label(
            "不改变保管状态。续约的改到期日，不再续约的取消自动续约。",
            "Custody stays as it is. One that is renewed gets its new end; one that shall not renew no longer says so.",
        ),
    ),
    Transition(
        name="end",
        label=Label("终止", "End"),
        done="Ended",
        source=("draft", "returned", "approved", "in_custody"),
        target="ended",
        by=("owner", CUSTODIAN, HEAD),
        reason=True,
        help=Label(
            "未签订的也可终止，不再办理。", "One that was never signed can be ended, too: nothing more comes of it."
        ),
    ),
)

LENDING = (
    Transition(
        name="ask_loan",
        label=Label("申请提取原件", "Ask for the original"),
        done="Original asked for",
        source=("in_custody",),
        target="loan_asked",
        by=("reader",),
        asks=("loan_reason", "return_by"),
        needs=("loan_reason", "return_by"),
        takes_out=True,
    ),
    Transition(
        name="cancel_loan",
        label=Label("取消申请", "Cancel the request"),
        done="Request cancelled",
        source=("loan_asked",),
        target="in_custody",
        by=("borrower",),
        takes_back=True,
    ),
    Transition(
        name="lend",
        label=Label("批准提取", "Lend"),
        done="Lent",
        source=("loan_asked",),
        target="lent",
        by=(MANAGER,),
        not_by=("borrower",),
        signature=True,
        tone="good",
        main=True,
    ),
    Transition(
        name="refuse_loan",
        label=Label("不予提取", "Refuse the loan"),
        done="Loan refused",
        source=("loan_asked",),
        target="in_custody",
        by=(MANAGER,),
        not_by=("borrower",),
        reason=True,
        signature=True,
        tone="bad",
    ),
    Transition(
        name="give_back",
        label=Label("登记归还", "Record the return"),
        done="Return recorded",
        source=("lent",),
        target="in_custody",
        by=(CUSTODIAN, HEAD, "lent_by"),
        not_by=("borrower",),
        asks=("cabinet", "box"),
        needs=("cabinet", "box"),
        main=True,
        takes_back=True,
        help=Label(
            "只能看到卡片的，登记后原件放回原柜号、盒号。",
            "Who sees the contract's card only puts it back where it lay.",
        ),
    ),
)

TAKEN_OUT = Held(
    by="borrower",
    states=("lent",),
    fields=("original", "borrower", "return_by", "lent_by", "lent_at", "kept_by_person", "due"),
)
"""What a borrower knows of a contract whose original they have, as long as they have it: no more than that, and to whom
it goes back (K4)."""

CONTRACT = RecordType(
    slug=SLUG,
    label=Label("合同", "Contract"),
    plural=Label("合同台账", "Contracts"),
    icon="file-text",
    menu="family",
    number="HT-{year}-{seq:06d}",
    title="name",
    classified=True,
    kept_by="service",
    due="due",
    reminding=NOTICES,
    fields=FIELDS,
    groups=(
        group("basic", "合同", "Contract"),
        group("dates", "日期与续约", "Dates and renewal"),
        group("counterparty", "对方审查", "Check of the counterparty"),
        group("schedule", "交付与付款", "Deliveries and payments", columns=1),
        group("review", "会审", "Review"),
        group("custody", "保管", "Custody"),
        group("loan", "提取", "Loans"),
        group("dispute", "争议", "Dispute", columns=1, folded=True),
    ),
    rights=Rights(
        create=(Role.SPECIALIST, Role.CUSTODIAN, Role.HEAD, Role.SALES, Role.SALES_MANAGER),
        imports=(Role.CUSTODIAN, Role.HEAD),
        edit=(
            Rule(Relation.CREATOR),
            Rule(Relation.OWNER),
            Rule(Relation.DEPARTMENT, (Role.CUSTODIAN, Role.HEAD)),
        ),
        archive=(Rule(Relation.DEPARTMENT, (Role.CUSTODIAN, Role.HEAD)),),
    ),
    workflow=Workflow(states=STATES, transitions=(*REVIEWING, *KEEPING, *LENDING), asked_by=()),  # the moves name them
    held=TAKEN_OUT,
    views=(
        view("mine", "我负责的", "Mine", "owner=me"),
        view("review", "会审中", "In review", "state=any_of:in_review|with_finance|with_legal"),
        view("signing", "待签订", "To be signed", "state=approved"),
        view("handing", "待移交", "To be handed in", "state=signed"),
        view("custody", "在库", "In custody", "state=in_custody"),
        view("lent", "已提取", "Taken out", "state=lent"),
        view("late", "已逾期", "Late", "due_at=until:today-1"),
        view("disputes", "有争议", "In dispute", "dispute=open"),
    ),
    help=Label(
        "先审对方，再由财务、法务会审；签订后一个工作日内移交保管。",
        "Check the counterparty, then finance and legal review; hand in within a working day of signing.",
    ),
)
