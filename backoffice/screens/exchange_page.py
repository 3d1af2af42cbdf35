"""What the import pages show: the file's columns, the progress, what a check found, what became of an import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from backoffice.posted_fields import TOKEN
from backoffice.screens import cells, list_page
from backoffice.screens.base import RecordView
from backoffice.screens.reader import Reader
from models.declarations import LEVEL_LABELS, RecordType
from models.exchange import service, undoing
from models.exchange.dates import ORDERS
from models.exchange.document import AT_WORK, Batch, Kind, Line, Options, State
from models.exchange.export import leaving
from models.exchange.mapping import Target, targets
from models.exchange.preview import preview
from models.exchange.table import MB
from models.exchange.text_lines import ENCODINGS
from models.exchange.undoing import Kept
from models.exchange.uploads import KEPT
from models.exchange.values import DATE_KINDS
from models.job import service as jobs
from models.listing import BadQuery
from models.person.roles import Role

Context = dict[str, Any]
Form = MultiDict[str, str]

SAMPLED, PREVIEWED, SHORT = 30, 10, 60
PER_COLUMN = ("field", "order")
DELIMITERS = {"comma": ",", "tab": "\t", "semicolon": ";", "bar": "|", "blank": " "}
TONES = {State.DONE: "good", State.FAILED: "bad", State.UNDONE: "neutral", State.CHECKED: "warn"}


# --- what was sent


def chosen(form: Form) -> Context:
    """How the file is to be read, as sent; what is '' is found."""
    row = form.get("header_row", "")
    return {
        "encoding": form.get("encoding", "")[:20],
        "delimiter": DELIMITERS.get(form.get("delimiter", ""), ""),
        "sheet": form.get("sheet", "")[:100],
        "header_row": int(row) if row.isascii() and row.isdecimal() and len(row) < 5 else None,
    }


def chosen_again(form: Form, batch: Batch) -> Context:
    """The same for a file that was read: the heading's row that was found on one sheet says nothing of another one."""
    made = chosen(form)
    if made["sheet"] != batch.found["sheet"] and made["header_row"] == batch.found["header_row"]:
        made["header_row"] = None
    return made


def names_sent(batch: Batch) -> set[str]:
    """The names of the inputs beside a file's columns."""
    columns = range(len(batch.found["header"]))
    return {TOKEN, "level", "empty_bad", "keep_repeats"} | {f"{name}-{i}" for i in columns for name in PER_COLUMN}


def mapping(form: Form, batch: Batch) -> Context:
    """The columns as sent: each heading of the file with its field and date order."""
    return {
        "columns": [
            {
                "header": header,
                "field": form.get(f"field-{index}", "")[:100],
                "order": form.get(f"order-{index}", "")[:10],
            }
            for index, header in enumerate(batch.found["header"])
        ]
    }


def options(form: Form) -> Options:
    """What was ticked beside the columns."""
    return Options(
        level=form.get("level", "")[:20],
        empty_bad=form.get("empty_bad") == "1",
        keep_repeats=form.get("keep_repeats") == "1",
    )


# --- pages


def upload(view: RecordView, reader: Reader) -> Context:
    """The page with which an import begins."""
    return {
        "type": list_page.type_of(view, reader),
        "encodings": ENCODINGS,
        "delimiters": list(_delimiters().items()),
        "limit": current_app.config["SETTINGS"].max_upload_bytes // MB,
        "batches": [_line(batch, reader) for batch in service.recent(reader.person, view.rt.slug)],
        "left_out": _left_out(view, reader),
    }


def _left_out(view: RecordView, reader: Reader) -> list[str]:
    """What an export writes and an import takes from no column: it follows from something else, or is a file."""
    taken = {target.path.partition(".")[0] for target in targets(service.fields_of(reader.person, view.rt))}
    return [f.label.text(reader.language) for f in leaving(reader.person, view.rt) if f.name not in taken]


def columns(view: RecordView, batch: Batch, reader: Reader, mapped: Context, ticked: Options) -> Context:
    """The file's columns beside what the record type has."""
    fields = service.fields_of(reader.person, view.rt)
    possible = targets(fields)
    given = {c["header"]: c for c in mapped.get("columns", ()) if c.get("field")}
    rows = service.sample(batch, SAMPLED)
    good = [row.cells for row in rows if row.problem is None]
    found = batch.found
    return {
        **_head(view, batch, reader),
        "columns": [
            {
                "index": index,
                "header": header,
                "values": _values([row[index] for row in good]),
                "field": given.get(header, {}).get("field", ""),
                "order": given.get(header, {}).get("order", ""),
            }
            for index, header in enumerate(found["header"])
        ],
        "groups": _groups(view.rt, possible, reader),
        "dates": [t.path for t in possible if t.field.kind in DATE_KINDS],
        "orders": [(value, label.text(reader.language)) for value, label in ORDERS.items()],
        "reading": _reading(batch),
        "levels": _levels(view, reader) if any(f.name == "level" for f in fields) else [],
        "options": ticked,
    }


