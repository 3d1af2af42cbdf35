"""Names, labels and numbers: what a thing may be called (E001, E006, E012, E018, E036, W102)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from models import schema, stored_form
from models.checks.finding import Case, Finding
from models.declarations import Choice, Field, Label, RecordType
from models.errors import Sentence
from models.kinds.picks import branches
from models.person.roles import Role
from models.record import Record, collection_name

NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
CHOICE_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
NUMBER = re.compile(r"[A-Z0-9][A-Z0-9-]{2,40}")
PATTERN = re.compile(r"(?:[A-Z0-9-]|\{year\}|\{seq(?::0[1-9]d)?\})+")
"""Nothing that a format string could do beside this."""
IN_ORDER = re.compile(r"[A-Z0-9-]*\{year\}[A-Z0-9-]*\{seq:0[1-9]d\}[A-Z0-9-]*")
"""A pattern whose numbers stand, as texts, in the order in which they are given (`numbering`)."""
LOOK = re.compile(r"[a-z][a-z0-9_-]{0,40}")
LATIN_WORD = re.compile(r"[a-z]{2}")
OWN_FIELDS = frozenset({"id", "declaration", "meta", "objects", "csrf_token", "token", "then", "in", "note", "sure"})
"""Taken beside the attributes of the document class: by MongoEngine and by every form."""
MARKS = frozenset({*stored_form.ENGINES, *stored_form.KEPT, "held"})
"""What the engine stores beside the declared values: a field of such a name would write over it."""
RELATIONS = frozenset({"owner", "creator", "turn", "reader", "me"})
OWN_SLUGS = frozenset({"find", "new", "help", "me", "search", "files"})
"""Addresses of the record pages themselves, and of the API."""


def check(case: Case) -> Iterator[Finding]:
    """Findings about the names in one type."""
    yield from _slug(case)
    yield from _look(case)
    yield from _names(case)
    yield from _duplicates(case)
    yield from _labels(case)
    yield from _number(case)


def check_together(types: tuple[RecordType, ...]) -> Iterator[Finding]:
    """Findings about types beside one another."""
    seen: dict[str, str] = {}
    for rt in types:
        example = _example(rt)
        first = seen.setdefault(example or f"?{rt.slug}", rt.slug)
        if first != rt.slug:
            text = Sentence(f"编号格式与“{first}”相同。", f"its numbers look like those of “{first}”")
            yield Finding("E012", rt.slug, "number", text)
    for slug, count in Counter(rt.slug for rt in types).items():
        if count > 1:
            yield Finding("E018", slug, "", Sentence("有两个同名的类型。", "two types have this slug"))


def _slug(case: Case) -> Iterator[Finding]:
    slug = case.rt.slug
    if not _is_name(slug):
        yield case.finding("E001", "", *_wrong(slug))
    elif slug in OWN_SLUGS or collection_name(slug) in schema.declared():
        yield case.finding("E001", "", f"“{slug}”为系统保留。", f"“{slug}” is taken by the engine")


def _look(case: Case) -> Iterator[Finding]:
    """What ends up in pages as it stands: the icon's name, the menu's."""
    for place, text in (("icon", case.rt.icon), ("menu", case.rt.menu)):
        if text and not LOOK.fullmatch(text):
            yield case.finding("E001", place, *_wrong(text))


def _is_name(text: str) -> bool:
    """Two underscores mean something else to the database layer."""
    return NAME.fullmatch(text) is not None and "__" not in text and not text.endswith("_")


def _wrong(name: str) -> tuple[str, str]:
    return (
        f"“{name[:60]}”不能用作名称：小写字母开头，只含小写字母、数字和单个下划线，最多 41 个字符。",
        f"“{name[:60]}” cannot be a name: small letters, digits and single underscores, 41 at most",
    )


def _names(case: Case) -> Iterator[Finding]:
    rt = case.rt
    for field in rt.fields:
        taken = hasattr(Record, field.name) or field.name in OWN_FIELDS | MARKS | RELATIONS
        if not _is_name(field.name):
            yield case.finding("E001", field.name, *_wrong(field.name))
        elif taken or field.name in Role._value2member_map_:
            yield case.finding(
                "E001", field.name, f"“{field.name}”已被系统或角色占用。", "the engine or a role has this name"
            )
        for inner in field.fields:
            if not _is_name(inner.name):
                yield case.finding("E001", f"{field.name}.{inner.name}", *_wrong(inner.name))
    for place, name in _other_names(rt):
        if not _is_name(name):
            yield case.finding("E001", place, *_wrong(name))
    for field in _all_fields(rt):
        for route in branches(field.choices):
            if not CHOICE_VALUE.fullmatch(route[-1].value):
                yield case.finding("E001", field.name, *_wrong(route[-1].value))


def _other_names(rt: RecordType) -> Iterator[tuple[str, str]]:
    yield from (("group", group.name) for group in rt.groups)
    yield from (("view", view.name) for view in rt.views)
    if rt.workflow is not None:
        yield from (("workflow", state.value) for state in rt.workflow.states)
        yield from (("workflow", move.name) for move in rt.workflow.transitions)


def _duplicates(case: Case) -> Iterator[Finding]:
    rt = case.rt
    flow = rt.workflow
    kinds: dict[str, Iterable[str]] = {
        "field": (f.name for f in rt.fields),
        "group": (g.name for g in rt.groups),
        "view": (v.name for v in rt.views),
        "state": (s.value for s in flow.states) if flow else (),
        "move": (t.name for t in flow.transitions) if flow else (),
        **{f"field {f.name}": (i.name for i in f.fields) for f in rt.fields if f.fields},
    }
    for what, listed in kinds.items():
        for name, count in Counter(listed).items():
            if count > 1:
                yield case.finding(
                    "E018", name, f"“{name}”出现了 {count} 次。", f"there are {count} of this name ({what})"
                )


def _all_fields(rt: RecordType) -> Iterator[Field]:
    for field in rt.fields:
        yield field
        yield from field.fields


def _labels(case: Case) -> Iterator[Finding]:
    for place, label in _labelled(case.rt):
        missing = [name for name, text in (("中文", label.zh), ("英文", label.en)) if not text.strip()]
        if missing:
            words = {"中文": "Chinese", "英文": "English"}
            zh, en = "、".join(missing), " and ".join(words[m] for m in missing)
            yield case.finding("E006", place, f"缺少{zh}名称。", f"its label is missing in {en}")
        elif label.zh == label.en and LATIN_WORD.search(label.zh):
            yield case.finding("W102", place, "中文名称未翻译。", "its Chinese label is the English one")


def _labelled(rt: RecordType) -> Iterator[tuple[str, Label]]:
    yield from (("", label) for label in (rt.label, rt.plural, rt.owner, rt.asker))
    for field in _all_fields(rt):
        yield field.name, field.label
        yield from ((field.name, route[-1].label) for route in branches(field.choices))
        if field.help is not None:
            yield field.name, field.help
    yield from ((f"group.{group.name}", group.label) for group in rt.groups)
    yield from ((f"view.{view.name}", view.label) for view in rt.views)
    flow: tuple[Choice, ...] = rt.workflow.states if rt.workflow else ()
    yield from ((f"workflow.{state.value}", state.label) for state in flow)
    for move in rt.workflow.transitions if rt.workflow else ():
        yield f"workflow.{move.name}", move.label
        if move.help is not None:
            yield f"workflow.{move.name}", move.help
    if rt.help is not None:
        yield "", rt.help


def _example(rt: RecordType) -> str:
    """The number that the type's pattern gives for a year and a place; '' when it gives none."""
    return rt.number.format(year=2026, seq=1) if PATTERN.fullmatch(rt.number) else ""


def _number(case: Case) -> Iterator[Finding]:
    rt = case.rt
    example = _example(rt)
    if not NUMBER.fullmatch(example):
        yield case.finding(
            "E012",
            "number",
            f"编号格式“{rt.number}”无效：只能由大写字母、数字、连字符、{{year}} 和 {{seq}} 组成。",
            f"“{rt.number}” makes no number of capitals, digits, hyphens, {{year}} and {{seq}}",
        )
        return
    other_year, other_place = rt.number.format(year=2027, seq=1), rt.number.format(year=2026, seq=2)
    if example in (other_year, other_place):
        yield case.finding(
            "E012", "number", "编号中须有 {year} 和 {seq}。", "a number needs both {year} and {seq} to stay unique"
        )
    elif not IN_ORDER.fullmatch(rt.number):
        yield case.finding(
            "E036",
            "number",
            f"编号格式“{rt.number}”无法保持先后顺序：先写 {{year}}，再写带位数的 {{seq:06d}}，各一次。",
            f"“{rt.number}” gives numbers out of order: first {{year}}, then {{seq:06d}} with its digits, each once",
        )
