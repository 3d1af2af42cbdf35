"""The words of the audit trail: what an entry says, in the reader's language."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from models import registry, stored_form
from models.declarations import LEVEL_LABELS, Level
from models.record import SYSTEM_FIELDS

Context = dict[str, Any]

ACTS = {
    "view": _l("read"),
    "listed": _l("saw it in a list"),
    "print": _l("printed"),
    "export": _l("exported"),
    "export_done": _l("finished the export"),
    "refused": _l("was refused"),
    "infected": _l("sent a file with a virus, which was refused"),
    "create": _l("created"),
    "change": _l("changed"),
    "token_made": _l("made an access token"),
    "token_revoked": _l("revoked an access token"),
    "api_level_changed": _l("changed how far somebody's programs read"),
    "calendar_feed_made": _l("made a calendar address"),
    "calendar_feed_revoked": _l("revoked a calendar address"),
    "restore_version": _l("restored a former version"),
    "merge": _l("merged another record into it"),
    "merged_away": _l("merged it into another record"),
    "unmerge": _l("took a merge back"),
    "record_merged": _l("merged the record: access to it ended"),
    "record_destroyed": _l("destroyed the record"),
    "removal_begun": _l("began to destroy what was signed for"),
    "removal_barred": _l("found that it may not be destroyed"),
    "removal_done": _l("ended the destruction"),
    "destroyed": _l("destroyed"),
    "hold_placed": _l("placed a legal hold"),
    "hold_lifted": _l("lifted a legal hold"),
    "not_duplicates": _l("said that they are two"),
    "follow_merge": _l("merged the record to which it points"),
    "lapse": _l("closed it: nobody decided in time"),
    "raised": _l("raised a record above the level signed for: access ended"),
    "may_not_borrow": _l("closed it: its reader may not borrow any more"),
    "reader_gone": _l("closed it: its reader's account was disabled"),
    "took_out": _l("took something out under a card"),
    "calendar_moved": _l("moved with the working calendar"),
    "calendar_day_set": _l("entered a day in the calendar"),
    "calendar_day_removed": _l("took a day out of the calendar"),
    "calendar_year_imported": _l("imported a year of the calendar"),
    "deadlines_recounted": _l("counted deadlines anew"),
    "archive": _l("archived"),
    "restore": _l("restored"),
    "declassify": _l("declassified"),
    "secrecy_changed": _l("changed the secrecy as approved"),
    "expire": _l("access ended"),
    "credit_decision": _l("credit decided"),
    "contract_signed": _l("contract signed"),
    "follow_customer": _l("followed the customer's file"),
    "follow_level": _l("followed the level of what it belongs to"),
    "revisited": _l("customer revisited"),
    "replace_scorecard": _l("changed the scorecard"),
    "open_set": _l("opened as a set"),
    "import": _l("imported"),
    "import_confirmed": _l("confirmed an import"),
    "import_undo_asked": _l("asked to take an import back"),
    "import_undone": _l("took an import back"),
    "undo_import": _l("removed with its import"),
    "bulk_confirmed": _l("confirmed a bulk change"),
    "bulk_done": _l("finished a bulk change"),
    "bulk_stopped": _l("stopped a bulk change"),
    "bulk_undo_asked": _l("asked to undo a bulk change"),
    "bulk_undone": _l("undid a bulk change"),
    "undo_bulk": _l("gave the former values back"),
    "view_shared": _l("shared a saved view"),
    "shared_view_changed": _l("changed a shared view"),
    "shared_view_removed": _l("deleted a shared view"),
    "view_withdrawn": _l("ended the sharing of a view"),
    "job_requested": _l("asked for a job to run"),
    "job_forgotten": _l("removed a schedule without a job"),
    "job_enabled": _l("switched a job on"),
    "job_disabled": _l("switched a job off"),
    "signed_in": _l("signed in"),
    "signed_out": _l("signed out"),
    "password_changed": _l("changed the password"),
    "second_factor_set_up": _l("set up the second step"),
    "second_factor_removed": _l("took the second step away"),
    "person_added": _l("added an account"),
    "person_changed": _l("changed an account"),
    "person_enabled": _l("enabled an account"),
    "person_disabled": _l("disabled an account"),
    "roles_changed": _l("changed roles"),
    "right_proposed": _l("proposed a right"),
    "right_confirmed": _l("confirmed a right"),
    "right_refused": _l("refused a right"),
    "right_withdrawn": _l("withdrew a proposed right"),
    "access_reset": _l("reset access"),
    "deputy_named": _l("named a deputy"),
    "deputy_proposed": _l("proposed a deputy"),
    "deputy_ended": _l("ended a deputy's time"),
    "signature_climbed": _l("went on to the next, unsigned for too long"),
    "late_climbed": _l("was late and went up to the next level"),
    "type_put": _l("changed a record type"),
    "type_withdrawn": _l("withdrew a record type"),
    "message_sent_again": _l("had a message sent again"),
    "backup_made": _l("made a backup"),
    "backup_restored": _l("restored a backup"),
    "master_key_rotated": _l("changed the master key"),
    "unwritten": _l("closed the place of an entry that never came"),
    "trail_checked": _l("checked the audit trail"),
    "trail_exported": _l("exported the audit trail"),
    "unusual_reading": _l("read unusually many records"),
}
"""Every act that is no move of a record's own."""


