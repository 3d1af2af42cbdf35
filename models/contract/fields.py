"""The fields of a contract: terms, counterparty check, review, custody, loans (K1-K6)."""

from __future__ import annotations

from models.declarations import Field, Label
from models.describe import choice, field, grouped
from models.person.roles import Role

TYPES = (
    choice("sale", "销售合同", "Sale"),
    choice("service", "服务合同", "Service"),
    choice("framework", "框架协议", "Framework"),
    choice("lease", "租赁合同", "Lease"),
    choice("guarantee", "担保合同", "Guarantee"),
    choice("other", "其他", "Other"),
)
PAYMENTS = (
    choice("credit", "赊销", "On credit", "warn"),
    choice("on_delivery", "货到付款", "Cash on delivery"),
    choice("cash", "现款", "Cash"),
    choice("prepaid", "预付", "Prepaid", "good"),
)
DISPUTES = (
    choice("none", "无", "None"),
    choice("open", "未解决", "Open", "bad"),
    choice("settled", "已解决", "Settled", "good"),
)
ORIGINALS = (choice("kept", "在库", "In custody", "good"), choice("out", "已提取", "Taken out", "warn"))

BASIC = grouped(
    "basic",
    field(
        "name",
        "text",
        "合同名称",
        "Contract",
        "required listed searchable sortable filterable",
        card="masked",
        aliases="title, description, document name, 合同标题, 名称",
    ),
    field(
        "customer",
        "reference",
        "客户",
        "Customer",
        "required filterable",
        to="customer",
        aliases="客户, recipient name",
    ),
    field(
        "customer_name", "text", "客户名称", "Customer name", "fixed listed searchable", copied_from=("customer.name",)
    ),
    field(
        "type",
        "choice",
        "合同类型",
        "Type",
        "listed filterable",
        choices=TYPES,
        default="sale",
        aliases="contract type",
    ),
    field(
        "foreign_code",
        "text",
        "合同原编号",
        "Code elsewhere",
        "searchable filterable",
        aliases="award id, orderID, 合同号",
    ),
    field(
        "amount",
        "money",
        "合同金额",
        "Amount",
        "listed sortable filterable",
        minimum=0,
        aliases="award amount, contract value, 金额, 总金额",
    ),
    field("payment", "choice", "付款方式", "Payment", "required filterable", choices=PAYMENTS, default="prepaid"),
    field("term_days", "integer", "账期（天）", "Payment period (days)", minimum=0, maximum=3650, default=0),
    field("subject", "long_text", "标的与主要条款", "Subject and main terms", "searchable", max_length=5000),
    field("salesperson", "person", "业务员", "Salesperson", "fixed filterable opens"),
    field("due", "datetime", "当前期限", "Due", "fixed listed sortable filterable"),
)

DATES = grouped(
    "dates",
    field(
        "signed_on", "date", "签订日期", "Signed on", "fixed sortable filterable", aliases="agreement date, 签约日期"
    ),
    field("starts_on", "date", "生效日期", "Starts on", "filterable", aliases="start date, effective date"),
    field(
        "ends_on", "date", "到期日期", "Ends on", "sortable filterable", aliases="end date, expiration date, 终止日期"
    ),
    field("renews", "yes_no", "到期自动续约", "Renews by itself", "filterable"),
    field("notice_days", "integer", "续约通知期（天）", "Notice period (days)", minimum=0, maximum=3650),
)

COUNTERPARTY = grouped(
    "counterparty",
    field(
        "licence_no",
        "text",
        "对方营业执照号",
        "Licence number",
        "wanted",
        max_length=40,
        copied_from=("customer.licence_no",),
    ),
    field("licence_until", "date", "执照有效期至", "Licence valid until", copied_from=("customer.licence_until",)),
    field("licence_no_end", "yes_no", "执照长期有效", "Licence without end"),
    field("reputation", "long_text", "对方信誉", "Reputation", "wanted", max_length=2000),
    field("results", "long_text", "近期经营状况", "Recent results", "wanted", max_length=2000),
    field("qualifications", "long_text", "对方资质", "Qualifications", "wanted", max_length=2000),
    field("answerable", "person", "审查责任人", "Answers for the check", "wanted"),
)

SCHEDULE = grouped(
    "schedule",
    field(
        "deliveries",
        "embedded_list",
        "交付计划",
        "Deliveries",
        fields=(
            field("what", "text", "交付内容", "What", "required"),
            field("due", "date", "约定日期", "Agreed day", "required"),
            field("done", "date", "实际日期", "Done on"),
            field("note", "text", "备注", "Note"),
        ),
    ),
    field(
        "payments",
        "embedded_list",
        "付款计划",
        "Payments",
        fields=(
            field("what", "text", "款项", "What", "required"),
            field("due", "date", "约定日期", "Agreed day", "required"),
            field("amount", "money", "金额", "Amount", "required", minimum=0),
            field("paid", "date", "到账日期", "Paid on"),
            field("paid_amount", "money", "到账金额", "Amount paid", minimum=0),
        ),
    ),
)

