"""The address of a list, read and written: `?q=…&sort=-name&industry=is:it&owner=me&after=…`.

The whole state of a list is in its address. A filter is a parameter named like its field, with an operator
before a colon; without one it means `is` (or the first operator of the kind). Whatever is not understood is
refused by name, so that a mistyped filter never shows more than was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from bson import ObjectId
from werkzeug.datastructures import MultiDict

from backoffice.screens.reader import Reader
from models import names
from models.declarations import Field
from models.kinds import ZONE, kind_of
from models.listing import BadQuery, Filter, ListQuery

PAGE_SIZES = (20, 50, 100)
CONTROLS = ("q", "sort", "after", "before", "archived", "show")
MAKER = ("add-field", "add-is", "add-value", "f")
"""What the filter maker sends: three fields, or one `f=field:operator:value`."""
SAME = "f-"
"""Before the name of a field that is called like a control: `f-sort=complaint`."""
BARE = ("empty", "filled")
LONGEST_VALUE, LONGEST_TOKEN, MOST_FILTERS = 300, 2000, 20

Args = MultiDict[str, str]


@dataclass(frozen=True)
class Asked:
    """A list's address as read: the query for the database, and each filter as it was written."""

    query: ListQuery
    args: Args
    written: tuple[tuple[str, str], ...]

    def address(self, drop: Iterable[str | tuple[str, str]] = (), **changes: str) -> str:
        """The query string after some changes; '' as a value removes. Page tokens never survive a change."""
        gone = {"after", "before", *drop, *changes}
        kept = [(k, v) for k, v in self.args.items(multi=True) if v and k not in gone and (k, v) not in gone]
        return urlencode(kept + [(k, v) for k, v in changes.items() if v], safe=":|")


def made_filter(args: Args) -> str | None:
    """The query string to go to when the filter maker was sent, with its filter added; else None."""
    if not any(name in args for name in MAKER):
        return None
    kept = [(k, v) for k, v in args.items(multi=True) if v and k not in (*MAKER, "after", "before")]
    if args.get("add-field"):
        parts = [args["add-field"], args.get("add-is", ""), args.get("add-value", "").strip()]
        kept += _written(*parts)
    for one in args.getlist("f"):
        name, _, rest = one.partition(":")
        kept += _written(name, *rest.partition(":")[::2])
    return urlencode(kept, safe=":|")


def _written(name: str, operator: str, value: str) -> list[tuple[str, str]]:
    if not operator and not value:
        return []
    if operator not in BARE and not value:
        return []
    name = SAME + name if name in CONTROLS else name
    return [(name, f"{operator}:{value}" if operator and operator not in BARE else operator or value)]


def read(args: Args, known: dict[str, Field], reader: Reader) -> Asked:
    """The list that an address asks for. `known` are the fields that the reader may filter by.

    :raises BadQuery: naming the first parameter that is not understood.
    """
    filters: list[Filter] = []
    written: list[tuple[str, str]] = []
    for name, value in args.items(multi=True):
        longest = LONGEST_TOKEN if name in ("after", "before") else LONGEST_VALUE
        if "\x00" in value or (len(value) > longest and name != "q"):
            raise BadQuery(parameter=name[:40])
        if name in CONTROLS:
            if len(args.getlist(name)) > 1:
                raise BadQuery(parameter=name)
            continue
        field = known.get(name.removeprefix(SAME))
        if field is None or not field.filterable or len(filters) >= MOST_FILTERS:
            raise BadQuery(parameter=name[:40])
        if value:
            filters.append(_filter(field, value, reader))
            written.append((name, value))
    sort = args.get("sort", "")
    query = ListQuery(
        filters=tuple(filters),
        q=args.get("q", "").strip(),
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        after=args.get("after", ""),
        before=args.get("before", ""),
        limit=_size(args.get("show", "")),
        archived=_archived(args.get("archived", "")),
    )
    if query.after and query.before:
        raise BadQuery(parameter="before")
    return Asked(query, args, tuple(written))


def _size(text: str) -> int:
    if not text:
        return PAGE_SIZES[0]
    if text not in map(str, PAGE_SIZES):
        raise BadQuery(parameter="show")
    return int(text)


def _archived(text: str) -> bool:
    if text not in ("", "0", "1"):
        raise BadQuery(parameter="archived")
    return text == "1"


def _filter(field: Field, text: str, reader: Reader) -> Filter:
    operators = kind_of(field).operators
    default = "is" if "is" in operators else operators[0]
    if text in BARE and text in operators:
        return Filter(field, text, "")
    operator, colon, value = text.partition(":")
    if not colon or not re.fullmatch(r"[a-z_]{2,12}", operator):
        operator, value = default, text
    elif operator not in operators:
        raise BadQuery(parameter=f"{field.name}={operator}"[:60])
    return Filter(field, operator, _value(field, value.strip(), reader))


def _value(field: Field, text: str, reader: Reader) -> str:
    """The text as the field's kind reads it: `me`, numbers, names, `now` and `today+7` made plain."""
    if field.kind in names.POINTERS:
        found = reader.person.id if text == "me" else names.pointed(reader.person, field, text)
        if not (isinstance(found, ObjectId) or (isinstance(found, str) and ObjectId.is_valid(found))):
            raise BadQuery(parameter=field.name)
        return str(found)
    relative = re.fullmatch(r"today(?:([+ -])(\d{1,4}))?", text) if field.kind in ("date", "datetime") else None
    if relative is None:
        return text
    days = int(relative[2] or 0) * (-1 if relative[1] == "-" else 1)
    day = reader.now.astimezone(ZONE).date() + timedelta(days=days)
    return day.isoformat()
