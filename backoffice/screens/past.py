"""What happened to a record: the timeline beside it and the history page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup, escape

from backoffice.screens import audit_words, cells
from backoffice.screens.reader import Reader
from backoffice.screens.record_page import with_choices
from backoffice.screens.value_html import safe
from models import audit, ownership, past, records, store
from models.access import Purpose
from models.calendar import local
from models.declarations import Field
from models.names import Names
from models.records import Sight

Context = dict[str, Any]
Row = Mapping[str, Any]
Restoring = Callable[[Row], str]

LONGEST = 120
LATELY = 50
"""How many of its latest readings stand beside a record's history."""


def pointing(versions: Iterable[Row]) -> list[tuple[tuple[Field, ...], dict[str, Any]]]:
    """The values in some versions that may point to people or records, for `names.resolve`."""
    found: list[tuple[tuple[Field, ...], dict[str, Any]]] = []
    for row in versions:
        for change in row["changes"]:
            for side in ("before", "after"):
                if change[side] is not None:
                    found.append(((change["field"],), {change["field"].name: change[side]}))
    return found


def timeline(sight: Sight, versions: Iterable[Row], names: Names, restoring: Restoring | None = None) -> Markup:
    """Some versions, one line each. `restoring` gives the address at which a former one is restored, '' for none."""
    return Markup("".join([_entry(sight, row, names, restoring) for row in versions]))  # escaped below  # noqa: S704


def _entry(sight: Sight, row: Row, names: Names, restoring: Restoring | None) -> str:
    rt = sight.rt
    action, changes = row["action"], row["changes"] if row["action"] != "create" else []
    move = next((t for t in rt.workflow.transitions if t.name == action), None) if rt.workflow else None
    if move is not None:
        text, tone = f"“{move.label.text(names.language)}”", move.tone
    else:
        text, tone = _said(action, len(changes)), "neutral"
    if row.get("masked"):
        text, tone = _("changed it while it was more secret than you may read"), "neutral"
    if row.get("note"):
        text = f"{text}{_(': ')}{_noted(row, names.language)}"
    at, full = (show(row["at"], names.language) for show in (cells.moment_short, cells.moment_full))
    back = restoring(row) if restoring else ""
    restore = _("Restore …")
    link = f' <a class="quiet-link" href="{safe(back)}">{escape(restore)}</a>' if back else ""
    told = f'<dl class="changes">{"".join([_change(sight, one, names) for one in changes])}</dl>' if changes else ""
    return (
        f'<li class="tone-{safe(tone)}"><p><strong>{safe(who(row))}</strong> {safe(text)}</p>'
        f'<time title="{safe(full)}">{safe(at)}</time>{link}{told}</li>'
    )


def _noted(row: Row, language: str) -> str:
    """A version's note; the moment that a restored one names, as pages write moments."""
    moment = past.moment_noted(row)
    return cells.moment_short(moment, language) if moment else str(row["note"])


def unnamed() -> str:
    """What stands for whoever the reader may not know to be at work on it."""
    return str(_("Somebody who looks into it"))


def maker(row: Row) -> str:
    """Who made a version, by name where the reader may know it."""
    if row.get("withheld"):
        return unnamed()
    return str(row["by_name"]) if row["by"] else str(_("The system"))


def who(row: Row) -> str:
    """Who made a version, and for whom as a deputy."""
    name = maker(row)
    return _("%(deputy)s for %(name)s", deputy=name, name=row["behalf_name"]) if row.get("behalf_name") else name


ACTIONS = {
    "create": _l("made it"),
    "archive": _l("archived it"),
    "restore": _l("restored it"),
    "merge": _l("merged another record into it"),
    "merged_away": _l("merged it into another record"),
    "follow_merge": _l("merged the record to which it points"),
    "unmerge": _l("took a merge back"),
    "calendar_moved": _l("moved its deadline with the calendar"),
    "declassify": _l("declassified"),
    "secrecy_changed": _l("changed the secrecy as approved"),
    "follow_level": _l("changed the level of what it belongs to"),
    "expire": _l("closed it: its period is over"),
    "may_not_borrow": _l("closed it: its reader may not borrow any more"),
    "reader_gone": _l("closed it: its reader's account was disabled"),
    "took_out": _l("took out under receipt"),
    "lapse": _l("closed it: nobody decided in time"),
    "record_merged": _l("merged the record: access to it ended"),
    "record_destroyed": _l("destroyed the record"),
    "removal_begun": _l("began to destroy what was signed for"),
    "removal_barred": _l("found that it may not be destroyed"),
    "removal_done": _l("ended the destruction"),
    "restore_version": _l("restored a former version"),
    "undo_bulk": _l("undid a bulk change"),
}


