"""The form of an account: its fields, what it was shown with, and what is said when the account changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bson import ObjectId
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from backoffice import locale
from backoffice.screens.identifiers import identifier
from config.policy import policy
from models.declarations import LEVEL_LABELS, Level
from models.errors import Forbidden
from models.person import api_level, directory, service
from models.person.account import Account
from models.person.proposals import Place
from models.person.roles import ROLE_LABELS, Role

MOST_MANAGERS = 500
NOBODY = ""
WAS = "was_"
PARTS = ("name", "email", "department", "manager", "roles", "api_level")
FIXED_FOR_ONESELF = ("email", "department", "manager", "api_level")
"""What nobody changes of their own account."""
SENT = (*PARTS, *(WAS + part for part in PARTS))
"""The fields of the form of an account that there is: what it shows, and what it was shown with."""


class PersonForm(Form):
    """Who a person is, where they belong, their roles, and how far their programs read."""

    name = StringField()
    email = StringField()
    department = SelectField(validate_choice=False)
    manager = SelectField(validate_choice=False)
    api_level = SelectField(validate_choice=False)
    roles = SelectMultipleField(option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False))

    def prepare(self, row: dict[str, Any] | None) -> PersonForm:
        """Fill in labels and choices in the reader's language; a person is not their own manager, and who has left is
        offered where they are the manager still."""
        code = locale.language()
        for part, label in _labels().items():
            self[part].label.text = label
        none = SelectChoice(NOBODY, "—")
        departments = service.departments().items()
        self.department.choices = [none, *(SelectChoice(key, label.text(code)) for key, label in departments)]
        person_id, manager = (row["_id"], row.get("manager")) if row else (None, None)
        names = {p["_id"]: p["name"] for p in directory.find("", limit=MOST_MANAGERS) if p["_id"] != person_id}
        names |= directory.names([manager])
        self.manager.choices = [none, *(SelectChoice(str(one), name) for one, name in names.items())]
        self.roles.choices = [SelectChoice(role.value, role_label(role)) for role in ROLE_LABELS]
        self.api_level.choices = [SelectChoice(one, level_label(one)) for one in api_level.CHOICES]
        return self

    def chosen_roles(self) -> frozenset[Role]:
        """The roles that are ticked. :raises Forbidden: for one that does not exist."""
        values = self.roles.data or []
        if not set(values) <= set(Role._value2member_map_):
            raise Forbidden()
        return frozenset(Role(value) for value in values)

    def profile(self) -> dict[str, Any]:
        """The values that the service takes of a new account."""
        return {
            "name": self.name.data or "",
            "email": self.email.data or "",
            "department": self.department.data or "",
            "manager": identifier(self.manager.data) if self.manager.data else None,
        }

    def account(self) -> Account:
        """The account as it is wanted. :raises Forbidden: :raises NotFound:"""
        profile = self.profile()
        place = Place(profile["department"], profile["manager"])
        name, email = " ".join(profile["name"].split()), service.normal_email(profile["email"])
        return Account(name, email, place, self.chosen_roles(), self.api_level.data or api_level.POLICY)


def sent(account: Account) -> MultiDict[str, str]:
    """What the form of an account would send."""
    return MultiDict(
        [
            ("name", account.name),
            ("email", account.email),
            ("department", account.place.department),
            ("manager", str(account.place.manager or "")),
            ("api_level", account.api_level),
            *(("roles", role.value) for role in sorted(account.roles)),
        ]
    )


def hidden(account: Account) -> list[tuple[str, str]]:
    """The inputs by which a form carries what it was shown with."""
    return [(WAS + part, text) for part, text in sent(account).items(multi=True)]


def shown_with(posted: MultiDict[str, str]) -> Account:
    """What a form says that it was shown with; a form that says nothing was shown with nothing that there is."""
    manager = posted.get(WAS + "manager", "")
    roles = (text for text in posted.getlist(WAS + "roles") if text in Role._value2member_map_)
    return Account(
        posted.get(WAS + "name", ""),
        posted.get(WAS + "email", ""),
        Place(posted.get(WAS + "department", ""), ObjectId(manager) if ObjectId.is_valid(manager) else None),
        frozenset(Role(text) for text in roles),
        posted.get(WAS + "api_level", api_level.POLICY),
    )


def of_oneself(posted: MultiDict[str, str], account: Account) -> MultiDict[str, str]:
    """What the form of one's own account sends, with what it shows and does not let one change."""
    whole, known = MultiDict(posted), sent(account)
    for part in FIXED_FOR_ONESELF:
        whole.setdefault(part, known[part])
    return whole


def changes(was: Account, now: Account, wanted: Account) -> list[dict[str, Any]]:
    """What somebody else changed, line by line: as it was, theirs, and yours, None where it was left alone."""
    words, labels = _words(), _labels()
    values = {
        "name": lambda one: one.name,
        "email": lambda one: one.email,
        "department": lambda one: one.place.department,
        "manager": lambda one: one.place.manager,
        "roles": lambda one: one.roles,
        "api_level": lambda one: one.api_level,
    }
    return [
        {
            "field": part,
            "label": labels[part],
            "original": words[part](value(was)),
            "theirs": words[part](value(now)),
            "yours": words[part](value(wanted)) if value(wanted) != value(was) else None,
        }
        for part, value in values.items()
        if value(was) != value(now)
    ]


def _words() -> Mapping[str, Callable[[Any], str]]:
    code = locale.language()
    return {
        "name": str,
        "email": str,
        "department": lambda one: service.department_name(one, code) or "—",
        "manager": lambda one: directory.names([one]).get(one, "—") if one else "—",
        "roles": lambda held: role_labels(held) or "—",
        "api_level": level_label,
    }


def _labels() -> dict[str, str]:
    return {
        "name": _("Name"),
        "email": _("Email"),
        "department": _("Department"),
        "manager": _("Manager"),
        "roles": _("Roles"),
        "api_level": _("Programs read up to"),
    }


def role_label(role: Role) -> str:
    """A role in the reader's language."""
    return ROLE_LABELS[role][0 if locale.language() == "zh" else 1]


def role_labels(roles: Iterable[Role]) -> str:
    """Some roles in the reader's language, in their order."""
    held = set(roles)
    return str(_(", ")).join(role_label(role) for role in ROLE_LABELS if role in held)


def level_label(text: str) -> str:
    """Up to which level programs read, in the reader's language; what is no level as it stands."""
    if text == api_level.POLICY:
        highest = LEVEL_LABELS[Level(policy().api.highest_level)].text(locale.language())
        return str(_("as the policy says (%(level)s)", level=highest))
    return LEVEL_LABELS[Level(text)].text(locale.language()) if text in LEVEL_LABELS else text
