"""The audit trail on screen, for auditors (X7): who did what to which record, when, and how far the trail is sealed.

It shows names of fields and never values, and nothing here can be changed. Taking a part of it away as a file is itself
an entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from bson import ObjectId
from flask import Response, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from backoffice.downloads import disposition
from backoffice.posted_fields import takes
from backoffice.screens import audit_details, cells
from backoffice.screens import audit_words as words
from backoffice.screens.closed import ClosedView
from backoffice.screens.reader import Reader, current_reader
from models import audit
from models.audit.checkpoints import LONGEST as CHECKPOINT_LONGEST
from models.audit.checkpoints import latest
from models.audit_check import service as checking
from models.audit_check.service import Check
from models.declarations import LEVEL_LABELS, Level
from models.exchange.writing import CSV_TYPE, Column, stream_csv
from models.kinds import ZONE, Unreadable, kind_of
from models.listing import BadQuery
from models.person import directory
from models.person.roles import Permission
from models.record import SYSTEM_FIELDS

PAGE = 50
AT_ONCE = 1_000
FINDINGS = 5
LONGEST = 60
ACCOUNT = "person"
"""What entries about somebody's account are of: their `record` is the person."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
DAY = next(field for field in SYSTEM_FIELDS if field.name == "created_at")
ASKED = ("person", "type", "number", "action", "level", "from", "until")
PARAMETERS = {*ASKED, "before"}
Context = dict[str, Any]


