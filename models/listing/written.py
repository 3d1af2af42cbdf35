"""Conditions as an address writes them, before anybody asks what they mean.

A single one is a parameter: `region=is:江苏`. Groups stand in the parameter `where`:
`any(region:is:江苏,all(grade:is:a,amount:at_least:1000))`; in there a comma, bracket or backslash that belongs to a
value has a backslash before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.listing.query import BARE, BadQuery

WHERE = "where"
MOST_DEPTH = 3
MOST_CONDITIONS = 50
LONGEST_WHERE = 4000

CONTROLS = ("q", "sort", "after", "before", "archived", "show", "columns", WHERE)
SAME = "f-"
"""Before the name of a field that is called like a control: `f-sort=complaint`."""

GROUP = re.compile(r"(any|all)\(")
SPECIAL = re.compile(r"([\\,()])")
PIECE = re.compile(r"(?:[^\\,()]|\\.)+", re.DOTALL)


@dataclass(frozen=True)
class Leaf:
    """One condition: a field's name and what follows it, such as `is:江苏`."""

    name: str
    text: str


@dataclass(frozen=True)
class Branch:
    """Conditions of which one (`any`) or all must hold."""

    any: bool
    parts: tuple[Leaf | Branch, ...]


Node = Leaf | Branch
Pair = tuple[str, str]


def is_condition(name: str) -> bool:
    """Whether a parameter of an address is a condition or a group of them."""
    return name == WHERE or name not in CONTROLS


def node_of(name: str, text: str) -> Node:
    """A condition from a parameter. :raises BadQuery: for a group that cannot be read."""
    return parse(text) if name == WHERE else Leaf(name.removeprefix(SAME), text)


def pair_of(node: Node) -> Pair:
    """The parameter that writes a condition or a group."""
    if isinstance(node, Branch):
        return WHERE, write(node)
    return (SAME + node.name if node.name in CONTROLS else node.name), node.text


def parse(text: str) -> Branch:
    """The group that `where` holds. :raises BadQuery: naming it, for one that is too deep, too long or malformed."""
    if len(text) > LONGEST_WHERE:
        raise BadQuery(parameter=WHERE)
    node, end = _group(text, 0, 1)
    if end != len(text):
        raise BadQuery(parameter=WHERE)
    return node


def _group(text: str, at: int, depth: int) -> tuple[Branch, int]:
    opening = GROUP.match(text, at)
    if opening is None or depth > MOST_DEPTH:
        raise BadQuery(parameter=WHERE)
    parts: list[Node] = []
    at = opening.end()
    while True:
        part: Node
        if GROUP.match(text, at):
            part, at = _group(text, at, depth + 1)
        else:
            part, at = _leaf(text, at)
        parts.append(part)
        mark, at = text[at : at + 1], at + 1
        if mark == ")":
            return Branch(opening[1] == "any", tuple(parts)), at
        if mark != ",":
            raise BadQuery(parameter=WHERE)


def _leaf(text: str, at: int) -> tuple[Leaf, int]:
    found = PIECE.match(text, at)
    name, colon, rest = re.sub(r"\\(.)", r"\1", found[0], flags=re.DOTALL).partition(":") if found else ("", "", "")
    if found is None or not name or not colon or not rest:
        raise BadQuery(parameter=WHERE)
    return Leaf(name, rest), found.end()


def write(node: Node) -> str:
    """A condition or group as it stands inside `where`."""
    if isinstance(node, Leaf):
        return SPECIAL.sub(r"\\\1", f"{node.name}:{node.text}")
    return f"{'any' if node.any else 'all'}({','.join(write(part) for part in node.parts)})"


def size(nodes: Iterable[Node]) -> int:
    """How many single conditions there are."""
    return sum(size(node.parts) if isinstance(node, Branch) else 1 for node in nodes)


def without(node: Node, path: tuple[int, ...]) -> Node | None:
    """A tree without the part at a path; a group of one is that one, an empty one is None.

    :raises BadQuery: for a path that leads nowhere.
    """
    if not path:
        return None
    if isinstance(node, Leaf) or path[0] >= len(node.parts):
        raise BadQuery(parameter=WHERE)
    kept = [part for i, one in enumerate(node.parts) if (part := without(one, path[1:]) if i == path[0] else one)]
    return _collapsed(node.any, kept)


def joined(node: Node, path: tuple[int, ...], leaf: Leaf, *, any_of: bool) -> Node:
    """A tree in which a condition stands beside the part at a path, as an alternative or as one more demand.

    :raises BadQuery: for a path that leads nowhere.
    """
    if not path:
        if isinstance(node, Branch) and node.any is any_of:
            return Branch(any_of, (*node.parts, leaf))
        return Branch(any_of, (node, leaf))
    if isinstance(node, Leaf) or path[0] >= len(node.parts):
        raise BadQuery(parameter=WHERE)
    if len(path) == 1 and node.any is any_of:
        return Branch(any_of, (*node.parts, leaf))
    parts = (joined(one, path[1:], leaf, any_of=any_of) if i == path[0] else one for i, one in enumerate(node.parts))
    return Branch(node.any, tuple(parts))


def _collapsed(any_of: bool, parts: list[Node]) -> Node | None:
    """A group as simple as it can be written: a group within one of the same sort is opened."""
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Branch) and part.any is any_of else [part])
    if len(flat) == 1:
        return flat[0]
    return Branch(any_of, tuple(flat)) if flat else None


def leaf_of(name: str, operator: str, value: str) -> Leaf | None:
    """The condition that the filter maker describes; None while it is incomplete."""
    if not name or (not value and operator not in BARE):
        return None
    return Leaf(name, operator if operator in BARE else f"{operator}:{value}" if operator else value)


def paths(node: Node, at: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Leaf]]:
    """Every single condition of a tree with the path that leads to it."""
    if isinstance(node, Leaf):
        yield at, node
    else:
        for i, part in enumerate(node.parts):
            yield from paths(part, (*at, i))
