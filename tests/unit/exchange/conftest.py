"""What every test of import and export may rely on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.exchange.files import OPENED


@pytest.fixture(autouse=True)
def _closed_tables() -> Iterator[None]:
    """Closes what a test opened through `files.table`; a table left open by the reader itself is a warning."""
    yield
    while OPENED:
        OPENED.pop().close()
