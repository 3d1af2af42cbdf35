"""The fields of a customer file: all that F1 and F2 ask for, group by group."""

from __future__ import annotations

from models.customer.choices import ATTITUDES, OWNERSHIPS, PERSON_PARTS, POTENTIALS, SEXES, SIZES
from models.declarations import Field, Label
from models.describe import choice, field, grouped
from models.person.roles import Role

GRADES = (
    choice("A", "A 级", "A", "good"),
    choice("B", "B 级", "B", "info"),
    choice("C", "C 级", "C", "warn"),
    choice("D", "D 级", "D", "bad"),
)
STANDINGS = (
    choice("good", "良好", "Good", "good"),
    choice("fair", "一般", "Fair"),
    choice("poor", "较差", "Poor", "bad"),
)

BASIC = grouped(
    "basic",
    field(
        "name",
        "text",
        "公司名称",
        "Company",
        "required wanted listed searchable sortable filterable",
        card="masked",
        aliases="companyName, company, customer name, 企业名称, 客户名称, 单位名称, 證券商名稱, 名称",
    ),
    field("short_name", "text", "简称", "Short name", "searchable", aliases="abbreviation, 客户简称"),
    field(
        "foreign_code",
        "text",
        "原系统编号",
        "Code elsewhere",
        "searchable filterable",
        aliases="customerID, supplierID, code, 客户代码, 企业代号, 證券商代號, 代号",
    ),
    field(
        "licence_no",
        "text",
        "统一社会信用代码",
        "Licence number",
        "wanted searchable",
        max_length=40,
        aliases="business licence, licence, license number, 营业执照号, 信用代码, 税号, 工商注册号",
    ),
    field("licence_until", "date", "营业执照有效期至", "Licence valid until", aliases="执照有效期"),
    field(
        "address",
        "text",
        "地址",
        "Address",
        "wanted searchable",
        max_length=300,
        aliases="公司地址, 注册地址",
    ),
    field("city", "text", "城市", "City", "filterable", aliases="所在城市"),
    field(
        "region",
        "text",
        "地区",
        "Region",
        "wanted listed sortable filterable",
        aliases="province, state, 区域, 省份, 所在地区",
    ),
    field("country", "text", "国家", "Country", "filterable", aliases="国别"),
    field("postcode", "text", "邮政编码", "Postcode", max_length=20, aliases="postalCode, zip, 邮编"),
    field(
        "phone",
        "phone",
        "电话",
        "Phone",
        "wanted searchable",
        aliases="telephone, tel, 公司电话, 電話, 联系电话",
    ),
    field("fax", "phone", "传真", "Fax", aliases="fax number"),
    field("email", "email", "邮箱", "Email", aliases="mail, 电子邮箱, 公司邮箱"),
    field("website", "link", "网址", "Website", aliases="homePage, url, 链接, 网站"),
    field(
        "ownership",
        "choice",
        "所有制性质",
        "Ownership",
        "filterable",
        choices=OWNERSHIPS,
        aliases="企业性质, 性质",
    ),
    field("founded", "date", "成立日期", "Founded", aliases="founding date, 開業日, 开业日期, 注册日期"),
    field("size", "choice", "企业规模", "Size", "filterable", choices=SIZES, aliases="规模"),
    field("employees", "integer", "员工人数", "Employees", minimum=0, aliases="staff, headcount, 人数"),
    field(
        "industry",
        "text",
        "行业",
        "Industry",
        "wanted listed sortable filterable",
        aliases="sector, trade, 所属行业",
    ),
    field("assets", "money", "资产总额", "Assets", minimum=0, aliases="total assets, 资产, 注册资本"),
    field("dealings_since", "date", "开始往来日期", "Dealings since", aliases="customer since, 往来起始"),
    field("qualifications", "long_text", "资质", "Qualifications", max_length=2000, aliases="资质证书"),
    field("papers", "files", "证照扫描件", "Scans of licences"),
)

_PERSON_PARTS = (
    field("phone", "phone", "电话", "Phone", "searchable personal encrypted"),
    field("email", "email", "邮箱", "Email", "searchable personal encrypted"),
    field("sex", "choice", "性别", "Sex", "personal", choices=SEXES),
    field("birthday", "date", "生日", "Birthday", "personal encrypted"),
    field(
        "hours",
        "text",
        "方便致电时间",
        "Convenient hours",
        "personal",
        help=Label("如：工作日 9:00-11:30；周六下午", "For example: working days 9:00-11:30, Sat afternoon"),
    ),
)

