"""The people of the demonstration department: all invented, every role held, nobody with a password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from models.declarations import Label
from models.person import service
from models.person.roles import SYSTEM, Person, Role

DOMAIN = "yunxi.example"


@dataclass(frozen=True)
class Member:
    """One of them. `key` is the local part of the email; `manager` another one's key; `trial` what to try first."""

    key: str
    name: str
    department: str
    roles: tuple[Role, ...]
    manager: str
    trial: Label


CAST: tuple[Member, ...] = (
    Member(
        "linzhixia",
        "林知夏",
        "service",
        (Role.SPECIALIST,),
        "sumingyuan",
        Label(
            "今天到期的回访和投诉；点开一张加锁的卡片，申请查阅。",
            "Revisits and complaints due today; open a locked card and ask for access.",
        ),
    ),
    Member(
        "jiangyuan",
        "江予安",
        "service",
        (Role.SPECIALIST,),
        "luqinghe",
        Label(
            "逾期的季度核定；登记一件投诉；写一份信用调查报告。",
            "Late quarterly reviews; take a complaint; write a credit report.",
        ),
    ),
    Member(
        "gunanfeng",
        "顾南风",
        "service",
        (Role.SPECIALIST,),
        "luqinghe",
        Label(
            "查阅已获批准的机密档案；记录一次没有打通的回访。",
            "Read a confidential file by grant; note a revisit that was not reached.",
        ),
    ),
    Member(
        "shenmoyan",
        "沈墨言",
        "service",
        (Role.CUSTODIAN,),
        "luqinghe",
        Label(
            "接收已签合同入库，登记提取的归还，导入客户名单。",
            "Take signed contracts into custody, note returns, import customers.",
        ),
    ),
    Member(
        "luqinghe",
        "陆青禾",
        "service",
        (Role.SUPERVISOR,),
        "sumingyuan",
        Label(
            "签署下属的查阅申请；处理超出专员权限的补偿。",
            "Sign the team's access requests; settle what is beyond a specialist's authority.",
        ),
    ),
    Member(
        "sumingyuan",
        "苏明远",
        "service",
        (Role.HEAD,),
        "gaozhanyuan",
        Label(
            "审批查阅申请，收回权限，看谁读过什么；恢复暂停的供货。",
            "Decide on access and revoke it, see who has read what; resume suspended supply.",
        ),
    ),
    Member(
        "chengxiangyang",
        "程向阳",
        "sales",
        (Role.SALES,),
        "qinshanhai",
        Label(
            "自己客户的内部档案；会审通过、等待签订的合同。",
            "The internal files of his customers; contracts reviewed and ready to sign.",
        ),
    ),
    Member(
        "bairuoxi",
        "白若溪",
        "sales",
        (Role.SALES,),
        "qinshanhai",
        Label(
            "被退回的合同；已提取、今天应还的原件。",
            "A contract that came back; an original to bring back today.",
        ),
    ),
    Member(
        "qinshanhai",
        "秦山海",
        "sales",
        (Role.SALES_MANAGER,),
        "gaozhanyuan",
        Label(
            "起草合同并送审；归还逾期未还的原件。",
            "Draft a contract and hand it in; bring back an overdue original.",
        ),
    ),
    Member(
        "songqingping",
        "宋清平",
        "finance",
        (Role.FINANCE_REVIEWER,),
        "gaozhanyuan",
        Label(
            "待财务审查的合同和信用报告，限一个工作日。",
            "Contracts and credit reports that wait for finance, one working day each.",
        ),
    ),
    Member(
        "fangzhengyan",
        "方正言",
        "legal",
        (Role.LEGAL_REVIEWER,),
        "gaozhanyuan",
        Label("待法务审查的合同；不同意要写理由。", "Contracts that wait for legal; an objection needs its reason."),
    ),
    Member(
        "heyiheng",
        "何以衡",
        "finance",
        (Role.CREDIT_GROUP,),
        "gaozhanyuan",
        Label(
            "批准一份信用报告：客户的等级、额度、账期同时改变。",
            "Approve a credit report: the customer's grade, limit and term change together.",
        ),
    ),
    Member(
        "yezhiqiu",
        "叶知秋",
        "finance",
        (Role.CREDIT_GROUP, Role.FINANCE_REVIEWER),
        "gaozhanyuan",
        Label(
            "既是财务审查又是授信小组成员，但不能两步都签。",
            "Finance reviewer and credit group at once, yet never both signatures.",
        ),
    ),
    Member(
        "gaozhanyuan",
        "高瞻远",
        "management",
        (Role.GENERAL_MANAGER,),
        "",
        Label("批准提取合同原件；查看绝密档案。", "Lend signed contracts; read the top-secret files."),
    ),
    Member(
        "yanshouzhen",
        "严守真",
        "audit",
        (Role.AUDITOR,),
        "gaozhanyuan",
        Label("审计记录：谁在何时读了什么，只能看。", "The audit trail: who read what and when; nothing to change."),
    ),
    Member(
        "shianran",
        "石安然",
        "it",
        (Role.ADMINISTRATOR,),
        "gaozhanyuan",
        Label(
            "账号、角色、定时任务；看不到任何客户资料。",
            "Accounts, roles and jobs; no customer's data by that role.",
        ),
    ),
)


def add_people(now: datetime) -> None:
    """Store the cast, managers before those they manage."""
    left = list(enumerate(CAST, start=1))
    while left:
        order, member = left.pop(0)
        manager = service.by_email(f"{member.manager}@{DOMAIN}") if member.manager else None
        if member.manager and manager is None:
            left.append((order, member))
            continue
        service.add(
            SYSTEM,
            name=member.name,
            email=f"{member.key}@{DOMAIN}",
            now=now,
            roles=member.roles,
            department=member.department,
            manager=manager["_id"] if manager else None,
            must_change=False,
            trial=(order, member.trial),
        )


def cast() -> Mapping[str, Person]:
    """The stored people by key, as they act."""
    found: dict[str, Person] = {}
    for member in CAST:
        row = service.by_email(f"{member.key}@{DOMAIN}")
        if row is not None:
            found[member.key] = service.person_of(row)
    return found
