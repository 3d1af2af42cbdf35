"""Bulk changes for tests: begun, previewed, carried out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from models.bulk_change import running, service
from models.bulk_change.document import AT_WORK, Plan
from models.person.roles import Person

HOLDER = "test"


def worked(plan: Plan, now: datetime) -> Plan:
    """The plan when its present step is done."""
    plan = service.get(plan.id)
    while plan.state in AT_WORK:
        running.advance(plan.id, holder=HOLDER, now=now)
        plan = service.get(plan.id)
    return plan


def previewed(
    person: Person,
    what: str,
    raw: Mapping[str, Any] | None = None,
    *,
    now: datetime,
    slug: str = "customer",
    numbers: Iterable[str] | None = None,
    address: Iterable[tuple[str, str]] = (),
    note: str = "",
) -> Plan:
    """A plan whose records are checked."""
    plan = service.start(person, slug, what, now=now, numbers=numbers, address=address)
    if raw is not None:
        plan = service.check(person, plan.id, raw, now=now, note=note)
    return worked(plan, now)


def carried_out(person: Person, what: str, raw: Mapping[str, Any] | None = None, **options: Any) -> Plan:
    """A plan that was previewed, confirmed and carried out."""
    plan = previewed(person, what, raw, **options)
    return worked(service.confirm(person, plan.id, plan.stamp, options["now"]), options["now"])


def reasons(plan: Plan, kind: str = "refused") -> dict[str, int]:
    """How many records share each reason, in English, with its field in front."""
    return {f"{r.field}: {r.en}" if r.field else r.en: r.count for r in plan.reasons if r.kind == kind}
