"""Rows that repeat another row of the file, or a record that is here already."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.database import database
from models import access
from models.access import Purpose
from models.declarations import RecordType
from models.errors import Sentence
from models.exchange.document import SEEN, Batch
from models.exchange.table import Row
from models.exchange.taking import Said, Taken
from models.person.roles import Person
from models.record import collection_name

SAME_ROW = Sentence("此行与“第 {row} 行”完全相同。", "This row is the same as “row {row}”.")
SAME_CODE = Sentence("编号与“第 {row} 行”相同。", "The number is that of “row {row}”.")
HERE = Sentence("此编号已登记为“{number}”。", "This number is recorded already, as “{number}”.")


@dataclass(frozen=True)
class Marked:
    """The rows of a chunk; those that are taken although they repeat something, with what is said of them; the marks
    that are to be remembered."""

    takens: list[Taken]
    kept: list[tuple[Row, Said]]
    marks: Mapping[str, int]


class Repeats:
    """Knows the rows of one import again, through marks that the first pass leaves in the database.

    Records are compared by their number elsewhere (`foreign` of the type), and only those in use that the person
    reads in full (X6).
    """

    def __init__(self, batch: Batch, person: Person, rt: RecordType, *, first_pass: bool) -> None:
        self.batch, self.person, self.rt, self.first_pass = batch, person, rt, first_pass
        readable = {f.name for f in access.visible_fields(person, rt)}
        self.foreign = rt.foreign if rt.foreign in readable else ""
        self._latest: Mapping[str, int] = {}

    def mark(self, takens: Sequence[Taken]) -> Marked:
        """The rows, those that repeat something refused, or only marked when the person keeps them."""
        marks = {taken.row.number: self._marks(taken) for taken in takens if not taken.refused}
        stored = self._seen(sorted({m for own in marks.values() for m in own}))
        here = self._here(takens)
        seen = {**self._latest, **stored}
        fresh: dict[str, int] = {}
        made, kept = [], []
        for taken in takens:
            row = taken.row.number
            said = self._said(taken, marks.get(row, ()), {**fresh, **seen}, here)
            for one in marks.get(row, ()):
                fresh.setdefault(one, row)
            if said is None:
                made.append(taken)
            elif self.batch.options.keep_repeats:
                kept.append((taken.row, said))
                made.append(taken)
            else:
                made.append(Taken(taken.row, {}, (said,)))
        new = {mark: row for mark, row in fresh.items() if seen.get(mark, row) == row and mark not in stored}
        self._latest = new  # what is prepared next may not find these in the database yet
        return Marked(made, kept, new)

    def _marks(self, taken: Taken) -> tuple[str, ...]:
        marks = [_mark(self.batch, "row", *map(repr, taken.row.cells))]
        if (code := taken.values.get(self.foreign)) is not None:
            marks.append(_mark(self.batch, "code", str(code)))
        return tuple(marks)

    def _seen(self, marks: list[str]) -> dict[str, int]:
        found = database()[SEEN].find({"_id": {"$in": marks}}, {"row": 1})
        return {row["_id"]: row["row"] for row in found}

    def remember(self, marks: Mapping[str, int]) -> None:
        """Leave the marks of a chunk, in its transaction."""
        if self.first_pass and marks:
            rows = [{"_id": mark, "batch": self.batch.id, "row": row} for mark, row in marks.items()]
            database()[SEEN].insert_many(rows)

    def _here(self, takens: Sequence[Taken]) -> dict[Any, str]:
        """The numbers of records by their number elsewhere."""
        codes = sorted({t.values[self.foreign] for t in takens if not t.refused and t.values.get(self.foreign)})
        reach = access.reach(self.person, self.rt, Purpose.VIEW).without_cards
        if not codes or reach.nothing:
            return {}
        query = {"$and": [{self.foreign: {"$in": codes}}, reach.query()]}
        found = database()[collection_name(self.rt.slug)].find(query, {self.foreign: 1, "number": 1})
        return {son[self.foreign]: son["number"] for son in found}

    def _said(self, taken: Taken, marks: Sequence[str], seen: dict[str, int], here: dict[Any, str]) -> Said | None:
        row = taken.row.number
        for mark, sentence in zip(marks, (SAME_ROW, SAME_CODE), strict=False):
            if seen.get(mark, row) < row:
                return "", _filled(sentence, row=seen[mark])
        number = here.get(taken.values.get(self.foreign))
        return ("", _filled(HERE, number=number)) if number else None


def _filled(sentence: Sentence, **values: object) -> Sentence:
    return Sentence(sentence.zh.format(**values), sentence.en.format(**values))


def _mark(batch: Batch, *parts: str) -> str:
    text = "\x00".join(parts).encode("utf-8", "surrogatepass")
    return f"{batch.id}:{hashlib.blake2b(text, digest_size=12).hexdigest()}"