class AuditView(ClosedView):
    """The trail, newest first, by keyset; closed to everybody without `audit:read`."""

    needs = Permission.AUDIT_READ

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """A page of entries that match the address. :raises BadQuery: for what is not understood there."""
        reader = current_reader()
        asked = _asked(request.args, PARAMETERS)
        rows = audit.entries(_condition(asked), _before(asked["before"]), PAGE + 1)
        following = ""
        if len(rows) > PAGE:
            rows = rows[:PAGE]
            following = url_for("audit.index", **{**_kept(asked), "before": str(rows[-1]["_id"])})
        return self.page(
            "audit.html",
            rows=[_row(row, reader) | {"numbers": _numbers(row, asked["number"])} for row in _named(rows)],
            asked=asked,
            actions=words.chosen_acts(reader.language),
            types=words.kinds(reader.language),
            levels=[(level.value, LEVEL_LABELS[level].text(reader.language)) for level in Level],
            next_url=following,
            first_url=url_for("audit.index", **_kept(asked)) if asked["before"] else "",
            state=_state(reader),
            export={"url": url_for("audit.export"), "values": _kept(asked)},
        )

    @expose("/export", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes(*ASKED)
    def export(self) -> ResponseReturnValue:
        """The entries that match, as a CSV file; the trail has who took it before its first byte leaves.

        :raises BadQuery: for what is not understood.
        """
        reader = current_reader()
        asked = _asked(request.form, {*ASKED, "csrf_token"})
        condition = _condition(asked)
        detail = {"filters": sorted(_kept(asked)), "via": "screen"}
        audit.append("trail_exported", reader.person, audit.Subject("audit"), now=reader.now, detail=detail)
        until = {"$and": [condition, {"at": {"$lte": reader.now}}]}
        pieces = stream_csv(_columns(), (_cells(row, reader) for row in _all(until)))
        name = f"audit-{reader.now.astimezone(ZONE):%Y%m%d-%H%M%S}.csv"
        headers = {"Content-Disposition": disposition(name)}
        return Response(stream_with_context(pieces), mimetype=CSV_TYPE, headers=headers)


def _asked(sent: MultiDict[str, str], known: set[str]) -> dict[str, str]:
    for name in sent:
        if name not in known:
            raise BadQuery(parameter=name[:LONGEST])
    asked = {name: sent.get(name, "").strip() for name in PARAMETERS}
    for name, text in asked.items():
        if len(text) > LONGEST or "\x00" in text:
            raise BadQuery(parameter=name)
    return asked


def _kept(asked: dict[str, str]) -> dict[str, Any]:
    return {name: text for name, text in asked.items() if text and name != "before"}


def _condition(asked: dict[str, str]) -> dict[str, Any]:
    condition: dict[str, Any] = {name: asked[name] for name in ("type", "number", "action", "level") if asked[name]}
    if asked["level"] and asked["level"] not in {level.value for level in Level}:
        raise BadQuery(parameter="level")
    for name in ("type", "action"):  # types that were withdrawn, and their moves, are in the trail as well
        if asked[name] and not NAME.fullmatch(asked[name]):
            raise BadQuery(parameter=name)
    if asked["person"]:
        some = {"$in": list(directory.named(re.escape(asked["person"])))}
        condition["$or"] = [
            {"actor": some},
            {"type": ACCOUNT, "record": some},
        ]  # what they did, and what was done to them
    span = {}
    if asked["from"]:
        span["$gte"] = _midnight("from", asked["from"])
    if asked["until"]:
        span["$lt"] = _midnight("until", asked["until"]) + timedelta(days=1)
    return {**condition, "at": span} if span else condition


def _midnight(name: str, text: str) -> datetime:
    try:
        moment: datetime = kind_of(DAY).read(DAY, text)
    except Unreadable:
        raise BadQuery(parameter=name) from None
    return datetime.combine(moment.astimezone(ZONE).date(), time(), ZONE).astimezone(UTC)


def _before(text: str) -> ObjectId | None:
    if not text:
        return None
    if not ObjectId.is_valid(text):
        raise BadQuery(parameter="before")
    return ObjectId(text)


def _all(condition: Context) -> Iterator[Context]:
    """Every entry that matches, a thousand at a time."""
    last: ObjectId | None = None
    while rows := audit.entries(condition, last, AT_ONCE):
        yield from _named(rows)
        last = rows[-1]["_id"]


def _named(rows: list[Context]) -> list[Context]:
    """The entries, those about an account with the name of whose it is in place of a number; one question for all."""
    names: dict[Any, str] = {**directory.names(row.get("record") for row in rows if row["type"] == ACCOUNT)}
    return [row | {"number": names.get(row.get("record"), "")} if row["type"] == ACCOUNT else row for row in rows]


def _numbers(row: Context, asked: str) -> list[Context]:
    """What an entry is about, each with the address of its own entries; first the one asked for."""
    found = sorted(words.numbers(row), key=lambda number: number != asked)
    by = ACCOUNT if row["type"] == ACCOUNT else "number"
    kept: list[Context] = [{"type": row["type"], by: one} for one in found if one]
    return [{"text": one[by], "url": url_for("audit.index", **one)} for one in kept]


def _row(row: Context, reader: Reader) -> Context:
    return {
        "at": cells.moment_short(row["at"], reader.language),
        "full": cells.moment_full(row["at"], reader.language),
        "who": words.who(row),
        "what": words.what(row, reader.language),
        "tone": "bad" if row["action"] in ("refused", "unusual_reading") else "neutral",
        "type": words.kind(row["type"], reader.language),
        "level": words.level(row),
        "fields": words.fields(row, reader.language),
        "detail": audit_details.told(row, reader.language),
    }


def _columns() -> list[Column]:
    about = (_("When"), _("Who"), _("Act"), _("Type"), _("Number"), _("Level"), _("Fields"), _("Detail"))
    titles = (*about, _("Token"), _("Entry"))
    return [Column(title, "datetime" if not place else "text") for place, title in enumerate(titles)]


def _cells(row: Context, reader: Reader) -> tuple[Any, ...]:
    said = _row(row, reader)
    level = LEVEL_LABELS[Level(said["level"])].text(reader.language) if said["level"] else ""
    number = ", ".join(words.numbers(row))
    shown = (said["who"], said["what"], said["type"], number, level, said["fields"], said["detail"])
    return (row["at"], *shown, str(row.get("token", {}).get("id", "")), str(row["_id"]))


def _state(reader: Reader) -> Context:
    """How far the trail is sealed and signed, in sentences."""
    state, signed = audit.sealing_state(), latest()
    waiting = f"{state.waiting}+" if state.waiting >= AT_ONCE else str(state.waiting)
    sealed = _("nothing yet")
    if state.sealed_at is not None:
        sealed = cells.moment_full(state.sealed_at, reader.language)
    lines = [
        {"label": _("Sealed"), "text": ngettext("%(num)s entry", "%(num)s entries", state.total)},
        {"label": _("Last seal"), "text": sealed},
        {"label": _("Waiting for a seal"), "text": waiting},
        {
            "label": _("Last signed checkpoint"),
            "text": cells.moment_full(signed.moment, reader.language) if signed else _("nothing yet"),
        },
    ]
    check = checking.latest()
    lines.append({"label": _("Last daily check"), "text": _checked(check, reader)})
    warnings = list(check.findings[:FINDINGS]) if check is not None else []
    if state.stands_still(reader.now):
        warnings.append(_("Nothing has been sealed for over a minute. Is the scheduler running?"))
    if signed is None or reader.now - signed.moment > 2 * CHECKPOINT_LONGEST:
        warnings.append(_("No checkpoint has been signed for over ten minutes. Is the scheduler running?"))
    return {"lines": lines, "warnings": warnings}


def _checked(check: Check | None, reader: Reader) -> str:
    if check is None:
        return str(_("nothing yet"))
    at = cells.moment_full(check.at, reader.language)
    if not check.count:
        return str(_("%(at)s: everything fits", at=at))
    return str(_("%(at)s: %(count)s findings", at=at, count=check.count))
