"""Lists: saved views, whose queries the list has to understand, and the fields that share indexes (E005)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from bson import ObjectId

from models.checks.finding import Case, Finding
from models.declarations import Field, View
from models.kinds import KINDS
from models.listing import address, condition_of, leaves, queryable, sortable, written
from models.listing.query import BadQuery
from models.listing.written import Node, Pair
from models.names import POINTERS
from models.person.roles import Person

OF_ONE_VALUE = ("text", "choice", "tree", "yes_no", "person", "reference")
SOMEBODY = Person(id=ObjectId(), name="")
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def check(case: Case) -> Iterator[Finding]:
    """Findings about the views and the shared indexes of one type."""
    rt = case.rt
    if any(field.kind not in KINDS for field in rt.fields):
        return
    known = queryable(rt, rt.fields)
    for view in rt.views:
        for text in _problems(view, known):
            yield case.finding("E005", f"view.{view.name}", f"视图条件“{text}”无效。", f"“{text}” is no condition here")
    for name in rt.narrowed:
        field = known.get(name)
        if field is None or not field.filterable or field.encrypted or field.kind not in OF_ONE_VALUE:
            zh, en = f"列表不能按“{name}”共用索引。", f"lists share no index over “{name}”"
            yield case.finding("E005", "narrowed", zh, en)
    for name in rt.seldom:
        field = rt.by_name.get(name)
        if field is None or not field.filterable or field.sortable or field.encrypted or field.kind == "reference":
            zh, en = f"“{name}”不能与其他字段共用一个索引。", f"“{name}” cannot share an index of seldom filters"
            yield case.finding("E005", "seldom", zh, en)


def _problems(view: View, known: dict[str, Field]) -> Iterator[str]:
    parts = parse_qsl(view.query, keep_blank_values=True)
    if not parts:
        yield view.query or "?"
    for pair in parts:
        if not _right(pair, known):
            yield "=".join(pair)


def _right(pair: Pair, known: dict[str, Field]) -> bool:
    """Whether a list would take a parameter."""
    name, value = pair
    if name == "q":
        return len(value.strip()) > 1
    try:
        if written.is_condition(name) and not _without_names(written.node_of(name, value), known):
            return False
        query = address.read([pair], known, SOMEBODY, SOME_DAY, columns=known).query
        for wanted in leaves(query.filters):
            condition_of(wanted)
    except BadQuery:
        return False
    return bool(value) and (not query.sort or (query.sort in known and sortable(known[query.sort])))


def _without_names(node: Node, known: dict[str, Field]) -> bool:
    """Whether a view names nobody and no record: those differ from house to house; `me` is whoever looks."""
    for _path, leaf in written.paths(node):
        field = known.get(leaf.name)
        operator, _, value = leaf.text.partition(":")
        if field is not None and field.kind in POINTERS and operator not in ("empty", "filled") and value != "me":
            return leaf.text == "me" and field.kind == "person"
    return True
