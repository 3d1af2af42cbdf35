"""Up to which level a person's programs read by the person's own right, where an administrator narrowed that: a limit
beside the policy's, of which the lower one holds (`models.token.rules`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from config.database import transaction
from models import audit
from models.declarations import Level
from models.errors import FieldProblem
from models.person.roles import Person
from models.person.service import OwnAccount, get, require_right, store, subject_of

FIELD = "api_level"
POLICY = ""
"""No limit of the person's own: that of the policy holds."""
CHOICES = (POLICY, *(level.value for level in Level))


def of(row: Mapping[str, Any]) -> str:
    """The limit of a stored account, be it a level or not."""
    return str(row.get(FIELD) or POLICY)


def change(actor: Person, person_id: ObjectId, level: str, now: datetime) -> None:
    """Set the limit of a person, or lift it (`POLICY`); from the next request on. The same again changes nothing.

    :raises FieldProblem: it is no level. :raises OwnAccount: :raises Forbidden: :raises NotFound:
    """
    require_right(actor)
    if level not in CHOICES:
        raise FieldProblem(FIELD, zh="请从列表中选择密级。", en="Choose a level from the list.")

    def work() -> None:
        row = get(person_id)
        if of(row) == level:
            return
        if actor.id == person_id:
            raise OwnAccount()
        store(person_id, {FIELD: level}, now)
        detail = {FIELD: level or "policy", "from": of(row) or "policy"}
        audit.append("api_level_changed", actor, subject_of(row), now=now, fields=[FIELD], detail=detail)

    transaction(work)
