"""For whoever oversees a department: who is behind with what, how far the quarter's reviews are, and who gets what
tomorrow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from bson import ObjectId
from flask import url_for
from flask_admin import expose

from backoffice.screens import cells
from backoffice.screens.closed import ClosedView
from backoffice.screens.reader import Reader, current_reader
from models import foresight, leaving, registry, workload
from models.calendar import local
from models.complaint import batches
from models.declarations import Level
from models.office import office_calendar
from models.person import directory
from models.person.roles import ROLE_LABELS, Permission
from models.reminder.rules import LABELS, SINCE, Step
from models.revisit import coverage
from models.workload import Late, Load

Context = dict[str, Any]
MOST_LINES = 6
TOP_SECRET = Level.TOP_SECRET.value
TONES = {Step.LATE: "bad", Step.CLIMBED: "bad", Step.TODAY: "warn", Step.LAST_NOTICE: "warn"}


class TeamView(ClosedView):
    """Figures of a head's department, of what the head reads."""

    needs: ClassVar[Permission | None] = Permission.DEPARTMENT_OVERSEE

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """Who is behind with what."""
        reader = current_reader()
        loads, reviewed = workload.behind(reader.person, reader.now), workload.reviews(reader.person, reader.now)
        visits = coverage.by_owner(reader.person, reader.now)
        owners = [one.person for one in loads if one.person]
        owners += [*(one.owner for one in reviewed), *(one.owner for one in visits)]
        left = leaving.left_behind(reader.person)
        owners += [one.owner for one in left]
        names, emails = directory.names(owners), directory.emails(owners)
        return self.page(
            "team/behind.html",
            left=_left(left, names, emails, reader),
            behind=[_load(one, names, emails, reader) for one in loads],
            batches=[_batch(one, reader) for one in batches.batches(reader.person, reader.now)],
            visits=[_visits(one, names, emails, reader) for one in visits],
            key_customers=coverage.of_key_customers(reader.person, reader.now),
            reviews=[
                {
                    "name": names.get(one.owner, ""),
                    "done": one.done,
                    "total": one.total,
                    "url": url_for("records.listing", slug="review", owner=emails.get(one.owner, ""), state="open"),
                }
                for one in reviewed
            ],
        )

    @expose("/tomorrow")  # type: ignore[untyped-decorator]
    def tomorrow(self) -> str:
        """Who is reminded of what on the next working day, and what is opened for them."""
        reader = current_reader()
        seen = foresight.next_day(reader.person, reader.now, office_calendar())
        people = {one.person for one in seen.reminders} | {owner for owner, _slug in seen.opened}
        names = directory.names(people)
        ordered = sorted(people, key=lambda one: names.get(one, ""))
        return self.page(
            "team/tomorrow.html",
            day=cells.day_full(seen.day, reader.language),
            people=[
                {
                    "name": names.get(one, ""),
                    "opened": _opened(seen, one, reader),
                    **_reminders([coming for coming in seen.reminders if coming.person == one], reader),
                }
                for one in ordered
            ],
        )


def _load(load: Load, names: Mapping[ObjectId, str], emails: Mapping[ObjectId, str], reader: Reader) -> Context:
    """A line of who is behind; each figure opens its records: where they wait for others than their owners, those of
    everybody in the same states."""
    labels = {rt.slug: rt.plural.text(reader.language) for rt in registry.all_types()}
    email = emails.get(load.person, "") if load.person else ""
    return {
        "name": _name(load, names, reader),
        "late": load.late,
        "this_week": load.this_week,
        "oldest": cells.deadline(load.oldest, reader) if load.oldest else None,
        "what": [
            {"label": labels[slug], "count": late.count, "url": _late_of(slug, late, email, reader)}
            for slug, late in sorted(load.by_type.items(), key=lambda item: -item[1].count)
        ],
    }


