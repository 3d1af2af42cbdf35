"""Requests to read or borrow a locked record (查阅、借阅; X4, X5) and the grants that follow from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import mongoengine as me

from models.change_report.document import CHANGE_REPORT
from models.complaint.document import COMPLAINT
from models.contract.document import CONTRACT
from models.credit_report.document import CREDIT_REPORT
from models.customer.document import CUSTOMER
from models.customer_change.document import CUSTOMER_CHANGE
from models.declarations import (
    LEVEL_LABELS,
    SIGNED_VIEW,
    Choice,
    Climb,
    Label,
    RecordType,
    Relation,
    Rights,
    Rule,
    State,
    Transition,
    View,
    Workflow,
)
from models.describe import field, group, grouped
from models.person.roles import Role
from models.review.document import REVIEW
from models.revisit.document import REVISIT

GENERAL_MANAGER = Role.GENERAL_MANAGER

USES = (
    Choice("view", Label("查阅（仅屏幕）", "Consult on screen")),
    Choice("print", Label("借阅：打印", "Borrow: print"), "warn"),
    Choice("export", Label("借阅：导出", "Borrow: export"), "warn"),
)

SHIPPED = (
    *(CUSTOMER, CREDIT_REPORT, CONTRACT, COMPLAINT),
    *(REVISIT, REVIEW, CUSTOMER_CHANGE, CHANGE_REPORT),
)
TYPES = tuple(Choice(rt.slug, rt.label) for rt in SHIPPED if rt.classified)
LEVELS = tuple(Choice(level.value, label) for level, label in LEVEL_LABELS.items())
TAKINGS = (
    Choice("print", Label("打印", "Printed")),
    Choice("csv", Label("导出 CSV", "Exported as CSV")),
    Choice("xlsx", Label("导出 Excel", "Exported for Excel")),
    Choice("file", Label("下载附件", "Attached file")),
    Choice("api", Label("接口读取", "Read over the API")),
)

ITEM = (
    field("number", "text", "编号", "Number"),
    field("name", "text", "名称（脱敏）", "Masked name"),
    field("level", "choice", "申请或签署时密级", "Level when asked or signed", choices=LEVELS),
)
RECEIPT = (
    field("number", "text", "回执编号", "Receipt"),
    field("at", "datetime", "时间", "When"),
    field("how", "choice", "方式", "How", choices=TAKINGS),
    field("what", "text", "内容", "What", max_length=300),
    field("count", "integer", "记录数", "Records"),
    field("sha256", "text", "文件校验值 SHA-256", "SHA-256 of the file"),
)
WHY = Label("为什么需要、用于何事。", "Why it is needed and what for.")
AT_ONCE = Label("不填则自批准之时起。", "Left empty: from the approval on.")
HIGHEST = ("最高密级（申请或批准时）", "Highest level when asked or granted")

ASKED = grouped(
    "asked",
    field("number_asked", "text", "记录编号", "Record", "listed searchable fixed"),
    field("type_asked", "choice", "记录类型", "Type", "fixed", choices=TYPES),
    field("name_asked", "text", "名称（脱敏）", "Masked name", "listed fixed"),
    field("level_asked", "choice", *HIGHEST, "listed filterable fixed", choices=LEVELS),
    field("items", "embedded_list", "所借记录", "Records", "fixed", fields=ITEM),
    field("uses", "choices", "用途", "Use", "required listed", choices=USES),
    field("reason", "long_text", "理由", "Reason", "required", max_length=500, help=WHY),
    field("valid_from", "date", "自", "From", help=AT_ONCE),
    field("valid_until", "date", "使用至", "Until", "required listed filterable sortable"),
)
DECISION = grouped(
    "decision",
    field("manager", "person", "直接主管", "Own manager", "fixed"),
    field(
        "countersigner", "person", "总经理签署人", "General manager who signed", "fixed opens", roles=(GENERAL_MANAGER,)
    ),
    field("granted_to", "person", "批准给", "Granted to", "fixed opens"),
    field("opened_at", "datetime", "生效时间", "Opened", "fixed"),
    field("ended_at", "datetime", "结束时间", "Ended", "fixed"),
    field("due_on", "date", "须办结日期", "To be settled by", "fixed"),
)
TAKEN = grouped(
    "taken",
    field("receipts", "embedded_list", "带出回执", "Receipts", "fixed", fields=RECEIPT),
    field("receiver", "person", "归还签收人", "Return to", "fixed"),
)

ACCESS_REQUEST = RecordType(
    slug="access_request",
    label=Label("查阅申请", "Access request"),
    plural=Label("查阅与借阅", "Access requests"),
    icon="unlock",
    menu="work",
    number="CY-{year}-{seq:06d}",
    title="number_asked",
    due="due_on",
    owner=Label("借阅人", "Reader"),
    asker=Label("提交人", "Handed in by"),
    help=Label(
        "借阅卡：申请查阅或借阅涉密记录，先由直接主管签署，再由客服部经理审批，绝密的还须总经理签署；到期自动失效。",
        "A card to consult or borrow locked records: one's own manager signs, then the department head, for top secret "
        "the general manager too; it ends by itself.",
    ),
    groups=(
        group("asked", "申请内容", "What is asked"),
        group("decision", "审批与期限", "Decision and period"),
        group("taken", "带出与归还", "Taken out and returned", columns=1),
    ),
    fields=ASKED + DECISION + TAKEN,
    rights=Rights(
        view=(
            Rule(Relation.CREATOR),
            Rule(Relation.ASSIGNED),
            Rule(Relation.DEPARTMENT, (Role.HEAD,)),
            Rule(Relation.TASK, (GENERAL_MANAGER,)),
            # Not to the owner as such: of an offer its reader knows when it is granted, of a refused one never (X6).
            Rule(Relation.NAMED),
            *SIGNED_VIEW,
        ),
    ),
    workflow=Workflow(
        states=(
            State(
                value="asked",
                label=Label("待主管签署", "Waiting for manager"),
                tone="warn",
                turn=("manager",),
                climbs=(
                    Climb("signature.next_hours", ("head",)),
                    Climb("signature.second_next_hours", ("general_manager",)),
                ),
            ),
            State(
                value="signed",
                label=Label("待部门经理审批", "Waiting for head"),
                tone="warn",
                turn=("head",),
                climbs=(Climb("signature.next_hours", ("general_manager",)),),
            ),
            State(
                value="approved",
                label=Label("待总经理签署", "Waiting for general manager"),
                tone="warn",
                turn=("general_manager",),
            ),
            State(value="granted", label=Label("已批准", "Granted"), tone="good"),
            State(value="out", label=Label("待归还", "To be returned"), tone="warn", turn=("owner", "receiver")),
            State(value="refused", label=Label("已拒绝", "Refused"), tone="bad", final=True),
            State(value="withdrawn", label=Label("已撤回", "Withdrawn"), final=True),
            State(value="expired", label=Label("逾期未批", "Not decided in time"), final=True),
            State(value="ended", label=Label("已结束", "Ended"), final=True),
            State(value="revoked", label=Label("已收回", "Revoked"), tone="bad", final=True),
        ),
        transitions=(
            Transition(
                name="sign",
                label=Label("签署同意", "Sign"),
                done="Signed",
                source=("asked",),
                target="signed",
                by=("manager",),
                not_by=("creator", "owner"),
                signature=True,
                tone="good",
                main=True,
                help=Label("签署后交客服部经理审批。", "It then goes to the department head."),
            ),
            Transition(
                name="approve",
                label=Label("批准", "Approve"),
                done="Approved",
                source=("signed",),
                target="granted",
                by=("head",),
                not_by=("creator", "owner"),
                asks=("valid_until",),
                needs=("valid_until",),
                signature=True,
                tone="good",
                main=True,
                help=Label(
                    "批准借阅人在期限内按卡上的用途使用这些记录，到期自动失效。",
                    "You approve the use on the card, of these records, for the period given; it ends by itself.",
                ),
            ),
            Transition(
                name="countersign",
                label=Label("总经理签署", "Sign as general manager"),
                done="Signed as general manager",
                source=("approved",),
                target="granted",
                by=("general_manager",),
                not_by=("creator", "owner"),
                asks=("valid_until",),
                needs=("valid_until",),
                signature=True,
                tone="good",
                main=True,
                help=Label("签署后借阅人在期限内可以查看。", "The reader then sees the records in the period given."),
            ),
            Transition(
                name="refuse",
                label=Label("拒绝", "Refuse"),
                done="Refused",
                source=("asked", "signed", "approved"),
                target="refused",
                by=("turn",),
                not_by=("creator", "owner"),
                reason=True,
                signature=True,
                tone="bad",
            ),
            Transition(
                name="withdraw",
                label=Label("撤回", "Withdraw"),
                done="Withdrawn",
                source=("asked", "signed", "approved"),
                target="withdrawn",
                by=("creator", "owner"),
            ),
            Transition(
                name="revoke",
                label=Label("收回权限", "Revoke"),
                done="Revoked",
                source=("granted",),
                target="revoked",
                by=("head", "general_manager"),
                reason=True,
                tone="bad",
                help=Label(
                    "下一次访问起立即失效；已带出的须立即归还。",
                    "It takes effect on the next request; what was taken out is to be returned at once.",
                ),
            ),
            Transition(
                name="give_back",
                label=Label("提前归还", "Return early"),
                done="Returned early",
                source=("granted",),
                target="ended",
                by=("owner",),
            ),
            Transition(
                name="take_back",
                label=Label("确认归还", "Confirm the return"),
                done="Return confirmed",
                source=("out",),
                target="ended",
                by=("receiver", "head"),
                not_by=("owner",),
                tone="good",
                main=True,
                help=Label(
                    "纸质件已收回、导出的文件已删除。",
                    "The paper is back, and files that were exported are deleted.",
                ),
            ),
        ),
    ),
    views=(
        View(name="waiting", label=Label("待审批", "Waiting"), query="state=any_of:asked|signed|approved"),
        View(name="granted", label=Label("生效中", "In force"), query="state=granted"),
        View(name="out", label=Label("待归还", "To be returned"), query="state=out"),
    ),
)


class Grant(me.Document):
    """An opened record: to whom, for which uses, up to which level (that which was signed for), from when until when.
    Ended ones stay as a record of the right."""

    person = me.ObjectIdField(required=True)
    type = me.StringField(required=True)
    record = me.ObjectIdField(required=True)
    request = me.ObjectIdField(required=True)
    uses = me.ListField(me.StringField(), required=True)
    level = me.StringField()
    valid_from = me.DateTimeField(required=True)
    valid_until = me.DateTimeField(required=True)
    ended_at = me.DateTimeField()

    meta: ClassVar[dict[str, Any]] = {"collection": "grant", "auto_create_index": False, "strict": False}

    def covers(self, moment: datetime) -> bool:
        """Whether the grant is in force at a moment."""
        return self.ended_at is None and self.valid_from <= moment < self.valid_until
