"""Deputies on screen: a person names who signs for them while they are away; an administrator does it for anybody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import DateField, Form, SelectChoice, SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from backoffice import auth
from backoffice.posted_fields import takes
from backoffice.screens import cells
from backoffice.screens.closed import ClosedView
from backoffice.screens.identifiers import identifier
from backoffice.screens.person_form import role_label
from backoffice.screens.reader import Reader, current_reader
from models import registry
from models.declarations import RecordType
from models.errors import Forbidden, Invalid
from models.person import deputies, directory, rules, service, unsent
from models.person.deputies import SIGNING, Deputy
from models.person.roles import ROLE_LABELS, Permission, Person, Role
from models.records import NeedsFreshSignIn

MOST_CHOICES = 500
Context = dict[str, Any]


class DeputyForm(Form):
    """Who signs, on which days, and what."""

    deputy = SelectField(validate_choice=False)
    begins = DateField()
    ends = DateField()
    roles = SelectMultipleField(
        option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False), validate_choice=False
    )
    types = SelectMultipleField(
        option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False), validate_choice=False
    )

    def prepare(self, person: Person, reader: Reader) -> DeputyForm:
        """Fill in labels and choices in the reader's language."""
        self.deputy.label.text, self.begins.label.text = _("Deputy"), _("From")
        self.ends.label.text, self.roles.label.text = _("Until, that day included"), _("In these roles only")
        self.types.label.text = _("On these records only")
        found = directory.find("", SIGNING, limit=MOST_CHOICES)
        people = [one for one in found if one["_id"] != person.id]
        self.deputy.choices = [SelectChoice("", "—"), *(SelectChoice(str(p["_id"]), p["name"]) for p in people)]
        held = [role for role in ROLE_LABELS if role in person.roles & SIGNING]
        self.roles.choices = [SelectChoice(role.value, role_label(role)) for role in held]
        self.types.choices = [SelectChoice(rt.slug, rt.plural.text(reader.language)) for rt in signed_types()]
        return self

    def chosen(self) -> dict[str, Any]:
        """The values that the service takes. :raises Forbidden: for a role or type that is none."""
        roles, types = self.roles.data or [], self.types.data or []
        if not set(roles) <= set(Role._value2member_map_) or not set(types) <= {rt.slug for rt in signed_types()}:
            raise Forbidden()
        return {
            "begins": self.begins.data,
            "ends": self.ends.data,
            "roles": [Role(value) for value in roles],
            "types": types,
        }


