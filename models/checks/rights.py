"""Rights, withheld and unique fields, title, deadline, relations, indexes (E005, E008, E016, E017, E030, E037)."""

from __future__ import annotations

from collections.abc import Iterator

from models.checks.finding import Case, Finding
from models.declarations import Field, Level, RecordType, Relation
from models.kinds import KINDS
from models.record import indexes

MOST_INDEXES = 60
"""MongoDB takes 64; a few are left for what an administrator adds."""
TITLES = ("text", "reference")
DEADLINES = ("date", "datetime")


def check(case: Case) -> Iterator[Finding]:
    """Findings about who may do what, and about the fields that a type as a whole stands on."""
    yield from _rights(case)
    yield from _withheld(case)
    yield from _held(case)
    yield from _unique(case)
    yield from _title_and_due(case)
    yield from _related(case)
    if all(field.kind in KINDS for field in case.rt.fields):
        count = len(indexes(case.rt))
        if count > MOST_INDEXES:
            yield case.finding(
                "E017",
                "",
                f"需要 {count} 个索引，最多 {MOST_INDEXES} 个：请减少可排序、可筛选的字段。",
                f"it needs {count} indexes, {MOST_INDEXES} at most: fewer fields to sort and filter by",
            )


def _rights(case: Case) -> Iterator[Finding]:
    rights = case.rt.rights
    if not case.rt.classified and not rights.view:
        yield case.finding("E016", "rights", "没有人能查看。", "nobody may ever read it")
    if rights.merge and not rights.edit:
        yield case.finding("E016", "rights", "合并须能编辑，但没有人能编辑。", "who merges edits both, and nobody may")
    if not case.rt.classified and any(not rule.levels for rule in rights.view):
        yield case.finding("E016", "rights", "有一条规则不含任何密级。", "a rule holds for no level")


def _withheld(case: Case) -> Iterator[Finding]:
    """Whom a record concerns can be told, and nothing that everybody finds or sees is made of what they do not read."""
    rt = case.rt
    for concern in rt.concerns:
        name, _, column = concern.field.partition(".")
        field = rt.by_name.get(name)
        inner = {f.name: f for f in field.fields} if field is not None and field.kind == "embedded_list" else {}
        told = inner.get(column) if column else field
        if told is None or told.kind != "person" or (concern.by and concern.by not in inner):
            yield case.finding(
                "E030", concern.field, "涉及人员须是人员字段。", "whom a record concerns stands in a field of a person"
            )
        until = rt.by_name.get(concern.until)
        if concern.until and (until is None or column not in {f.name for f in until.fields}):
            yield case.finding("E030", concern.until, "须是有同一列的列表。", "this is a list with the same column")
    if rt.concerns and rt.rights.merge:
        yield case.finding("E030", "rights", "对涉及人员保密的记录不能合并。", "records that withhold are not merged")
    for field in rt.fields:
        # What can be edited is seen where many records are changed, imported or compared at once.
        open_by = [name for name in ("searchable", "unique", "card", "editable") if getattr(field, name)]
        open_by += [name for name in ("title", "due") if getattr(rt, name) == field.name]
        if field.kind == "reference":
            open_by.append("reference")
        if field.withheld and (open_by or not rt.concerns):
            said = ", ".join(open_by) or "concerns"
            yield case.finding(
                "E030", field.name, f"对涉及人员保密的字段：{said}。", f"it cannot be withheld as things stand: {said}"
            )
        for one in field.fields:
            if one.withheld:
                place = f"{field.name}.{one.name}"
                yield case.finding("E030", place, "内嵌字段不能单独保密。", "a field is withheld as a whole")


def _held(case: Case) -> Iterator[Finding]:
    """Who has something of a record in hand is a person whom a field names, in a state between the first and the last;
    what they see of it everybody may see who reads it."""
    rt, held = case.rt, case.rt.held
    if held is None:
        return
    by, flow = rt.by_name.get(held.by), rt.workflow
    if by is None or by.kind != "person" or by.roles:
        yield case.finding(
            "E005", "held.by", "持有人须是人员字段。", "who has it in hand stands in a field of a person"
        )
    later = {state.value for state in flow.states[1:] if not state.final} if flow is not None else set()
    for value in sorted(set(held.states) - later):
        yield case.finding(
            "E011", "held.states", f"“{value}”不是流程中间的状态。", f"“{value}” is no later, open state"
        )
    for name in held.fields:
        field = rt.by_name.get(name)
        if field is None or field.card or field.withheld or field.viewers or field.encrypted or field.fields:
            said = f"“{name}” is no field that whoever has it in hand may read as it is"
            yield case.finding("E010", f"held.{name}", f"字段“{name}”不能向持有人显示。", said)


def _unique(case: Case) -> Iterator[Finding]:
    """Of a plain type; in a classified one nothing is unique (E009)."""
    everything = [
        rule for rule in case.rt.rights.view if rule.relation is Relation.ANY and Level.INTERNAL in rule.levels
    ]
    if case.rt.classified or any(not rule.roles for rule in everything):
        return
    readers = {role.value for rule in everything for role in rule.roles}
    for field in case.rt.fields:
        if field.unique and not all(fillers <= readers for fillers in _fillers(case.rt, field)):
            yield case.finding(
                "E037",
                field.name,
                "要求唯一的字段，填写人须能查看全部记录：否则被拒绝的人会由此得知看不到的记录存在。",
                "not everybody who fills it in reads every record: a refusal would tell of one that they do not read",
            )


def _fillers(rt: RecordType, field: Field) -> Iterator[set[str]]:
    """Who fills a field in, on the form and on the sheets of moves: roles, and what relations are called, which may be
    anybody's. Of a form it is those who may use it and, where the field names editors, one of these."""
    rights = rt.rights
    if field.editable:
        forms = {role.value for role in (*rights.create, *rights.imports)}
        for rule in rights.edit:
            forms |= {role.value for role in rule.roles} or {rule.relation.value}
        yield {role.value for role in field.editors} or forms
    for move in rt.workflow.transitions if rt.workflow is not None else ():
        if field.name in move.asks:
            yield set(move.by)


def _title_and_due(case: Case) -> Iterator[Finding]:
    rt = case.rt
    title = rt.by_name.get(rt.title)
    if rt.title != "number" and (title is None or title.kind not in TITLES):
        yield case.finding(
            "E005",
            "title",
            f"标题“{rt.title}”须是单行文字或引用字段。",
            f"“{rt.title}” is no field of text and no reference",
        )
    due = rt.by_name.get(rt.due)
    if rt.due and (due is None or due.kind not in DEADLINES):
        yield case.finding("E005", "due", f"期限“{rt.due}”须是日期字段。", f"“{rt.due}” is no field of a date or time")
    elif due is not None and due.viewers:
        yield case.finding(
            "E008", "due", "期限须人人可见。", "every reader sees when a record is due, and finds it by that"
        )


def _related(case: Case) -> Iterator[Finding]:
    for related in case.rt.related:
        other = case.types.get(related.slug)
        via = other.by_name.get(related.via) if other else None
        if via is None or via.kind != "reference" or via.to != case.rt.slug:
            yield case.finding(
                "E005",
                "related",
                f"“{related.slug}”没有指向本类型的引用“{related.via}”。",
                f"“{related.slug}” has no reference “{related.via}” that points here",
            )
