"""What My work shows: piles of tasks, what is late in a head's department, reminders, and a head's figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from bson import ObjectId
from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from backoffice.screens import cells, deadlines, record_page
from backoffice.screens.reader import Reader
from models import access, listed, listing, names, registry, unheld, work
from models.access import Purpose
from models.audit_check import service as checking
from models.calendar import local
from models.declarations import RecordType
from models.hand_over import service as hand_over
from models.hand_over.service import Handed
from models.listing import Filter, ListQuery
from models.names import Names
from models.office import office_calendar
from models.person import service as people
from models.person.roles import ROLE_LABELS, Permission
from models.reading import service as reading
from models.records import Sight
from models.reminder import service as reminders
from models.reminder.document import Reminder
from models.reminder.rules import SINCE, secrecy_ended, words_of
from models.reminder.service import Told
from models.work import Pile, Task

Context = dict[str, Any]

SHOWN = 12
AT_MOST = 100
"""How many lines a section has on the page of all sections, and on its own."""
VIA = "customer"
LATE_IN_DEPARTMENT = "department"
HANDED = "handed"
REMINDERS = "reminders"
TONES = {
    Pile.LATE: "bad",
    Pile.TODAY: "warn",
    Pile.SIGNATURE: "info",
    Pile.RETURNED: "warn",
    LATE_IN_DEPARTMENT: "bad",
    REMINDERS: "info",
}
SECTIONS = (*Pile, LATE_IN_DEPARTMENT, HANDED, REMINDERS)


def sections(reader: Reader, only: str = "") -> tuple[list[Context], list[Sight], int]:
    """The sections that hold something, the most pressing first, the records in them, and how many unread reminders are
    about these; `only` one section when it is named. What is classified is in the audit trail, as that of a list is
    (X7).

    Reminders of what stands on the page already are not repeated there; they are all in their own section.

    :raises NotAudited:
    """
    limit = AT_MOST if only else SHOWN
    wanted = {key: found for key, found in _piles(reader, limit, only).items() if found}
    handed = {one.sight.id: one for one in hand_over.handed(reader.person, reader.now)} if only in ("", HANDED) else {}
    if handed:
        wanted[HANDED] = [Task(one.sight, None) for one in handed.values()]
    tasks_shown = [task for tasks in wanted.values() for task in tasks[:limit]]
    sights = list({task.sight.id: task.sight for task in tasks_shown}.values())
    listed.note(reader.person, listed.classified(sights), reader.now, via="screen")
    found = _names(reader, tasks_shown, [one.to for one in handed.values()])
    made = [
        _section(key, len(tasks), [_line(task, reader, found, key, handed) for task in tasks[:limit]], bool(only))
        for key, tasks in wanted.items()
    ]
    if only not in ("", REMINDERS):
        return made, sights, 0
    left, repeated = _reminders(reader, {one.id for one in sights}, bool(only))
    return [*made, *left], sights, repeated


def notices(reader: Reader, repeated: int) -> list[Context]:
    """What is reported of the audit trail and of reading (X7); how many reminders are unread, with the way to them, and
    how many of them are about what stands on the page."""
    told = [
        *_tampering(reader),
        *_nobody(reader),
        *(_burst(one, reader) for one in reading.bursts(reader.person, reader.now)),
    ]
    count = reminders.unread_count(reader.person)
    if not count:
        return told
    text = ngettext("One reminder is unread.", "%(num)s reminders are unread.", count)
    if 0 < repeated < count:
        where = ngettext(
            "One is about a line of this page; the rest stands under Reminders.",
            "%(num)s are about lines of this page; the rest stands under Reminders.",
            repeated,
        )
        text = ("" if reader.language == "zh" else " ").join((text, where))
    action = {"label": _("Show"), "url": url_for("admin.index", show=REMINDERS)}
    return [*told, {"text": text, "tone": "info", "action": action}]


def _tampering(reader: Reader) -> list[Context]:
    found = checking.alarm(reader.person)
    if found is None:
        return []
    text = ngettext(
        "The audit trail does not fit in one place: it may have been tampered with. Please find out why.",
        "The audit trail does not fit in %(num)s places: it may have been tampered with. Please find out why.",
        found.count,
    )
    if not reader.person.may(Permission.AUDIT_READ):
        return [{"text": text, "tone": "bad"}]
    return [{"text": text, "tone": "bad", "action": {"label": _("Show"), "url": url_for("audit.index")}}]


def _nobody(reader: Reader) -> list[Context]:
    """Roles that nobody holds, for whoever gives roles, and for the heads of the departments."""
    manages = reader.person.may(Permission.PEOPLE_MANAGE)
    if not manages and not reader.person.may(Permission.DEPARTMENT_OVERSEE):
        return []
    found = unheld.unheld()
    action = {"label": _("People"), "url": url_for("people.index")} if manages else None
    return [
        {"text": _nobody_holds(one, reader.language), "tone": "warn", "action": action}
        for one in (found if manages else unheld.of_department(found, reader.person))
    ]


def _nobody_holds(one: unheld.Unheld, language: str) -> str:
    roles = str(_(", ")).join(ROLE_LABELS[role][0 if language == "zh" else 1] for role in one.roles)
    if not one.department:
        return str(_("Nobody in the house is: %(roles)s. What waits for these roles stays undone.", roles=roles))
    department = people.department_name(one.department, language)
    return str(
        _(
            "Nobody in %(department)s is: %(roles)s. What waits for these roles there stays undone.",
            department=department,
            roles=roles,
        )
    )


def _burst(one: reading.Burst, reader: Reader) -> Context:
    text = _(
        "%(name)s read %(count)s records within %(minutes)s minutes, at %(at)s. Please find out why.",
        name=one.name,
        count=one.count,
        minutes=one.minutes,
        at=cells.moment_short(one.at, reader.language),
    )
    return {"text": text, "tone": "warn"}


def _piles(reader: Reader, limit: int, only: str) -> dict[str, list[Task]]:
    """The tasks of each section that is wanted."""
    piles: dict[str, list[Task]] = {}
    if only not in (LATE_IN_DEPARTMENT, HANDED, REMINDERS):
        tasks = work.desk(reader.person, reader.now, office_calendar(), limit=AT_MOST if only else 3 * SHOWN)
        tasks += work.aside(reader.person, reader.now) if only in ("", Pile.ASIDE) else []
        piles = {pile: [task for task in tasks if task.pile is pile] for pile in Pile if only in ("", pile)}
    if only in ("", LATE_IN_DEPARTMENT) and reader.person.may(Permission.DEPARTMENT_OVERSEE):
        piles[LATE_IN_DEPARTMENT] = work.late_in_department(reader.person, reader.now, limit)
    return piles


def _section(key: str, count: int, items: list[Context], alone: bool) -> Context:
    return {
        "key": key,
        "label": _label(key),
        "tone": TONES.get(key, "neutral"),
        "count": count if len(items) == count else f"{len(items)}+",
        "url_all": url_for("admin.index", show=key) if len(items) < count and not alone else "",
        "items": items,
    }


def _label(key: str) -> str:
    labels = {
        Pile.LATE: _("Late"),
        Pile.TODAY: _("Due today"),
        Pile.SIGNATURE: _("Waiting for my signature"),
        Pile.RETURNED: _("Returned to me"),
        Pile.COMING: _("Coming days"),
        Pile.OPEN: _("Without a deadline"),
        Pile.ASIDE: _("Put aside"),
        HANDED: _("Handed over by me"),
        LATE_IN_DEPARTMENT: _("Late in the department"),
        REMINDERS: _("Reminders"),
    }
    return str(labels[key])


# --- one line


def _names(reader: Reader, tasks: Iterable[Task], others: Iterable[ObjectId]) -> Names:
    """The names that the lines need, and those of `others`: one query per type pointed to, and one for people."""
    rows, persons = [], list[ObjectId | None](others)
    for task in tasks:
        rt, values = task.sight.rt, task.sight.values
        rows.append((tuple(f for f in task.sight.fields if f.name in (rt.title, VIA)), values))
        persons.append(values.get("owner"))
    return names.resolve(reader.person, rows, language=reader.language, people=persons)


def _line(task: Task, reader: Reader, found: Names, section: str, handed: Mapping[ObjectId, Handed]) -> Context:
    """A task as a line: what it is, for whom, until when, why, and what to do about it."""
    sight, move = task.sight, task.main
    url = cells.record_url(sight.rt.slug, sight.number)
    item = f"{sight.rt.slug}/{sight.number}/{sight.values['rev']}"
    action = record_page.move_action(sight, move, reader) if move else {"label": _("Open"), "url": url}
    own = section in list(Pile)
    if section == Pile.ASIDE:
        hidden = {"item": item}
        action = {"label": _("Take back"), "method": "post", "url": url_for("work.back"), "hidden": hidden}
    return {
        "item": item if own and section != Pile.ASIDE else "",
        "done": task.done is not None,
        "more": _more(task, item) if own else [],
        "title": cells.title(sight, found),
        "url": url,
        "number": sight.number,
        "level": sight.level,
        "on_screen_only": cells.on_screen_only(sight),
        "what": sight.rt.label.text(reader.language),
        "behalf": _("for %(name)s", name=task.behalf) if task.behalf else "",
        "who": _who(task, reader, found),
        "why": _why(task, reader, found, handed.get(sight.id)),
        "due": deadlines.due(sight, reader),
        "actions": [action],
    }


def _more(task: Task, item: str) -> list[Context]:
    """What else can be done with a line of one's own."""
    sight = task.sight
    later = {"label": _("Later …"), "url": url_for("work.later", item=item), "icon": "clock"}
    if not task.movable:
        return [later]
    to = url_for("work.hand_over", slug=sight.rt.slug, number=sight.number)
    return [later, {"label": _("Hand over …"), "url": to, "icon": "person-check"}]


