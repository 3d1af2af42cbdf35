"""The jobs over many records, in the order in which they are measured."""

from __future__ import annotations

from collections.abc import Callable

from bench import files, following, serving, sets
from bench.measured import Measured
from bench.world import World

JOBS: dict[str, Callable[[World, Callable[[str], None]], list[Measured]]] = {
    "start": serving.start,
    "serve": serving.serve,
    "export": files.export,
    "import": files.import_,
    "bulk": sets.bulk,
    "review": sets.review,
    "remind": sets.remind,
    "follow": following.follow,
}
