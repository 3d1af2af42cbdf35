"""A list's address as a request brings it; reading and writing it is `models.listing.address`.

The filter maker sends its fields along with the present query; here they become one more condition.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from backoffice.screens.reader import Reader
from models.declarations import Field
from models.listing import address, written
from models.listing.address import SAFE, Asked
from models.listing.query import BadQuery
from models.listing.written import Pair

MAKER = ("add-field", "add-is", "add-value", "add-to", "add-filter", "add-column")
"""What the filter maker sends: field, operator, value, and where the condition belongs; or
`add-filter=field:operator:value`. The picker of columns sends an `add-column` for each. No field has a hyphen."""
PLACE = re.compile(r"(any|all):(\d{1,2}(?:\.\d{1,2}){0,3})")
"""`any:0.1`: as an alternative to the second part of the first condition."""

Args = MultiDict[str, str]

__all__ = ["Args", "Asked", "made_filter", "read"]


def read(
    args: Args, known: dict[str, Field], reader: Reader, columns: tuple[str, ...] = (), *, named: bool = True
) -> Asked:
    """The list that a request asks for. :raises BadQuery: naming the first parameter that is not understood."""
    return address.read(args.items(multi=True), known, reader.person, reader.now, columns=columns, named=named)


def made_filter(args: Args) -> str | None:
    """The query string to go to when the filter maker was sent, with its condition added; else None.

    :raises BadQuery: for a condition that is not there to be joined.
    """
    if not any(name in args for name in MAKER):
        return None
    kept = [(k, v) for k, v in args.items(multi=True) if v and k not in (*MAKER, "after", "before")]
    made = [(args.get("add-field", ""), args.get("add-is", ""), args.get("add-value", "").strip())]
    for one in args.getlist("add-filter"):
        name, _, rest = one.partition(":")
        made.append((name, *rest.partition(":")[::2]))
    place = args.get("add-to", "")
    for parts in made:
        leaf = written.leaf_of(*parts)
        if leaf is None:
            continue
        if place:
            kept = _joined(kept, place, leaf)
        else:
            kept.append(written.pair_of(leaf))
    picked = list(dict.fromkeys(args.getlist("add-column")))
    if picked:
        kept = [*((k, v) for k, v in kept if k != "columns"), ("columns", ",".join(picked))]
    return urlencode(kept, safe=SAFE)


def _joined(pairs: list[Pair], place: str, leaf: written.Leaf) -> list[Pair]:
    """The parameters with a condition joined to the one at a place."""
    found = PLACE.fullmatch(place)
    if found is None:
        raise BadQuery(parameter="add-to")
    first, *path = (int(part) for part in found[2].split("."))
    at = [i for i, (name, _text) in enumerate(pairs) if written.is_condition(name)]
    if first >= len(at):
        raise BadQuery(parameter="add-to")
    pair = pairs[at[first]]
    node = written.joined(written.node_of(*pair), tuple(path), leaf, any_of=found[1] == "any")
    return [written.pair_of(node) if i == at[first] else one for i, one in enumerate(pairs)]