def _groups(rt: RecordType, possible: list[Target], reader: Reader) -> list[Context]:
    """The fields to choose from, as the form groups them."""
    labels = {group.name: group.label.text(reader.language) for group in rt.groups}
    made: dict[str, list[Context]] = {}
    for target in possible:
        group = (target.outer or target.field).group
        one = {"path": target.path, "label": target.label.text(reader.language)}
        made.setdefault(labels.get(group, _("Placing")), []).append(one | {"required": _required(target)})
    return [{"label": label, "fields": fields} for label, fields in made.items()]


def _required(target: Target) -> bool:
    return target.field.required and target.outer is None and target.field.default is None


def _values(values: list[Any]) -> list[str]:
    """Up to three different values of a column, short."""
    texts = dict.fromkeys(" ".join(str(v).split()) for v in values if v is not None and str(v).strip())
    return [text if len(text) <= SHORT else text[: SHORT - 1] + "…" for text in list(texts)[:3]]


def _reading(batch: Batch) -> Context:
    found = batch.found
    names = {value: name for name, value in DELIMITERS.items()}
    known = dict.fromkeys([found["encoding"], *ENCODINGS]) if found["encoding"] else {}
    return {
        "encodings": list(known),
        "encoding": found["encoding"],
        "delimiters": list(_delimiters().items()) if found["delimiter"] else [],
        "delimiter": names.get(found["delimiter"], ""),
        "sheets": found["sheets"] if len(found["sheets"]) > 1 else [],
        "sheet": found["sheet"],
        "header_row": found["header_row"],
    }


def _delimiters() -> dict[str, str]:
    return {
        "comma": _("comma"),
        "tab": _("tab"),
        "semicolon": _("semicolon"),
        "bar": _("bar"),
        "blank": _("blanks"),
    }


def _levels(view: RecordView, reader: Reader) -> list[tuple[str, str]]:
    usual = LEVEL_LABELS[view.rt.default_level].text(reader.language)
    levels = [(level.value, label.text(reader.language)) for level, label in LEVEL_LABELS.items()]
    return [("", _("as usual: %(level)s", level=usual)), *levels]


def progress(view: RecordView, batch: Batch, reader: Reader) -> Context:
    """The page that waits with the person."""
    doing = {
        State.CHECKING: _("Every row is being checked. Nothing is stored yet."),
        State.RUNNING: _("The rows are being stored. You may leave this page; the work goes on."),
        State.UNDOING: _("The import is being taken back."),
    }
    return {**_head(view, batch, reader), "doing": doing[batch.state], "progress": state(batch)}


def state(batch: Batch) -> Context:
    """How far an import is."""
    handled = batch.done if batch.state is State.UNDOING else batch.count("rows")
    text = ngettext("%(count)s row", "%(count)s rows", handled, count=f"{handled:,}")
    stuck = batch.state in AT_WORK and not batch.at_row and jobs.active_scheduler() is None
    if stuck:
        text = _("It waits: no scheduler is at work at the moment. Tell an administrator if it stays like this.")
    return {"state": batch.state.value, "percent": batch.percent, "text": text, "working": batch.state in AT_WORK}


def checked(view: RecordView, batch: Batch, reader: Reader) -> Context:
    """What the check found: rows as they would be stored, and what is wrong, row by row."""
    found = preview(reader.person, batch, PREVIEWED, now=reader.now, language=reader.language)
    return {
        **_head(view, batch, reader),
        **_counts(batch, reader),
        "stamp": batch.stamp,
        "fields": [f.label.text(reader.language) for f in found.fields],
        "rows": [
            {
                "row": number,
                "cells": [_text(cells.text(f, values.get(f.name), found.names)) for f in found.fields]
                if values
                else None,
            }
            for number, values in found.rows
        ],
        "refused": [_said(line, reader) for line in service.lines(batch, Kind.REFUSED)],
        "warned": [_said(line, reader) for line in service.lines(batch, Kind.WARNED)],
        "emptied": [_said(line, reader) for line in service.lines(batch, Kind.EMPTIED)],
    }


def result(view: RecordView, batch: Batch, reader: Reader, args: Mapping[str, str]) -> Context:
    """What became of an import. Who only looks after imports sees how many rows and why, and none of their content."""
    own = batch.owner == reader.person.id
    stored = service.step_of(batch.state) == "run" and batch.count("taken")
    over = batch.state in (State.DONE, State.FAILED, State.UNDONE)
    undoable = stored and batch.left and over and reader.now - batch.at <= KEPT
    can_undo = bool(undoable) and (own or reader.person.has(Role.HEAD))
    undone = batch.state is State.UNDONE and batch.left
    here = undoing.count_kept(reader.person, batch) if undone or can_undo else 0
    kept = here if undone else 0
    failed = batch.failure.get("zh" if reader.language == "zh" else "en", "")
    return {
        **_head(view, batch, reader),
        **_counts(batch, reader),
        "failure": failed,
        "refused": [_said(line, reader) for line in service.lines(batch, Kind.REFUSED)] if own else [],
        "emptied": [_said(line, reader) for line in service.lines(batch, Kind.EMPTIED)] if own else [],
        "warned": [_said(line, reader) for line in service.lines(batch, Kind.WARNED, step="check")] if own else [],
        "warned_count": batch.checked.get(Kind.WARNED.value, 0),
        "kept": [_kept(one, reader) for one in service.kept_records(reader.person, batch)] if kept else [],
        "kept_count": _counted(kept),
        "undo_says": _undo_says(batch, reader, here) if can_undo else "",
        "stored": _stored(batch, reader, args) if stored and over and not undone else None,
        "can_download": own and bool(batch.count("refused")) and bool(stored or batch.state is State.DONE),
    }


