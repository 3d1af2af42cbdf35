"""A person's saved views: kept from a list, opened as tabs, looked after on a page of each type."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.posted_fields import takes
from backoffice.screens import list_page, listing_args, view_tabs
from backoffice.screens.base import RecordView, view_of
from backoffice.screens.identifiers import identifier
from backoffice.screens.listing_args import Asked
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes, revision
from models import access, listing
from models.access import Purpose
from models.errors import Forbidden, NotFound, Refusal
from models.listing import BadQuery
from models.person import service as people
from models.person.roles import ROLE_LABELS, Role
from models.saved_view import rules, service
from models.saved_view.document import SavedView

Context = dict[str, Any]

LONGEST = 200
ELSEWHERE = (NotFound, Forbidden, BadQuery)
"""Refusals that say nothing about what was typed: they get a page of their own."""


class SavedViewRoutes(RecordRoutes):
    """What is done with saved views. Whose they are is asked of the models, for each request."""

    @expose("/<slug>/start")  # type: ignore[untyped-decorator]
    def start(self, slug: str) -> ResponseReturnValue:
        """Where the menu leads: to the person's view of choice while it is theirs to open, else to the whole list."""
        view, reader = view_of(slug, self.admin), current_reader()
        at = url_for("records.listing", slug=slug)
        chosen = service.starts_of(g.get("account_row") or {}).get(slug)
        found = next((one for one in view_tabs.offered(view, reader) if one.id == chosen), None)
        return redirect(view_tabs.address(at, found.address) if found else at)

    @expose("/<slug>/views", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("title", "instead")
    def views(self, slug: str) -> ResponseReturnValue:
        """The reader's views of a type; sent, the list of this address is kept, anew or in place of a view."""
        view, reader = view_of(slug, self.admin), current_reader()
        asked = _asked(view, reader)
        if request.method == "GET":
            return self._page(view, reader, asked)
        instead, _colon, rev = request.form.get("instead", "")[:LONGEST].partition(":")
        try:
            if instead:
                made = service.replace(
                    reader.person, identifier(instead), asked.pairs, rev=revision(rev), now=reader.now
                )
            else:
                made = service.save(reader.person, slug, request.form.get("title", "")[:LONGEST], asked.pairs)
        except ELSEWHERE:
            raise
        except Refusal as refusal:
            return self._page(view, reader, asked, refusal), refusal.status
        flash(_("The view “%(name)s” is saved.", name=made.name), "success")
        return redirect(view_tabs.address(url_for("records.listing", slug=slug), made.address), 303)

    @expose("/<slug>/views/<view_id>/<act>", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("rev", "title", "department", "role")
    def view_act(self, slug: str, view_id: str, act: str) -> ResponseReturnValue:
        """Rename, move, share, withdraw, remove a view, or begin with it. :raises NotFound: for any other act."""
        view, reader = view_of(slug, self.admin), current_reader()
        if act not in ACTS:
            raise NotFound()
        found = _view(reader, slug, identifier(view_id))
        try:
            ACTS[act](reader, found)
        except ELSEWHERE:
            raise
        except Refusal as refusal:
            return self._page(view, reader, None, refusal, found), refusal.status
        return redirect(url_for("records.views", slug=slug), 303)

    def _page(
        self,
        view: RecordView,
        reader: Reader,
        asked: Asked | None,
        refusal: Refusal | None = None,
        about: SavedView | None = None,
    ) -> str:
        slug = view.rt.slug
        at = url_for("records.listing", slug=slug)
        known, columns = view.queryable(reader), list_page.showable(view, reader)
        found = service.of_type(reader.person, slug)
        own = [one for one in found if one.owner == reader.person.id]
        mine = [_line(one, reader, at, open_to=rules.fits(one.address, known, columns)) for one in own]
        shared = [one for one in service.offered(found, known, columns) if one.owner != reader.person.id]
        others = service.offered(service.governed(reader.person, slug), known, columns)
        governed = [one for one in others if one.id not in {one.id for one in shared}]
        address = asked.address() if asked is not None else ""
        return self.page(
            "records/views.html",
            type=list_page.type_of(view, reader),
            mine=mine,
            shared=[_line(one, reader, at, open_to=True) for one in shared],
            governed=[_line(one, reader, at, open_to=False) for one in governed],
            saving={"url": f"{at}views?{address}", "list": f"{at}?{address}"} if address else None,
            typed=request.form.get("title", "")[:LONGEST],
            wrong=refusal.text(reader.language) if refusal else "",
            wrong_at=str(about.id) if refusal and about else "",
            audiences=_audiences(reader),
            most=rules.MOST_VIEWS,
            longest=rules.LONGEST_NAME,
        )


def _asked(view: RecordView, reader: Reader) -> Asked:
    """The list of this address, as far as the reader may open it. :raises BadQuery:"""
    columns = tuple(list_page.showable(view, reader))
    asked = listing_args.read(request.args, view.queryable(reader), reader, columns=columns)
    reach = access.reach(reader.person, view.rt, Purpose.VIEW)
    listing.compile_query(view.rt, reach, asked.query, view.visible_fields(reader))
    return asked


def _line(one: SavedView, reader: Reader, at: str, *, open_to: bool) -> Context:
    acts = f"{at}views/{one.id}/"
    own = one.owner == reader.person.id
    department, role = rules.parts(one.audience)
    return {
        "id": str(one.id),
        "name": one.name,
        "rev": one.rev,
        "by": "" if own else one.owner_name,
        "url": view_tabs.address(at, one.address) if open_to else "",
        "start": service.starts_of(g.get("account_row") or {}).get(one.type) == one.id,
        "audience": _audience(one.audience, reader),
        "department": department,
        "role": role,
        "may_withdraw": bool(one.audience) and (own or rules.may_share(reader.person, one.audience)),
        "urls": {act: acts + act for act in ACTS},
    }


def _audience(stored: str, reader: Reader) -> str:
    """Whom a view is shared with, in words; '' for nobody."""
    department, role = rules.parts(stored)
    names = [people.department_name(department, reader.language)] if department else []
    if role in Role._value2member_map_:
        names.append(ROLE_LABELS[Role(role)][0 if reader.language == "zh" else 1])
    return " · ".join(names)


def _audiences(reader: Reader) -> Context | None:
    """With whom the reader may share; None for nobody."""
    if not rules.shares(reader.person):
        return None
    everywhere = reader.person.has(Role.ADMINISTRATOR)
    departments = people.departments()
    allowed = [code for code in departments if everywhere or code == reader.person.department]
    language = 0 if reader.language == "zh" else 1
    return {
        "departments": [(code, departments[code].text(reader.language)) for code in allowed],
        "any_department": everywhere,
        "roles": [(role.value, ROLE_LABELS[role][language]) for role in Role],
    }


# --- what is done with one


def _rename(reader: Reader, one: SavedView) -> None:
    service.rename(reader.person, one.id, request.form.get("title", "")[:LONGEST], rev=_rev(), now=reader.now)
    flash(_("The view is renamed."), "success")


def _remove(reader: Reader, one: SavedView) -> None:
    service.remove(reader.person, one.id, rev=_rev(), now=reader.now)
    flash(_("The view “%(name)s” is deleted.", name=one.name), "success")


def _share(reader: Reader, one: SavedView) -> None:
    form = request.form
    department, role = form.get("department", "")[:LONGEST], form.get("role", "")[:LONGEST]
    service.share(reader.person, one.id, department, role, rev=_rev(), now=reader.now)
    flash(_("The view “%(name)s” is shared.", name=one.name), "success")


def _withdraw(reader: Reader, one: SavedView) -> None:
    service.withdraw(reader.person, one.id, rev=_rev(), now=reader.now)
    flash(_("The view “%(name)s” is shared no more.", name=one.name), "success")


def _start(reader: Reader, one: SavedView) -> None:
    service.start_with(reader.person, one.type, one.id)
    flash(_("The menu now opens this list with “%(name)s”.", name=one.name), "success")


def _start_plain(reader: Reader, one: SavedView) -> None:
    service.start_with(reader.person, one.type, None)
    flash(_("The menu opens the whole list again."), "success")


ACTS = {
    "rename": _rename,
    "remove": _remove,
    "share": _share,
    "withdraw": _withdraw,
    "start": _start,
    "plain": _start_plain,
    "up": lambda reader, one: service.move(reader.person, one.id, forward=False),
    "down": lambda reader, one: service.move(reader.person, one.id, forward=True),
}


def _rev() -> int:
    return revision(request.form.get("rev"))


def _view(reader: Reader, slug: str, view_id: ObjectId) -> SavedView:
    """:raises NotFound: for a view of another type, and one that the reader neither has nor answers for, whatever is to
    be done with it."""
    known = (*service.of_type(reader.person, slug), *service.governed(reader.person, slug))
    found = next((one for one in known if one.id == view_id), None)
    if found is None:
        raise NotFound()
    return found
