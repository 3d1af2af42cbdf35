"""What follows from other fields: formulas, conditions, keeping (E008, E022, E023, E024, E030)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from models.checks.finding import Case, Finding
from models.declarations import Field, RecordType, When
from models.formulas import FORMULAS, Derivation
from models.kinds import KINDS, Unreadable, kind_of

DAYS = ("date", "datetime")
CONDITIONS = (
    "choice",
    "choices",
    "tree",
    "yes_no",
    "text",
    "integer",
    "decimal",
    "percent",
    "date",
    "person",
    "reference",
)
LONGEST = 1200
"""Months; a hundred years."""


def check(case: Case) -> Iterator[Finding]:
    """Findings about computed and conditional fields, retention and cadence of one type."""
    before: dict[str, Field] = {}
    for field in case.rt.fields:
        if field.computed is not None:
            yield from _formula(case, field, before)
        if field.required_when is not None:
            yield from _condition(case, field, field.required_when)
        for inner in field.fields:
            if inner.computed is not None or inner.required_when is not None:
                yield case.finding(
                    "E019",
                    f"{field.name}.{inner.name}",
                    "内嵌字段不能计算得出，也不能按条件必填。",
                    "a field inside another is neither computed nor required by a condition",
                )
        before[field.name] = field
    yield from _keeping(case)


def source(fields: dict[str, Field], path: str) -> Field | None:
    """The field at a path of a formula."""
    name, dot, inner = path.partition(".")
    found = fields.get(name)
    if found is None or not dot:
        return found
    return next((f for f in found.fields if f.name == inner), None)


def _formula(case: Case, field: Field, before: dict[str, Field]) -> Iterator[Finding]:
    formula = field.computed
    assert formula is not None
    derivation = FORMULAS.get(formula.name)
    if derivation is None:
        yield case.finding(
            "E022", field.name, f"没有“{formula.name}”这种计算。", f"there is no formula “{formula.name}”"
        )
        return
    if field.kind not in derivation.gives or field.currencies:
        yield case.finding(
            "E022", field.name, f"“{formula.name}”的结果不是此类型。", f"“{formula.name}” gives no {field.kind}"
        )
    if not derivation.least <= len(formula.of) <= derivation.most:
        yield case.finding(
            "E022", field.name, f"“{formula.name}”的字段数不对。", f"“{formula.name}” takes another number of fields"
        )
    if field.required or field.default is not None or field.required_when is not None:
        yield case.finding(
            "E022", field.name, "计算字段不能必填，也没有默认值。", "nobody fills a computed field: it needs no value"
        )
    if not _fit_together(field, derivation, [source(before, path) for path in formula.of]):
        yield case.finding(
            "E022",
            field.name,
            f"“{formula.name}”不能把这些字段放在一起计算。",
            f"“{formula.name}” does not go with these fields together",
        )
    for place, path in enumerate(formula.of):
        read, outer = source(before, path), before.get(path.partition(".")[0])
        if read is None or outer is None or read.kind not in derivation.takes or read.currencies:
            yield case.finding(
                "E022",
                field.name,
                f"“{path}”不是此前声明的、可用于此计算的字段。",
                f"“{path}” is no field declared before it that “{formula.name}” can read",
            )
            continue
        if place < derivation.single and outer is not read and outer.kind == "embedded_list":
            yield case.finding(
                "E022",
                field.name,
                f"“{path}”是列表的一列，这里只能用单个值。",
                f"“{path}” is a column of rows, and one value is needed here",
            )
        if outer.viewers and not (field.viewers and set(field.viewers) <= set(outer.viewers)):
            yield case.finding(
                "E008",
                field.name,
                f"“{path}”只有部分角色可见，由其算出的值也须如此。",
                f"only some may read “{path}”: what follows from it is theirs too",
            )
        if (outer.personal or read.personal) and not field.personal:
            yield case.finding(
                "E008", field.name, f"“{path}”是个人信息，由其算出的值也是。", f"“{path}” is personal, and so is this"
            )
        if outer.withheld and not field.withheld:
            yield tells_withheld(case, field.name, path)


def _fit_together(field: Field, derivation: Derivation, sources: Iterable[Field | None]) -> bool:
    """Whether sources that each can be read by a formula make sense side by side: days beside days, a period alone."""
    kinds = [one.kind for one in sources if one is not None]
    if "period" in derivation.takes:
        return len(kinds) == 1 if "period" in kinds else len(kinds) != 1
    dates = [kind in DAYS for kind in (field.kind, *kinds)]
    return "date" not in derivation.gives or len(set(dates)) == 1


def _condition(case: Case, field: Field, when: When) -> Iterator[Finding]:
    rt, wrong = case.rt, ("E023", field.name)
    if field.required or field.computed or field.viewers or field.editors:
        yield case.finding(
            *wrong,
            "按条件必填的字段不能始终必填、计算得出，或只有部分角色可填。",
            "it is always required, computed, or not everybody's to fill",
        )
    asked = {name for move in (rt.workflow.transitions if rt.workflow else ()) for name in move.asks}
    if not field.editable and field.name not in asked:
        yield case.finding(*wrong, "没有表单可填此字段。", "no form and no sheet asks for it")
    if not readable(rt, when):
        yield case.finding(*wrong, f"条件“{when.field}”无效。", f"“{when.field}” is no condition here")
    other = rt.by_name.get(when.field)
    if other is not None and other.viewers:
        yield case.finding(
            "E008",
            field.name,
            f"“{when.field}”只有部分角色可见，不能作为条件。",
            f"only some may read “{when.field}”, and a refusal would tell what it holds",
        )
    if other is not None and other.withheld and not field.withheld:
        yield tells_withheld(case, field.name, when.field)


def tells_withheld(case: Case, place: str, name: str) -> Finding:
    """What everybody reads follows from a field that is kept from whom the record concerns."""
    return case.finding(
        "E030",
        place,
        f"“{name}”对涉及人员保密，由其得出的内容也须如此。",
        f"“{name}” is withheld, and what follows from it would tell it",
    )


def readable(rt: RecordType, when: When) -> bool:
    """Whether a condition names a field, or a state, and values that can be compared with it."""
    if when.field == "state":
        known = {state.value for state in rt.workflow.states} if rt.workflow else set()
        return bool(when.values) and set(when.values) <= known
    field = rt.by_name.get(when.field)
    if field is None or field.kind not in KINDS or (when.values and field.kind not in CONDITIONS):
        return False
    try:
        return all(kind_of(field).read(field, value) is not None for value in when.values)
    except Unreadable:
        return False


def _keeping(case: Case) -> Iterator[Finding]:
    rt = case.rt
    sources = [("retention", rt.retention.after)] if rt.retention else []
    sources += [("cadence", name) for name in (rt.cadence.after, rt.cadence.by)] if rt.cadence else []
    for place, name in sources:
        if name in rt.by_name and rt.by_name[name].withheld:
            yield tells_withheld(case, place, name)
    for place, told in (("retention", rt.retention), ("cadence", rt.cadence)):
        day = rt.by_name.get(told.after) if told is not None else None
        if told is not None and (day is None or day.kind not in DAYS):
            yield case.finding("E024", place, f"“{told.after}”不是日期字段。", f"“{told.after}” is no field of a date")
    if rt.retention is not None and not 1 <= rt.retention.months <= LONGEST:
        yield case.finding("E024", "retention", "月数应在 1 至 1200 之间。", "it takes between 1 and 1200 months")
    if rt.cadence is None:
        return
    by = rt.by_name.get(rt.cadence.by)
    known = {choice.value for choice in by.choices} if by is not None and by.kind == "choice" else set()
    for value, months in rt.cadence.months:
        if value not in known or not 1 <= months <= LONGEST:
            yield case.finding(
                "E024", "cadence", f"“{value}: {months}”无效。", f"“{value}: {months}” is no value of “{rt.cadence.by}”"
            )
    if not rt.cadence.months:
        yield case.finding("E024", "cadence", "没有周期。", "it names no months")
