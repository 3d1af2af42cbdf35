"""Destruction (销毁; D1-D3): the proposal, its three signatures, the cooling-off, and what the register keeps.

Nothing here holds content of a record: numbers, levels, people, times and the reason.
"""

from __future__ import annotations

from models.access_request.document import TYPES
from models.declarations import (
    LEVEL_LABELS,
    SIGNED_VIEW,
    Choice,
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

SLUG = "destruction"
SUPERVISOR, HEAD, MANAGER = Role.SUPERVISOR.value, Role.HEAD.value, Role.GENERAL_MANAGER.value
LEVELS = tuple(Choice(level.value, label) for level, label in LEVEL_LABELS.items())
PROPOSER = Label("提出人", "Proposed by")
OUTCOMES = (
    choice("destroyed", "已销毁", "Destroyed", "bad"),
    choice("hold", "法律保全中", "On legal hold", "warn"),
    choice("retention", "保存期未满", "Still to be kept", "warn"),
    choice("open", "有未办结事项", "Something about it is open", "warn"),
    choice("gone", "已不存在", "No longer there", "warn"),
    choice("changed", "提出后有改动", "Changed since it was proposed", "warn"),
)
WAITING = ("proposed", "signed", "approved")
SIGNING = ("sign", "approve", "countersign")
SIGNING_ROLES = (Role.SUPERVISOR, Role.HEAD, Role.GENERAL_MANAGER)
"""In which role each of them is given."""
SIGNERS = ("first", "second", "third")
"""Whose signatures, in the order of `SIGNING`: each in a field for who signed and one for whom as a deputy."""


def _by_whom(upto: int) -> tuple[str, ...]:
    """Whoever may not sign: who proposed, and who gave one of the first signatures, for themselves or for another."""
    return ("creator", *(f"{one}_{part}" for one in SIGNERS[:upto] for part in ("signer", "for")))


def _signed(before: int, target: str, then: Label) -> Transition:
    """The signature that comes after `before` others; `then` says what follows (D1)."""
    return Transition(
        name=SIGNING[before],
        label=Label("签署同意", "Sign"),
        done="Signed",
        source=(WAITING[before],),
        target=target,
        by=(SIGNING_ROLES[before].value,),
        not_by=_by_whom(before),
        signature=True,
        tone="good",
        main=True,
        help=then,
    )


def _sign_by(state_of: str, since: str) -> Due:
    """Each signature has its own date; nothing climbs here (D1)."""
    when = When("state", (state_of,))
    return Due(field="sign_by", after=since, unit="working_days", amount="signature.sign_working_days", when=when)


DESTRUCTION = RecordType(
    slug=SLUG,
    label=Label("销毁", "Destruction"),
    plural=Label("销毁登记", "Destruction register"),
    icon="fire",
    menu="work",
    number="XH-{year}-{seq:06d}",
    title="number_asked",
    due="sign_by",
    owner=PROPOSER,
    asker=PROPOSER,
    deadlines=(_sign_by("proposed", "proposed_at"), _sign_by("signed", "first_at"), _sign_by("approved", "second_at")),
    help=Label(
        "过期档案由信息管理员或负责人提出，依次经客户信息主管、客服部经理、总经理签署，冷静期后彻底销毁；登记只留编号、密级、"
        "理由、签署与时间。",
        "The custodian or the owner proposes it; information supervisor, department head and general manager sign in "
        "this order. After a cooling-off the content is gone for good; number, level, reason, signatures and times "
        "stay here.",
    ),
    groups=(
        group("asked", "拟销毁", "What is to be destroyed", columns=1),
        group("signed", "签署", "Signatures"),
        group("end", "期限与结果", "Dates and outcome"),
    ),
    fields=(
        *grouped(
            "asked",
            field("number_asked", "text", "记录编号", "Record", "listed searchable fixed"),
            field("type_asked", "choice", "记录类型", "Type", "fixed filterable", choices=TYPES),
            field("level_asked", "choice", "最高密级", "Highest level", "listed filterable fixed", choices=LEVELS),
            field(
                "items",
                "embedded_list",
                "记录",
                "Records",
                "fixed",
                fields=(
                    field("number", "text", "编号", "Number"),
                    field("level", "choice", "提出时密级", "Level when proposed", choices=LEVELS),
                    field("rev", "integer", "提出时版本", "Version when proposed"),
                    field("parts", "text", "并入的份数（版本合计）", "Merged into it (versions in all)"),
                    field("outcome", "choice", "结果", "Outcome", choices=OUTCOMES),
                    field("at", "datetime", "时间", "When"),
                ),
            ),
            field("reason", "long_text", "理由", "Reason", "required", max_length=500),
            field("proposed_at", "datetime", "提出时间", "Proposed at", "fixed"),
        ),
        *grouped(
            "signed",
            *(
                one
                for name, zh, en in (
                    ("first", "客户信息主管", "Information supervisor"),
                    ("second", "客服部经理", "Department head"),
                    ("third", "总经理", "General manager"),
                )
                for one in (
                    field(f"{name}_signer", "person", f"{zh}签署人", f"{en} signed", "fixed opens"),
                    field(f"{name}_for", "person", f"{zh}（被代理人）", f"{en}: as deputy of", "fixed opens"),
                    field(f"{name}_at", "datetime", f"{zh}签署时间", f"{en}: when", "fixed"),
                )
            ),
        ),
        *grouped(
            "end",
            field("sign_by", "date", "须签署日期", "To be signed by", "listed sortable filterable fixed"),
            field("stop_until", "datetime", "冷静期至", "Cooling-off until", "listed sortable filterable fixed"),
            field("destroyed_at", "datetime", "销毁完成时间", "Destroyed", "listed sortable filterable fixed"),
        ),
    ),
    rights=Rights(
        view=(
            Rule(Relation.CREATOR),
            Rule(Relation.NAMED),
            Rule(Relation.TASK, (Role.SUPERVISOR, Role.HEAD, Role.GENERAL_MANAGER)),
            Rule(Relation.DEPARTMENT, (Role.HEAD,)),
            Rule(Relation.ANY, (Role.GENERAL_MANAGER, Role.AUDITOR)),
            *SIGNED_VIEW,
        ),
    ),
    workflow=Workflow(
        asked_by=("creator",),
        states=(
            state("proposed", "待信息主管签署", "Waiting for supervisor", "warn", turn=(SUPERVISOR,)),
            state("signed", "待部门经理签署", "Waiting for head", "warn", turn=(HEAD,)),
            state("approved", "待总经理签署", "Waiting for general manager", "warn", turn=(MANAGER,)),
            state("cooling", "冷静期", "Cooling off", "warn", frozen=True),
            state("removing", "销毁中", "Being destroyed", "bad", final=True),
            state("destroyed", "已销毁", "Destroyed", "bad", final=True),
            state("refused", "已拒绝", "Refused", final=True),
            state("withdrawn", "已撤回", "Withdrawn", final=True),
            state("stopped", "已中止", "Stopped", final=True),
            state("barred", "不得销毁", "May not be destroyed", "warn", final=True),
        ),
        transitions=(
            _signed(0, "signed", Label("签署后交客服部经理。", "It then goes to the department head.")),
            _signed(1, "approved", Label("签署后交总经理。", "It then goes to the general manager.")),
            _signed(
                2,
                "cooling",
                Label(
                    "签署后进入冷静期，期满内容彻底销毁，不可恢复。",
                    "The cooling-off begins; when it is over the content is gone for good.",
                ),
            ),
            Transition(
                name="refuse",
                label=Label("拒绝", "Refuse"),
                done="Refused",
                source=WAITING,
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
                done="Withdrawn",
                source=WAITING,
                target="withdrawn",
                by=("creator",),
            ),
            Transition(
                name="stop",
                label=Label("中止销毁", "Stop the destruction"),
                done="Stopped",
                source=("cooling",),
                target="stopped",
                by=("creator", *(f"{one}_{part}" for one in SIGNERS for part in ("signer", "for"))),
                reason=True,
                tone="bad",
                help=Label("档案保留不动。", "The records stay as they are."),
            ),
        ),
    ),
    views=(
        view("waiting", "待签署", "Waiting", "state=any_of:proposed|signed|approved"),
        view("cooling", "冷静期", "Cooling off", "state=cooling"),
        view("destroyed", "已销毁", "Destroyed", "state=destroyed"),
    ),
)
