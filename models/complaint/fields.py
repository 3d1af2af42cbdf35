"""The fields of a complaint: intake, judgement, handling, closing (T1-T7)."""

from __future__ import annotations

from models.describe import choice, field, grouped
from models.person.roles import Role

CHANNELS = (
    choice("phone", "电话", "Phone"),
    choice("counter", "柜台", "Counter"),
    choice("email", "邮件", "Email"),
    choice("web", "网站", "Web"),
    choice("chat", "在线聊天", "Chat"),
    choice("letter", "信函", "Postal mail"),
    choice("fax", "传真", "Fax"),
    choice("referral", "转办", "Referral"),
)
SORTS = (
    choice("complaint", "投诉", "Complaint", "bad"),
    choice("grumble", "抱怨", "Grumble", "warn"),
    choice("inquiry", "咨询", "Inquiry", "info"),
    choice("suggestion", "建议", "Suggestion"),
)
PROBLEMS = (
    choice("quality", "产品质量", "Product quality"),
    choice("delivery", "交货与物流", "Delivery"),
    choice("service", "服务态度", "Service"),
    choice("billing", "价格与账款", "Price and billing"),
    choice("contract", "合同履行", "Contract"),
    choice("after_sales", "售后维修", "After-sales"),
    choice("information", "资料与信息", "Information"),
    choice("other", "其他", "Other"),
)
SEVERITIES = (
    choice("low", "轻微", "Minor"),
    choice("middle", "一般", "Ordinary", "info"),
    choice("high", "严重", "Serious", "warn"),
    choice("critical", "重大", "Critical", "bad"),
)
DEPARTMENTS = (
    choice("service", "客服部", "Service"),
    choice("sales", "市场部", "Sales"),
    choice("finance", "财务部", "Finance"),
    choice("production", "生产部", "Production"),
    choice("logistics", "物流部", "Logistics"),
    choice("supplier", "供应商", "Supplier"),
    choice("customer", "客户自身", "The customer"),
)
MEASURES = (
    choice("apology", "道歉", "Apology"),
    choice("refund", "退款", "Refund"),
    choice("return", "退货", "Return"),
    choice("replacement", "换货", "Replacement"),
    choice("repair", "维修", "Repair"),
    choice("compensation", "赔偿", "Compensation"),
    choice("gift", "赠品", "Gift"),
    choice("explanation", "解释说明", "Explanation"),
)
SATISFACTION = (
    choice("satisfied", "满意", "Satisfied", "good"),
    choice("partly", "基本满意", "Partly satisfied", "info"),
    choice("unsatisfied", "不满意", "Not satisfied", "bad"),
)