def who(row: Context) -> str:
    """Who did it, and through which access token a program did it for them."""
    if not row["actor"]:
        return str(_("The system"))
    name, token = str(row["actor_name"]), row.get("token")
    return _("%(name)s, through the token “%(token)s”", name=name, token=token["name"]) if token else name


def what(row: Context, language: str) -> str:
    """The act."""
    if row["action"] in ACTS:
        return str(ACTS[row["action"]])
    for rt in registry.all_types():
        for move in rt.workflow.transitions if rt.slug == row["type"] and rt.workflow else ():
            if move.name == row["action"]:
                return f"“{move.label.text(language)}”"
    return str(row["action"]).replace("_", " ")


def times(count: int) -> str:
    """How often."""
    return str(ngettext("%(num)s time", "%(num)s times", count))


def kind(slug: str, language: str) -> str:
    """What an entry is about: a type of records, or a thing of another kind."""
    return dict(kinds(language)).get(slug, slug)


def kinds(language: str) -> list[tuple[str, str]]:
    """Everything that an entry can be about, by its name in the trail: types of records, then other things."""
    return [*((rt.slug, rt.label.text(language)) for rt in registry.all_types()), *_things().items()]


def _things() -> dict[str, str]:
    return {
        "person": _("Account"),
        "file": _("File"),
        "job": _("Job"),
        "audit": _("Audit trail"),
        "backup": _("Backup"),
        "message": _("Message"),
        "import": _("Import"),
        "record_type": _("Record type"),
        "scorecard": _("Scorecard"),
        "bulk_change": _("Bulk change"),
        "calendar": _("Working calendar"),
        "saved_view": _("Saved view"),
    }


def fields(row: Context, language: str) -> str:
    """The names of the fields that were read or changed."""
    labels = _account_fields()
    for rt in registry.all_types():
        if rt.slug == row["type"]:
            labels = {f.name: f.label.text(language) for f in (*SYSTEM_FIELDS, *stored_form.fields_of(rt))}
    joiner = "、" if language == "zh" else ", "
    return joiner.join(labels.get(name, name.replace("_", " ")) for name in row.get("fields") or ())


def _account_fields() -> dict[str, str]:
    return {
        "name": _("Name"),
        "email": _("Email"),
        "department": _("Department"),
        "manager": _("Manager"),
        "roles": _("Roles"),
        "api_level": _("Programs read up to"),
    }


def chosen_acts(language: str) -> list[tuple[str, str]]:
    """Every act that can be asked for: those of the product, then the moves of records by their first name."""
    moves: dict[str, str] = {}
    for rt in registry.all_types():
        for move in rt.workflow.transitions if rt.workflow else ():
            if move.name not in ACTS:
                moves.setdefault(move.name, f"“{move.label.text(language)}”")
    return [*((name, str(text)) for name, text in ACTS.items()), *sorted(moves.items(), key=lambda one: one[1])]


def level(row: Context) -> str:
    """The level's value when it is one of secrecy, else ''; of an entry about several records the highest."""
    value = row.get("level") or ""
    values = [one for one in (value if isinstance(value, list) else [value]) if one in LEVEL_LABELS]
    highest = max(values, key=lambda one: Level(one).rank, default="")
    return "" if highest == Level.INTERNAL.value else highest


def numbers(row: Context) -> list[str]:
    """The numbers of the records that an entry is about."""
    number = row.get("number") or []
    return number if isinstance(number, list) else [number]
