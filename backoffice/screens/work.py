"""What can be done with work from My work itself: later, done, handed over; several lines at once, each with its own
outcome."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext

from backoffice.posted_fields import takes
from backoffice.screens import cells, record_page
from backoffice.screens.closed import ClosedView
from backoffice.screens.reader import Reader, current_reader
from models import access, records, registry, store, work
from models.access import Purpose
from models.errors import FieldProblem, Invalid, NotFound, Refusal
from models.hand_over import service as hand_over
from models.listing import BadQuery
from models.office import office_calendar
from models.person.service import department_name
from models.put_aside import rules, service
from models.put_aside.rules import PastItsTime, Until

Context = dict[str, Any]
ITEM = re.compile(r"([a-z][a-z0-9_]{0,40})/([^/]{1,60})/([0-9]{1,9})")
MOST = 100


@dataclass(frozen=True)
class Item:
    """A line of My work, as its box sends it."""

    slug: str
    number: str
    rev: int

    def __str__(self) -> str:
        return f"{self.slug}/{self.number}/{self.rev}"


@dataclass(frozen=True)
class Outcome:
    """What became of one line; `refusal` is None where it was done."""

    item: Item
    refusal: Refusal | None = None


class NeedsItsForm(Refusal):
    """The work asks for something to be filled in, or signed."""

    code, status = "needs_its_form", 409
    zh, en = "该事项需要填写或签署，请打开办理。", "It asks for something to be filled in or signed: open it."


class WorkView(ClosedView):
    """Acts on one's own work. What a person may do is asked of the models for each line."""

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> ResponseReturnValue:
        """My work itself is the home."""
        return redirect(url_for("admin.index"))

    @expose("/later", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("item", "until", "day", "sure")
    def later(self) -> ResponseReturnValue:
        """Put lines aside; without a choice, ask until when."""
        reader, items = current_reader(), _items(request.values.getlist("item"))
        chosen = request.form.get("until", "")
        if not chosen:
            return self._ask(items, reader)
        if chosen not in list(Until):
            raise BadQuery(parameter="until")
        try:
            until = rules.comes_back(Until(chosen), _day(), reader.now, office_calendar())
        except FieldProblem as refusal:
            return self._ask(items, reader, refusal.text(reader.language)), refusal.status

        def put(item: Item) -> None:
            service.put_aside(reader.person, item.slug, item.number, until, reader.now, sure="sure" in request.form)

        outcomes = _each(items, put)
        back = cells.moment_short(until, reader.language)
        said = ngettext("%(num)s thing is back on %(at)s.", "%(num)s things are back on %(at)s.", len(items), at=back)
        return self._after(outcomes, said, reader, again={"until": chosen, "day": request.form.get("day", "")})

    @expose("/back", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("item")
    def back(self) -> ResponseReturnValue:
        """Put lines back on the desk at once."""
        reader, items = current_reader(), _items(request.form.getlist("item"))
        outcomes = _each(items, lambda item: service.take_back(reader.person, item.slug, item.number, reader.now))
        return self._after(outcomes, _("It is on your desk again."), reader)

    @expose("/done", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("item")
    def done(self) -> ResponseReturnValue:
        """Make of each line the move that gets it done, where nothing is asked for it."""
        reader, items = current_reader(), _items(request.form.getlist("item"))
        outcomes = _each(items, lambda item: _get_done(item, reader))
        said = ngettext("One thing is done.", "%(num)s things are done.", len(items))
        return self._after(outcomes, said, reader)

    @expose("/<slug>/<number>/hand-over", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("rev", "owner", "note")
    def hand_over(self, slug: str, number: str) -> ResponseReturnValue:
        """Give a record to a colleague, with a note: who could have it, and the act."""
        reader = current_reader()
        sight = records.read(reader.person, slug, number, Purpose.VIEW, reader.now)
        record = store.fetch(slug, sight.id)
        hand_over.require_way(reader.person, sight.rt, record)
        if request.method == "GET":
            return self._hand_over(sight, record, reader)
        to, note = request.form.get("owner", ""), request.form.get("note", "")
        item = _items([f"{slug}/{number}/{request.form.get('rev', '')}"])[0]
        chosen = ObjectId(to) if ObjectId.is_valid(to) else None
        try:
            hand_over.hand_over(reader.person, sight, chosen, note, rev=item.rev, now=reader.now)
        except Invalid as refusal:
            said = [record_page.in_language(one, reader.language) for one in refusal.problems.values()]
            return self._hand_over(sight, record, reader, said), refusal.status
        flash(_("Handed over."), "success")
        return redirect(url_for("admin.index"), 303)

    def _hand_over(self, sight: records.Sight, record: Context, reader: Reader, problems: Iterable[str] = ()) -> str:
        colleagues = hand_over.candidates(reader.person, sight.rt, record)
        return self.page(
            "work/hand_over.html",
            head=record_page.head(sight, cells.known(sight, reader), reader),
            what=sight.rt.label.text(reader.language),
            colleagues=[
                {
                    "id": str(one.id),
                    "name": one.name,
                    "department": department_name(one.department, reader.language),
                }
                for one in colleagues
            ],
            chosen=request.form.get("owner", ""),
            note=request.form.get("note", "")[:500],
            problems=list(problems),
            rev=sight.values["rev"],
            record_url=cells.record_url(sight.rt.slug, sight.number),
            watermark=record_page.watermark(sight, reader),
        )

    def _ask(self, items: list[Item], reader: Reader, problem: str = "") -> str:
        """The sheet: until when, with the day of each choice, and what of the lines is due before."""
        calendar = office_calendar()
        labels = {Until.TOMORROW: _("Until tomorrow morning"), Until.MONDAY: _("Until next Monday")}
        choices = [
            {
                "value": one.value,
                "label": label,
                "at": cells.moment_short(rules.comes_back(one, None, reader.now, calendar), reader.language),
            }
            for one, label in labels.items()
        ]
        lines = list(_named(items, reader).values())
        return self.page("work/later.html", items=lines, choices=choices, problem=problem)

    def _after(
        self, outcomes: list[Outcome], said: str, reader: Reader, again: Context | None = None
    ) -> ResponseReturnValue:
        """Home where everything was done, else a page with the outcome of each line."""
        if not any(one.refusal for one in outcomes):
            flash(said, "success")
            return redirect(url_for("admin.index"), 303)
        past = [str(one.item) for one in outcomes if isinstance(one.refusal, PastItsTime)]
        left = [one.item for one in outcomes if one.refusal and not isinstance(one.refusal, NotFound)]
        named = _named(left, reader)
        lines = [
            {
                **(named.get(one.item) or _line(one.item, reader)),
                "text": one.refusal.text(reader.language) if one.refusal else _("Done."),
                "tone": "good" if one.refusal is None else "warn" if str(one.item) in past else "bad",
            }
            for one in outcomes
        ]
        return self.page("work/outcome.html", lines=lines, past=past, again=again or {})


def _items(sent: Iterable[str]) -> list[Item]:
    """:raises BadQuery: for none, too many, or what no line sends."""
    found = [ITEM.fullmatch(text) for text in dict.fromkeys(sent)]
    if not 0 < len(found) <= MOST:
        raise BadQuery(parameter="item")
    items = [Item(one[1], one[2], int(one[3])) for one in found if one]
    if len(items) < len(found):
        raise BadQuery(parameter="item")
    return items


def _day() -> date | None:
    try:
        return date.fromisoformat(request.form.get("day", ""))
    except ValueError:
        return None


def _each(items: Iterable[Item], act: Callable[[Item], None]) -> list[Outcome]:
    """Each line by itself: one that is refused holds up no other."""
    outcomes = []
    for item in items:
        try:
            act(item)
        except Refusal as refusal:
            outcomes.append(Outcome(item, refusal))
        else:
            outcomes.append(Outcome(item))
    return outcomes


def _get_done(item: Item, reader: Reader) -> None:
    """:raises NeedsItsForm: :raises Refusal: of the record's own."""
    sight = records.read(reader.person, item.slug, item.number, Purpose.VIEW, reader.now)
    move = work.done_by(sight.rt, records.moves(reader.person, sight.rt, store.fetch(item.slug, sight.id)))
    if move is None:
        raise NeedsItsForm()
    records.move_seen(reader.person, sight, move.name, {}, rev=item.rev, now=reader.now)


def _named(items: Iterable[Item], reader: Reader) -> dict[Item, Context]:
    """Lines by kind, number and deadline, in one question for each kind; of what is not theirs, by what the reader
    sent."""
    lines = {item: _line(item, reader) for item in items}
    for slug in {item.slug for item in lines}:
        try:
            own = service.own(reader.person, slug, [item.number for item in lines if item.slug == slug], reader.now)
        except NotFound:
            continue
        for item, line in lines.items():
            due = own[item.number].get("due_at") if item.slug == slug and item.number in own else None
            if due:
                line["due"] = cells.deadline(due, reader)
    return lines


def _line(item: Item, reader: Reader) -> Context:
    """A line by what the reader sent; its kind is named where they may know that there is one."""
    what = item.slug
    try:
        rt = registry.get(item.slug).rt
    except NotFound:
        pass
    else:
        if not access.reach(reader.person, rt, Purpose.VIEW).nothing:
            what = rt.label.text(reader.language)
    url = cells.record_url(item.slug, item.number)
    return {"item": str(item), "what": what, "number": item.number, "due": None, "url": url}