def _left(
    behind: Iterable[leaving.Behind], names: Mapping[ObjectId, str], emails: Mapping[ObjectId, str], reader: Reader
) -> list[Context]:
    """A line for each owner who left, with what of theirs is to be given on; each figure opens it (X3)."""
    labels = {rt.slug: rt.plural.text(reader.language) for rt in registry.all_types()}
    found: dict[ObjectId, list[Context]] = {}
    for one in behind:
        where: Context = {"owner": emails.get(one.owner, ""), "department": reader.person.department or None}
        url = url_for("records.listing", slug=one.type, **where)
        found.setdefault(one.owner, []).append({"label": labels[one.type], "count": one.count, "url": url})
    lines = ({"name": names.get(owner, ""), "what": what} for owner, what in found.items())
    return sorted(lines, key=lambda line: str(line["name"]))


def _batch(batch: batches.Batch, reader: Reader) -> Context:
    """A cause that is met again and again, and the complaints of it (T6)."""
    days = f"in:{batch.first.isoformat()}..{local(reader.now).date().isoformat()}"
    department = reader.person.department or None
    where: Context = {"cause": f"is:{batch.cause}", "received_at": days, "department": department}
    return {
        "cause": batch.cause,
        "count": batch.count,
        "since": cells.day_short(batch.since, reader.language),
        "url": url_for("records.listing", slug="complaint", **where),
    }


def _visits(
    visited: coverage.Covered, names: Mapping[ObjectId, str], emails: Mapping[ObjectId, str], reader: Reader
) -> Context:
    """How far an owner is with the quarter's revisits; the figure of those that are left opens them (V5)."""
    first, last = coverage.period(reader.now)
    where: Context = {
        "due_on": f"in:{first.isoformat()}..{last.isoformat()}",
        "state": f"is_not:{coverage.DONE}",
        "owner": emails.get(visited.owner, ""),
        "department": reader.person.department or None,
    }
    return {
        "name": names.get(visited.owner, ""),
        "due": visited.due,
        "left": visited.due - visited.done,
        "coverage": visited.coverage,
        "answered": visited.answered,
        "url": url_for("records.listing", slug="revisit", **where),
    }


def _name(load: Load, names: Mapping[ObjectId, str], reader: Reader) -> str:
    if load.role is not None:
        return ROLE_LABELS[load.role][0 if reader.language == "zh" else 1]
    return names.get(load.person, "") if load.person else ""


def _late_of(slug: str, late: Late, email: str, reader: Reader) -> str:
    """The list of what is counted. What is top secret never waits for a role: it is counted with its owner's."""
    owner = email if late.owned and email else None
    state = f"any_of:{'|'.join(late.states)}" if late.states else None
    where: Context = {"state": state}
    if late.secret:
        where = {"where": f"any(state:{state},level:is:{TOP_SECRET})"} if state else {"level": TOP_SECRET}
    elif not email and registry.get(slug).rt.classified:
        where["level"] = f"is_not:{TOP_SECRET}"
    department = reader.person.department or None
    return url_for("records.listing", slug=slug, owner=owner, department=department, due_at="overdue", **where)


def _opened(seen: foresight.Foreseen, person: ObjectId, reader: Reader) -> list[Context]:
    labels = {rt.slug: rt.plural.text(reader.language) for rt in registry.all_types()}
    return [{"label": labels[slug], "count": count} for (owner, slug), count in seen.opened.items() if owner == person]


def _reminders(coming: Iterable[foresight.Coming], reader: Reader) -> Context:
    """How many of each step, and the first of them by kind and number."""
    rows = list(coming)
    labels = {rt.slug: rt.label.text(reader.language) for rt in registry.all_types()}
    counted = Counter(one.step for one in rows)
    return {
        "steps": [
            {"text": f"{LABELS[step].text(reader.language)} {counted[step]}", "tone": TONES.get(step, "neutral")}
            for step in Step
            if counted[step]
        ],
        "lines": [
            {
                "what": labels[one.type],
                "number": one.number,
                "url": cells.record_url(one.type, one.number),
                # A signature that nobody gave has no deadline of its own.
                "due": cells.deadline(one.due, reader) if one.step not in SINCE else None,
            }
            for one in rows[:MOST_LINES]
        ],
        "more": max(0, len(rows) - MOST_LINES),
    }
