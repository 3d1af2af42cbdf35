"""The tables of who reads what is classified (X3, X4), and of the relations that `access` tells apart.

Which relations open a record and which only its card; `access` is their one reader.
"""

from __future__ import annotations

from models.declarations import Level, Relation, Rule
from models.person.roles import Role

INTERNAL = (Level.INTERNAL,)
UP_TO_SECRET = (Level.INTERNAL, Level.SECRET)
UP_TO_CONFIDENTIAL = (Level.INTERNAL, Level.SECRET, Level.CONFIDENTIAL)

CLASSIFIED_VIEW: tuple[Rule, ...] = (
    Rule(Relation.DEPARTMENT, levels=INTERNAL),
    Rule(Relation.NAMED, levels=INTERNAL),
    Rule(Relation.OWNER),
    Rule(Relation.DEPARTMENT, (Role.CUSTODIAN,), UP_TO_SECRET),
    Rule(Relation.DEPARTMENT, (Role.HEAD,)),
    Rule(Relation.ANY, (Role.GENERAL_MANAGER,), (Level.TOP_SECRET,)),
    Rule(Relation.TASK, levels=UP_TO_CONFIDENTIAL),
    Rule(Relation.ASSIGNED),
    Rule(Relation.GRANT),
)
"""X3, in its order; then whoever the workflow waits for (a task opens what it is about; top secret only when the
person is named), then grants (X5)."""

CLASSIFIED_CARD: tuple[Rule, ...] = (Rule(Relation.DEPARTMENT, levels=(Level.SECRET, Level.CONFIDENTIAL)),)
"""X3: the rest of the department sees the card of secret and confidential records; of top secret nobody."""

SIGNED_CARD = (Rule(Relation.SIGNED, levels=UP_TO_CONFIDENTIAL),)
"""Whoever signed keeps seeing that it stood, by its card; what they may read of a request, its type declares."""

CLASSIFIED_EXPORT: tuple[Rule, ...] = (
    Rule(Relation.DEPARTMENT, levels=INTERNAL),
    Rule(Relation.OWNER, levels=UP_TO_SECRET),
    Rule(Relation.DEPARTMENT, (Role.HEAD,)),
    Rule(Relation.GRANT),
)
"""What may leave the screen (print, export) without or with a borrowing grant (X4)."""

HELD_CARD = (Rule(Relation.HELD),)
"""Whoever has something of a record in hand sees its card, and what they have, of each level: it is with them (K4)."""

ABOUT_ONESELF = (Rule(Relation.CONCERNED),)

DEPUTIES_READ = UP_TO_CONFIDENTIAL
"""What waits for somebody's signature opens to their deputy; nothing top secret, and nothing else of theirs."""

PASSING = {Relation.TASK.value, Relation.ASSIGNED.value, Relation.SIGNING.value, Relation.GRANT.value}
"""Relations that open a record for a time."""

PAST = {Relation.SIGNED.value}
"""Relations of who had to do with a record once: they open it to be read, and nothing is done by them."""

READ_ONLY = PAST | {Relation.GRANT.value}
"""Relations that open a record to be read, and for nothing else: a grant names view, print or export (X5)."""

PERSONAL = frozenset({Relation.OWNER, Relation.NAMED, Relation.ASSIGNED, Relation.HELD})
"""Relations to a person by name, which end when they serve in no department any more (X3)."""

TURNS = frozenset({Relation.TASK, Relation.ASSIGNED})
"""Relations to whomever a record waits for."""

ABOUT = ("level_asked", "level_now")
"""Where a request keeps the level of the records that it is about (X2, X4)."""
