"""Fields: kinds, choices, references, groups, bounds, cards (E002-E005, E007-E010, E013, E014, E019-E021, E029)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields as attributes

from models.checks.finding import Case, Finding
from models.declarations import TONES, Choice, Field
from models.kinds import KINDS, Unreadable, kind_of
from models.kinds.picks import branches, words

EMBEDDED = ("embedded", "embedded_list")
CHOOSING = ("choice", "choices", "tree")
NOT_FOUND_BY = ("reference", "person", "files", "yes_no")
"""Kinds whose text is not their content: nothing to search."""
NOT_FILTERED = ("long_text", "files", *EMBEDDED)
NOT_UNIQUE = ("choices", "address", "period")
NOT_ENCRYPTED = ("reference", "person", "files", *EMBEDDED)
"""Kinds that the database follows, or whose inner fields are encrypted one by one."""
MASKED = ("text",)
PLAIN = ("choice", "tree", "yes_no", "date", "person")
"""Kinds that a locked card may show: a text only masked, and of the others those that say little."""
CARDS = ("", "plain", "masked")
MOST_PLACES = 10
CURRENCY = re.compile(r"[A-Z]{3}")
OF_KIND: dict[str, tuple[str, ...]] = {
    "choices": CHOOSING,
    "to": ("reference",),
    "fields": EMBEDDED,
    "roles": ("person",),
    "currencies": ("money",),
    "opens": ("person",),
    "gathered": ("reference",),
}
"""Properties that belong to certain kinds."""
TOP_ONLY = (
    "unique",
    "sortable",
    "filterable",
    "listed",
    "card",
    "opens",
    "viewers",
    "editors",
    "wanted",
    "copied_from",
    "gathered",
)
"""Properties that nothing reads of a field inside another one."""


def check(case: Case) -> Iterator[Finding]:
    """Findings about the fields of one type."""
    groups = {group.name for group in case.rt.groups}
    for field in case.rt.fields:
        if field.group not in groups:
            yield case.finding("E007", field.name, f"分组“{field.group}”未声明。", f"there is no group “{field.group}”")
        yield from _any(case, field, field.name)
        yield from _rights(case, field)
        yield from _copied(case, field)
        for inner in field.fields:
            yield from _any(case, inner, f"{field.name}.{inner.name}")
            yield from _inner(case, inner, f"{field.name}.{inner.name}")


def _copied(case: Case, field: Field) -> Iterator[Finding]:
    """A copy is of a field of the same kind, in what a reference of the record points to."""
    for path in field.copied_from:
        via, _, origin = path.partition(".")
        reference = case.rt.by_name.get(via)
        target = case.types.get(reference.to) if reference is not None and reference.kind == "reference" else None
        copied = target.by_name.get(origin) if target is not None else None
        if copied is None or copied.kind != field.kind:
            yield case.finding(
                "E005",
                field.name,
                f"“{path}”不是所指记录中同类型的字段。",
                f"“{path}” is no field of the same kind in what the record points to",
            )


def _any(case: Case, field: Field, place: str) -> Iterator[Finding]:
    """What holds for fields of a record and for fields inside another one."""
    if field.kind not in KINDS:
        yield case.finding("E002", place, f"没有“{field.kind}”这种类型。", f"there is no kind “{field.kind}”")
        return
    yield from _choices(case, field, place)
    if field.kind == "reference" and field.to not in case.types:
        yield case.finding("E004", place, f"没有“{field.to}”这种记录。", f"there is no record type “{field.to}”")
    if field.kind in EMBEDDED and not field.fields:
        yield case.finding("E020", place, "内嵌字段须声明其字段。", "an embedded field has to declare its fields")
    for name, kinds in OF_KIND.items():
        if getattr(field, name) and field.kind not in kinds:
            yield case.finding(
                "E020", place, f"“{name}”只适用于 {'、'.join(kinds)}。", f"“{name}” belongs to {' or '.join(kinds)}"
            )
    if any(not CURRENCY.fullmatch(code) for code in field.currencies) or len(set(field.currencies)) != len(
        field.currencies
    ):
        yield case.finding("E021", place, "币种应为三个大写字母，不重复。", "a currency is three capitals, each once")
    yield from _bounds(case, field, place)
    yield from _abilities(case, field, place)


def _choices(case: Case, field: Field, place: str) -> Iterator[Finding]:
    if field.kind not in CHOOSING:
        return
    if not field.choices:
        yield case.finding("E003", place, "没有可选项。", "it has no choices")
    if field.kind != "tree" and any(choice.below for choice in field.choices):
        yield case.finding("E021", place, "只有树形选项可以有下级。", "only a tree choice has choices below another")
        return
    yield from _told_apart(case, field.choices, place)
    values = Counter(route[-1].value.lower() for route in branches(field.choices))
    for text in [text for text, count in values.items() if count > 1 and field.kind == "tree"]:
        yield case.finding("E003", place, f"“{text}”出现了两次。", f"“{text}” stands in the tree twice")


def _told_apart(case: Case, choices: tuple[Choice, ...], place: str) -> Iterator[Finding]:
    """Input is matched by value and by either label, in whatever case; in a tree, among those side by side."""
    met = Counter(text for choice in choices for text in set(words(choice)))
    for text in [text for text, count in met.items() if count > 1]:
        yield case.finding("E003", place, f"“{text}”可指两个选项。", f"“{text}” means two of the choices")
    for choice in choices:
        if choice.tone not in TONES:
            yield case.finding("E005", place, f"没有“{choice.tone}”这种色调。", f"there is no tone “{choice.tone}”")
        if any(mark in text for text in words(choice) for mark in "/／") and choice.below:
            yield case.finding("E003", place, f"“{choice.value}”含有斜线。", f"“{choice.value}” holds a slash")
        yield from _told_apart(case, choice.below, place)


def _bounds(case: Case, field: Field, place: str) -> Iterator[Finding]:
    crossed = field.minimum is not None and field.maximum is not None and field.minimum > field.maximum
    if crossed or field.max_length < 1 or not 0 <= field.places <= MOST_PLACES:
        yield case.finding("E013", place, "没有值能满足这些界限。", "no value satisfies its bounds")
    if field.default is None or field.kind in EMBEDDED:
        return
    try:
        kind_of(field).read(field, field.default)
    except Unreadable:
        yield case.finding("E013", place, "默认值不符合字段类型。", "its default is not a value of its kind")


def _abilities(case: Case, field: Field, place: str) -> Iterator[Finding]:
    if field.sortable and not kind_of(field).sortable:
        yield case.finding("E014", place, "此类字段不能排序。", f"a field of kind {field.kind} cannot be sorted")
    if field.filterable and field.kind in NOT_FILTERED:
        yield case.finding("E014", place, "此类字段不能筛选。", f"a field of kind {field.kind} cannot be filtered")
    if field.searchable and field.kind in NOT_FOUND_BY:
        yield case.finding("E014", place, "此类字段不能搜索。", f"a field of kind {field.kind} cannot be searched")
    if (field.unique and field.kind in (*NOT_FILTERED, *NOT_UNIQUE)) or (field.unique and field.currencies):
        yield case.finding("E014", place, "此类字段不能要求唯一。", f"a field of kind {field.kind} cannot be unique")
    if field.encrypted:
        yield from _encrypted(case, field, place)


def _encrypted(case: Case, field: Field, place: str) -> Iterator[Finding]:
    """What would have the database know, or a list show, what is to be sealed."""
    if field.kind in NOT_ENCRYPTED:
        yield case.finding("E029", place, "此类字段不能加密。", f"a field of kind {field.kind} cannot be encrypted")
    against = [name for name in ("listed", "sortable", "unique", "card", "computed") if getattr(field, name)]
    if against:
        names = ", ".join(against)
        yield case.finding("E029", place, f"加密字段不能同时为 {names}。", f"an encrypted field cannot be {names}")
    rt = case.rt
    of_deadlines = [name for due in rt.deadlines for name in (due.field, due.after, due.by, due.agreed)]
    of_cadence = (rt.cadence.after, rt.cadence.by) if rt.cadence else ()
    of_formulas = [name for f in rt.fields if f.computed is not None for name in f.computed.of]
    after = rt.retention.after if rt.retention else ""
    if place in (rt.title, rt.due, rt.foreign, after, *of_cadence, *of_deadlines, *of_formulas):
        yield case.finding("E029", place, "标题、外部编号、期限和计算所依据的字段不能加密。", "others go by it")


def _rights(case: Case, field: Field) -> Iterator[Finding]:
    """What would let out more than the field's readers may know."""
    rt = case.rt
    found_by = field.searchable or any(inner.searchable for inner in field.fields)
    if field.viewers and found_by:
        yield case.finding(
            "E008",
            field.name,
            "只有部分角色可见的字段不能参与搜索。",
            "only some may read it, and a search would tell everybody what it holds",
        )
    if field.viewers and rt.title == field.name:
        yield case.finding("E008", field.name, "标题字段须人人可见。", "it names the record, so every reader sees it")
    if field.unique and rt.classified:
        yield case.finding(
            "E009",
            field.name,
            "加密类型的字段不能要求唯一：被拒绝的人会由此得知记录存在。",
            "a refusal would tell that a record exists which the person may not know of",
        )
    if field.card:
        yield from _card(case, field)