INTAKE = grouped(
    "intake",
    field(
        "subject",
        "text",
        "事由",
        "Subject",
        "required listed searchable sortable filterable",
        max_length=300,
        card="masked",
        aliases="issue, title, 主题, 问题, 投诉事由, review",
    ),
    field("sort", "choice", "性质", "Nature", "required filterable", choices=SORTS, default="complaint"),
    field("customer", "reference", "客户", "Customer", "listed filterable", to="customer"),
    field("complainant", "text", "投诉人", "Complainant", "personal searchable", aliases="姓名, 联系人, name"),
    field("contact_phone", "phone", "联系电话", "Phone", "personal searchable encrypted", aliases="电话, 手机"),
    field("contact_email", "email", "邮箱", "Email", "personal searchable encrypted"),
    field(
        "channel",
        "choice",
        "渠道",
        "Channel",
        "required listed filterable",
        choices=CHANNELS,
        default="phone",
        aliases="submitted via, 来源, 受理渠道",
    ),
    field(
        "received_at",
        "datetime",
        "受理时间",
        "Received",
        "listed sortable filterable",
        aliases="date received, 日期, 投诉时间",
    ),
    field("product", "text", "产品或服务", "Product", "searchable filterable sortable", aliases="产品"),
    field("sub_product", "text", "产品细类", "Sub-product", "searchable", aliases="sub-product"),
    field("sub_issue", "text", "问题细类", "Sub-issue", "searchable", max_length=300, aliases="sub-issue"),
    field("order_no", "text", "订单号", "Order number", "searchable", aliases="订单编号, order"),
    field("company", "text", "被投诉单位", "Company complained of", "searchable filterable", aliases="被投诉企业"),
    field("region", "text", "地区", "Region", "filterable", aliases="state, 省份"),
    field("postcode", "text", "邮编", "Postcode", max_length=20, aliases="zip code, zip"),
    field(
        "foreign_no",
        "text",
        "原系统编号",
        "Number elsewhere",
        "searchable filterable",
        max_length=60,
        aliases="complaint id, id, 投诉编号",
    ),
    field(
        "facts",
        "long_text",
        "事实经过",
        "Facts",
        "searchable",
        max_length=20_000,
        aliases="consumer complaint narrative, narrative, 内容, 投诉内容, 描述",
    ),
    field("wanted", "long_text", "客户诉求", "Wanted solution", max_length=2000, aliases="诉求"),
    field("repeated_back", "yes_no", "已向客户复述确认", "Repeated back to the customer"),
    field("expected_at", "datetime", "告知客户的答复时间", "Answer promised by"),
    field("papers", "files", "照片与附件", "Photos and papers"),
)
JUDGEMENT = grouped(
    "judgement",
    field("founded", "yes_no", "投诉成立", "Founded", "filterable fixed"),
    field("reasonable", "yes_no", "诉求合理", "Demand reasonable", "fixed"),
    field("severity", "choice", "严重程度", "Severity", "listed filterable fixed", choices=SEVERITIES),
    field("problem", "choice", "问题类型", "Problem", "filterable", choices=PROBLEMS),
    field("fault", "choice", "责任部门", "Department at fault", "filterable fixed", choices=DEPARTMENTS),
    field("fast_lane", "yes_no", "快速通道", "Fast lane", "filterable fixed"),
)
HANDLING = grouped(
    "handling",
    field("next_due", "datetime", "当前期限", "Due", "fixed"),
    field("answer_due", "datetime", "首次答复期限", "First answer due", "fixed"),
    field("answered_at", "datetime", "首次答复时间", "First answered", "fixed"),
    field("resolution_due", "datetime", "办结期限", "Resolution due", "fixed"),
    field("agreed_until", "datetime", "与客户约定的期限", "Agreed later date", "fixed"),
    field("resolved_at", "datetime", "办结时间", "Resolved", "fixed"),
    field("answer", "long_text", "答复内容", "Answer to the customer", "fixed", max_length=4000, aliases="答复"),
    field("solution", "long_text", "处理方案", "Solution", "fixed", max_length=4000),
    field("measures", "choices", "处理措施", "Measures", "fixed", choices=MEASURES),
    field("amount", "money", "补偿金额", "Amount granted", "fixed", minimum=0),
    field(
        "promises",
        "embedded_list",
        "承诺事项",
        "Promises",
        "fixed",
        fields=(
            field("what", "text", "承诺", "Promise", "required"),
            field("until", "date", "期限", "Until"),
            field("done", "yes_no", "已兑现", "Kept"),
        ),
    ),
)
CLOSING = grouped(
    "closing",
    field("cause", "text", "原因", "Cause", "searchable filterable fixed", max_length=300),
    field("close_reason", "text", "结案说明", "Reason told", "fixed", max_length=500),
    field("satisfaction", "choice", "客户反馈", "Customer's answer", "filterable fixed", choices=SATISFACTION),
    field("customer_answer", "text", "客户意见", "In the customer's words", "fixed", max_length=500),
    field("closed_at", "datetime", "结案时间", "Closed", "fixed"),
)
RESPONSE = grouped(
    "elsewhere",
    field("forwarded_on", "date", "转送日期", "Sent on", aliases="date sent to company"),
    field(
        "response",
        "text",
        "单位回应",
        "Company's response",
        max_length=500,
        aliases="company response to consumer, company response",
    ),
    field("public_response", "text", "公开回应", "Public response", max_length=500, aliases="company public response"),
    field("timely", "yes_no", "及时回应", "Timely response", aliases="timely response?"),
    field("disputed", "yes_no", "客户有异议", "Disputed", aliases="consumer disputed?"),
    field("consent", "text", "公开同意", "Consent to publish", aliases="consumer consent provided?"),
    field("marks", "text", "标签", "Tags", "filterable", aliases="tags"),
)

FIELDS = (*INTAKE, *JUDGEMENT, *HANDLING, *CLOSING, *RESPONSE)
HANDLERS = (Role.SPECIALIST, Role.CUSTODIAN, Role.SUPERVISOR, Role.HEAD)
