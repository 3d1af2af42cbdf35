"""Where the rows of an import are made ready: read, compared and checked by the rules, before the transaction that
stores them. What is ready is a value; it may be stored again when the database asks for it, or row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import bulk, registry
from models.bulk import Outcome, Wanted
from models.errors import Refusal, Sentence
from models.exchange.document import Batch, Kind, State
from models.exchange.repeats import Marked, Repeats
from models.exchange.table import Row
from models.exchange.taking import Said, Taken, Taker
from models.person.roles import Person

POSSIBLE = Sentence("可能与已有记录“{number}”重复。", "This may repeat the record “{number}”.")
Told = tuple[Kind, Row, Sequence[Said]]


@dataclass(frozen=True)
class Rows:
    """Some rows of the file, and how far it is read behind them: `done` of `total` bytes."""

    rows: tuple[Row, ...]
    done: int
    total: int


@dataclass(frozen=True)
class Prepared:
    """A chunk that is ready: its rows as values or with why they are refused, the writes of the good ones, the marks to
    leave, and what is said of rows that are taken nevertheless."""

    takens: tuple[Taken, ...]
    good: tuple[Outcome, ...]
    marks: dict[str, int]
    warned: tuple[tuple[Row, Said], ...]
    done: int
    total: int

    def told(self) -> Iterator[Told]:
        """What there is to say of the rows."""
        for row, said in self.warned:
            yield Kind.WARNED, row, (said,)
        for one in self.takens:
            if one.refused:
                yield Kind.REFUSED, one.row, one.refused
            elif one.emptied:
                yield Kind.EMPTIED, one.row, one.emptied

    def parts(self, count: int) -> Iterator[Prepared]:
        """The same, `count` rows at a time."""
        for first in range(0, len(self.takens), count):
            takens = self.takens[first : first + count]
            numbers = {taken.row.number for taken in takens}
            good = tuple(one for one in self.good if one.row in numbers)
            marks = {mark: row for mark, row in self.marks.items() if row in numbers}
            warned = tuple((row, said) for row, said in self.warned if row.number in numbers)
            yield Prepared(takens, good, marks, warned, self.done, self.total)


class Desk:
    """What the chunks of one step of an import are worked on with; `at_once` is how many rows the machine stores at
    once, `ready` and `stored` how many good rows have been made ready and stored."""

    def __init__(self, batch: Batch, person: Person, taker: Taker, now: datetime, at_once: int) -> None:
        self.at_once = at_once
        self.batch, self.person, self.taker, self.now = batch, person, taker, now
        self.entry = registry.get(batch.type)
        self.checking = batch.state is State.CHECKING
        self.repeats = Repeats(batch, person, taker.rt, taker.plan, first_pass=self.checking)
        self.memory: dict[str, Any] = {}
        self.ready = self.stored = 0

    def prepare(self, rows: Rows) -> Prepared:
        """Make a chunk ready; reads the database and changes nothing in it."""
        marked = self.repeats.mark(self.taker.take_all(rows.rows))
        takens = marked.takens
        outcomes = self._decide(takens)
        good = [outcomes[one.row.number] for one in takens if not one.refused]
        if not self.checking:
            good = bulk.numbered(good, self.batch.id, behind=self.ready - self.stored)
            self.ready += len(good)
        likely, marks = self._likely(takens, good, marked) if self.checking else ([], {})
        warned = (*marked.kept, *likely)
        return Prepared(tuple(takens), tuple(good), {**marked.marks, **marks}, warned, rows.done, rows.total)

    def store(self, chunk: Prepared) -> int:
        """Store the good rows of a chunk, inside a transaction; while the file is only checked, nothing but the marks.
        Returns how many rows are good.

        :raises Refusal: something in it cannot be stored beside the others.
        """
        self.repeats.remember(chunk.marks)
        if chunk.good and not self.checking:
            values = {taken.row.number: taken.values for taken in chunk.takens}
            wanted = [Wanted(one.row, values[one.row]) for one in chunk.good]
            made = bulk.create_many(
                self.batch.type, wanted, actor=self.person, now=self.now, batch=self.batch.id, ready=chunk.good
            )
            for one in made:
                if one.refusal is not None:
                    raise one.refusal
        return len(chunk.good)

    def refused(self, chunk: Prepared, refusal: Refusal) -> Prepared:
        """A chunk of one row that could not be stored."""
        taken = self.taker.refused(chunk.takens[0], refusal, again=True)
        return Prepared((taken,), (), {}, (), chunk.done, chunk.total)

    def _decide(self, takens: list[Taken]) -> dict[int, Outcome]:
        """What the rules of the type make of the rows; a row without the values that a rule named gets a second try.
        Refused rows are put in the place of those in `takens`."""
        good: dict[int, Outcome] = {}
        for again in (False, True):
            places = {t.row.number: i for i, t in enumerate(takens) if not t.refused and t.row.number not in good}
            wanted = [Wanted(number, takens[place].values) for number, place in places.items()]
            if not wanted:
                break
            slug, memory = self.batch.type, self.memory
            for outcome in bulk.prepared(slug, wanted, actor=self.person, now=self.now, memory=memory):
                place = places[outcome.row]
                if outcome.refusal is None:
                    good[outcome.row] = outcome
                else:
                    takens[place] = self.taker.refused(takens[place], outcome.refusal, again=again)
        return good

    def _likely(
        self, takens: Sequence[Taken], good: Sequence[Outcome], marked: Marked
    ) -> tuple[list[tuple[Row, Said]], Mapping[str, int]]:
        """Which good rows may repeat a record that is here, or an earlier row of the file; and the marks by which later
        rows are compared with these. Rows of which it is said already what row they repeat are not compared again."""
        known, keys = self.entry.hooks.known, self.entry.hooks.keys
        drafts = [one.draft for one in good if one.draft is not None]
        if known is None or not drafts:
            return [], {}
        rows = [taken.row for taken in takens if not taken.refused]
        numbers = known(self.person, [draft.values for draft in drafts])
        found = [(row, _possible(number)) for row, number in zip(rows, numbers, strict=True) if number]
        if keys is None:
            return found, {}
        terms = [(row, keys(draft.values)) for row, draft in zip(rows, drafts, strict=True)]
        alike, marks = self.repeats.like(terms)
        said = {row.number for row, _said in marked.kept}
        return found + [one for one in alike if one[0].number not in said], marks


def _possible(number: str) -> Said:
    return "", Sentence(POSSIBLE.zh.format(number=number), POSSIBLE.en.format(number=number))