def _said(action: str, count: int) -> str:
    words = ACTIONS.get(action)
    if not words and not count:  # what changed is not the reader's to know
        return str(_("changed it"))
    return str(words or ngettext("changed one field", "changed %(num)s fields", count))


def _change(sight: Sight, change: Row, names: Names) -> str:
    field = with_choices(change["field"], sight.rt)
    sides = _rows_that_differ(change) if field.kind == "embedded_list" else (change["before"], change["after"])
    texts = [cells.cell(field, side, names)["text"] for side in sides]
    if field.kind == "embedded_list" and texts[0] == texts[1]:
        return ""  # what differs between the rows is shown nowhere
    before, after = (safe(_cut(text)) for text in texts)
    if field.kind == "files":
        lines = "<br>".join(_changed_files(sight, change, names))
        return f"<div><dt>{safe(field.label.text(names.language))}</dt><dd>{lines}</dd></div>"
    gone = f"<del>{before}</del> " if before else ""
    emptied = f'<span class="nothing">{escape(_("emptied"))}</span>' if before else ""
    now = f"<ins>{after}</ins>" if after else "" if change["after"] else emptied
    return f"<div><dt>{safe(field.label.text(names.language))}</dt><dd>{gone}{now}</dd></div>"


def _cut(text: str) -> str:
    """The beginning of a long text, with a mark: the end of a number or a file's hash is not just missing."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _changed_files(sight: Sight, change: Row, names: Names) -> list[str]:
    """The files that a change added, replaced by one of the same name, or removed, a line each."""
    gone, new = _rows_that_differ(change)
    left, lines = list(new), list[str]()
    for row in gone:
        instead = next((one for one in left if one["name"] == row["name"]), None)
        added = ""
        if instead is not None:
            left.remove(instead)
            added = f" <ins>{_file(sight, instead, names)}</ins>"
        lines.append(f"<del>{_file(sight, row, names)}</del>{added}")
    return lines + [f"<ins>{_file(sight, row, names)}</ins>" for row in left]


def _file(sight: Sight, row: Row, names: Names) -> str:
    """A file by its name, with where it is fetched: a former one stays as it was."""
    one = cells.file_link(sight, row, names)
    return f'<a href="{safe(one["url"])}">{safe(one["text"])}</a>' if one["url"] else safe(one["text"])


def _rows_that_differ(change: Row) -> tuple[Any, Any]:
    """What a change took from a list of rows and what it put there; both lists when only their order changed."""
    before, after = change["before"] or [], change["after"] or []
    gone, new = [row for row in before if row not in after], [row for row in after if row not in before]
    return (gone, new) if gone or new else (before, after)


def days(sight: Sight, versions: Iterable[Row], names: Names, restoring: Restoring | None = None) -> list[Context]:
    """The versions day by day; `restoring` as in `timeline`."""
    made = []
    for day, rows in groupby(versions, key=lambda row: local(row["at"]).date()):
        label = cells.day_full(day, names.language)
        made.append({"label": label, "html": timeline(sight, rows, names, restoring)})
    return made


def restorable(sight: Sight, reader: Reader) -> Restoring | None:
    """Where a version of the record is restored by the reader; None when they may not change it."""
    current = store.fetch_to_show(sight.rt.slug, sight.id)
    if sight.unreadable or not records.can(reader.person, sight.rt, current, Purpose.EDIT):
        return None

    def address(row: Row) -> str:
        if row["rev"] >= current["rev"] or row.get("masked"):
            return ""
        return cells.record_url(sight.rt.slug, sight.number, "restore_version", version=row["rev"])

    return address


def readers(sight: Sight, reader: Reader) -> list[Context] | None:
    """Who has read, printed or exported the record, for those who may know (X7); None for everybody else."""
    if not sight.rt.classified or not ownership.knows_readers(reader.person, sight.values):
        return None
    found = audit.readings(sight.id, LATELY + 1)
    runs = audit.runs(found[:LATELY])
    cut = runs[-1] if len(found) > LATELY else None  # how many more there are of the last one is not known here
    return [_read(run, reader.language, counted=run is not cut) for run in runs]


def _read(run: audit.Run, language: str, *, counted: bool) -> Context:
    row, said = dict(run.latest), audit_words
    times = f" · {said.times(run.count)}" if counted and run.count > 1 else ""
    when = cells.span_short(run.first_at, row["at"], language)
    return {"who": said.who(row), "what": f"{said.what(row, language)}{times}", "when": when}
