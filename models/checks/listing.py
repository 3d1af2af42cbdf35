"""Saved views: each query has to be one that the list understands (E005)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from models.checks.finding import Case, Finding
from models.declarations import Field, View
from models.kinds import KINDS, kind_of
from models.listing import BadQuery, Filter, condition_of, queryable
from models.names import POINTERS

OPERATOR = re.compile(r"[a-z_]{2,12}")
RELATIVE_DAY = re.compile(r"today([+ -]\d{1,4})?")
BARE = ("empty", "filled")
SOME_DAY = "2026-01-01"


def check(case: Case) -> Iterator[Finding]:
    """Findings about the views of one type."""
    rt = case.rt
    if any(field.kind not in KINDS for field in rt.fields):
        return
    known = queryable(rt, rt.fields)
    for view in rt.views:
        for text in _problems(view, known):
            yield case.finding("E005", f"view.{view.name}", f"视图条件“{text}”无效。", f"“{text}” is no condition here")


def _problems(view: View, known: dict[str, Field]) -> Iterator[str]:
    parts = parse_qsl(view.query, keep_blank_values=True)
    if not parts:
        yield view.query or "?"
    for name, value in parts:
        if name == "sort":
            field = known.get(value.removeprefix("-"))
            right = field is not None and field.sortable and kind_of(field).sortable
        elif name == "q":
            right = len(value.strip()) > 1
        else:
            field = known.get(name.removeprefix("f-"))
            right = field is not None and field.filterable and _fits(field, value)
        if not right:
            yield f"{name}={value}"


def _fits(field: Field, text: str) -> bool:
    """Whether a filter's value is one that the field's kind can read."""
    operators = kind_of(field).operators
    operator, colon, value = text.partition(":")
    if not colon or not OPERATOR.fullmatch(operator):
        operator, value = "is" if "is" in operators else operators[0], text
    if text in BARE and text in operators:
        return True
    if field.kind in POINTERS:
        return operator in operators and value == "me" and field.kind == "person"
    if field.kind in ("date", "datetime") and RELATIVE_DAY.fullmatch(value):
        value = SOME_DAY
    try:
        condition_of(Filter(field, operator, value))
    except BadQuery:
        return False
    return True
