"""The audit trail on screen, for auditors (X7): who did what to which record, when. It shows names of fields and never
values, and nothing here can be changed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from bson import ObjectId
from flask import request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext as _

from backoffice import auth
from backoffice.screens import cells
from backoffice.screens.reader import Reader, current_reader
from models import audit, registry, store
from models.declarations import LEVEL_LABELS, Level
from models.errors import Forbidden
from models.kinds import ZONE, Unreadable, kind_of
from models.listing import BadQuery
from models.person import directory
from models.person.roles import Permission
from models.record import SYSTEM_FIELDS

PAGE = 50
LONGEST = 60
DAY = next(field for field in SYSTEM_FIELDS if field.name == "created_at")
PARAMETERS = {"person", "number", "action", "from", "until", "before"}
Context = dict[str, Any]


class AuditView(BaseView):
    """The trail, newest first, by keyset; closed to everybody without `audit:read`."""

    def is_accessible(self) -> bool:
        """Only whoever may read the trail."""
        person = auth.known_person()
        return person is not None and person.may(Permission.AUDIT_READ)

    def inaccessible_callback(self, name: str, **kwargs: Any) -> None:
        """:raises Forbidden: always."""
        raise Forbidden()

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """A page of entries that match the address. :raises BadQuery: for what is not understood there."""
        reader = current_reader()
        asked = _asked()
        rows = audit.entries(_condition(asked), _before(asked["before"]), PAGE + 1)
        following = ""
        if len(rows) > PAGE:
            rows = rows[:PAGE]
            following = url_for("audit.index", **{**_kept(asked), "before": str(rows[-1]["_id"])})
        rendered: str = self.render(
            "audit.html",
            rows=[_row(row, reader) for row in rows],
            asked=asked,
            actions=[(action, word) for action, word in _words().items()],
            next_url=following,
            first_url=url_for("audit.index", **_kept(asked)) if asked["before"] else "",
        )
        return rendered


def _asked() -> dict[str, str]:
    for name in request.args:
        if name not in PARAMETERS:
            raise BadQuery(parameter=name[:LONGEST])
    asked = {name: request.args.get(name, "").strip() for name in PARAMETERS}
    for name, text in asked.items():
        if len(text) > LONGEST or "\x00" in text:
            raise BadQuery(parameter=name)
    return asked


def _kept(asked: dict[str, str]) -> dict[str, Any]:
    return {name: text for name, text in asked.items() if text and name != "before"}


def _condition(asked: dict[str, str]) -> dict[str, Any]:
    condition: dict[str, Any] = {}
    if asked["person"]:
        condition["actor"] = {"$in": [row["_id"] for row in directory.find(asked["person"], limit=100)]}
    if asked["number"]:
        condition["number"] = asked["number"]
    if asked["action"]:
        condition["action"] = asked["action"]
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


def _row(row: Context, reader: Reader) -> Context:
    level = row.get("level") or ""
    return {
        "at": cells.moment_short(row["at"], reader.language),
        "full": cells.moment_full(row["at"], reader.language),
        "who": row["actor_name"] if row["actor"] else _("The system"),
        "what": _what(row, reader.language),
        "tone": "bad" if row["action"] == "refused" else "neutral",
        "type": _type(row["type"], reader.language),
        "number": row.get("number") or "",
        "level": level if level in LEVEL_LABELS and level != Level.INTERNAL.value else "",
        "fields": _fields(row, reader.language),
    }


def _what(row: Context, language: str) -> str:
    known = _words().get(row["action"])
    if known:
        return known
    for rt in registry.all_types():
        for move in rt.workflow.transitions if rt.slug == row["type"] and rt.workflow else ():
            if move.name == row["action"]:
                return f"“{move.label.text(language)}”"
    return str(row["action"]).replace("_", " ")


def _type(slug: str, language: str) -> str:
    for rt in registry.all_types():
        if rt.slug == slug:
            return rt.label.text(language)
    words = {"person": _("Account"), "job": _("Job"), "import": _("Import")}
    words |= {"scorecard": _("Scorecard"), "bulk_change": _("Bulk change")}
    return str(words.get(slug, slug))


def _fields(row: Context, language: str) -> str:
    labels = _account_fields()
    for rt in registry.all_types():
        if rt.slug == row["type"]:
            labels = {f.name: f.label.text(language) for f in (*SYSTEM_FIELDS, *store.fields_of(rt))}
    joiner = "、" if language == "zh" else ", "
    return joiner.join(labels.get(name, name.replace("_", " ")) for name in row.get("fields") or ())


def _account_fields() -> dict[str, str]:
    return {
        "name": _("Name"),
        "email": _("Email"),
        "department": _("Department"),
        "manager": _("Manager"),
        "roles": _("Roles"),
    }


def _words() -> dict[str, str]:
    """Every act that is no move of a record's own."""
    return {
        "view": _("read"),
        "print": _("printed"),
        "export": _("exported"),
        "export_done": _("finished the export"),
        "refused": _("was refused"),
        "create": _("created"),
        "change": _("changed"),
        "token_made": _("made an access token"),
        "token_revoked": _("revoked an access token"),
        "archive": _("archived"),
        "restore": _("restored"),
        "declassify": _("declassified"),
        "expire": _("access ended"),
        "credit_decision": _("credit decided"),
        "contract_signed": _("contract signed"),
        "follow_customer": _("followed the customer's file"),
        "revisited": _("customer revisited"),
        "replace_scorecard": _("changed the scorecard"),
        "open_set": _("opened as a set"),
        "import": _("imported"),
        "import_confirmed": _("confirmed an import"),
        "import_undo_asked": _("asked to take an import back"),
        "import_undone": _("took an import back"),
        "undo_import": _("removed with its import"),
        "bulk_confirmed": _("confirmed a bulk change"),
        "bulk_done": _("finished a bulk change"),
        "bulk_stopped": _("stopped a bulk change"),
        "bulk_undo_asked": _("asked to undo a bulk change"),
        "bulk_undone": _("undid a bulk change"),
        "undo_bulk": _("gave the former values back"),
        "job_requested": _("asked for a job to run"),
        "job_enabled": _("switched a job on"),
        "job_disabled": _("switched a job off"),
        "signed_in": _("signed in"),
        "signed_out": _("signed out"),
        "password_changed": _("changed the password"),
        "second_factor_set_up": _("set up the second step"),
        "second_factor_removed": _("took the second step away"),
        "person_added": _("added an account"),
        "person_changed": _("changed an account"),
        "person_enabled": _("enabled an account"),
        "person_disabled": _("disabled an account"),
        "roles_changed": _("changed roles"),
        "right_proposed": _("proposed a right"),
        "right_confirmed": _("confirmed a right"),
        "right_refused": _("refused a right"),
        "access_reset": _("reset access"),
    }
