"""Rows that are sent back as they were answered: what of them their reader does not see stays.

A reference to what the reader may not know is answered with a number that is null. So a row that is sent with null
there and is else what a stored row holds, stands for that row, wherever it is moved to. Where that cannot be told, null
would take away what its sender has never seen: it is refused. Rows that are not sent at all are taken off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId

from backoffice.api.caller import caller
from backoffice.api.values import NESTED
from models import names
from models.declarations import Field
from models.errors import Invalid, Sentence
from models.kinds import Kept, read_values
from models.records import Sight

Values = Mapping[str, Any]
Known = frozenset[tuple[str, ObjectId]]

UNSEEN = Sentence(
    "这里引用了您看不到的记录，不能改为空：请原样保留该行的其他内容，或删去该行。",
    "This refers to what you do not see, and is not emptied: send the rest of its row as it is, or take the row off.",
)


def kept(sight: Sight, fields: Iterable[Field], values: Values, rev: int) -> dict[str, Any]:
    """Values that were sent for a record, pointers made ids, with what stays in rows although it is not seen. Those
    for another version than the one that is read are left as they are: they are refused when they are stored.

    :raises Invalid: naming each null that would take away what is not seen.
    """
    nested = [f for f in fields if f.kind in NESTED and values.get(f.name) and sight.values.get(f.name)]
    if not nested or sight.values["rev"] != rev:
        return dict(values)
    found = names.known(caller().person, nested, [sight.values])
    made, problems = dict(values), dict[str, Sentence]()
    for field in nested:
        several = field.kind == "embedded_list"
        sent, stored = values[field.name], sight.values[field.name]
        rows, wrong = _rows(field, sent if several else [sent], stored if several else [stored], found)
        made[field.name] = rows if several else rows[0]
        problems |= {f"{field.name}.{f'{at}.' if several else ''}{name}": UNSEEN for at, name in wrong}
    if problems:
        raise Invalid(problems)
    return made


def _rows(
    field: Field, sent: list[Values], stored: list[Values], found: Known
) -> tuple[list[Values], list[tuple[int, str]]]:
    """The rows with what stays in them, and the place and the name of each null that cannot stand."""
    unseen = [_unseen(field, row, found) for row in stored]
    if not any(unseen):
        return sent, []
    left = list(range(len(stored)))
    rows, unsure = list(sent), []
    for at, row in enumerate(sent):
        read, problems = read_values(field.fields, row)
        same = (i for i in left if not problems and _same(field, read, stored[i], unseen[i]))
        stands = next(same, None)
        if stands is None:
            unsure.append(at)
            continue
        left.remove(stands)
        rows[at] = {**row, **{name: Kept(stored[stands][name]) for name in unseen[stands]}}
    lost = {name for i in left for name in unseen[i]}
    return rows, [(at, f.name) for at in unsure for f in field.fields if f.name in lost and not sent[at].get(f.name)]


def _unseen(field: Field, row: Values, found: Known) -> frozenset[str]:
    """The references of a stored row that are answered without a number."""
    pointing = (f for f in field.fields if f.kind == "reference" and row.get(f.name) is not None)
    return frozenset(f.name for f in pointing if (f.to, row[f.name]) not in found)


def _same(field: Field, read: Values, stored: Values, unseen: frozenset[str]) -> bool:
    """Whether a row that was sent is a stored one as it was answered."""
    return all(read[f.name] == (None if f.name in unseen else stored.get(f.name)) for f in field.fields)
