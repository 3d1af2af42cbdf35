"""Changes of a record's secrecy that need the head: a longer period, a lower level (密级变更; X2)."""

from __future__ import annotations

from models.access_request.document import TYPES
from models.declarations import (
    LEVEL_LABELS,
    SIGNED_VIEW,
    Choice,
    Climb,
    Due,
    Label,
    RecordType,
    Relation,
    Rights,
    Rule,
    Transition,
    When,
    Workflow,
)
from models.describe import choice, field, group, grouped, state, view
from models.person.roles import Role

SLUG = "secrecy_change"
HEAD, MANAGER = Role.HEAD.value, Role.GENERAL_MANAGER.value
LEVELS = tuple(Choice(level.value, label) for level, label in LEVEL_LABELS.items())
NEXT_LEVEL = (Climb("signature.next_hours", (MANAGER,)),)
KINDS = (
    choice("extend", "延长保密期", "Extend the period"),
    choice("lower", "降低密级或解密", "Lower or end the level"),
)

SECRECY_CHANGE = RecordType(
    slug=SLUG,
    label=Label("密级变更", "Change of secrecy"),
    plural=Label("密级变更", "Changes of secrecy"),
    icon="shield-lock",
    menu="work",
    number="MJ-{year}-{seq:06d}",
    title="number_asked",
    due="sign_by",
    owner=Label("申请人", "Asked by"),
    deadlines=(
        Due(
            field="sign_by",
            after="asked_at",
            unit="working_days",
            amount="signature.sign_working_days",
            when=When("state", ("asked",)),
        ),
    ),
    help=Label(
        "延长保密期、降低密级须由客服部经理批准；提高密级由负责人直接办理。",
        "A longer period and a lower level need the head; raising a level is free for the owner.",
    ),
    groups=(group("asked", "申请内容", "What is asked"),),
    fields=grouped(
        "asked",
        field("number_asked", "text", "记录编号", "Record", "listed searchable fixed"),
        field("name_asked", "text", "名称（脱敏）", "Masked name", "listed fixed"),
        field("type_asked", "choice", "记录类型", "Type", "fixed", choices=TYPES),
        field("kind", "choice", "变更", "Change", "required listed filterable", choices=KINDS),
        field("level_now", "choice", "申请时密级", "Level when asked", "listed fixed", choices=LEVELS),
        field("until_now", "date", "申请时保密期至", "Secret until when asked", "fixed"),
        field("new_level", "choice", "新密级", "New level", "listed", choices=LEVELS),
        field("new_until", "date", "新保密期至", "New end of the period", "listed"),
        field("new_basis", "text", "新定密依据", "New basis of level", max_length=200),
        field("reason", "long_text", "理由", "Reason", "required", max_length=500),
        field("asked_at", "datetime", "提出时间", "Asked at", "fixed"),
        field("sign_by", "date", "须签署日期", "To be signed by", "listed sortable filterable fixed"),
    ),
    rights=Rights(
        view=(
            Rule(Relation.CREATOR),
            Rule(Relation.ASSIGNED),
            Rule(Relation.DEPARTMENT, (Role.HEAD,)),
            Rule(Relation.TASK, (Role.GENERAL_MANAGER,)),
            *SIGNED_VIEW,
        ),
    ),
    workflow=Workflow(
        asked_by=("creator",),
        states=(
            state("asked", "待部门经理审批", "Waiting for head", "warn", turn=(HEAD,), climbs=NEXT_LEVEL),
            state("done", "已批准执行", "Approved and done", "good", final=True),
            state("refused", "已拒绝", "Refused", "bad", final=True),
            state("withdrawn", "已撤回", "Withdrawn", final=True),
        ),
        transitions=(
            Transition(
                name="approve",
                label=Label("批准", "Approve"),
                done="Approved",
                source=("asked",),
                target="done",
                by=(HEAD,),
                not_by=("creator",),
                signature=True,
                tone="good",
                main=True,
                help=Label("批准后立即生效。", "It takes effect at once."),
            ),
            Transition(
                name="refuse",
                label=Label("拒绝", "Refuse"),
                done="Refused",
                source=("asked",),
                target="refused",
                by=(HEAD,),
                not_by=("creator",),
                reason=True,
                signature=True,
                tone="bad",
            ),
            Transition(
                name="withdraw",
                label=Label("撤回", "Withdraw"),
                done="Withdrawn",
                source=("asked",),
                target="withdrawn",
                by=("creator",),
            ),
        ),
    ),
    views=(view("waiting", "待审批", "Waiting", "state=asked"),),
)
