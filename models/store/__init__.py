"""The one way to write a record: versioned, with history and audit entry, in one transaction.

Nothing here asks for rights: `records` does, for people; services and jobs act for the system or on behalf of a
decision that was allowed. Values come and go in loaded form (see `kinds`). `drafts` makes a write ready, `writing`
stores it, `holding` keeps what it points to as it is until then, `parts` lets what was
merged into a record be read by who reads that, `versions` says what is kept of it.
"""

from models.store.drafts import new_draft, next_draft, prepare
from models.store.holding import held, hold, one_at_a_time
from models.store.parts import share_rights
from models.store.versions import VERSIONS, latest_moves, moves_of_each, subject, version_row
from models.store.writing import (
    AlreadyUsed,
    add_grant,
    already_used,
    change,
    create,
    fetch,
    fetch_to_show,
    name_of,
    put,
    sign_in_person,
)

__all__ = [
    "VERSIONS",
    "AlreadyUsed",
    "add_grant",
    "already_used",
    "change",
    "create",
    "fetch",
    "fetch_to_show",
    "held",
    "hold",
    "latest_moves",
    "moves_of_each",
    "name_of",
    "new_draft",
    "next_draft",
    "one_at_a_time",
    "prepare",
    "put",
    "share_rights",
    "sign_in_person",
    "subject",
    "version_row",
]
