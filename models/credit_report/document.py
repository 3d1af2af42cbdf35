"""Credit reports (信用调查报告): the one form for all, from the survey to the credit group's decision (C2, C4)."""

from __future__ import annotations

from models.customer.fields import GRADES, STANDINGS
from models.declarations import Climb, Label, RecordType, Relation, Reminding, Rights, Rule, Transition, Workflow
from models.describe import choice, field, group, grouped, state, view
from models.person.roles import Role

SLUG = "credit_report"

OCCASIONS = (
    choice("first", "首次交易前", "Before first trade", "info"),
    choice("regular", "定期", "Regular"),
    choice("change", "信用变更", "Change of terms"),
    choice("urgent", "紧急", "Urgent", "bad"),
)
CHANNELS = (
    choice("bank", "金融机构", "Bank"),
    choice("trade", "同业公会或其他客户", "Trade association or other customers"),
    choice("internal", "内部调查", "Internal inquiry"),
    choice("visit", "实地走访", "Field visit"),
)

BASIC = grouped(
    "basic",
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
    field("occasion", "choice", "报告类型", "Occasion", "listed filterable", choices=OCCASIONS, default="regular"),
    field("surveyed", "date", "调查日期", "Surveyed on", "sortable filterable"),
    field("salesperson", "person", "业务员", "Salesperson", "fixed filterable opens"),
    field("report_due", "date", "报告期限", "Report due", "fixed sortable filterable"),
)

SURVEY = grouped(
    "survey",
    field("channels", "choices", "调查渠道", "Channels used", "wanted filterable", choices=CHANNELS),
    field("bank_findings", "long_text", "金融机构调查情况", "Findings: bank", max_length=3000),
    field("trade_findings", "long_text", "同业调查情况", "Findings: trade", max_length=3000),
    field("internal_findings", "long_text", "内部调查情况", "Findings: internal inquiry", max_length=3000),
    field("visit_findings", "long_text", "实地走访情况", "Findings: field visit", max_length=3000),
    field(
        "facts",
        "long_text",
        "事实摘要",
        "Facts",
        "wanted searchable",
        max_length=5000,
        help=Label("写事实和数字，不写形容词。", "Facts and figures, not adjectives."),
    ),
    field("papers", "files", "附件", "Attachments"),
)

FIGURES = grouped(
    "figures",
    field("sales_year", "money", "年销售额", "Sales of the year", "wanted", minimum=0),
    field("on_time_percent", "percent", "按期付款比例", "Bills paid on time", "wanted", minimum=0, maximum=100),
    field("longest_overdue_days", "integer", "最长逾期（天）", "Longest delay (days)", "wanted", minimum=0),
    field("years_of_dealings", "decimal", "往来年限", "Years of dealings", "wanted", places=1, minimum=0),
    field("debt_ratio_percent", "percent", "资产负债率", "Debt to assets", "wanted", minimum=0),
    field("sales_growth_percent", "percent", "销售额同比", "Sales against the year before", "wanted"),
    field("bank_opinion", "choice", "银行评价", "Bank's opinion", "wanted", choices=STANDINGS),
    field("trade_opinion", "choice", "同业评价", "Opinion in the trade", "wanted", choices=STANDINGS),
    field("visit_opinion", "choice", "实地走访印象", "Impression of the visit", "wanted", choices=STANDINGS),
)

REQUEST = grouped(
    "request",
    field("score", "decimal", "评分", "Score", "fixed listed sortable", places=1),
    field("proposed_grade", "choice", "建议等级", "Proposed grade", "fixed", choices=GRADES),
    field(
        "present_grade", "choice", "现等级", "Present grade", "fixed", choices=GRADES, copied_from=("customer.grade",)
    ),
    field("present_limit", "money", "现额度", "Present limit", "fixed", copied_from=("customer.credit_limit",)),
    field(
        "grade",
        "choice",
        "申请等级",
        "Grade asked for",
        "listed filterable",
        choices=GRADES,
        help=Label("留空则采用建议等级。", "Left empty, the proposed grade is taken."),
    ),
    field("grade_reason", "long_text", "与建议不同的理由", "Reason for differing", max_length=1000),
    field("limit", "money", "申请额度", "Limit asked for", "listed sortable", minimum=0),
    field("term_days", "integer", "申请账期（天）", "Term asked for (days)", minimum=0, maximum=3650),
    field("good_record", "yes_no", "现额度下付款记录良好", "Paid well under the present limit", default=False),
    field("careful_review", "long_text", "慎重审查意见（C 级）", "Careful review (grade C)", max_length=2000),
)

