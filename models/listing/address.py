"""The address of a list, read and written: `?q=…&sort=-name&industry=is:it&owner=me&where=any(…)&after=…`.

The whole state of a list is in its address, for screens, saved views, exports and the API alike. A filter is a
parameter named like its field, with an operator before a colon; without one it means `is` (or the first operator of
the kind). Groups stand in `where` (see `written`). Whatever is not understood is refused by name, so that a mistyped
filter never shows more than was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from urllib.parse import urlencode

from bson import ObjectId

from models import names
from models.declarations import Field
from models.kinds import ZONE, kind_of
from models.listing import periods, written
from models.listing.query import BARE, BadQuery, Filter, Group, ListQuery, Part
from models.listing.written import CONTROLS, MOST_CONDITIONS, Leaf, Node, Pair
from models.person.roles import Person

PAGE_SIZES = (20, 50, 100)
LONGEST_VALUE, LONGEST_TOKEN, MOST_COLUMNS = 300, 2000, 30
LONGEST_ADDRESS, MOST_BYTES = 7_600, 12
"""All parameters together, as an address writes them: a web server takes lines of 8,190 bytes. One character is up to
twelve of them."""
SAFE = ":|(),"
"""Left as they are in addresses, so that these can be read."""

BY_NAME = ("contains", "starts")
DAYS = ("date", "datetime")


@dataclass(frozen=True)
class Asked:
    """A list's address as read: the query for the database, and the parameters as they were written. `written` has a
    parameter for each of the query's filters, in their order."""

    query: ListQuery
    pairs: tuple[Pair, ...]
    written: tuple[Pair, ...]

    def address(self, drop: Iterable[str | Pair] = (), **changes: str) -> str:
        """The query string after some changes; '' as a value removes. Page tokens never survive a change."""
        gone = {*drop, *changes}
        kept = [text for pair, text in self._encoded if pair[0] not in gone and pair not in gone]
        return "&".join([*kept, *(urlencode({name: text}, safe=SAFE) for name, text in changes.items() if text)])

    @cached_property
    def _encoded(self) -> list[tuple[Pair, str]]:
        """The parameters as they stand in addresses, of which a page has dozens."""
        kept = [pair for pair in self.pairs if pair[1] and pair[0] not in ("after", "before")]
        return [(pair, urlencode([pair], safe=SAFE)) for pair in kept]

    def without(self, path: tuple[int, ...]) -> str:
        """The query string without one condition: the path's first number is the filter's, the others lead into it."""
        name, text = self.written[path[0]]
        if len(path) == 1:
            return self.address(drop=[(name, text)])
        rest = written.without(written.node_of(name, text), path[1:])
        return changed(self.pairs, (name, text), rest)


def changed(pairs: Iterable[Pair], old: Pair, new: Node | None) -> str:
    """A query string with one condition replaced, or taken out."""
    made = []
    for pair in pairs:
        if pair == old:
            made += [written.pair_of(new)] if new is not None else []
        elif pair[1] and pair[0] not in ("after", "before"):
            made.append(pair)
    return urlencode(made, safe=SAFE)


def read(
    pairs: Iterable[Pair],
    known: Mapping[str, Field],
    person: Person,
    now: datetime,
    *,
    sizes: Iterable[int] = PAGE_SIZES,
    columns: Iterable[str] = (),
    named: bool = True,
) -> Asked:
    """The list that an address asks for: `pairs` are its parameters, each with its text.

    `known` are the fields that the person may filter by (`queryable`), `sizes` what `show` may say and `columns` the
    fields that may be shown. Names, `me` and relative dates are settled here: the query means the same at any time.
    Without `named` pieces of names stand for nobody: such a list is shown with its conditions, not asked for.

    :raises BadQuery: naming the first parameter that is not understood.
    :raises TooManyNamed: when a name stands for too many records.
    """
    pairs = tuple(pairs)
    _check(pairs)
    controls = {name: text for name, text in pairs if name in CONTROLS}
    asked = [(name, text) for name, text in pairs if text and written.is_condition(name)]
    nodes = [written.node_of(name, text) for name, text in asked]
    if written.size(nodes) > MOST_CONDITIONS:
        raise BadQuery(parameter=asked[-1][0][:40])
    filters = tuple(_part(node, known, person, now, named) for node in nodes)
    sort = controls.get("sort", "")
    query = ListQuery(
        filters=filters,
        q=controls.get("q", "").strip(),
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        after=controls.get("after", ""),
        before=controls.get("before", ""),
        limit=_size(controls.get("show", ""), tuple(sizes)),
        archived=_archived(controls.get("archived", "")),
        columns=_columns(controls.get("columns", ""), frozenset(columns)),
    )
    if query.after and query.before:
        raise BadQuery(parameter="before")
    return Asked(query, pairs, tuple(asked))