class DeputiesView(ClosedView):
    """One's own deputies, for everybody; anybody's, for administrators."""

    @expose("/", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("deputy", "begins", "ends", "roles", "types")
    def index(self) -> ResponseReturnValue:
        """Who signs for the reader and for whom the reader signs, and the form that names somebody."""
        reader = current_reader()
        if reader.person.id is None:
            raise Forbidden()
        return self._page(reader.person.id, reader)

    @expose("/of/<person>", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("deputy", "begins", "ends", "roles", "types")
    def of(self, person: str) -> ResponseReturnValue:
        """The same for somebody else. :raises Forbidden: to everybody but administrators."""
        reader = current_reader()
        if not reader.person.may(Permission.PEOPLE_MANAGE):
            raise Forbidden()
        return self._page(identifier(person), reader)

    @expose("/<one>/end", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("of")
    def end(self, one: str) -> ResponseReturnValue:
        """End it at once."""
        reader = current_reader()
        deputies.end(reader.person, identifier(one), reader.now)
        flash(_("It has ended."), "success")
        return redirect(self._back(reader), 303)

    @expose("/<one>/confirm", methods=("POST",))  # type: ignore[untyped-decorator]
    def confirm(self, one: str) -> ResponseReturnValue:
        """Confirm what an administrator proposed, as the second person."""
        reader = current_reader()
        if not auth.is_fresh():
            raise NeedsFreshSignIn()
        deputies.confirm(reader.person, identifier(one), reader.now)
        flash(_("Confirmed."), "success")
        return redirect(url_for("people.proposals"), 303)

    def _back(self, reader: Reader) -> str:
        """Where the form was sent from: one's own page, somebody's, or the confirmations."""
        of = request.form.get("of", "")
        if of == "confirmations" and reader.person.has(*rules.CONFIRMING):
            return url_for("people.proposals")
        if of and reader.person.may(Permission.PEOPLE_MANAGE):
            return url_for(".of", person=str(identifier(of)))
        return url_for(".index")

    def _page(self, person_id: ObjectId, reader: Reader) -> ResponseReturnValue:
        person, own = service.person_of(service.get(person_id)), person_id == reader.person.id
        form = DeputyForm(self._typed(reader)).prepare(person, reader)
        if request.method == "POST":
            if not auth.is_fresh():
                self._keep(reader)
                raise NeedsFreshSignIn()
            try:
                made = self._named(person_id, form, reader)
            except Invalid as refused:
                for name, said in refused.problems.items():
                    form[name].errors = [said.zh if reader.language == "zh" else said.en]
                return self._shown(form, person, own, reader), refused.status
            waits = made.standing(reader.now) == deputies.PROPOSED
            flash(_("A second privileged person must confirm this.") if waits else _("Saved."), "info")
            return redirect(url_for(".index") if own else url_for(".of", person=str(person_id)), 303)
        return self._shown(form, person, own, reader)

    def _typed(self, reader: Reader) -> MultiDict[str, str] | None:
        """What was sent, or what was typed before the reader confirmed who they are."""
        if request.method == "POST" or reader.person.id is None:
            return request.form
        return MultiDict(unsent.take(reader.person.id, request.path, reader.now)) or None

    def _keep(self, reader: Reader) -> None:
        if reader.person.id is not None:
            typed = [(name, text) for name, text in request.form.items(multi=True) if name != "csrf_token"]
            unsent.keep(reader.person.id, request.path, typed, reader.now)

    def _named(self, person_id: ObjectId, form: DeputyForm, reader: Reader) -> Deputy:
        chosen = identifier(form.deputy.data) if form.deputy.data else None
        return deputies.name_deputy(reader.person, person_id, chosen, now=reader.now, **form.chosen())

    def _shown(self, form: DeputyForm, person: Person, own: bool, reader: Reader) -> str:
        if person.id is None:
            raise Forbidden()
        signing = deputies.of_deputy(person.id, reader.now)
        return self.page(
            "people/deputies.html",
            form=form,
            person={"name": person.name, "id": str(person.id), "own": own},
            lines=lines(deputies.of_person(person.id), reader),
            signs_for=lines(signing, reader),
            may_name=bool(person.roles & SIGNING) or bool(own),
        )


def lines(found: Iterable[Deputy], reader: Reader) -> list[Context]:
    """Deputies as tables show them."""
    known = list(found)
    names = directory.names(i for one in known for i in (one.person, one.deputy))
    types = {rt.slug: rt.plural.text(reader.language) for rt in registry.all_types()}
    words = {
        "proposed": (_("waits for a second person"), "warn"),
        "coming": (_("coming"), "info"),
        "in_force": (_("in force"), "good"),
        "over": (_("over"), "neutral"),
    }
    made = []
    for one in known:
        standing = one.standing(reader.now)
        scope = [role_label(role) for role in ROLE_LABELS if role in one.roles]
        scope += [types.get(slug, slug) for slug in sorted(one.types)]
        text, tone = words[standing]
        made.append(
            {
                "id": str(one.id),
                "person": names.get(one.person, ""),
                "deputy": names.get(one.deputy, ""),
                "days": _days(one.begins, one.ends, reader.language),
                "scope": scope,
                "by": one.by_name,
                "state": {"text": text, "tone": tone},
                "over": standing == "over",
                "may_confirm": reader.person.id not in (one.by, one.deputy),
            }
        )
    return made


def signed_types() -> list[RecordType]:
    """The record types on which something is signed."""
    return [
        rt for rt in registry.all_types() if rt.workflow and any(move.signature for move in rt.workflow.transitions)
    ]


def _days(begins: date, ends: date, language: str) -> str:
    first, last = cells.day_short(begins, language), cells.day_short(ends, language)
    return first if begins == ends else _("%(first)s to %(last)s", first=first, last=last)
