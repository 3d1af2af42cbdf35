"""Workflows: states, moves, whose turn it is, who signs (E005, E011, E015, E016, E035, E039, W101)."""

from __future__ import annotations

from collections.abc import Iterator

from models.checks.finding import Case, Finding
from models.climbing import hours_of
from models.declarations import PAGES, TONES, State, Transition, Workflow
from models.person.roles import Role
from models.records import PLACING

WAITED_FOR = frozenset({"owner", "creator"})
MAY_MOVE = WAITED_FOR | {"turn", "reader"}
ASKED = frozenset(field.name for field in PLACING)
OF_SECRECY = ("level", "secret_until")
"""What the form of a record sets, where raising is free, and lowering and a longer period are the head's (X2)."""
LONGEST_WAIT = 400
"""Working hours."""
ROLES = frozenset(role.value for role in Role)


def check(case: Case) -> Iterator[Finding]:
    """Findings about the workflow of one type."""
    flow = case.rt.workflow
    people = frozenset(field.name for field in case.rt.fields if field.kind == "person")
    if flow is None:
        return
    yield from _states(case, flow, people)
    for move in flow.transitions:
        yield from _ends(case, flow, move)
        yield from _people(case, move, people)
        yield from _refusal(case, move)
        yield from _page(case, move)
        yield from _sheet(case, move)
        yield from _for_some(case, flow, move)


def _states(case: Case, flow: Workflow, people: frozenset[str]) -> Iterator[Finding]:
    if not flow.states:
        yield case.finding("E011", "workflow", "流程没有状态。", "the workflow has no state")
        return
    if flow.states[0].final:
        yield case.finding(
            "E011", f"workflow.{flow.states[0].value}", "起始状态不能是终态。", "the first state is final"
        )
    left = {value for move in flow.transitions for value in move.source}
    for state in flow.states:
        place = f"workflow.{state.value}"
        for whose in set(state.turn) - ROLES - WAITED_FOR - people:
            yield case.finding("E005", place, f"等待的“{whose}”不存在。", f"it waits for “{whose}”, which is nobody")
        yield from _climbs(case, flow, state, people)
        if state.tone not in TONES:
            yield case.finding("E005", place, f"没有“{state.tone}”这种色调。", f"there is no tone “{state.tone}”")
        if state.value not in left and not state.final:
            yield case.finding(
                "W101", place, "没有操作离开此状态，却不是终态。", "no move leaves it, yet it is not final"
            )


def _climbs(case: Case, flow: Workflow, state: State, people: frozenset[str]) -> Iterator[Finding]:
    place, before = f"workflow.{state.value}", -1 if all(climb.late for climb in state.climbs) else 0
    for climb in state.climbs:
        try:
            hours = hours_of(climb)
        except (AttributeError, TypeError, ValueError):
            yield case.finding(
                "E015", place, f"制度中没有“{climb.hours}”这一小时数。", f"the policy has no hours “{climb.hours}”"
            )
            continue
        for whose in sorted(set(climb.to) - ROLES - WAITED_FOR - people):
            yield case.finding("E005", place, f"升级对象“{whose}”不存在。", f"it goes on to “{whose}”, which is nobody")
        if not climb.to or not before < hours <= LONGEST_WAIT:
            yield case.finding(
                "E015", place, "升级须写明对象，小时数逐级增加。", "it goes on to somebody, each time after more hours"
            )
        before = hours
    late = [climb for climb in state.climbs if climb.late]
    if late and (len(late) < len(state.climbs) or not case.rt.due or any(set(climb.to) - ROLES for climb in late)):
        yield case.finding(
            "E015",
            place,
            "逾期上报须有期限，逐级均按逾期计算，对象为角色。",
            "what goes up when it is late has a deadline, and each step goes to roles",
        )
    if state.climbs and not late and not flow.signatures(state.value):
        yield case.finding("E015", place, "此状态没有可签署的操作。", "nothing is signed in a state that goes on")