def _check(pairs: tuple[Pair, ...]) -> None:
    """Refuse what no parameter may hold, and what is too long together. :raises BadQuery:"""
    sizes = {name: len(text) for name, text in pairs if name != "q"}  # which says by itself what it takes
    if sum(sizes.values()) > LONGEST_ADDRESS / MOST_BYTES and len(urlencode(pairs, safe=SAFE)) > LONGEST_ADDRESS:
        raise BadQuery(parameter=max(sizes, key=lambda name: sizes[name])[:40])
    seen = set()
    for name, text in pairs:
        longest = {"after": LONGEST_TOKEN, "before": LONGEST_TOKEN, "where": written.LONGEST_WHERE}.get(
            name, LONGEST_VALUE
        )
        if "\x00" in text or (len(text) > longest and name != "q"):
            raise BadQuery(parameter=name[:40])
        if name in CONTROLS and name != written.WHERE:
            if name in seen:
                raise BadQuery(parameter=name)
            seen.add(name)


def _part(node: Node, known: Mapping[str, Field], person: Person, now: datetime, named: bool) -> Part:
    if isinstance(node, Leaf):
        field = known.get(node.name)
        if field is None or not field.filterable or len(node.text) > LONGEST_VALUE:
            raise BadQuery(parameter=node.name[:40])
        return filter_of(field, node.text, person, now, named=named)
    return Group(node.any, tuple(_part(part, known, person, now, named) for part in node.parts))


def _size(text: str, sizes: tuple[int, ...]) -> int:
    if not text:
        return sizes[0]
    if text not in map(str, sizes):
        raise BadQuery(parameter="show")
    return int(text)


def _archived(text: str) -> bool:
    if text not in ("", "0", "1"):
        raise BadQuery(parameter="archived")
    return text == "1"


def _columns(text: str, allowed: frozenset[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(part for part in text.split(",") if part))
    if len(wanted) > MOST_COLUMNS or not allowed.issuperset(wanted):
        raise BadQuery(parameter="columns")
    return wanted


def filter_of(field: Field, text: str, person: Person, now: datetime, *, named: bool = True) -> Filter:
    """One condition on a field, from what the address says of it; `named` as in `read`. :raises BadQuery:"""
    operators = kind_of(field).operators
    if text in BARE and text in operators:
        made = Filter(field, text, said=text)
        return replace(made, value=now.isoformat()) if text == "overdue" else made
    operator, colon, value = text.partition(":")
    if not colon or not re.fullmatch(r"[a-z_]{2,12}", operator):
        operator, value = "is" if "is" in operators else operators[0], text
    elif operator not in operators or operator in BARE:
        raise BadQuery(parameter=f"{field.name}={operator}"[:60])
    value = value.strip()
    made = Filter(field, operator, value, said=text)
    if field.kind in names.POINTERS:
        unasked = operator in BY_NAME and not named
        return replace(made, ids=() if unasked else _ids(field, operator, value, person))
    if field.kind in (*DAYS, "period"):
        return replace(made, value=_days(field, operator, value, now))
    return made


def _ids(field: Field, operator: str, value: str, person: Person) -> tuple[ObjectId, ...]:
    """Whom or what a value means: `me`, an email, a number, a piece of a name; several with `any_of`."""
    if not value:
        raise BadQuery(parameter=field.name)
    if operator in BY_NAME:
        return names.named(person, field, value, begins=operator == "starts")
    found = []
    for one in value.split("|") if operator == "any_of" else [value]:
        target = person.id if one == "me" and field.kind == "person" else names.pointed(person, field, one)
        if isinstance(target, str) and ObjectId.is_valid(target):
            target = names.within_reach(person, field, ObjectId(target))
        if not isinstance(target, ObjectId):
            raise BadQuery(parameter=field.name)
        found.append(target)
    return tuple(found)


def _days(field: Field, operator: str, value: str, now: datetime) -> str:
    """A value of a date with what is relative made plain: `today+7`, `this_quarter`, `90_days` ago."""
    today = now.astimezone(ZONE).date()
    try:
        if operator == "in":
            first, last = periods.days_of(value, today)
            return f"{first.isoformat()}..{last.isoformat()}"
        if operator == "older_than":
            return periods.day_before(value, today).isoformat()
        relative = re.fullmatch(r"today(?:([+ -])(\d{1,4}))?", value)
        if relative is None:
            return value
        days = int(relative[2] or 0) * (-1 if relative[1] == "-" else 1)
        return _day(today, days).isoformat()
    except (ValueError, OverflowError):
        raise BadQuery(parameter=field.name) from None


def _day(today: date, days: int) -> date:
    return today + timedelta(days=days)
