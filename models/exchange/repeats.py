"""Rows that repeat another row of the file, or a record that is here already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.database import database
from models import access
from models.access import Purpose
from models.declarations import RecordType
from models.errors import Sentence
from models.exchange.document import SEEN, Batch
from models.exchange.mapping import Plan
from models.exchange.table import Row
from models.exchange.taking import Said, Taken
from models.person.roles import Person
from models.record import collection_name, leaving_with

SAME_ROW = Sentence("此行与“第 {row} 行”完全相同。", "This row is the same as “row {row}”.")
SAME_CODE = Sentence("编号与“第 {row} 行”相同。", "The number is that of “row {row}”.")
HERE = Sentence("此编号已登记为“{number}”。", "This number is recorded already, as “{number}”.")
LIKE_ROW = Sentence("可能与“第 {row} 行”重复。", "This may repeat “row {row}”.")


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
    reads in full (X6); and by their own number, in the column of it that an export writes, those whose card the person
    sees.
    """

    def __init__(self, batch: Batch, person: Person, rt: RecordType, plan: Plan, *, first_pass: bool) -> None:
        self.batch, self.person, self.rt, self.first_pass = batch, person, rt, first_pass
        readable = {f.name for f in access.visible_fields(person, rt)}
        self.foreign = rt.foreign if rt.foreign in readable else ""
        self.own = _own_column(batch, rt, plan)
        self._latest: Mapping[str, int] = {}
        self._likely: Mapping[str, int] = {}

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

    def like(self, rows: Sequence[tuple[Row, Iterable[str]]]) -> tuple[list[tuple[Row, Said]], Mapping[str, int]]:
        """Which of some good rows may repeat an earlier one, by the terms of each under which its record would be found
        again (`Hooks.keys`); and the marks that are to be remembered."""
        marks = {row.number: [_mark(self.batch, "like", term) for term in sorted(terms)] for row, terms in rows}
        stored = self._seen(sorted({mark for own in marks.values() for mark in own}))
        seen = {**self._likely, **stored}
        fresh: dict[str, int] = {}
        found = []
        for row, _terms in rows:
            own = marks[row.number]
            first = min((known[mark] for known in (fresh, seen) for mark in own if mark in known), default=row.number)
            if first < row.number:
                found.append((row, ("", _filled(LIKE_ROW, row=first))))
            for mark in own:
                if mark not in seen:
                    fresh.setdefault(mark, row.number)
        self._likely = fresh  # as in `mark`
        return found, fresh

    def _here(self, takens: Sequence[Taken]) -> Mapping[str, dict[Any, str]]:
        """The numbers of records that the rows of a chunk may be: by number elsewhere, and by their own. What this very
        import stored is not here already."""
        good = [one for one in takens if not one.refused]
        codes = sorted({code for one in good if (code := one.values.get(self.foreign))})
        numbers = sorted({number for one in good if (number := self._own_number(one))})
        reach = access.reach(self.person, self.rt, Purpose.VIEW)
        found: dict[str, dict[Any, str]] = {self.foreign: {}, "number": {}}
        if codes and not reach.without_cards.nothing:
            found[self.foreign] = self._numbers_by(self.foreign, codes, reach.without_cards.query())
        if numbers:
            found["number"] = self._numbers_by("number", numbers, reach.query(cards=True, archived=None))
        return found

    def _numbers_by(self, name: str, values: list[Any], reached: dict[str, Any]) -> dict[Any, str]:
        query = {"$and": [{name: {"$in": values}, "batch": {"$ne": self.batch.id}}, reached]}
        found = database()[collection_name(self.rt.slug)].find(query, {name: 1, "number": 1})
        return {son[name]: son["number"] for son in found}

    def _own_number(self, taken: Taken) -> str:
        cell = None if self.own is None else taken.row.cells[self.own]
        return str(cell or "").strip()

    def _said(
        self, taken: Taken, marks: Sequence[str], seen: dict[str, int], here: Mapping[str, dict[Any, str]]
    ) -> Said | None:
        if taken.refused:
            return None
        row = taken.row.number
        for mark, sentence in zip(marks, (SAME_ROW, SAME_CODE), strict=False):
            if seen.get(mark, row) < row:
                return "", _filled(sentence, row=seen[mark])
        number = here["number"].get(self._own_number(taken)) or here[self.foreign].get(taken.values.get(self.foreign))
        return ("", _filled(HERE, number=number)) if number else None


def _own_column(batch: Batch, rt: RecordType, plan: Plan) -> int | None:
    """Where the records' own numbers stand, as an export writes them; a column of that name that goes to another field
    than the number elsewhere holds something else."""
    label = leaving_with(rt)[0].label
    other = {column.index for column in plan.columns if column.target.path != rt.foreign}
    places = enumerate(batch.found["header"])
    return next((at for at, name in places if name in (label.zh, label.en) and at not in other), None)


def _filled(sentence: Sentence, **values: object) -> Sentence:
    return Sentence(sentence.zh.format(**values), sentence.en.format(**values))


def _mark(batch: Batch, *parts: str) -> str:
    text = "\x00".join(parts).encode("utf-8", "surrogatepass")
    return f"{batch.id}:{hashlib.blake2b(text, digest_size=12).hexdigest()}"