KEY_PERSON: tuple[Field, ...] = (
    field("name", "text", "姓名", "Name", "required searchable personal"),
    field("part", "choice", "角色", "Part", choices=PERSON_PARTS),
    field("position", "text", "职务", "Position"),
    *_PERSON_PARTS,
    field("interests", "text", "兴趣爱好", "Interests", "personal encrypted"),
    field("family", "text", "家庭情况", "Family", "personal encrypted", max_length=500),
)

PEOPLE = grouped(
    "people",
    field(
        "person_in_charge",
        "text",
        "企业负责人",
        "Person in charge",
        "wanted searchable personal",
        aliases="legal representative, 法定代表人, 法人代表, 公司负责人, 负责人",
    ),
    field(
        "contact_name",
        "text",
        "联系人",
        "Contact",
        "wanted listed searchable personal",
        aliases="contactName, contact person, 联系人姓名",
    ),
    field("contact_position", "text", "联系人职务", "Contact's position", "wanted", aliases="contactTitle, 职务"),
    field(
        "contact_phone",
        "phone",
        "联系人电话",
        "Contact's phone",
        "wanted searchable filterable personal encrypted",
        aliases="mobile, 手机, 联系人手机",
    ),
    field(
        "contact_email",
        "email",
        "联系人邮箱",
        "Contact's email",
        "wanted searchable personal encrypted",
        aliases="联系人电子邮箱",
    ),
    field(
        "contact_sex",
        "choice",
        "联系人性别",
        "Contact's sex",
        "wanted personal",
        choices=SEXES,
        aliases="sex, gender, 性别",
    ),
    field(
        "contact_birthday",
        "date",
        "联系人生日",
        "Contact's birthday",
        "wanted personal encrypted",
        aliases="birthday, 生日",
    ),
    field(
        "contact_hours",
        "text",
        "联系人方便致电时间",
        "Contact's convenient hours",
        "wanted personal",
        help=Label("如：工作日 9:00-11:30；周六下午", "For example: working days 9:00-11:30, Sat afternoon"),
        aliases="convenient hours, 方便致电时间",
    ),
    field(
        "key_people",
        "embedded_list",
        "关键人物",
        "Key people",
        "wanted searchable personal",
        fields=KEY_PERSON,
        help=Label("经营者、管理者和采购决策人", "Owner, managers and those who decide purchases"),
    ),
)

CHARACTERISTICS = grouped(
    "characteristics",
    field("service_area", "text", "服务区域", "Service area", max_length=500, aliases="经营区域"),
    field("sales_capability", "long_text", "销售能力", "Sales capability", max_length=2000),
    field("potential", "choice", "发展潜力", "Potential", "filterable", choices=POTENTIALS),
    field("culture", "long_text", "经营观念与文化", "Culture", max_length=2000),
    field("policy", "long_text", "经营方针与政策", "Policy", max_length=2000),
    field("scale", "text", "经营规模", "Scale of business", max_length=500, aliases="经营规模"),
    field("management_traits", "long_text", "经营管理特点", "Management traits", max_length=2000),
)

BUSINESS = grouped(
    "business",
    field("sales_past", "money", "上年销售额", "Sales last year", aliases="last year's sales, 去年销售额"),
    field("sales_present", "money", "本年销售额", "Sales this year", aliases="sales, revenue, 销售额"),
    field("sales_notes", "long_text", "销售业绩说明", "Sales record", max_length=2000),
    field("manager_quality", "text", "管理者素质", "Quality of managers", max_length=500),
    field("staff_quality", "text", "员工素质", "Quality of staff", max_length=500),
    field("competitors", "long_text", "与竞争者的关系", "Relation to competitors", max_length=2000),
    field("attitude", "choice", "合作态度", "Cooperation", "filterable", choices=ATTITUDES),
)

DEALINGS = grouped(
    "dealings",
    field("sales_activity", "long_text", "销售活动现状", "Sales activity", max_length=2000),
    field("problems", "long_text", "存在的问题", "Problems", max_length=2000),
    field("strengths", "long_text", "保持的优势", "Strengths kept", max_length=2000),
    field("plans", "long_text", "未来的对策", "Plans", max_length=2000),
    field("reputation", "choice", "企业形象与声誉", "Reputation", "filterable", choices=STANDINGS),
    field("standing", "choice", "信用状况", "Credit standing", "filterable", choices=STANDINGS),
    field("terms", "long_text", "交易条件", "Terms of trade", max_length=2000),
    field(
        "contract_signed",
        "date",
        "合同签订日期",
        "Contract signed",
        "sortable filterable",
        help=Label("自此日起 3 日内建档（首次填报）", "The first fill is due within 3 days of it"),
        aliases="contract date, 签约日期",
    ),
    field("delivered", "date", "项目交付日期", "Project delivered", "sortable filterable", aliases="交付日期"),
)