def _who(task: Task, reader: Reader, found: Names) -> str:
    """The customer whom it is about, unless the line is called after them, and the owner, unless it is the reader."""
    values, title = task.sight.values, cells.title(task.sight, found)
    declared = next((f for f in task.sight.fields if f.name == VIA), None)
    customer = found.text(declared, values.get(VIA)) if declared else ""
    owner = found.person(values["owner"]) if values.get("owner") != reader.person.id else ""
    return " · ".join(part for part in (customer if customer not in (title, names.HIDDEN) else "", owner) if part)


def _why(task: Task, reader: Reader, found: Names, handed: Handed | None) -> str:
    """Until when it is put aside; to whom it was handed over, and when; who gave it back or handed it over, and why;
    else which of its days is due; else its state."""
    if task.back_at:
        return str(_("back on %(at)s", at=cells.moment_short(task.back_at, reader.language)))
    if handed:
        at = cells.moment_short(handed.at, reader.language)
        return str(_("handed over to %(name)s on %(at)s", name=found.person(handed.to), at=at))
    gave = task.returned or task.received
    if gave:
        words = (
            _("given back by %(name)s", name=gave.by) if task.returned else _("handed over by %(name)s", name=gave.by)
        )
        return f"{words}: {gave.reason}" if gave.reason else str(words)
    sight = task.sight
    due = [] if _turn(task) else cells.due_labels(sight, reader.language)
    if due:
        return " · ".join(due)
    state = cells.state(sight, reader.language)
    return str(state["text"]) if state else ""


