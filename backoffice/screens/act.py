"""A move of a record through its workflow: the sheet that asks what the move needs, and the act itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from backoffice import auth
from backoffice.posted_fields import takes
from backoffice.screens import (
    borrowing,
    cautions,
    cells,
    conflict,
    forms,
    list_page,
    past,
    record_page,
    saving,
    sheet_mark,
)
from backoffice.screens.base import RecordView, view_of
from backoffice.screens.cells import moment_short, record_url
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes, revision
from models import move_sheet, names, records, registry, taking_back
from models.declarations import ASKER, Field, Transition
from models.errors import NotFound, Refusal, StaleRecord
from models.move_sheet import SheetChanged, sheet_fields, tells_in_full
from models.names import Names
from models.person import unsent
from models.records import NeedsFreshSignIn, NotNow, Sight

Context = dict[str, Any]
LONGEST = 200
"""Characters of a line of a sheet; a longer one stands after the others."""


class ActRoutes(RecordRoutes):
    """The sheet of a move and the move."""

    @expose("/<slug>/<number>/do/<move>", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes(more=True)
    def act(self, slug: str, number: str, move: str) -> ResponseReturnValue:
        """Ask what a move needs; sent, make it."""
        view, reader = view_of(slug, self.admin), current_reader()
        sight = taking_back.read_to_move(reader.person, slug, number, move, reader.now)
        transition, current = self._possible(sight, move, reader)
        if not sight.full:
            return self._take_back(sight, transition, reader)
        asked = sheet_fields(reader.person, view.rt, transition, current)
        if request.method == "GET":
            if transition.signature and not auth.is_fresh():
                raise NeedsFreshSignIn()
            kept = MultiDict(unsent.take(reader.person.id, request.path, reader.now) if reader.person.id else ())
            note = kept.poplist("note")
            former = conflict.row_versions(sight, current, kept)
            form = forms.build(slug, asked, current, reader, kept or None, former=former)
            return self._sheet(view, sight, current, transition, form, reader, note=note[0] if note else "")
        rev = revision(request.form.get("rev"))
        sent = saving.receive(asked, reader)
        former = conflict.row_versions(sight, current, sent.posted)
        form = forms.build(slug, asked, current, reader, sent.posted, former=former)
        if "_add" in request.form:
            form.add_row(request.form["_add"])
            return self._sheet(view, sight, current, transition, form, reader, mark=sheet_mark.sent())
        try:
            sent.check()
            chosen = self._chosen(sight, transition, reader)
            self._move(sight, chosen, form.raw(sent.posted) if chosen is transition else {}, rev, reader)
        except NeedsFreshSignIn:
            self._keep(sent, reader)
            raise
        except NotNow:
            raise  # decided by somebody else since: the sheet is over, with nothing on it to press once more
        except (StaleRecord, SheetChanged) as stale:
            message = stale.text(reader.language)
            errors = [{"label": _("Changed meanwhile"), "anchor": "", "message": message}]
            sight = records.again(reader.person, slug, number)  # as it is by now, which may allow no such move
            transition, current = self._possible(sight, move, reader)
            return self._sheet(view, sight, current, transition, form, reader, errors), stale.status
        except Refusal as refusal:
            errors, mark = saving.explained(form, refusal), sheet_mark.sent()
            return self._sheet(view, sight, current, transition, form, reader, errors, mark=mark), refusal.status
        return redirect(self._afterwards(sight, chosen, reader), 303)

    def _take_back(self, sight: Sight, transition: Transition, reader: Reader) -> ResponseReturnValue:
        """Take back what the reader asked for, on the card of a record that they read no longer."""
        if request.method == "POST":
            try:
                self._move(sight, transition, {}, revision(request.form.get("rev")), reader)
                flash(_("Done: %(move)s.", move=transition.label.text(reader.language)), "success")
            except StaleRecord:  # it would say who changed it, which the card does not
                flash(_("This record has changed meanwhile. Press once more what you want."), "warning")
        return redirect(record_url(sight.rt.slug, sight.number), 303)

    def _possible(self, sight: Sight, move: str, reader: Reader) -> tuple[Transition, Mapping[str, Any]]:
        """The move that the address names, with the stored record. :raises NotNow: about what was pressed on its
        sheet."""
        try:
            return records.possible_move(reader.person, sight, move)
        except NotNow as over:
            moves = {one.name: one for one in sight.rt.workflow.transitions} if sight.rt.workflow else {}
            pressed = moves.get(request.form.get("_answer", ""))
            raise over.of(pressed.label) if pressed is not None and _refuses(moves[move], pressed) else over from None

    def _chosen(self, sight: Sight, transition: Transition, reader: Reader) -> Transition:
        """What was answered on the sheet of a move: the move, or a refusal. Nothing else stands for the move itself."""
        name = request.form.get("_answer") or transition.name
        if name == transition.name:
            return transition
        chosen, _current = records.possible_move(reader.person, sight, name)
        if not _refuses(transition, chosen):
            raise NotFound()
        return chosen

    def _keep(self, sent: saving.Sent, reader: Reader) -> None:
        """Keep what was typed for when the person has confirmed who they are."""
        typed = [
            (name, text) for name, text in sent.posted.items(multi=True) if name == "note" or name not in forms.CONTROLS
        ]
        if reader.person.id is not None:
            unsent.keep(reader.person.id, request.path, typed, reader.now)

    def _afterwards(self, sight: Sight, made: Transition, reader: Reader) -> str:
        """Where a move leads, and what is said of it there: to the record, or, when it was theirs to read only while
        it was their turn, to the list that they came from or home."""
        try:
            full = records.again(reader.person, sight.rt.slug, sight.number).full
        except NotFound:
            full = False
        move = made.label.text(reader.language)
        if full:
            flash(_("Done: %(move)s.", move=move), "success")
            return record_url(sight.rt.slug, sight.number)
        flash(_("Done: %(move)s (%(number)s).", move=move, number=sight.number), "success")
        listed = request.args.get("in", "")
        return record_page.back_to_list(sight.rt.slug, listed) if listed else url_for("admin.index")

    def _move(
        self,
        sight: Sight,
        transition: Transition,
        raw: Mapping[str, Any],
        rev: int,
        reader: Reader,
    ) -> Mapping[str, Any]:
        return records.move_seen(
            reader.person,
            sight,
            transition.name,
            raw,
            rev=rev,
            now=reader.now,
            note=request.form.get("note", ""),
            fresh=auth.is_fresh(),
            shown=partial(sheet_mark.was_sent, reader.person),
        )

    def _behalf(self, sight: Sight, transition: Transition, reader: Reader) -> str:
        """For whom the reader makes the move, when as a deputy; '' in their own right."""
        whom = records.for_whom(reader.person, sight, transition)
        return whom.name if whom else ""

    def _sheet(
        self,
        view: RecordView,
        sight: Sight,
        current: Mapping[str, Any],
        transition: Transition,
        form: forms.RecordForm,
        reader: Reader,
        errors: list[Context] | None = None,
        note: str = "",
        mark: str | None = None,
    ) -> str:
        """The sheet as it is now; with the `mark` of the form that is sent, for whoever has not looked at it anew."""
        if mark is None:
            mark = sheet_mark.of(reader.person, move_sheet.facts(reader.person, sight, transition, current))
        versions = records.versions_of(sight, 20)
        found = cells.known(sight, reader, [(sight.fields, sight.values), *past.pointing(versions)])
        fails = move_sheet.only_refused(sight.rt, transition, current)
        return self.page(
            "records/act.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            act=sheet(sight, transition, versions, found, reader)
            | {"behalf": self._behalf(sight, transition, reader)}
            | ({"ask": "", "next": []} if fails else {}),
            fields=[] if fails else [form[f.name] for f in form.declared],
            errors=errors or [],
            note=(note or request.form.get("note", ""))[:500],
            note_required=transition.reason,
            answers=answers(sight, current, transition, reader)[1 if fails else 0 :],
            rev=sight.values["rev"],
            shown=mark,
            watermark=record_page.watermark(sight, reader),
            notices=cautions.of_record(sight, current, reader),
            urls={
                "record": record_url(sight.rt.slug, sight.number, **record_page.from_list(request.args.get("in", "")))
            },
        )


def sheet(
    sight: Sight, transition: Transition, versions: list[dict[str, Any]], found: Names, reader: Reader
) -> Context:
    """What the sheet says: what is asked, by whom and why, who signed before, what happens next."""
    workflow = sight.rt.workflow
    moves = {t.name: t for t in workflow.transitions} if workflow else {}
    decided = [row for row in versions if row["action"] in moves]
    leads = registry.get(sight.rt.slug).hooks.leads
    reached = leads(sight.values, transition.name, reader.person) if leads else None
    target = workflow.state(reached or transition.target) if workflow else None
    return {
        "title": transition.label.text(reader.language),
        "ask": transition.help.text(reader.language) if transition.help else "",
        "asked": _asked(sight, transition, versions, moves, found),
        "opens": about(sight, transition, [moves[row["action"]] for row in decided], found),
        "signed": [
            {
                "who": row["by_name"],
                "for_whom": row.get("behalf_name") or "",
                "what": moves[row["action"]].told(reader.language),
                "at": moment_short(row["at"], reader.language),
                "note": row["note"],
                "tone": moves[row["action"]].tone,
            }
            for row in reversed(decided)
            if moves[row["action"]].signature
        ],
        "next": [_("Then it stands at “%(state)s”.", state=target.label.text(reader.language))] if target else [],
    }


def _asked(
    sight: Sight,
    transition: Transition,
    versions: list[dict[str, Any]],
    moves: Mapping[str, Transition],
    found: Names,
) -> list[Context]:
    """Who asks, and why: whoever made the last step that was no signature, called by that step, or by the type's word
    where it made the record. That word names its maker on every sheet where the type has one of its own."""
    rt, language = sight.rt, found.language
    last = next((row for row in versions if row["action"] == "create" or _is_step(row, moves)), None)
    if not tells_in_full(rt, transition) and not (last and last["note"]):
        return []  # nobody asked for a step of one's own work
    lines = []
    if last is None or last["action"] == "create" or rt.asker != ASKER:
        maker = found.person(sight.values["created_by"]) or _("The system")
        lines.append(_line(rt.asker.text(language), maker, sight.values["created_at"], language))
    if last is not None and last["action"] != "create":
        step = moves[last["action"]].told(language)
        lines.append(_line(step, past.who(last), last["at"], language))
    if last is not None and last["note"]:
        lines.append({"label": _("Why"), "text": last["note"], "long": True})
    return lines


def _is_step(row: Mapping[str, Any], moves: Mapping[str, Transition]) -> bool:
    move = moves.get(row["action"])
    return move is not None and not move.signature


def _line(label: str, who: str, at: datetime, language: str) -> Context:
    return {"label": label, "text": who, "at": moment_short(at, language)}


def about(sight: Sight, transition: Transition, made: list[Transition], found: Names) -> list[Context]:
    """What a signature is given for, or taken back: what lists show of the record, what it must have, and what was
    filled in on the way here; without what this step asks itself."""
    if not tells_in_full(sight.rt, transition):
        return []
    given = {name for move in made for name in move.asks}
    shown = [
        field
        for field in sight.fields
        if (field.listed or field.required or field.name in given)
        and field.name not in (*transition.asks, sight.rt.title)
        and field.kind not in ("files", "embedded_list")
    ]
    told = registry.get(sight.rt.slug).hooks.opens
    opens = told(sight.values) if told else ()
    said = [borrowing.told_line(label, text, found.language) for label, text in opens]
    facts = [*said, *_facts(shown, sight, [line["text"] for line in said], found)]
    return sorted(
        facts, key=lambda line: "parts" in line or len(line["text"]) > LONGEST
    )  # a list of columns hides nothing that is short


def _facts(shown: list[Field], sight: Sight, said: list[str], found: Names) -> list[Context]:
    """A line for each field, without what was said already: a name also as part of what was said."""
    lines = []
    for field in shown:
        text = cells.text(field, sight.values.get(field.name), found)
        told = text in said or (field.kind == "text" and any(text in one for one in said))
        if text not in ("", names.HIDDEN) and not told:
            lines.append({"label": field.label.text(found.language), "text": text})
    return lines


def answers(sight: Sight, current: Mapping[str, Any], transition: Transition, reader: Reader) -> list[Context]:
    """The buttons of the sheet: the move itself and the refusals that may be decided on the same sheet."""
    others = [other for other in records.moves(reader.person, sight.rt, current) if _refuses(transition, other)]
    return [answer(one, reader) for one in (transition, *others)]


def _refuses(transition: Transition, other: Transition) -> bool:
    """Whether another move may be made on the sheet of a signature: it refuses, and asks for nothing but a reason."""
    signing = transition.signature and transition.tone != "bad"
    return signing and other.signature and other.tone == "bad" and not (other.asks or other.page)


def answer(transition: Transition, reader: Reader) -> Context:
    """A button of the sheet."""
    return {
        "label": transition.label.text(reader.language),
        "name": transition.name,
        "tone": transition.tone,
        "main": transition.tone != "bad",
        "needs_note": transition.reason,
    }
