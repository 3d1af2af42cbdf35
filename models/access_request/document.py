"""Requests to read or borrow a locked record (查阅、借阅; X4, X5) and the grants that follow from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import mongoengine as me

from models.complaint.document import COMPLAINT
from models.contract.document import CONTRACT
from models.credit_report.document import CREDIT_REPORT
from models.customer.document import CUSTOMER
from models.declarations import (
    LEVEL_LABELS,
    Choice,
    Climb,
    Field,
    Group,
    Label,
    Level,
    RecordType,
    Relation,
    Rights,
    Rule,
    State,
    Transition,
    View,
    Workflow,
)
from models.person.roles import Role
from models.review.document import REVIEW
from models.revisit.document import REVISIT

USES = (
    Choice("view", Label("查阅（仅屏幕）", "Consult on screen")),
    Choice("print", Label("借阅：打印", "Borrow: print"), "warn"),
    Choice("export", Label("借阅：导出", "Borrow: export"), "warn"),
)

TYPES = tuple(
    Choice(rt.slug, rt.label) for rt in (CUSTOMER, CREDIT_REPORT, CONTRACT, COMPLAINT, REVISIT, REVIEW) if rt.classified
)
LEVELS = tuple(Choice(level.value, label) for level, label in LEVEL_LABELS.items() if level is not Level.INTERNAL)

ACCESS_REQUEST = RecordType(
    slug="access_request",
    label=Label("查阅申请", "Access request"),
    plural=Label("查阅与借阅", "Access requests"),
    icon="unlock",
    menu="work",
    number="CY-{year}-{seq:06d}",
    title="number_asked",
    due="valid_until",
    help=Label(
        "申请查阅加密记录：先由直接主管签署，再由客服部经理审批；到期自动失效。",
        "Asking to read a locked record: one's own manager signs, then the department head; it ends by itself.",
    ),
    groups=(
        Group(name="asked", label=Label("申请内容", "What is asked")),
        Group(name="decision", label=Label("审批与期限", "Decision and period")),
    ),
    fields=(
        Field(
            name="number_asked",
            kind="text",
            label=Label("记录编号", "Record"),
            group="asked",
            listed=True,
            editable=False,
            searchable=True,
        ),
        Field(
            name="type_asked",
            kind="choice",
            label=Label("记录类型", "Type"),
            group="asked",
            choices=TYPES,
            editable=False,
        ),
        Field(
            name="name_asked",
            kind="text",
            label=Label("名称（脱敏）", "Masked name"),
            group="asked",
            listed=True,
            editable=False,
        ),
        Field(
            name="level_asked",
            kind="choice",
            label=Label("密级", "Level"),
            group="asked",
            choices=LEVELS,
            listed=True,
            filterable=True,
            editable=False,
        ),
        Field(
            name="uses",
            kind="choices",
            label=Label("用途", "Use"),
            group="asked",
            choices=USES,
            required=True,
            listed=True,
        ),
        Field(
            name="reason",
            kind="long_text",
            label=Label("理由", "Reason"),
            group="asked",
            required=True,
            max_length=500,
            help=Label("为什么需要、用于何事。", "Why it is needed and what for."),
        ),
        Field(
            name="valid_until",
            kind="date",
            label=Label("使用至", "Until"),
            group="asked",
            required=True,
            listed=True,
            filterable=True,
            sortable=True,
        ),
        Field(
            name="manager",
            kind="person",
            label=Label("直接主管", "Own manager"),
            group="decision",
            editable=False,
        ),
        Field(
            name="opened_at",
            kind="datetime",
            label=Label("生效时间", "Opened"),
            group="decision",
            editable=False,
        ),
        Field(
            name="ended_at",
            kind="datetime",
            label=Label("结束时间", "Ended"),
            group="decision",
            editable=False,
        ),
    ),
    rights=Rights(
        view=(
            Rule(Relation.CREATOR),
            Rule(Relation.NAMED),
            Rule(Relation.ASSIGNED),
            Rule(Relation.DEPARTMENT, (Role.HEAD,)),
        ),
    ),
    workflow=Workflow(
        states=(
            State(
                value="asked",
                label=Label("待主管签署", "Waiting for manager"),
                tone="warn",
                turn=("manager",),
                climbs=(Climb(8, ("head",)), Climb(16, ("general_manager",))),
            ),
            State(
                value="signed",
                label=Label("待部门经理审批", "Waiting for head"),
                tone="warn",
                turn=("head",),
                climbs=(Climb(8, ("general_manager",)),),
            ),
            State(value="granted", label=Label("已批准", "Granted"), tone="good"),
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
                source=("asked",),
                target="signed",
                by=("manager",),
                not_by=("creator",),
                signature=True,
                tone="good",
                main=True,
                help=Label("签署后交客服部经理审批。", "It then goes to the department head."),
            ),
            Transition(
                name="approve",
                label=Label("批准", "Approve"),
                source=("signed",),
                target="granted",
                by=("head",),
                not_by=("creator",),
                asks=("valid_until",),
                needs=("valid_until",),
                signature=True,
                tone="good",
                main=True,
                help=Label(
                    "批准后申请人立即可以查看，到期自动失效。",
                    "The requester can see the record at once, until the date given.",
                ),
            ),
            Transition(
                name="refuse",
                label=Label("拒绝", "Refuse"),
                source=("asked", "signed"),
                target="refused",
                by=("turn",),
                not_by=("creator",),
                reason=True,
                signature=True,
                tone="bad",
            ),
            Transition(
                name="withdraw",
                label=Label("撤回", "Withdraw"),
                source=("asked", "signed"),
                target="withdrawn",
                by=("creator",),
            ),
            Transition(
                name="revoke",
                label=Label("收回权限", "Revoke"),
                source=("granted",),
                target="revoked",
                by=("head",),
                reason=True,
                tone="bad",
                help=Label("下一次访问起立即失效。", "It takes effect on the next request."),
            ),
            Transition(
                name="give_back",
                label=Label("提前归还", "Return early"),
                source=("granted",),
                target="ended",
                by=("creator",),
            ),
        ),
    ),
    views=(
        View(name="waiting", label=Label("待审批", "Waiting"), query="state=any_of:asked|signed"),
        View(name="granted", label=Label("生效中", "In force"), query="state=granted"),
    ),
)


class Grant(me.Document):
    """An opened record: to whom, for which uses, from when until when. Ended ones stay as a record of the right."""

    person = me.ObjectIdField(required=True)
    type = me.StringField(required=True)
    record = me.ObjectIdField(required=True)
    request = me.ObjectIdField(required=True, unique=True)
    uses = me.ListField(me.StringField(), required=True)
    valid_from = me.DateTimeField(required=True)
    valid_until = me.DateTimeField(required=True)
    ended_at = me.DateTimeField()

    meta: ClassVar[dict[str, Any]] = {"collection": "grant", "auto_create_index": False, "strict": False}

    def covers(self, moment: datetime) -> bool:
        """Whether the grant is in force at a moment."""
        return self.ended_at is None and self.valid_from <= moment < self.valid_until
