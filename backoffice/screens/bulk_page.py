"""What the pages of bulk changes show: the fields, the preview, the progress, the result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from backoffice.posted_fields import check
from backoffice.screens import cells, forms, list_page, listing_args
from backoffice.screens.base import RecordView
from backoffice.screens.bulk_bar import kind_label
from backoffice.screens.reader import Reader
from backoffice.screens.record_page import grouped, watermark, with_choices
from models import names
from models.bulk_change import rules, service, told
from models.bulk_change.document import AT_WORK, CARRIED_OUT, UNDOABLE, Kind, Plan, Said, State
from models.bulk_change.offers import Offer, offer
from models.declarations import Field, RecordType
from models.errors import Sentence
from models.job import service as jobs
from models.kinds import loaded
from models.listing import BadQuery, written
from models.listing.written import Pair
from models.record_input import PLACING as PLACING_FIELDS

Context = dict[str, Any]
Form = MultiDict[str, str]

TICKED = "_set"
"""Names the fields that are to be changed; no field begins so."""
LONGEST = 120
DECLARED_VALUES = frozenset({"choice", "choices", "tree", "yes_no"})
TONES = {State.DONE: "good", State.FAILED: "bad", State.STOPPED: "warn", State.UNDONE: "neutral", State.CHECKED: "warn"}


def plan_label(rt: RecordType, plan: Plan, language: str) -> str:
    """What a plan does, in words."""
    moves = rt.workflow.transitions if rt.workflow else ()
    return next((t.label.text(language) for t in moves if t.name == plan.move), kind_label(plan.kind))


# --- what was sent


def posted(form: Form) -> tuple[Form, frozenset[str]]:
    """The fields as sent, and the names of those that are ticked."""
    ticked = frozenset(form.getlist(TICKED))
    return MultiDict((name, text) for name, text in form.items(multi=True) if name != TICKED), ticked


def form(view: RecordView, plan: Plan, reader: Reader, sent: Form | None = None) -> forms.RecordForm:
    """The form of what is to be filled in once for all records, with what was chosen before.

    :raises UnknownFormField: for anything that it does not hold.
    """
    offered = offer(reader.person, view.rt, service.name_of(plan))
    fields = tuple(replace(field, default=None) for field in offered.fields)
    kept = {f.name: loaded(f, plan.values[f.name]) for f in fields if plan.values.get(f.name) is not None}
    return forms.build(view.rt.slug, fields, kept if sent is None else {}, reader, sent)


def raw(plan: Plan, made: forms.RecordForm, sent: Form, ticked: frozenset[str]) -> Context:
    """The values as `bulk_change.service` takes them; of a change only the ticked ones.

    :raises UnknownFormField: for a tick at what is no field here.
    """
    known = {field.name for field in made.declared}
    check(ticked, known)
    values = made.raw(sent)
    return {name: values[name] for name in values if name in ticked} if plan.kind is Kind.CHANGE else values


# --- pages


def at(plan: Plan, **values: Any) -> str:
    """The address of a bulk change."""
    return url_for("records.bulk_plan", slug=plan.type, plan_id=str(plan.id), **values)


def list_url(plan: Plan, pairs: Iterable[Pair] | None = None) -> str:
    """The list from which a bulk change was begun, or with some parameters only."""
    query = urlencode(plan.address if pairs is None else tuple(pairs), safe=":|(),")
    return url_for("records.listing", slug=plan.type) + (f"?{query}" if query else "")


def make(view: RecordView, plan: Plan, offered: Offer, made: forms.RecordForm, reader: Reader) -> Context:
    """The page that asks what is to be done to all of them."""
    own = tuple(field for field in made.declared if field.name in view.rt.by_name)
    placing = [field for field in made.declared if field.name not in view.rt.by_name]
    groups = [(group.label.text(reader.language), fields) for group, fields in grouped(view.rt, own)]
    groups += [(_("Placing"), placing)] if placing else []
    return {
        **_head(view, plan, reader),
        "choosing": plan.kind is Kind.CHANGE,
        "groups": [{"label": label, "fields": [made[f.name] for f in fields]} for label, fields in groups],
        "chosen": frozenset(plan.values),
        "note": request.form.get("note", plan.note)[:500],
        "note_required": offered.reason,
        "undoable": plan.kind in UNDOABLE,
    }


def progress(view: RecordView, plan: Plan, reader: Reader) -> Context:
    """The page that waits with the person."""
    doing = {
        State.CHECKING: _("Every record is being checked. Nothing is changed yet."),
        State.RUNNING: _("The records are being changed. You may leave this page; the work goes on."),
        State.UNDOING: _("The records get their former values back."),
    }
    return {**_head(view, plan, reader), "doing": doing[plan.state], "progress": state(plan)}


def state(plan: Plan) -> Context:
    """How far a bulk change is."""
    done = plan.count("undone") + plan.count("kept") if plan.state is State.UNDOING else plan.at_row
    text = _("%(done)s of %(total)s records", done=f"{done:,}", total=f"{plan.total:,}")
    stuck = plan.state in AT_WORK and not done and jobs.active_scheduler() is None
    if stuck:
        text = _("It waits: no scheduler is at work at the moment. Tell an administrator if it stays like this.")
    return {"state": plan.state.value, "percent": plan.percent, "text": text, "working": plan.state in AT_WORK}


def preview(view: RecordView, plan: Plan, reader: Reader) -> Context:
    """What would become of the records: counts, the first ones before and after, the refusals with their reasons."""
    samples = told.sample(reader.person, plan, reader.now)
    found = told.names_in(reader.person, samples, reader.language)
    marks = [mark for one in samples if (mark := watermark(one.sight, reader))]
    return {
        **_head(view, plan, reader),
        **_counts(plan, reader),
        "stamp": plan.stamp,
        "samples": [_sample(view.rt, one, found, reader) for one in samples],
        "all_shown": len(samples) == plan.count("changeable"),
        "watermark": marks[0] if marks else "",
        "undoable": plan.kind in UNDOABLE,
        "undo_days": rules.UNDO_DAYS,
        "tolerance": rules.tolerance(plan.total) if plan.picked is None else 0,
    }


def _sample(rt: RecordType, one: told.Sample, found: names.Names, reader: Reader) -> Context:
    return {
        "number": one.sight.number,
        "title": cells.title(one.sight, found),
        "level": one.sight.level,
        "url": cells.record_url(rt.slug, one.sight.number),
        "changes": [
            {
                "label": field.label.text(reader.language),
                "before": cells.cell(with_choices(field, rt), before, found)["text"][:LONGEST],
                "after": cells.cell(with_choices(field, rt), after, found)["text"][:LONGEST],
            }
            for field, before, after in one.changes
        ],
    }


def result(view: RecordView, plan: Plan, reader: Reader) -> Context:
    """What became of the records."""
    undoable = plan.kind in UNDOABLE and plan.state in CARRIED_OUT and bool(plan.count("changed"))
    own = plan.owner == reader.person.id
    return {
        **_head(view, plan, reader),
        **_counts(plan, reader),
        "failure": plan.failure.get("zh" if reader.language == "zh" else "en", "") if own else "",
        "can_undo": undoable and not rules.too_late_to_undo(plan.at, reader.now),
        "can_download": any(plan.count(kind.value) for kind in Said),
        "set": _set(view.rt, plan, reader),
    }


def _set(rt: RecordType, plan: Plan, reader: Reader) -> list[Context]:
    """What the fields were set to, as far as the reader may know."""
    seen = {f.name for f in (*PLACING_FIELDS, *told.shown_fields(reader.person, rt))}
    fields = [field for field in service.fields_of(rt, plan) if field.name in seen]
    values = {field.name: loaded(field, plan.values[field.name]) for field in fields}
    found = names.resolve(reader.person, [(fields, values)], language=reader.language)
    lines = [(f, cells.cell(with_choices(f, rt), values[f.name], found)["text"][:LONGEST]) for f in fields]
    return [{"label": f.label.text(reader.language), "text": text} for f, text in lines]


def _counts(plan: Plan, reader: Reader) -> Context:
    kinds = [kind for kind in Said if plan.count(kind.value)]
    return {
        "counts": {**dict(plan.counts), **{kind.value: plan.count(kind.value) for kind in Said}},
        "said": [_said(plan, kind, reader) for kind in kinds],
    }


def _said(plan: Plan, kind: Said, reader: Reader) -> Context:
    """What is said about the records of one sort, as far as the reader may know."""
    lines = told.told_of(reader.person, plan, told.lines(plan, kind), reader.language)
    return {
        "kind": kind.value,
        "title": SAID_TITLES[kind](),
        "count": plan.count(kind.value),
        "reasons": [
            {"count": count, **_reason(label, said, reader)}
            for count, label, said in told.summary(reader.person, plan, kind, reader.language)
        ],
        "lines": [
            {
                "number": one.number,
                "url": cells.record_url(plan.type, one.number) if one.number else "",
                "reasons": [_reason(label, said, reader) for label, said in one.reasons],
            }
            for one in lines
        ],
    }


def _reason(label: str, said: Sentence, reader: Reader) -> Context:
    return {"field": label, "text": said.zh if reader.language == "zh" else said.en}


SAID_TITLES = {
    Said.REFUSED: lambda: _("Not possible"),
    Said.MOVED: lambda: _("Changed by somebody after the preview"),
    Said.KEPT: lambda: _("Left as they are"),
}


def _head(view: RecordView, plan: Plan, reader: Reader) -> Context:
    steps = ("check", "confirm", "stop", "undo", "drop", "rows", "state")
    at_plan: Context = {"slug": plan.type, "plan_id": str(plan.id)}
    selected = len(plan.picked) if plan.picked is not None else None
    pairs = _address(view, plan, reader)
    return {
        "type": list_page.type_of(view, reader),
        "plan": line(view.rt, plan, reader),
        "selected": ngettext("%(num)s record selected", "%(num)s records selected", selected)
        if selected is not None
        else _("All records of the list"),
        "chips": _chips(view, plan, pairs, reader),
        "urls": {
            "list": list_url(plan, pairs),
            "all": url_for("bulk_changes.index"),
            "self": at(plan),
            "fields": at(plan, step="fields"),
            **{step: url_for(f"records.bulk_{step}", **at_plan) for step in steps},
        },
    }


def _address(view: RecordView, plan: Plan, reader: Reader) -> tuple[Pair, ...]:
    """The parameters of the list that the reader may know. What was typed belongs to whoever typed it: it may name what
    others have no right to know of (X6). Others see the conditions on fields of theirs whose values are declared."""
    if plan.owner == reader.person.id:
        return plan.address
    known = view.queryable(reader)
    return tuple(pair for pair in plan.address if written.is_condition(pair[0]) and _declared(pair, known))


def _declared(pair: Pair, known: Mapping[str, Field]) -> bool:
    leaves = [leaf for _path, leaf in written.paths(written.node_of(*pair))]
    return all(leaf.name in known and known[leaf.name].kind in DECLARED_VALUES for leaf in leaves)


def _chips(view: RecordView, plan: Plan, pairs: Iterable[Pair], reader: Reader) -> list[str]:
    """The filters of the list, in words; none when the reader may not filter so any more."""
    try:
        asked = listing_args.read(MultiDict(pairs), view.queryable(reader), reader)
    except BadQuery:
        return []
    return [chip["label"] for chip in list_page.chips(asked, list_url(plan, ()), reader)]


def line(rt: RecordType, plan: Plan, reader: Reader) -> Context:
    """A bulk change in one line."""
    words = {
        State.DRAFT: _("being prepared"),
        State.CHECKING: _("being checked"),
        State.CHECKED: _("to be confirmed"),
        State.RUNNING: _("at work"),
        State.DONE: _("done"),
        State.STOPPED: _("stopped"),
        State.UNDOING: _("being undone"),
        State.UNDONE: _("undone"),
        State.FAILED: _("broken off"),
    }
    return {
        "what": plan_label(rt, plan, reader.language),
        "type": rt.plural.text(reader.language),
        "by": plan.owner_name,
        "own": plan.owner == reader.person.id,
        "at": {
            "text": cells.moment_short(plan.at, reader.language),
            "full": cells.moment_full(plan.at, reader.language),
        },
        "state": {"text": words[plan.state], "tone": TONES.get(plan.state, "info")},
        "note": plan.note,
        "changed": plan.count("changed"),
        "refused": (plan.count("refused") + plan.count("moved")) if plan.carried_out else 0,
    }
