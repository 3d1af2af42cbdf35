"""The audit trail (X7): who did what to which record, when. Entries are only ever inserted.

An entry is written in the transaction of what it reports, or before the answer that shows it leaves (`trail`), sealed
into a chain within seconds (`sealing`), and the chain's head is signed and written outside the database every few
minutes (`checkpoints`). `verification` reads all of it again and says what does not fit. Entries hold field names and
never values.
"""

from models.audit.answering import begin, has_acted, settle, tells_of
from models.audit.checkpoints import CHECKPOINTS, Checkpoint, Writer
from models.audit.keys import BadKey, KeySource, KeyUnreadable
from models.audit.runs import Run, runs
from models.audit.sealing import (
    FIRST,
    Lacking,
    SealingState,
    hash_of,
    seal,
    sealing_state,
    stands_still,
    waiting_since,
)
from models.audit.trail import (
    READINGS,
    Several,
    Subject,
    append,
    append_many,
    entries,
    known_of,
    readers,
    readings,
)
from models.audit.verification import Verdict, verify
from models.audit.writing import ENTRIES, QUEUE, SEALS, NotAudited, NotShown

__all__ = [
    "CHECKPOINTS",
    "COLLECTIONS",
    "ENTRIES",
    "FIRST",
    "INDEXES",
    "QUEUE",
    "READINGS",
    "SEALS",
    "BadKey",
    "Checkpoint",
    "KeySource",
    "KeyUnreadable",
    "Lacking",
    "NotAudited",
    "NotShown",
    "Run",
    "SealingState",
    "Several",
    "Subject",
    "Verdict",
    "Writer",
    "append",
    "append_many",
    "begin",
    "entries",
    "has_acted",
    "hash_of",
    "known_of",
    "readers",
    "readings",
    "runs",
    "seal",
    "sealing_state",
    "settle",
    "stands_still",
    "tells_of",
    "verify",
    "waiting_since",
]

from models.audit import checkpoints, sealing, trail

INDEXES = {**trail.INDEXES, **sealing.INDEXES, **checkpoints.INDEXES}
COLLECTIONS = frozenset(INDEXES)
"""The collections that lie in the audit database, which may be one of its own."""