PHONED = Label(
    "审查人不在、由上一级代为决定时必填。", "Needed where the next level decides because the reviewer is away."
)
REVIEW = grouped(
    "review",
    field(
        "finance_person",
        "person",
        "指定财务审查人",
        "Finance reviewer asked",
        roles=(Role.FINANCE_REVIEWER,),
        help=Label("绝密合同必须指定。", "A top-secret contract has to name one."),
    ),
    field("legal_person", "person", "指定法务审查人", "Legal reviewer asked", roles=(Role.LEGAL_REVIEWER,)),
    field("submitted_by", "person", "送审人", "Handed in by", "fixed"),
    field("submitted_at", "datetime", "送审时间", "Handed in at", "fixed"),
    field("finance_by", "person", "财务审查人", "Finance reviewer", "fixed"),
    field("finance_at", "datetime", "财务审查时间", "Finance reviewed at", "fixed"),
    field("finance_agrees", "yes_no", "财务是否同意", "Finance agrees", "fixed"),
    field("finance_opinion", "long_text", "财务意见", "Finance's opinion", "fixed", max_length=2000),
    field(
        "finance_phoned",
        "person",
        "财务电话确认人",
        "Finance confirmed by phone",
        "fixed",
        roles=(Role.FINANCE_REVIEWER,),
        help=PHONED,
    ),
    field("finance_phoned_at", "datetime", "财务电话确认时间", "Finance confirmed at", "fixed"),
    field("legal_by", "person", "法务审查人", "Legal reviewer", "fixed"),
    field("legal_at", "datetime", "法务审查时间", "Legal reviewed at", "fixed"),
    field("legal_agrees", "yes_no", "法务是否同意", "Legal agrees", "fixed"),
    field("legal_opinion", "long_text", "法务意见", "Legal's opinion", "fixed", max_length=2000),
    field(
        "legal_phoned",
        "person",
        "法务电话确认人",
        "Legal confirmed by phone",
        "fixed",
        roles=(Role.LEGAL_REVIEWER,),
        help=PHONED,
    ),
    field("legal_phoned_at", "datetime", "法务电话确认时间", "Legal confirmed at", "fixed"),
)

CUSTODY = grouped(
    "custody",
    field("handed_in_on", "date", "移交日期", "Handed in on", "fixed filterable"),
    field("kept_by_person", "person", "保管人", "Keeper", "fixed"),
    field("original", "choice", "原件状态", "Original", "fixed filterable", choices=ORIGINALS),
    field("cabinet", "text", "柜号", "Cabinet", "fixed filterable", max_length=40),
    field("box", "text", "盒号", "Box", "fixed", max_length=40),
    field("copies", "integer", "副本份数", "Copies", "fixed", minimum=0, maximum=1000),
    field("copies_place", "text", "副本存放处", "Where the copies are", "fixed"),
    field("scans", "files", "扫描件", "Scans"),
)

LOAN = grouped(
    "loan",
    field("borrower", "person", "提取人", "Borrower", "fixed filterable"),
    field("loan_reason", "text", "提取事由", "Reason of the loan", "fixed", max_length=500),
    field("return_by", "date", "归还期限", "Return by", "fixed filterable"),
    field("lent_by", "person", "批准人", "Lent by", "fixed"),
    field("lent_at", "datetime", "提取时间", "Lent at", "fixed"),
    field(
        "loans",
        "embedded_list",
        "提取记录",
        "Former loans",
        "fixed",
        fields=(
            field("borrower", "person", "提取人", "Borrower"),
            field("reason", "text", "事由", "Reason", max_length=500),
            field("lent_by", "person", "批准人", "Lent by"),
            field("lent_at", "datetime", "提取时间", "Lent at"),
            field("return_by", "date", "归还期限", "Return by"),
            field("returned_on", "date", "归还日期", "Returned on"),
            field("late_days", "integer", "逾期（工作日）", "Late (working days)"),
        ),
    ),
)

DISPUTE = grouped(
    "dispute",
    field("dispute", "choice", "未决争议", "Dispute", "filterable", choices=DISPUTES, default="none"),
    field("dispute_notes", "long_text", "争议情况", "State of the dispute", max_length=3000),
    field("dispute_outcome", "long_text", "处理结果", "Outcome", max_length=3000),
)

FIELDS: tuple[Field, ...] = (
    *BASIC,
    *DATES,
    *COUNTERPARTY,
    *SCHEDULE,
    *REVIEW,
    *CUSTODY,
    *LOAN,
    *DISPUTE,
)
