"""Rules on private calendar addresses: what a secret looks like, and how far a calendar looks ahead."""

from __future__ import annotations

import re
from datetime import timedelta

FORM = re.compile(r"cal_[A-Za-z0-9_-]{43}")
"""A mark and 256 random bits."""
AHEAD = timedelta(days=120)
"""How far ahead a calendar shows what is due."""
MOST_OF_A_TYPE = 200
"""The most entries of one record type."""
READS_A_MINUTE = 30
"""Of one calendar, over all processes; programs ask every few minutes at most."""
USE_NOTED_EVERY = timedelta(hours=1)
"""How stale `last_used` may be."""