DECISION = grouped(
    "decision",
    field(
        "finance_person",
        "person",
        "指定财务审查人",
        "Finance reviewer asked",
        roles=(Role.FINANCE_REVIEWER,),
        help=Label("绝密报告必须指定。", "A top-secret report has to name one."),
    ),
    field("decider", "person", "指定决定人", "Decider asked", roles=(Role.CREDIT_GROUP,)),
    field("submitted_by", "person", "提交人", "Submitted by", "fixed"),
    field("rated_by", "person", "财务审查人", "Finance reviewer", "fixed"),
    field("rated_at", "datetime", "财务审查时间", "Reviewed at", "fixed"),
    field("finance_opinion", "long_text", "财务意见", "Finance's opinion", "fixed", max_length=2000),
    field("finance_agrees", "yes_no", "财务是否同意", "Finance agrees", "fixed"),
    field("decided_by", "person", "决定人", "Decided by", "fixed"),
    field("decided_at", "datetime", "决定时间", "Decided at", "fixed sortable filterable"),
)

NOT_OWN = ("creator", "owner", "submitted_by")
NEXT_LEVEL = (Climb("signature.next_hours", (Role.GENERAL_MANAGER.value,)),)
"""A reviewer, or the group, that is away holds up no trade; who gave finance's opinion never decides (C4)."""

WORKFLOW = Workflow(
    states=(
        state("draft", "草稿", "Draft", turn=("creator",)),
        state(
            "submitted",
            "待财务审查",
            "With finance",
            "info",
            turn=(Role.FINANCE_REVIEWER.value, "finance_person"),
            climbs=NEXT_LEVEL,
            frozen=True,
        ),
        state(
            "rated",
            "待授信决定",
            "For decision",
            "warn",
            turn=(Role.CREDIT_GROUP.value, "decider"),
            climbs=NEXT_LEVEL,
            frozen=True,
        ),
        state("approved", "已批准", "Approved", "good", final=True),
        state("refused", "已否决", "Refused", "bad", final=True),
    ),
    transitions=(
        Transition(
            name="submit",
            label=Label("提交", "Submit"),
            done="Submitted",
            source=("draft",),
            target="submitted",
            by=("creator", "owner"),
            asks=("finance_person", "decider"),
            main=True,
        ),
        Transition(
            name="withdraw",
            label=Label("撤回", "Withdraw"),
            done="Withdrawn",
            source=("submitted",),
            target="draft",
            by=("creator", "owner"),
        ),
        Transition(
            name="rate",
            label=Label("提出财务意见", "Give finance's opinion on credit"),
            done="Finance's opinion on credit given",
            source=("submitted",),
            target="rated",
            by=("turn",),
            not_by=NOT_OWN,
            asks=("finance_agrees", "finance_opinion"),
            needs=("finance_agrees", "finance_opinion"),
            signature=True,
            main=True,
        ),
        Transition(
            name="approve",
            label=Label("批准授信", "Approve"),
            done="Approved",
            source=("rated",),
            target="approved",
            by=("turn",),
            not_by=(*NOT_OWN, "rated_by"),
            signature=True,
            tone="good",
            main=True,
            help=Label(
                "客户的等级、额度、账期和下次报告期限同时生效。",
                "The customer's grade, limit, term and next report change together.",
            ),
        ),
        Transition(
            name="refuse",
            label=Label("否决", "Refuse"),
            done="Refused",
            source=("rated",),
            target="refused",
            by=("turn",),
            not_by=(*NOT_OWN, "rated_by"),
            reason=True,
            signature=True,
            tone="bad",
        ),
        Transition(
            name="send_back",
            label=Label("退回补充", "Send back"),
            done="Sent back",
            source=("submitted", "rated"),
            target="draft",
            by=("turn",),
            not_by=NOT_OWN,
            reason=True,
            tone="warn",
        ),
    ),
)

CREDIT_REPORT = RecordType(
    slug=SLUG,
    label=Label("信用调查报告", "Credit report"),
    plural=Label("信用调查报告", "Credit reports"),
    icon="shield-check",
    menu="family",
    number="XY-{year}-{seq:06d}",
    title="customer_name",
    classified=True,
    kept_by="service",
    due="report_due",
    reminding=Reminding(("credit.notice_days", 3)),
    fields=(*BASIC, *SURVEY, *FIGURES, *REQUEST, *DECISION),
    groups=(
        group("basic", "基本信息", "Basics"),
        group("survey", "调查", "Survey", columns=1),
        group("figures", "数据与评分项", "Figures"),
        group("request", "等级与授信申请", "Grade and terms"),
        group("decision", "审查与决定", "Review and decision"),
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
    workflow=WORKFLOW,
    views=(
        view("mine", "我负责的", "Mine", "owner=me"),
        view("drafts", "草稿", "Drafts", "state=draft"),
        view("finance", "待财务审查", "With finance", "state=submitted"),
        view("decision", "待授信决定", "For decision", "state=rated"),
        view("late", "已逾期", "Late", "due_at=until:today-1"),
        view("approved", "已批准", "Approved", "state=approved"),
    ),
    help=Label(
        "一种格式，写事实；评分建议等级，授信小组决定。", "One form, facts only; the score proposes, the group decides."
    ),
)