def _card(case: Case, field: Field) -> Iterator[Finding]:
    kinds = {"masked": MASKED, "plain": PLAIN}.get(field.card)
    if kinds is None:
        yield case.finding("E005", field.name, f"没有“{field.card}”这种卡片显示。", f"a card knows no “{field.card}”")
    elif field.viewers or field.personal or field.kind not in kinds:
        yield case.finding(
            "E010",
            field.name,
            "卡片人人可见：只能显示脱敏的单行文字，或选项、是否、日期、人员；不能是个人信息或限定角色的字段。",
            "everybody of the department sees the card: a text only masked, else a choice, yes or no, date or person, "
            "and nothing personal or meant for some",
        )


def _inner(case: Case, field: Field, place: str) -> Iterator[Finding]:
    defaults = {a.name: a.default for a in attributes(Field)}
    idle = [name for name in TOP_ONLY if getattr(field, name) != defaults[name]]
    if idle:
        names = ", ".join(idle)
        yield case.finding(
            "E019", place, f"内嵌字段的 {names} 不起作用。", f"nothing reads {names} of an embedded field"
        )
    if field.kind in EMBEDDED:
        yield case.finding("E019", place, "内嵌字段只能有一层。", "fields stand inside one another one deep")
    if field.kind == "files":
        yield case.finding(
            "E019",
            place,
            "附件不能放在内嵌字段里。",
            "files inside another field are never kept: declare them above it",
        )
