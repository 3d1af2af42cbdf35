"""Why a record is due when it is, and from when it moved: the steps of the reckoning in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _

from backoffice.screens import cells
from backoffice.screens.reader import Reader
from models import stored_form
from models.calendar_steps import Agreed, words
from models.deadline import recount, settling
from models.declarations import Field
from models.records import Sight


def due(sight: Sight, reader: Reader) -> dict[str, Any] | None:
    """When a record is due, with the reason where there is one to tell: `why`, a line for each step."""
    found = cells.due(sight, reader)
    return found | {"why": why(sight, reader.language)} if found else None


def why(sight: Sight, language: str) -> list[str]:
    """The steps that led to the record's present deadline; none where it was set by a person, follows from a field that
    the reader may not see, or is not what would be reckoned now."""
    field = _standing(sight)
    if field is None:
        return []
    values = {one.name: None for one in sight.rt.fields} | sight.values
    deadline = settling.why(sight.rt, values, field.name)
    if deadline is None:
        return []
    lines = [words(step) for step in deadline.steps]
    shown = [line.zh if language == "zh" else line.en for line in lines]
    start = sight.rt.by_name.get(settling.starts(sight.rt, values, field.name))
    if start is not None and not isinstance(deadline.steps[0], Agreed):
        shown[0] = f"{start.label.text(language)}{'：' if language == 'zh' else ': '}{shown[0]}"
    return shown


def moved(sight: Sight, versions: Iterable[Mapping[str, Any]], language: str) -> str:
    """From when the record's present deadline moved last, among its latest versions; '' where it did not."""
    field = _standing(sight)
    changes = ((row, change) for row in versions for change in row["changes"] if field and change["field"] == field)
    for row, change in changes:
        before = change["before"]
        if before is None or change["after"] != sight.values.get(change["field"].name):
            return ""
        shown = cells.moment_short if change["field"].kind == "datetime" else cells.day_short
        day = shown(before, language)
        if row["action"] == recount.ACTION:
            return str(_("moved from %(day)s when the calendar changed", day=day))
        return str(_("moved from %(day)s", day=day))
    return ""


def _standing(sight: Sight) -> Field | None:
    """The field that holds the deadline of now, among those that follow from the calendar and that the reader sees."""
    at = sight.values.get("due_at")
    if at is None or not sight.full:
        return None
    names = settling.fields_of(sight.rt)
    found = (f for f in sight.fields if f.name in names)
    return next((f for f in found if stored_form.end_of(sight.values.get(f.name)) == at), None)
