"""What is sent back as it was answered stays as it is stored: what nobody could fill in so any more, and of rows what
their reader does not see.

A reference to what the reader may not know is answered with a number that is null. So a row that is sent with null
there and is else what a stored row holds, stands for that row, wherever it is moved to. Where that cannot be told, null
would take away what its sender has never seen: it is refused. Rows that are not sent at all are taken off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId

from backoffice.api import bodies
from backoffice.api.caller import caller
from backoffice.api.values import NESTED
from models import names
from models.declarations import Field
from models.errors import Invalid, Sentence
from models.kinds import Kept
from models.kinds.standing import kept_rows, stays
from models.records import Sight

Values = Mapping[str, Any]
Known = frozenset[tuple[str, ObjectId]]

UNSEEN = Sentence(
    "这里引用了您看不到的记录，不能改为空：请原样保留该行的其他内容，或删去该行。",
    "This refers to what you do not see, and is not emptied: send the rest of its row as it is, or take the row off.",
)


def kept(sight: Sight, fields: Iterable[Field], values: Values, rev: int, unfit: bodies.Unfit) -> dict[str, Any]:
    """Values that were sent for a record, pointers made ids, with `Kept` for what stands there already. Those for
    another version than the one that is read are left as they are: they are refused when they are stored.

    :raises BadRequest: naming what is `unfit` and does not stand there.
    :raises Invalid: naming each null that would take away what is not seen.
    """
    if sight.values["rev"] != rev:
        wrong = {path[0] for path in unfit}
        return {name: value for name, value in values.items() if name not in wrong}
    sent = [f for f in fields if values.get(f.name) is not None and sight.values.get(f.name) is not None]
    nested = [f for f in sent if f.kind in NESTED and values[f.name] and sight.values[f.name]]
    found = names.known(caller().person, nested, [sight.values]) if nested else Known()
    made, problems = dict(values), dict[str, Sentence]()
    for field in sent:
        if field not in nested:
            made[field.name] = stays(field, values[field.name], sight.values[field.name])
            continue
        several = field.kind == "embedded_list"
        given, stored = values[field.name], sight.values[field.name]
        rows, wrong_ones = _rows(field, given if several else [given], stored if several else [stored], found)
        made[field.name] = rows if several else rows[0]
        problems |= {f"{field.name}.{f'{at}.' if several else ''}{name}": UNSEEN for at, name in wrong_ones}
    bodies.refuse({path: said for path, said in unfit.items() if not _stands(made, path)})
    if problems:
        raise Invalid(problems)
    return made


def _rows(
    field: Field, sent: list[Values], stored: list[Values], found: Known
) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    """The rows with what stays in them, and the place and the name of each null that cannot stand."""
    unseen = [_unseen(field, row, found) for row in stored]
    rows, whole = kept_rows(field.fields, sent, stored, unseen)
    lost = {name for at, row in enumerate(unseen) if at not in whole.values() for name in row}
    unsure = (at for at in range(len(sent)) if at not in whole)
    return rows, [(at, f.name) for at in unsure for f in field.fields if f.name in lost and not sent[at].get(f.name)]


def _unseen(field: Field, row: Values, found: Known) -> frozenset[str]:
    """The references of a stored row that are answered without a number."""
    pointing = (f for f in field.fields if f.kind == "reference" and row.get(f.name) is not None)
    return frozenset(f.name for f in pointing if (f.to, row[f.name]) not in found)


def _stands(made: Any, path: bodies.Path) -> bool:
    """Whether the value at a path, or one round it, is one that stands there already."""
    for step in path:
        if isinstance(made, Kept):
            return True
        made = made[step]
    return isinstance(made, Kept)
