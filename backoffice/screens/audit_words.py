"""The words of the audit trail: what an entry says, in the reader's language."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from models import registry, store
from models.declarations import LEVEL_LABELS, Level
from models.record import SYSTEM_FIELDS

Context = dict[str, Any]
LONGEST_DETAIL = 200


def what(row: Context, language: str) -> str:
    """The act."""
    known = acts().get(row["action"])
    if known:
        return known
    for rt in registry.all_types():
        for move in rt.workflow.transitions if rt.slug == row["type"] and rt.workflow else ():
            if move.name == row["action"]:
                return f"“{move.label.text(language)}”"
    return str(row["action"]).replace("_", " ")


def kind(slug: str, language: str) -> str:
    """What an entry is about: a type of records, or a thing of another kind."""
    for rt in registry.all_types():
        if rt.slug == slug:
            return rt.label.text(language)
    words = {"person": _("Account"), "job": _("Job"), "audit": _("Audit trail"), "import": _("Import")}
    words["record_type"] = _("Record type")
    words |= {"scorecard": _("Scorecard"), "bulk_change": _("Bulk change"), "calendar": _("Working calendar")}
    return str(words.get(slug, slug))


def fields(row: Context, language: str) -> str:
    """The names of the fields that were read or changed."""
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


def acts() -> dict[str, str]:
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
        "restore_version": _("restored a former version"),
        "merge": _("merged another record into it"),
        "merged_away": _("merged it into another record"),
        "unmerge": _("took a merge back"),
        "record_merged": _("merged the record: access to it ended"),
        "not_duplicates": _("said that they are two"),
        "follow_merge": _("merged the record to which it points"),
        "lapse": _("closed it: nobody decided in time"),
        "calendar_moved": _("moved with the working calendar"),
        "calendar_day_set": _("entered a day in the calendar"),
        "calendar_day_removed": _("took a day out of the calendar"),
        "calendar_year_imported": _("imported a year of the calendar"),
        "deadlines_recounted": _("counted deadlines anew"),
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
        "type_put": _("changed a record type"),
        "type_withdrawn": _("withdrew a record type"),
        "trail_exported": _("exported the audit trail"),
        "unusual_reading": _("read unusually many records"),
    }


def chosen_acts(language: str) -> list[tuple[str, str]]:
    """Every act that can be asked for: those of the product, then the moves of records by their first name."""
    moves: dict[str, str] = {}
    known = acts()
    for rt in registry.all_types():
        for move in rt.workflow.transitions if rt.workflow else ():
            if move.name not in known:
                moves.setdefault(move.name, f"“{move.label.text(language)}”")
    return [*known.items(), *sorted(moves.items(), key=lambda one: one[1])]


def level(row: Context) -> str:
    """The level's value when it is one of secrecy, else ''."""
    value = row.get("level") or ""
    return value if value in LEVEL_LABELS and value != Level.INTERNAL.value else ""


def detail(row: Context) -> str:
    """What the entry says beside that, as names and values; entries hold no content of records."""
    told = {name: value for name, value in (row.get("detail") or {}).items() if value not in (None, "", [], {})}
    return ", ".join(f"{name}={value}" for name, value in told.items())[:LONGEST_DETAIL]
