"""Column headings and field names made comparable: spelling, script, and words that mean the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_TRADITIONAL = str.maketrans(
    "證電話號碼稱業開設戶聯絡絡區縣務員類別級額費單價訂購貨發執註冊資產負債權證書與總經銷產品質問題處理結果備"
    "機構關係際網頁郵箱傳真遞編時間應實際狀態誌記錄簽約續續訴滿調查評級風險門職稱歲齡劃項協議條數據導師專責",
    "证电话号码称业开设户联络络区县务员类别级额费单价订购货发执注册资产负债权证书与总经销产品质问题处理结果备"
    "机构关系际网页邮箱传真递编时间应实际状态志记录签约续续诉满调查评级风险门职称岁龄划项协议条数据导师专责",
)
_BRACKETS = re.compile(r"[(\[{<（【].*?[)\]}>）】]")

# Words that name the same thing in the tables that departments exchange, one thing a line.
_SAME = """
公司名称 企业名称 单位名称 客户名称 公司 企业 客户 单位 公司全称 客户全称 供应商名称 证券商名称 \
    company companyname customer customername clientname accountname organisation organization suppliername businessname
客户编号 客户代码 客户号 客户代号 企业代号 企业编号 公司代码 证券商代号 customerid customercode customerno \
    clientid accountnumber supplierid companycode
联系人 联系人姓名 联络人 contact contactname contactperson contactpersonname
职务 职位 职称 岗位 联系人职务 contacttitle jobtitle position title
电话 联系电话 电话号码 固定电话 座机 办公电话 公司电话 phone tel telephone phonenumber telephonenumber \
    officephone
手机 手机号 手机号码 移动电话 mobile mobilephone cellphone cell
传真 传真号码 fax faxnumber
邮箱 电子邮箱 电子邮件 邮件地址 邮箱地址 email mail emailaddress
地址 联系地址 公司地址 通讯地址 办公地址 详细地址 address streetaddress street
城市 市 所在城市 city town
地区 区域 省份 省 所在地区 所属地区 region province state area
国家 国别 country
邮编 邮政编码 postalcode postcode zip zipcode
行业 所属行业 行业类别 industry sector
网址 网站 官网 主页 链接 website url homepage link web
成立日期 成立时间 注册日期 设立日期 开业日 开业日期 foundingdate founded establishmentdate dateofestablishment
统一社会信用代码 信用代码 营业执照号 营业执照号码 注册号 licencenumber licensenumber businesslicence \
    businesslicense \
    registrationnumber
法定代表人 法人 法人代表 legalrepresentative
负责人 personincharge
备注 说明 附注 remark remarks note notes comment comments
信用等级 信誉评级 信用评级 评级 等级 rating creditgrade creditrating grade
合同编号 合同号 contractno contractnumber contractid agreementnumber
合同名称 contractname contracttitle documentname agreementname
签订日期 签约日期 签署日期 合同日期 agreementdate signingdate datesigned
生效日期 开始日期 起始日期 起始日 effectivedate startdate
到期日期 到期日 终止日期 结束日期 截止日期 expirationdate expirydate enddate
合同金额 金额 总金额 价税合计 amount contractamount totalamount awardamount contractvalue
投诉编号 投诉单号 complaintid complaintno complaintnumber caseid
投诉日期 投诉时间 受理日期 受理时间 接收日期 datereceived receiveddate complaintdate receivedon receivedat
产品 产品名称 商品 商品名称 product productname
问题 问题类型 投诉问题 问题类别 issue problem issuetype
投诉内容 内容 问题描述 详情 详细描述 评价内容 review narrative consumercomplaintnarrative description \
    details facts
渠道 来源 投诉渠道 受理渠道 提交方式 channel source submittedvia via
状态 当前状态 status
性别 sex gender
生日 出生日期 birthday dateofbirth birthdate
"""
SAME = tuple(frozenset(line.split()) for line in _SAME.strip().splitlines())


def words(name: str) -> tuple[str, ...]:
    """The English words of a name in lower case, camelCase and snake_case taken apart."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name))
    return tuple(re.findall(r"[a-z0-9]+", spaced.lower()))


def key(name: str) -> str:
    """What remains of a name when case, blanks, signs and script are left out."""
    text = unicodedata.normalize("NFKC", name).translate(_TRADITIONAL).lower()
    return "".join(c for c in text if c.isalnum())


def short_key(name: str) -> str:
    """The same without what stands in brackets, such as a unit or "required"."""
    return key(_BRACKETS.sub("", unicodedata.normalize("NFKC", name)))


@lru_cache(maxsize=4096)
def likeness(heading: str, name: str) -> float:
    """How sure it is that a heading means the field that has this name: 1 the same word, 0 nothing in
    common."""
    mine, theirs = key(heading), key(name)
    if not mine or not theirs:
        return 0.0
    if mine == theirs:
        return 1.0
    mine, theirs = short_key(heading) or mine, short_key(name) or theirs
    if mine == theirs:
        return 0.95
    if any(mine in group and theirs in group for group in SAME):
        return 0.85
    if mine.isascii() or theirs.isascii():
        return _english(words(heading), words(name))
    return _chinese(mine, theirs)


def _english(mine: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    """The last word says what a thing is: "contact phone" is a phone, "company response" is no company."""
    if not mine or not theirs or mine[-1] != theirs[-1]:
        return 0.0
    common = len(set(mine) & set(theirs)) / len(set(mine) | set(theirs))
    return 0.4 + 0.4 * common if common >= 0.5 else 0.0


def _chinese(mine: str, theirs: str) -> float:
    shorter, longer = sorted((mine, theirs), key=len)
    if len(shorter) < 2:
        return 0.0
    if longer.endswith(shorter):
        return 0.45 + 0.35 * len(shorter) / len(longer)
    if longer.startswith(shorter) and len(shorter) * 4 >= len(longer) * 3:
        return 0.4 + 0.35 * len(shorter) / len(longer)
    return 0.0


def best_likeness(heading: str, names: Iterable[str]) -> float:
    """The likeness to the best of several names."""
    return max((likeness(heading, name) for name in names if name), default=0.0)
