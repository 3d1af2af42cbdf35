"""Complaints (客户投诉): from intake to the customer's answer."""

from __future__ import annotations

from models.complaint.fields import FIELDS, HANDLERS
from models.declarations import (
    Climb,
    Due,
    Label,
    RecordType,
    Related,
    Relation,
    Rights,
    Rule,
    Transition,
    When,
    Workflow,
)
from models.describe import group, state, view
from models.person.roles import Role

SLUG = "complaint"
ABOVE = (Role.SUPERVISOR.value, Role.HEAD.value)
OPEN = ("recorded", "judged", "assigned", "answered", "resolved")
LEVELS_ABOVE = (
    Climb(0, (Role.SUPERVISOR.value,), late=True),
    Climb("complaint.step_hours", (Role.HEAD.value,), late=True),
    Climb("complaint.step_hours", (Role.GENERAL_MANAGER.value,), late=True, times=2),
)
"""Past its time a complaint climbs one level per step (T6)."""

WORKFLOW = Workflow(
    states=(
        state("recorded", "已登记", "Recorded", "info", turn=("owner",), climbs=LEVELS_ABOVE),
        state("judged", "已判定", "Judged", "info", turn=("owner",), climbs=LEVELS_ABOVE),
        state("assigned", "处理中", "In hand", "warn", turn=("owner",), climbs=LEVELS_ABOVE),
        state("answered", "已答复", "Answered", "warn", turn=("owner",), climbs=LEVELS_ABOVE),
        state("resolved", "待客户确认", "Waiting for the customer", "info", turn=("owner",)),
        state("closed", "已结案", "Closed", "good", final=True),
    ),
    transitions=(
        Transition(
            name="judge",
            label=Label("判定", "Judge"),
            source=("recorded",),
            target="judged",
            by=("owner", *ABOVE),
            asks=("founded", "reasonable", "severity", "problem", "cause", "fault"),
            needs=("founded", "severity", "problem"),
            main=True,
            help=Label(
                "判断投诉是否成立、诉求是否合理、严重程度和责任部门。", "Founded or not, how serious, whose fault."
            ),
        ),
        Transition(
            name="assign",
            label=Label("指派处理", "Assign"),
            source=("judged",),
            target="assigned",
            by=("owner", *ABOVE),
            asks=("owner",),
            needs=("owner",),
            main=True,
            help=Label("接手人会看到完整经过。", "The handler takes over with the whole story."),
        ),
        Transition(
            name="judge_again",
            label=Label("重新判定", "Judge again"),
            source=("assigned", "answered"),
            target="judged",
            by=("owner", *ABOVE),
            asks=("founded", "reasonable", "severity", "problem", "cause", "fault"),
            needs=("founded", "severity", "problem"),
        ),
        Transition(
            name="hand_over",
            label=Label("移交", "Hand over"),
            source=OPEN,
            target="assigned",
            by=("owner", *ABOVE, Role.GENERAL_MANAGER.value),
            asks=("owner",),
            needs=("owner",),
            reason=True,
        ),
        Transition(
            name="resolve",
            label=Label("提出解决方案", "Resolve"),
            source=("answered",),
            target="resolved",
            by=("owner", *ABOVE, Role.GENERAL_MANAGER.value),
            asks=("solution", "measures", "amount", "promises"),
            needs=("solution",),
            main=True,
            help=Label("补偿金额超出本人权限时，请上级办理。", "An amount above one's authority is the next level's."),
        ),
        Transition(
            name="answer",
            label=Label("答复客户", "Answer the customer"),
            source=("recorded", "judged", "assigned", "answered"),
            target="answered",
            by=("owner", *ABOVE),
            asks=("answer",),
            needs=("answer",),
            main=True,
        ),
        Transition(
            name="agree_later",
            label=Label("约定延期", "Agree a later date"),
            source=("judged", "assigned", "answered"),
            target="assigned",
            by=("owner", *ABOVE),
            asks=("agreed_until",),
            needs=("agreed_until",),
            reason=True,
        ),
        Transition(
            name="close",
            label=Label("结案", "Close"),
            source=("judged", "resolved"),
            target="closed",
            by=("owner", *ABOVE),
            asks=("cause", "satisfaction", "customer_answer", "promises", "close_reason"),
            tone="good",
            main=True,
            help=Label(
                "成立的投诉须写明原因和客户反馈；不成立的须写明向客户解释的理由。",
                "A founded complaint needs its cause and the customer's answer; an unfounded one the reason told.",
            ),
        ),
        Transition(
            name="reopen",
            label=Label("重新打开", "Reopen"),
            source=("closed",),
            target="assigned",
            by=("owner", "creator", *ABOVE),
            reason=True,
            tone="warn",
        ),
    ),
)

COMPLAINT = RecordType(
    slug=SLUG,
    label=Label("客户投诉", "Complaint"),
    plural=Label("客户投诉", "Complaints"),
    icon="chat-left-text",
    menu="family",
    number="TS-{year}-{seq:06d}",
    title="subject",
    classified=True,
    kept_by="service",
    due="next_due",
    deadlines=(
        Due(
            field="answer_due",
            after="received_at",
            unit="working_minutes",
            amount="complaint.chat_answer_minutes",
            when=When("channel", ("chat",)),
        ),
        Due(field="answer_due", after="received_at", unit="working_hours", amount="complaint.answer_hours"),
        Due(
            field="resolution_due",
            after="received_at",
            unit="working_hours",
            amount="complaint.resolution_hours",
            agreed="agreed_until",
        ),
    ),
    foreign="foreign_no",
    narrowed=("severity", "state", "channel", "region", "product"),
    fields=FIELDS,
    groups=(
        group("intake", "受理", "Intake"),
        group("judgement", "判定", "Judgement"),
        group("handling", "处理", "Handling"),
        group("closing", "结案", "Closing"),
        group("elsewhere", "外部信息", "From elsewhere", folded=True),
    ),
    rights=Rights(
        create=HANDLERS,
        imports=(Role.CUSTODIAN, Role.HEAD),
        edit=(
            Rule(Relation.OWNER),
            Rule(Relation.CREATOR),
            Rule(Relation.DEPARTMENT, (Role.SUPERVISOR, Role.HEAD)),
        ),
        archive=(Rule(Relation.DEPARTMENT, (Role.CUSTODIAN, Role.HEAD)),),
    ),
    workflow=WORKFLOW,
    related=(Related(slug="revisit", via="complaint"),),
    views=(
        view("mine", "我处理的", "Mine", "owner=me&state=is_not:closed"),
        view("open", "未结案", "Open", "state=is_not:closed"),
        view("fast", "快速通道", "Fast lane", "fast_lane=true"),
        view("closed", "已结案", "Closed", "state=closed"),
    ),
    help=Label("谁先受理谁负责到底，移交须有人接手。", "Whoever takes it answers for it until it is handed over."),
)