def _ends(case: Case, flow: Workflow, move: Transition) -> Iterator[Finding]:
    place, known = f"workflow.{move.name}", {state.value for state in flow.states}
    for value in sorted({*move.source, move.target} - known):
        yield case.finding("E011", place, f"状态“{value}”未声明。", f"there is no state “{value}”")
    if not move.source:
        yield case.finding("E011", place, "没有起始状态。", "it starts from no state")
    if move.tone not in TONES:
        yield case.finding("E005", place, f"没有“{move.tone}”这种色调。", f"there is no tone “{move.tone}”")


def _people(case: Case, move: Transition, people: frozenset[str]) -> Iterator[Finding]:
    place = f"workflow.{move.name}"
    for whose in sorted(set(move.by) - ROLES - MAY_MOVE - people):
        yield case.finding("E005", place, f"执行人“{whose}”不存在。", f"by “{whose}”, which is nobody")
    for whose in sorted(set(move.not_by) - WAITED_FOR - people):
        yield case.finding("E005", place, f"回避人“{whose}”不存在。", f"not by “{whose}”, which is nobody")
    if not move.by:
        yield case.finding("E016", place, "没有人能执行此操作。", "nobody may ever make this move")
    if move.signature and not move.not_by:
        yield case.finding(
            "E015",
            place,
            "签署须有回避：任何人不得审批本人提出的事项。",
            "nobody signs their own: a signature has to say by whom it is not given",
        )


def _page(case: Case, move: Transition) -> Iterator[Finding]:
    place = f"workflow.{move.name}"
    if move.page and move.page not in PAGES:
        yield case.finding("E005", place, f"没有“{move.page}”这个页面。", f"there is no page “{move.page}”")
    if not move.offered and (not move.page or move.main):
        yield case.finding(
            "E016",
            place,
            "不单独提供的操作须有自己的页面，且不能是主要操作。",
            "a move that is not offered has a page that makes it, and is not the main one",
        )


def _refusal(case: Case, move: Transition) -> Iterator[Finding]:
    if move.signature and move.tone == "bad" and not (move.reason or move.needs):
        yield case.finding("E015", f"workflow.{move.name}", "拒绝须说明理由。", "a refusal needs a reason")


def _sheet(case: Case, move: Transition) -> Iterator[Finding]:
    place = f"workflow.{move.name}"
    for name in [name for name in move.asks if name not in ASKED and name not in case.rt.by_name]:
        yield case.finding("E005", place, f"没有字段“{name}”。", f"it asks for “{name}”, which is no field")
    for name in [name for name in move.asks if name in OF_SECRECY]:
        yield case.finding("E035", place, f"操作不能要求填写“{name}”。", f"no move asks for “{name}”: the form sets it")
    for name in [name for name in move.needs if name not in move.asks]:
        yield case.finding("E005", place, f"“{name}”必填但未列出。", f"it needs “{name}” without asking for it")


def _for_some(case: Case, flow: Workflow, move: Transition) -> Iterator[Finding]:
    """Who makes a move reads what its sheet asks for: they would see it there, or write over it unseen (X6)."""
    movers = frozenset().union(*(_roles_of(case, whose) for whose in _movers(flow, move)))
    for name in move.asks:
        field = case.rt.by_name.get(name)
        if field is not None and field.viewers and not movers <= set(field.viewers):
            yield case.finding(
                "E039",
                f"workflow.{move.name}",
                f"“{name}”只有部分角色可见，但并非每位执行人都属于这些角色。",
                f"only some may read “{name}”, and not everybody who makes this move is one of them",
            )


def _movers(flow: Workflow, move: Transition) -> set[str]:
    """Whom a move may be made by, also because it was their turn, or because nobody signed in time."""
    states = [state for state in flow.states if state.value in move.source]
    found = {whose for whose in move.by if whose != "turn"}
    if "turn" in move.by:
        found |= {whose for state in states for whose in state.turn}
    if "turn" in move.by or move.signature:
        found |= {whose for state in states for climb in state.climbs for whose in climb.to}
    return found


def _roles_of(case: Case, whose: str) -> frozenset[Role | None]:
    """The roles of whom a move is for; None among them for anybody."""
    if whose in ROLES:
        return frozenset({Role(whose)})
    field = case.rt.by_name.get(whose)
    return frozenset(field.roles if field is not None and field.roles else (None,))