def _turn(task: Task) -> bool:
    state = access.state_of(task.sight.rt, task.sight.values)
    return state is not None and bool(state.turn)


# --- reminders, figures


def _reminders(reader: Reader, shown: set[ObjectId], alone: bool) -> tuple[list[Context], int]:
    """The section of the reminders about records other than those `shown`, if there are any; and how many are about
    these."""
    told = reminders.inbox(reader.person, reader.now, reader.language, AT_MOST)
    left = [one for one in told if one.reminder.record not in shown]
    if not left:
        return [], len(told)
    limit = AT_MOST if alone else SHOWN
    made = _section(REMINDERS, len(left), [_reminder(one, reader) for one in left[:limit]], alone)
    all_read = {"label": _("Mark all as read"), "method": "post", "url": url_for("admin.read")}
    return [{**made, "action": all_read} if alone else made], len(told) - len(left)


def _reminder(one: Told, reader: Reader) -> Context:
    reminder = one.reminder
    return {
        "title": one.title,
        "url": url_for("admin.index") + one.leads_to,
        "number": one.number,
        "level": one.level,
        "what": one.kind.text(reader.language),
        "who": "",
        "why": words_of(reminder.step, reminder.due, reader.now, one.became).text(reader.language),
        "due": _due(reminder, reader),
        "actions": [
            {
                "label": _("Mark as read"),
                "method": "post",
                "url": url_for("admin.read"),
                "hidden": {"reminder": reminder.id},
            }
        ],
    }


def _due(reminder: Reminder, reader: Reader) -> Context:
    """How a reminder's moment stands. It is no deadline where secrecy has ended, for that happens by itself, nor where
    nobody signs: since then it waits."""
    due, language = reminder.due, reader.language
    if reminder.step in SINCE:
        text = _("since %(moment)s", moment=cells.moment_short(due, language))
    elif secrecy_ended(reminder.step, due, reader.now):
        text = _("ended %(day)s", day=cells.day_short(local(due).date(), language))
    else:
        return cells.deadline(due, reader)
    return {"text": text, "tone": "neutral", "full": cells.moment_full(due, language)}


def figures(reader: Reader) -> list[Context]:
    """For whoever oversees a department: how many records of each type are late; each figure opens them."""
    if not reader.person.may(Permission.DEPARTMENT_OVERSEE):
        return []
    found = (_late_figure(rt, reader) for rt in registry.all_types() if rt.due)
    return [figure for figure in found if figure]


def _late_figure(rt: RecordType, reader: Reader) -> Context | None:
    reach = access.reach(reader.person, rt, Purpose.VIEW)
    if reach.nothing:
        return None
    fields = access.visible_fields(reader.person, rt)
    due = listing.queryable(rt, fields)["due_at"]
    late = ListQuery(filters=(Filter(due, "until", (local(reader.now).date() - timedelta(days=1)).isoformat()),))
    count, more = listing.count(rt, reach, late, fields)
    if not count:
        return None
    return {
        "label": rt.plural.text(reader.language),
        "note": _("due before today"),
        "value": f"{count}+" if more else count,
        "url": url_for("records.listing", slug=rt.slug, due_at="until:today-1"),
        "tone": "bad",
    }
