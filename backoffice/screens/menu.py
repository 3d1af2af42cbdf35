"""What stands round every page: the rail, the menu of new records, who is signed in. One context processor.

It asks who is known already and never loads anybody, so that error pages can be drawn without the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from backoffice import addresses, at_hand, locale
from models import access, registry
from models import frame as frames
from models.declarations import RecordType
from models.person import rules, service
from models.person.roles import ROLE_LABELS, Permission, Person
from models.reminder import service as reminders
from models.saved_view import service as saved_views

Item = dict[str, Any]

FAMILY = "family"
RECORDS, HOME = "/records", "/"
MOST_DRAWN = 200


def init_app(app: Flask) -> None:
    """Give every template the frame's context."""
    app.extensions |= {"menus": {}, "me_menus": {}}
    app.context_processor(frame)


def frame() -> dict[str, Any]:
    """The context of `layout.html`."""
    context: dict[str, Any] = {
        "product_name": _("Customer service"),
        "language_url": addresses.of("language.switch"),
        "demo": current_app.config["DEMO"],
    }
    person: Person | None = g.get("person")
    if person is None:
        return context
    types, unread = _reachable(person)
    menu = _menu(person, types)
    return context | {
        "rail": menu.rail(_count(unread)),
        "new_menu": menu.new,
        "find_url": f"{RECORDS}/find" if types else "",
        "me_menu": _me_menu(person),
        "sign_out_url": addresses.of("security.logout"),
    }


def _reachable(person: Person) -> tuple[list[RecordType], int]:
    """The types of which the person can see something now or to which they can add; and how much is unread."""
    asked = frames.asked(person)
    found = at_hand.frame_of(asked) or frames.look(person, asked)
    types = [rt for rt in frames.known(person) if rt.slug not in asked or rt.slug in found.held]
    return types, found.unread


class Menu:
    """The menus of people of the same roles who can see the same types, and begin the same ones with a view of theirs,
    in one language. Nothing else in them is about a person: they are drawn once for each page under which one can
    stand, and each count of what is unread."""

    def __init__(self, sections: list[Item], new_items: list[Item]) -> None:
        self.sections = sections
        self.items = [item for section in sections for item in section["items"]]
        self.new = _drawn("new_menu.html", new_items=new_items) if new_items else Markup("")
        self._rails: dict[tuple[str, str], Markup] = {}

    def rail(self, unread: str) -> Markup:
        """The main menu as it stands beside the page of this request."""
        here = _here(self.items)
        found = self._rails.get((here, unread))
        if found is None:
            found = _drawn("rail.html", rail=[_standing(one, here, unread) for one in self.sections])
            if len(self._rails) >= MOST_DRAWN:
                self._rails.clear()
            self._rails[here, unread] = found
        return found


def _menu(person: Person, types: list[RecordType]) -> Menu:
    known: dict[Any, Menu] = current_app.extensions["menus"]
    creating = tuple(rt for rt in types if access.may_create(person, rt))
    starts = frozenset(saved_views.starts_of(g.get("account_row") or {}))
    key = locale.language(), person.roles, tuple(types), creating, starts
    found = known.get(key)
    if found is None:
        found = Menu(_sections(person, types, starts), [_new(rt) for rt in creating])
        if len(known) >= MOST_DRAWN:
            known.clear()
        known[key] = found
    return found


def _drawn(template: str, **context: Any) -> Markup:
    text = current_app.jinja_env.get_template(template).render(**context)
    return Markup(text)  # a template's own output  # noqa: S704


def _sections(person: Person, types: list[RecordType], starts: frozenset[str]) -> list[Item]:
    sections: list[Item] = [{"label": "", "items": [_item(_("My work"), "house", HOME)]}]
    family = [_type(rt, starts) for rt in types if rt.menu == FAMILY]
    if family:
        sections.append({"label": _("Customers"), "items": family})
    for name in dict.fromkeys(rt.menu for rt in registry.all_types()):  # in one order for everybody
        group = [_type(rt, starts) for rt in types if rt.menu == name]
        if group and name and name != FAMILY:
            sections.append({"label": _group(name), "items": group})
    administration = list(_administration(person))
    if administration:
        sections.append({"label": _("Administration"), "items": administration})
    sections.append({"label": "", "items": [_item(_("Help"), "question-circle", url_for("help.index"))]})
    return sections