def _stored(batch: Batch, reader: Reader, args: Mapping[str, str]) -> Context:
    """The records of an import that the reader sees, page by page."""
    after, before = _row(args, "after"), _row(args, "before")
    found = undoing.numbers(reader.person, batch, after=after, before=before)

    def at(name: str, row: int | None) -> str:
        place: Context = {"slug": batch.type, "batch_id": str(batch.id), name: row}
        return "" if row is None else url_for("records.imported", **place)

    return {
        "numbers": found.numbers,
        "pager": {"prev_url": at("before", found.previous), "next_url": at("after", found.next)},
    }


def _row(args: Mapping[str, str], name: str) -> int | None:
    """A row of the file in the address; None for none. :raises BadQuery:"""
    text = args.get(name, "")
    if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadQuery(parameter=name)
    return int(text) if text else None


def _kept(one: Kept, reader: Reader) -> Context:
    return {"number": one.number, "why": one.why.zh if reader.language == "zh" else one.why.en}


def _undo_says(batch: Batch, reader: Reader, here: int) -> str:
    """What an undo would do, for the question whether it shall; `here`: how many records of it the reader sees now."""
    return str(
        _(
            "As they were stored: %(untouched)s of %(all)s that you see. What is so is removed for good, but for "
            "records to which others point; so is what only bulk changes touched that were taken back. All others "
            "stay.",
            all=_counted(here),
            untouched=_counted(undoing.untouched(reader.person, batch)),
        )
    )


def _counted(count: int) -> str:
    """A count that ends with one more than `COUNTED`, in words."""
    return f"{undoing.COUNTED:,}+" if count > undoing.COUNTED else f"{count:,}"


def _head(view: RecordView, batch: Batch, reader: Reader) -> Context:
    at: Context = {"slug": batch.type, "batch_id": str(batch.id)}
    steps = ("read", "check", "confirm", "undo", "drop", "rows", "state", "kept")
    return {
        "type": list_page.type_of(view, reader),
        "batch": _line(batch, reader),
        "urls": {
            "imports": url_for("records.imports", slug=batch.type),
            "self": url_for("records.imported", **at),
            "columns": url_for("records.imported", **at, step="columns"),
            **{step: url_for(f"records.import_{step}", **at) for step in steps},
        },
    }


def _line(batch: Batch, reader: Reader) -> Context:
    words = {
        State.UPLOADED: _("columns to be chosen"),
        State.CHECKING: _("being checked"),
        State.CHECKED: _("to be confirmed"),
        State.RUNNING: _("being stored"),
        State.DONE: _("done"),
        State.UNDOING: _("being undone"),
        State.UNDONE: _("undone"),
        State.FAILED: _("broken off"),
    }
    run = service.step_of(batch.state) == "run"
    word, tone = words[batch.state], TONES.get(batch.state, "info")
    if batch.state is State.UNDONE and batch.left:
        word, tone = (_("partly undone"), "warn") if batch.count("undone") else (words[State.DONE], "good")
    return {
        "name": batch.name,
        "by": batch.owner_name,
        "own": batch.owner == reader.person.id,
        "at": {
            "text": cells.moment_short(batch.at, reader.language),
            "full": cells.moment_full(batch.at, reader.language),
        },
        "state": {"text": word, "tone": tone},
        "size": cells.size_text(batch.size),
        "stored": batch.count("taken") if run else 0,  # on that day: what remains is not everybody's to know (X6)
        "refused": batch.count("refused") if run else 0,
        "url": url_for("records.imported", slug=batch.type, batch_id=str(batch.id)),
    }


def _counts(batch: Batch, reader: Reader) -> Context:
    """The counts, the reasons with how many rows share each, and the columns that go nowhere."""
    mapped = {c["header"] for c in batch.mapping.get("columns", ()) if c.get("field")}
    order = list(Kind)
    ranked = sorted(batch.reasons, key=lambda r: (order.index(r.kind), -r.count))
    return {
        "counts": {name: batch.count(name) for name in ("rows", "taken", *order, "undone")},
        "reasons": [
            {
                "kind": r.kind.value,
                "column": r.column,
                "text": r.zh if reader.language == "zh" else r.en,
                "count": r.count,
            }
            for r in ranked
        ],
        "left_out": [header for header in batch.found["header"] if header not in mapped],
    }


def _said(line: Line, reader: Reader) -> Context:
    reasons = [{"column": column, "text": zh if reader.language == "zh" else en} for column, zh, en in line.reasons]
    return {"row": line.row, "start": line.start, "reasons": reasons}


def _text(text: str) -> str:
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"
