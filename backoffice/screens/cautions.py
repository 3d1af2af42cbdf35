"""What a person is told of at a record: that it was late and went up, what other records say against it, and what of
them helps to write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from backoffice.screens.reader import Reader
from models import access, registry, turns, work
from models.person.roles import ROLE_LABELS
from models.records import Sight

Context = dict[str, Any]
NOTHING: Mapping[str, Any] = {}


def of_record(
    sight: Sight, current: Mapping[str, Any], reader: Reader, beside: Mapping[str, Any] = NOTHING
) -> list[Context]:
    """The notices above a record's page and the sheet of a move; `current` is the stored record, `beside` what was
    found with it."""
    return [*_gone_up(sight, current, reader), *on_form(sight, reader, beside)]


def on_form(sight: Sight, reader: Reader, beside: Mapping[str, Any] = NOTHING) -> list[Context]:
    """The notices above the form of a stored record."""
    hooks = registry.get(sight.rt.slug).hooks
    if not sight.full or sight.values.get("archived_at"):
        return []
    values = {**sight.values, "_id": sight.id}
    warned = hooks.warns(reader.person, values, beside) if hooks.warns else ()
    told = hooks.tells(reader.person, values) if hooks.tells else ()
    said = [*((text, "warn") for text in warned), *((text, "info") for text in told)]
    return [{"text": text.zh if reader.language == "zh" else text.en, "tone": tone} for text, tone in said]


def _gone_up(sight: Sight, current: Mapping[str, Any], reader: Reader) -> list[Context]:
    """To which levels a late record went up (T6)."""
    state = access.state_of(sight.rt, current)
    if state is None or not work.goes_up_late(state) or not sight.full:
        return []
    place = 0 if reader.language == "zh" else 1
    levels = str(_(", ")).join(ROLE_LABELS[turns.role_of(whose)][place] for whose in turns.climbed_to(state, current))
    return [{"text": _("Late. It has gone up to: %(levels)s", levels=levels), "tone": "bad"}] if levels else []
