"""Workers killed and paused, a primary lost: each reminder is there once. At length: `python -m tests.failover`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import database as store
from config.settings import Settings
from tests.failover.plan import Plan
from tests.failover.trial import run

pytestmark = pytest.mark.timeout(1800)  # blows, and what they held up: it waits for a quarter of an hour at most


@pytest.fixture
def folder(connected: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place for three database servers; afterwards the tests' own database is connected again."""
    yield tmp_path_factory.mktemp("trial")
    store.connect(connected)


def test_nothing_is_lost_or_doubled_while_workers_die_and_hang_and_the_primary_changes(folder: Path) -> None:
    plan = Plan()
    found = run(plan, folder)
    assert {name: str(count) for name, count in found.counts.items() if not count.exact} == {}
    assert found.findings == ()
    done = {name: len(times) for name, times in found.blows().items()}
    assert done == {"kills": plan.kills, "pauses": plan.pauses, "failovers": plan.failovers}
