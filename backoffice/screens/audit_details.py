"""What an audit entry says beside its act and its fields, in the reader's words: names, then values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from flask_babel import lazy_gettext as _l

from models import registry
from models.declarations import LEVEL_LABELS, Level
from models.person.roles import ROLE_LABELS, Role
from models.person.service import department_name

LONGEST, ID_LENGTH = 200, 24

NAMES = {
    "act": _l("act"),
    "api_level": _l("up to"),
    "archived": _l("archived ones"),
    "batch": _l("work"),
    "complete": _l("complete"),
    "days": _l("days"),
    "department": _l("department"),
    "deputy": _l("deputy"),
    "destruction": _l("destruction"),
    "digest": "SHA-256",
    "documents": _l("entries"),
    "email": _l("email"),
    "entries": _l("entries"),
    "file": _l("file"),
    "filters": _l("filters"),
    "finding": _l("found"),
    "findings": _l("findings"),
    "for": _l("as deputy of"),
    "format": _l("format"),
    "from": _l("from"),
    "given": _l("given"),
    "kept": _l("kept"),
    "keys": _l("data keys"),
    "levels": _l("levels"),
    "looked_at": _l("looked at"),
    "manager": _l("manager"),
    "minutes": _l("minutes"),
    "moved": _l("moved"),
    "occasion": _l("occasion"),
    "of": _l("of"),
    "opened": _l("opened"),
    "purpose": _l("for"),
    "raised": _l("level since then"),
    "receipt": _l("receipt"),
    "read_only": _l("reads only"),
    "records": _l("records"),
    "refused": _l("refused"),
    "roles": _l("roles"),
    "rows": _l("rows"),
    "searched": _l("searched"),
    "second_factor": _l("second step"),
    "sha256": "SHA-256",
    "signature": _l("signed"),
    "step": _l("step"),
    "stored": _l("stored"),
    "taken": _l("taken"),
    "to": _l("roles"),
    "token": _l("token"),
    "types": _l("types"),
    "undone": _l("taken back"),
    "until": _l("until"),
    "version": _l("version"),
    "via": _l("by way of"),
    "what": _l("what"),
}
"""The names of what entries tell; one that is not here is shown as it stands."""

VALUES = {
    "purpose": {
        "view": _l("reading"),
        "print": _l("printing"),
        "export": _l("exporting"),
        "edit": _l("editing"),
        "archive": _l("archiving"),
        "merge": _l("merging"),
    },
    "via": {
        "screen": _l("screens"),
        "api": _l("the API"),
        "command": _l("a command"),
        "card": _l("a card"),
        "export": _l("a file"),
    },
    "api_level": {"policy": _l("as the policy says")},
    "from": {"policy": _l("as the policy says")},
    "what": {
        "reset": _l("new access"),
        "enable": _l("account enabled again"),
        "place": _l("department and manager"),
        "email": _l("email"),
    },
}


def told(row: Mapping[str, Any], language: str) -> str:
    """An entry's detail in a line, cut at 200 characters; entries hold no content of records."""
    stops = ("：", "；") if language == "zh" else (": ", "; ")
    said = (_one(name, value, language, stops[0]) for name, value in (row.get("detail") or {}).items())
    return stops[1].join(text for text in said if text)[:LONGEST]


def _one(name: str, value: Any, language: str, colon: str) -> str:
    if name == "file" and _is_id(value):
        value = f"…{str(value)[-6:]}"  # as its address ends: it tells one file of a record from another
    if isinstance(value, list | tuple | set | frozenset):
        value = [one for one in value if not _is_id(one)]
    if name.endswith("_id") or _is_id(value) or value is None or value is False or value in ("", [], {}):
        return ""
    label = str(NAMES.get(name, name.replace("_", " ")))
    return label if value is True else f"{label}{colon}{_value(name, value, language)}"


def _is_id(value: Any) -> bool:
    """Whether a value is what the database calls something, which says nothing to people."""
    return len(str(value)) == ID_LENGTH and isinstance(value, str | ObjectId) and ObjectId.is_valid(value)


def _value(name: str, value: Any, language: str) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_level(key, language)} {_level(str(one), language)}" for key, one in value.items())
    if isinstance(value, list):
        return ("、" if language == "zh" else ", ").join(_value(name, one, language) for one in value)
    text = str(value)
    if text in VALUES.get(name, {}):
        return str(VALUES[name][text])
    if name in ("api_level", "from") and text in LEVEL_LABELS:
        return LEVEL_LABELS[Level(text)].text(language)
    if name == "department":
        return department_name(text, language) or text
    if name in ("of", "types"):
        return next((rt.label.text(language) for rt in registry.all_types() if rt.slug == text), text)
    if name in ("roles", "given", "taken", "to", "what") and text in Role._value2member_map_:
        return ROLE_LABELS[Role(text)][0 if language == "zh" else 1]
    return text


def _level(text: str, language: str) -> str:
    """A level by its name; anything else as it stands."""
    return LEVEL_LABELS[Level(text)].text(language) if text in LEVEL_LABELS else text
