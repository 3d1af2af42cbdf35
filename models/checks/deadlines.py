"""Declared deadlines (E008, E028, E030): fields that exist, units and amounts that can be counted, no circle."""

from __future__ import annotations

from collections.abc import Iterator

from config.policy import policy
from models.calendar_steps import Unit
from models.checks.derived import readable, tells_withheld
from models.checks.finding import Case, Finding
from models.deadline.rules import LONGEST, by_field, days_before, policy_value
from models.declarations import Due

DAYS = ("date", "datetime")
MOST_DAYS, MOST_CLIMB = 365, 60


def check(case: Case) -> Iterator[Finding]:
    """Findings about the declared deadlines of one type."""
    for due in case.rt.deadlines:
        yield from _fields(case, due)
        yield from _amount(case, due)
        if due.when is not None and not readable(case.rt, due.when):
            yield _wrong(case, due, f"条件“{due.when.field}”无效。", f"“{due.when.field}” is no condition here")
        if due.unit not in list(Unit):
            yield _wrong(case, due, f"单位“{due.unit}”无效。", f"“{due.unit}” is no unit")
    yield from _ways(case)
    yield from _reminding(case)


def _wrong(case: Case, due: Due, zh: str, en: str) -> Finding:
    return case.finding("E028", f"deadlines.{due.field}", zh, en)


def _fields(case: Case, due: Due) -> Iterator[Finding]:
    known = case.rt.by_name
    for name, kinds in ((due.field, DAYS), (due.after, DAYS), (due.agreed, ("datetime",))):
        if name and (name not in known or known[name].kind not in kinds):
            yield _wrong(case, due, f"“{name}”不是日期字段。", f"“{name}” is no field of a date or a moment")
    target = known.get(due.field)
    if target is None:
        return
    if target.computed is not None:
        yield _wrong(case, due, "计算字段不能再由期限得出。", "the field is computed already")
    if target.kind == "date" and due.unit in (Unit.WORKING_HOURS, Unit.WORKING_MINUTES):
        yield _wrong(case, due, "按小时计的期限需要日期时间字段。", "hours need a field with a time")
    if due.agreed and target.kind != "datetime":
        yield _wrong(case, due, "约定的时间需要日期时间字段。", "an agreed moment needs a field with a time")
    sources = (due.after, due.by, due.agreed, due.when.field if due.when else "")
    for name in sources:
        if name in known and known[name].viewers and known[name].viewers != target.viewers:
            zh = f"“{name}”只有部分角色可见，期限会泄露它。"
            yield case.finding("E008", f"deadlines.{due.field}", zh, f"only some may read “{name}”, and it would tell")
        if name in known and known[name].withheld and not target.withheld:
            yield tells_withheld(case, f"deadlines.{due.field}", name)


def _amount(case: Case, due: Due) -> Iterator[Finding]:
    by = case.rt.by_name.get(due.by)
    if due.by and (by is None or by.kind != "choice"):
        yield _wrong(case, due, f"“{due.by}”不是选择字段。", f"“{due.by}” is no choice")
        return
    amounts: list[object] = [due.amount]
    if isinstance(due.amount, str):
        try:
            amounts = [policy_value(due.amount, policy())]
        except AttributeError:
            yield _wrong(case, due, f"制度中没有“{due.amount}”。", f"the policy has no “{due.amount}”")
            return
    if by is not None:
        table = due.amounts or _pairs(amounts[0])
        known = {choice.value for choice in by.choices}
        if not table or not {value for value, _ in table} <= known:
            yield _wrong(
                case, due, f"“{due.by}”的取值不符。", f"it names values that “{due.by}” does not have, or none"
            )
        amounts = [amount for _, amount in table]
    for amount in amounts:
        if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= LONGEST:
            yield _wrong(
                case, due, f"“{amount}”不是 0 至 {LONGEST} 的整数。", f"“{amount}” is no number up to {LONGEST}"
            )


def _pairs(table: object) -> tuple[tuple[str, object], ...]:
    return tuple(table.items()) if hasattr(table, "items") else ()


def _ways(case: Case) -> Iterator[Finding]:
    """A deadline may follow from another one that is declared before it, never from one behind it or itself."""
    settled: set[str] = set()
    fields = by_field(case.rt)
    for name, dues in fields.items():
        for due in dues:
            if due.after in fields and due.after not in settled:
                yield _wrong(case, due, f"“{due.after}”尚未得出。", f"“{due.after}” is reckoned later, or from this")
        if any(due.when is None for due in dues[:-1]):
            yield _wrong(case, dues[0], "后面的期限永远不会生效。", "one without a condition stands before others")
        settled.add(name)


def _reminding(case: Case) -> Iterator[Finding]:
    told = case.rt.reminding
    if told is None:
        return
    if not case.rt.due:
        yield case.finding("E028", "reminding", "没有可提醒的期限。", "the type has no deadline to remind of")
    try:
        days_of = days_before(told, policy())
    except AttributeError:
        yield case.finding("E028", "reminding", "制度中没有所述的天数。", "the policy has no such number of days")
        return
    if len(set(told.before)) < len(told.before) or not all(1 <= days <= MOST_DAYS for days in days_of):
        yield case.finding("E028", "reminding", "提前天数应各不相同，1 至 365。", "days before: each once, 1 to 365")
    if not 1 <= told.climb <= MOST_CLIMB:
        yield case.finding(
            "E028", "reminding", "上报应在逾期 1 至 60 个工作日后。", "it climbs after 1 to 60 working days"
        )
