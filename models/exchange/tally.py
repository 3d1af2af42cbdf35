"""What is to be noted of a chunk of a file's rows (see `job.tally`)."""

from __future__ import annotations

from collections.abc import Sequence

from models import registry
from models.exchange.document import Batch, Kind, State
from models.exchange.problem import MINGUO, quoted
from models.exchange.table import Row, is_blank
from models.exchange.taking import Said
from models.job import tally

BEGINNING = 40


class Tally(tally.Tally):
    """Counts and lines of one chunk. Of a check only the first 200 lines of each kind are kept; of a run every
    refused row, because it is handed back."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.step = "check" if batch.state is State.CHECKING else "run"
        known = [(r.kind.value, r.column, r.zh) for r in batch.reasons]
        whole = (Kind.REFUSED.value,) if self.step == "run" else ()
        types = (side for one in registry.all_types() for side in (one.label.zh, one.label.en))
        super().__init__(batch.counts, known, whole=whole, own=(MINGUO, *types))

    def add(self, kind: Kind, row: Row, said: Sequence[Said]) -> None:
        """Note something about a row; more of the same kind about the same row joins it."""
        before = self.counted.get(kind.value, 0) + self.counts.get(kind.value, 0)
        line = {"batch": self.batch.id, "step": self.step, "row": row.number}
        start = beginning(row) if before < tally.LINES_KEPT else ""
        values = {quoted(cell) for cell in row.cells if not is_blank(cell)}
        self.note(kind.value, row.number, said, line | {"start": start}, values)


def beginning(row: Row) -> str:
    """The first cells of a row in one line."""
    texts = [quoted(cell, BEGINNING) for cell in row.cells[:10] if not is_blank(cell)]
    return quoted(" · ".join(texts[:3]), 2 * BEGINNING)