ORGANISATION = grouped(
    "organisation",
    field("organisation", "long_text", "组织架构", "Organisation", max_length=3000),
    field("management", "long_text", "管理情况", "Management", max_length=3000),
)

PURCHASE = grouped(
    "purchase",
    field("purchase_steps", "long_text", "采购流程", "Purchase procedure", max_length=3000),
    field("purchase_cycle", "text", "采购周期", "Purchase cycle"),
    field("payment_habit", "text", "付款方式与习惯", "How they pay", max_length=500),
)

NEEDS = grouped(
    "needs",
    field("investment_plan", "long_text", "投资计划", "Investment plan", max_length=3000),
    field("needs", "long_text", "需求计划", "Needs", max_length=3000),
    field("next_year", "long_text", "下年度需求", "Next year's needs", max_length=2000),
)

ANALYSIS = grouped(
    "analysis",
    field(
        "analysis",
        "long_text",
        "客户分析",
        "Analysis",
        "encrypted",
        max_length=5000,
        aliases="备注, notes, remarks",
    ),
)

SERVICE = grouped(
    "service",
    field(
        "salesperson",
        "person",
        "业务员",
        "Salesperson",
        "listed filterable opens",
        roles=(Role.SALES, Role.SALES_MANAGER),
    ),
    field(
        "talked_on",
        "date",
        "与业务员沟通日期",
        "Talked to the salesperson",
        "filterable",
        help=Label(
            "新客户分配后一周内与业务员沟通并补齐资料",
            "Within a week of getting a new file: talk to the salesperson and complete the record",
        ),
    ),
    field(
        "key_customer",
        "yes_no",
        "大客户",
        "Key customer",
        "listed filterable",
        default=False,
        aliases="VIP, key account",
    ),
    field(
        "service_plan",
        "long_text",
        "服务方案",
        "Service plan",
        max_length=3000,
        help=Label("大客户须有服务方案", "A key customer has a named service plan"),
    ),
    field("last_revisited", "date", "上次回访", "Last revisited", "fixed sortable filterable"),
    field("next_revisit_due", "date", "下次回访", "Next revisit due", "fixed sortable filterable"),
)

CREDIT = grouped(
    "credit",
    field(
        "grade",
        "choice",
        "信用等级",
        "Credit grade",
        "listed sortable filterable fixed",
        choices=GRADES,
        aliases="信誉评级",
    ),
    field("credit_limit", "money", "信用额度", "Credit limit", "sortable filterable fixed"),
    field("credit_term", "integer", "账期（天）", "Term (days)", "fixed", minimum=0),
    field("next_report_due", "date", "下次信用报告期限", "Next credit report due", "sortable filterable fixed"),
    field("credit_decided_on", "date", "授信决定日期", "Credit decided on", "fixed"),
)

FILING = grouped(
    "filing",
    field("completeness", "percent", "完整度", "Completeness", "listed sortable filterable fixed", places=0),
    field("first_fill_due", "date", "首次填报期限", "First fill due", "filterable fixed"),
    field("personal_due", "date", "个人资料填报期限", "Personal details due", "fixed"),
    field("first_filled", "date", "首次填齐日期", "First filled on", "fixed"),
    field(
        "first_fill_late",
        "integer",
        "首次填报迟延（工作日）",
        "First fill late (working days)",
        "filterable fixed",
    ),
    field("assigned_at", "datetime", "分配时间", "Assigned", "filterable fixed"),
    field("completion_due", "date", "补齐期限", "To be completed by", "filterable fixed"),
    field("completed_on", "date", "补齐日期", "Completed on", "filterable fixed"),
    field(
        "information_received_at",
        "datetime",
        "收到客户资料时间",
        "Information received",
        help=Label("收到后 24 个工作小时内建档", "To be filed within 24 working hours"),
    ),
    field("filing_due", "datetime", "建档期限", "To be filed by", "filterable fixed"),
    field("information_filed_at", "datetime", "建档时间", "Information filed", "fixed"),
    field("filing_late", "integer", "建档迟延（工作日）", "Filed late (working days)", "filterable fixed"),
    field("next_due", "date", "下一期限", "Next due", "fixed"),
)

FIELDS: tuple[Field, ...] = (
    *BASIC,
    *PEOPLE,
    *SERVICE,
    *CREDIT,
    *CHARACTERISTICS,
    *BUSINESS,
    *DEALINGS,
    *ORGANISATION,
    *PURCHASE,
    *NEEDS,
    *ANALYSIS,
    *FILING,
)
