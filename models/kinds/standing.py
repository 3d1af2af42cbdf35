"""What is sent for a record and stands there already: it stays, even where nobody could fill it in so any more.

Rows have no names. A row that is sent stands for the stored row that says the same; if none does, for the one that says
most of what it says; at last for the one in its place. With it stays what that row holds beside its declared fields.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from models.declarations import Field
from models.key_vault.refusals import Unopened
from models.kinds.base import Kept, Unreadable
from models.kinds.nested import UNDECLARED, kind_of, plain

Row = Mapping[str, Any]
Fields = tuple[Field, ...]

NESTED = ("embedded", "embedded_list")
NAMED = ("person", "reference", "files")
"""Kinds whose values are asked for by other means: what they lead to may be out of reach."""
_NOTHING = object()


def stays(field: Field, sent: Any, held: Any) -> Any:
    """What was sent for a field of a record that holds a value, with `Kept` where that stands there already."""
    if held is None or sent is None or isinstance(sent, Kept) or field.kind in NAMED:
        return sent
    if field.kind not in NESTED:
        return Kept(held) if _is_answered(field, sent, held) else sent
    several = field.kind == "embedded_list"
    rows = sent if several else [sent]
    if not isinstance(rows, list) or any(not isinstance(row, Mapping) or UNDECLARED in row for row in rows):
        return sent  # read as it is: it is no list of rows, or it was settled what each of them stands for
    made, _ = kept_rows(field.fields, rows, held if several else [held])
    return made if several else made[0]


def kept_rows(
    fields: Fields, sent: Sequence[Row], held: Sequence[Row], hidden: Sequence[Collection[str]] = ()
) -> tuple[list[dict[str, Any]], dict[int, int]]:
    """The rows that were sent, with `Kept` where the stored rows for which they stand hold that already, and by their
    places the stored rows that are sent whole. `hidden` are the fields of each stored row that the sender got as null:
    they stay in a row that is sent whole, and in no other."""
    hidden = hidden or [()] * len(held)
    match = _Match(fields, sent, held, hidden)
    whole = match.whole()
    near = match.near(whole)
    made = []
    for at, row in enumerate(sent):
        stands = whole.get(at, near.get(at))
        if stands is None:
            made.append({**row, UNDECLARED: Kept(None)})
            continue
        own = held[stands]
        names = {f.name for k, f in enumerate(fields) if row.get(f.name) is not None and match.same(at, stands, k)}
        names |= set(hidden[stands]) if at in whole else set()
        kept = {name: Kept(own.get(name)) for name in names}
        made.append({**row, **kept, UNDECLARED: Kept(own.get(UNDECLARED))})
    return made, whole


class _Match:
    """Which rows that were sent say what stored ones say; each cell is read once."""

    def __init__(
        self, fields: Fields, sent: Sequence[Row], held: Sequence[Row], hidden: Sequence[Collection[str]]
    ) -> None:
        self.fields, self.hidden = fields, hidden
        self._sent = [[(row.get(f.name), _read(f, row.get(f.name))) for f in fields] for row in sent]
        self._held = [[(_answered(f, row.get(f.name)), row.get(f.name)) for f in fields] for row in held]

    def same(self, at: int, stands: int, k: int) -> bool:
        """Whether the row sent at a place says in a field what a stored one does."""
        raw, read = self._sent[at][k]
        answered, value = self._held[stands][k]
        if self.fields[k].name in self.hidden[stands]:
            return raw is None
        return bool(read == value) or (type(raw) is type(answered) and raw == answered)

    def whole(self) -> dict[int, int]:
        """The rows that say all that a stored one says, by place; the one that stands there comes first."""
        free, found = dict.fromkeys(range(len(self._held))), dict[int, int]()
        for at in range(len(self._sent)):
            first = (at, *free) if at in free else tuple(free)
            stands = next((i for i in first if all(self.same(at, i, k) for k in range(len(self.fields)))), None)
            if stands is not None:
                found[at] = stands
                del free[stands]
        return found

    def near(self, whole: Mapping[int, int]) -> dict[int, int]:
        """For what the rows stand that are not whole, as far as it can be told."""
        rows = [at for at in range(len(self._sent)) if at not in whole]
        left = set(range(len(self._held))) - set(whole.values())
        pairs = [(-self._alike(at, i), abs(at - i), at, i) for at in rows for i in left]
        found: dict[int, int] = {}
        for unlike, apart, at, stands in sorted(pairs):
            if at not in found and stands in left and (unlike or not apart):
                found[at] = stands
                left.remove(stands)
        return found

    def _alike(self, at: int, stands: int) -> int:
        """In how many filled fields a row says what a stored one does."""
        filled = (k for k, (raw, _) in enumerate(self._sent[at]) if raw not in (None, ""))
        return sum(self.same(at, stands, k) for k in filled)


def _is_answered(field: Field, sent: Any, held: Any) -> bool:
    answered = _answered(field, held)
    return type(sent) is type(answered) and bool(sent == answered)


def _answered(field: Field, held: Any) -> Any:
    """A value as it is answered; a mark that nothing equals where it could not be opened."""
    return object() if isinstance(held, Unopened) else plain(field, held)


def _read(field: Field, raw: Any) -> Any:
    if isinstance(raw, Kept):
        return raw.value
    try:
        return kind_of(field).read(field, raw)
    except Unreadable:
        return _NOTHING