def _here(items: list[Item]) -> str:
    """The address of the one entry under which this page stands, the one that says the most of it; '' for none."""
    path = request.path
    above = (item["url"] for item in items if path == item["url"] or path.startswith(_folder(item)))
    return max(above, key=len, default="")


def _standing(section: Item, here: str, unread: str) -> Item:
    """A section with its entries as they stand: where the page is, and what is unread."""
    badges = {HOME: unread}
    items = [{**one, "active": one["url"] == here, "badge": badges.get(one["url"], "")} for one in section["items"]]
    return {**section, "items": items}


def _folder(item: Item) -> str:
    """What the addresses below an entry begin with; nothing is below the home."""
    url = str(item.get("folder") or item["url"])
    return url.rstrip("/") + "/" if url != HOME else "//"


def _administration(person: Person) -> Iterator[Item]:
    entries = (
        (person.may(Permission.DEPARTMENT_OVERSEE), _("Department"), "people", "team.index"),
        (person.may(Permission.PEOPLE_MANAGE), _("People"), "people", "people.index"),
        (person.has(*rules.CONFIRMING), _("Confirmations"), "person-check", "people.proposals"),
        (person.may(Permission.JOBS_READ), _("Working calendar"), "calendar3", "calendar.index"),
        (person.may(Permission.JOBS_READ), _("Jobs"), "clock-history", "jobs.index"),
        (person.may(Permission.OUTBOX_MANAGE), _("Messages"), "envelope", "outbox.index"),
        (person.may(Permission.BULK_CHANGES_READ), _("Bulk changes"), "ui-checks", "bulk_changes.index"),
        (person.may(Permission.AUDIT_READ), _("Audit trail"), "shield-check", "audit.index"),
    )
    for allowed, label, icon, endpoint in entries:
        if allowed and endpoint in current_app.view_functions:
            yield _item(label, icon, url_for(endpoint))


def _group(name: str) -> str:
    labels = {"register": _("Registers"), "work": _("Work"), "access": _("Access")}
    return str(labels.get(name, name))


def _type(rt: RecordType, starts: frozenset[str]) -> Item:
    """A type's list, or the saved view with which the person begins it; every page of the type stands below it."""
    folder = f"{RECORDS}/{rt.slug}/"
    item = _item(rt.plural.text(locale.language()), rt.icon, f"{folder}start" if rt.slug in starts else folder)
    return item | {"folder": folder}


def _new(rt: RecordType) -> Item:
    return {"label": rt.label.text(locale.language()), "icon": rt.icon, "url": f"{RECORDS}/{rt.slug}/new"}


def _count(count: int) -> str:
    """How many reminders the person has not read; '' for none."""
    return "" if not count else str(count) if count < reminders.MOST else f"{reminders.MOST - 1}+"


def _item(label: str, icon: str, url: str) -> Item:
    return {"label": label, "icon": icon, "url": url}


def _me_menu(person: Person) -> Markup:
    """Who is signed in, drawn once for people of the same name, roles and department."""
    known: dict[Any, Markup] = current_app.extensions["me_menus"]
    key = locale.language(), person.name, person.roles, person.department
    found = known.get(key)
    if found is None:
        found = _drawn("me_menu.html", me=_me(person))
        if len(known) >= MOST_DRAWN:
            known.clear()
        known[key] = found
    return found


def _me(person: Person) -> Item:
    code = 0 if locale.language() == "zh" else 1
    roles = [ROLE_LABELS[role][code] for role in ROLE_LABELS if role in person.roles]
    return {
        "name": person.name,
        "role": " · ".join(roles),
        "department": service.department_name(person.department, locale.language()),
        "links": [
            {"label": _("Change password"), "url": addresses.of("security.change_password"), "icon": "key"},
            {"label": _("Second factor"), "url": addresses.of("security.two_factor_setup"), "icon": "phone"},
            {"label": _("Recovery codes"), "url": addresses.of("security.mf_recovery_codes"), "icon": "life-preserver"},
            {"label": _("Deputies"), "url": addresses.of("deputies.index"), "icon": "people"},
            {"label": _("Notifications"), "url": addresses.of("notifications.index"), "icon": "bell"},
            {"label": _("Calendar address"), "url": addresses.of("feeds.index"), "icon": "calendar3"},
            {"label": _("Access tokens"), "url": addresses.of("tokens.index"), "icon": "braces"},
        ],
    }
