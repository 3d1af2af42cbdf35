"""The administrator's screen for accounts and roles, and the page where a second person confirms a privileged one."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from typing import Any

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice import auth, edge, locale
from backoffice.posted_fields import takes
from backoffice.screens import cells, person_form, token_lines
from backoffice.screens.identifiers import identifier
from backoffice.screens.person_form import PersonForm, role_label
from backoffice.screens.person_tokens import PersonTokenRoutes
from models import registry
from models.errors import FieldProblem, Forbidden, Refusal
from models.person import account, deputies, directory, proposals, rights, rules, service
from models.person.account import Account, AccountChanged
from models.person.proposals import Place, Proposal, ProposedMeanwhile
from models.person.roles import PRIVILEGED, ROLE_LABELS, Permission, Person, Role
from models.person.service import LastAdministrator, OwnAccount
from models.records import NeedsFreshSignIn

PAGE = 50
CONFIRMING_VIEWS = frozenset({"proposals", "confirm", "refuse"})


class PeopleView(PersonTokenRoutes):
    """Accounts and roles. Denies everybody but administrators; confirmations are open to privileged people."""

    def is_accessible(self) -> bool:
        """Whether the person manages accounts or confirms what administrators propose."""
        person = auth.known_person()
        return person is not None and (person.may(Permission.PEOPLE_MANAGE) or person.has(*rules.CONFIRMING))

    def _handle_view(self, name: str, **_kwargs: Any) -> None:
        person = auth.current_person()
        confirming = name in CONFIRMING_VIEWS and person.has(*rules.CONFIRMING)
        if not confirming and not person.may(Permission.PEOPLE_MANAGE):
            raise Forbidden()

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """The accounts, a page at a time."""
        text = request.args.get("q", "")[:50]
        after = request.args.get("after", "")
        rows = service.accounts(text, after=identifier(after) if after else None, limit=PAGE + 1)
        more = len(rows) > PAGE
        return self.page(
            "people/list.html",
            people=[_line(row) for row in rows[:PAGE]],
            q=text,
            next_url=url_for(".index", q=text or None, after=str(rows[PAGE - 1]["_id"])) if more else "",
            waiting=len(proposals.waiting()),
        )

    @expose("/new", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @takes("name", "email", "department", "manager", "roles")
    def new(self) -> ResponseReturnValue:
        """Add an account; its first password is shown once."""
        form = PersonForm(request.form)
        if request.method == "GET":
            return self._form(form, None)
        password, hashed = _first_password()
        try:
            service.add(
                auth.current_person(),
                **form.profile(),
                roles=form.chosen_roles(),
                password=hashed,
                now=edge.now(),
            )
        except FieldProblem as problem:
            return self._form(form, None, refusal=problem, wrong=[problem.field])
        _say_what_waits(form.chosen_roles() & PRIVILEGED)
        return self._access(form.name.data or "", form.email.data or "", password)

    @expose("/<person>", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @takes(*person_form.SENT, "shown")
    def edit(self, person: str) -> ResponseReturnValue:
        """Change an account, its roles and how far its programs read."""
        row = service.get(identifier(person))
        waiting, actor = proposals.of_person(row["_id"]), auth.current_person()
        own = row["_id"] == actor.id
        now_shown = Account.of(row, () if own else waiting)
        if request.method == "GET":
            return self._form(PersonForm(person_form.sent(now_shown)), row, waiting, was=now_shown)
        _need_fresh()
        form = PersonForm(person_form.of_oneself(request.form, now_shown) if own else request.form)
        wanted, was = form.account(), person_form.shown_with(request.form)
        shown = [identifier(one) for one in request.form.getlist("shown")]
        try:
            waits = account.change(actor, row["_id"], wanted, was=was, shown=shown, now=edge.now())
        except (AccountChanged, ProposedMeanwhile) as refusal:
            return self._changed(row["_id"], was, wanted, refusal)
        except (FieldProblem, OwnAccount, LastAdministrator) as refusal:
            wrong = _wrong_parts(refusal, wanted, now_shown)
            return self._form(form, row, waiting, was=was, shown=shown, refusal=refusal, wrong=wrong)
        _say_what_waits(waits.roles)
        if waits.place:
            flash(_("Waiting for a second privileged person: department and manager."), "info")
        if waits.email:
            flash(_("Waiting for a second privileged person: email."), "info")
        flash(_("%(name)s is saved.", name=wanted.name), "success")
        return redirect(url_for(".index"), 303)

    @expose("/<person>/active", methods=["POST"])  # type: ignore[untyped-decorator]
    @takes("active")
    def active(self, person: str) -> ResponseReturnValue:
        """Disable an account, at once, or enable it, or propose that for a privileged person."""
        _need_fresh()
        enable = request.form.get("active") == "1"
        if not rights.set_active(auth.current_person(), identifier(person), enable, edge.now()):
            flash(_("A second privileged person must confirm this."), "info")
        else:
            flash(_("The account is enabled.") if enable else _("The account is disabled and signed out."), "success")
        return redirect(url_for(".edit", person=person), 303)

    @expose("/<person>/reset", methods=["POST"])  # type: ignore[untyped-decorator]
    def reset(self, person: str) -> ResponseReturnValue:
        """Give a new first password and take away the second factor, or propose that for a privileged person."""
        _need_fresh()
        row = service.get(identifier(person))
        password, hashed = _first_password()
        if rights.reset_access(auth.current_person(), row["_id"], hashed, edge.now()):
            return self._access(row["name"], row["email"], password)
        flash(_("A second privileged person must confirm this."), "info")
        return redirect(url_for(".edit", person=person), 303)

    @expose("/confirmations")  # type: ignore[untyped-decorator]
    def proposals(self) -> str:
        """What waits for a second person."""
        me = auth.current_person()
        waiting = proposals.waiting()
        rows = service.accounts_of(p.person for p in waiting)
        lines = [
            {
                "id": str(p.id),
                "what": "role" if p.role else p.what,
                "role": role_label(p.role) if p.role else "",
                **_about(rows[p.person], p.place),
                "email": rows[p.person]["email"],
                "wanted_email": p.email,
                "new_access": p.role is not None and rights.gives_access(rows[p.person], p),
                "by": p.by_name,
                "at": cells.moment_short(p.at, locale.language()),
                "may_confirm": me.id not in (p.by, p.person) and me.has(*rules.CONFIRMING),
                "may_refuse": me.id != p.person and me.has(*rules.CONFIRMING),
            }
            for p in waiting
            if p.person in rows
        ]
        return self.page("people/confirmations.html", lines=lines, deputies=_proposed_deputies(me))

    @expose("/confirmations/<proposal>/confirm", methods=["POST"])  # type: ignore[untyped-decorator]
    def confirm(self, proposal: str) -> ResponseReturnValue:
        """Confirm as the second person."""
        _need_fresh()
        password, hashed = _first_password()
        done = rights.confirm(auth.current_person(), identifier(proposal), edge.now(), password=hashed)
        if done.new_access:
            row = service.get(done.proposal.person)
            return self._access(row["name"], row["email"], password)
        flash(_("Confirmed."), "success")
        return redirect(url_for(".proposals"), 303)

    @expose("/confirmations/<proposal>/refuse", methods=["POST"])  # type: ignore[untyped-decorator]
    def refuse(self, proposal: str) -> ResponseReturnValue:
        """Turn a proposal down, or take one's own back."""
        rights.refuse(auth.current_person(), identifier(proposal), edge.now())
        flash(_("Refused."), "success")
        return redirect(url_for(".proposals"), 303)

    def _form(
        self,
        form: PersonForm,
        row: dict[str, Any] | None,
        waiting: Collection[Proposal] = (),
        *,
        was: Account | None = None,
        shown: Collection[ObjectId] | None = None,
        refusal: Refusal | None = None,
        wrong: Iterable[str] = (),
        changed: Collection[dict[str, Any]] = (),
    ) -> ResponseReturnValue:
        """The page of an account: `was` and `shown` (ids of proposals) is what its inputs were shown with, `wrong` the
        fields at which a refusal is said, `changed` what somebody else changed meanwhile."""
        form.prepare(row)
        for part in wrong if refusal is not None else ():
            form[part].errors = [refusal.text(locale.language())] if refusal is not None else []
        own = row is not None and row["_id"] == auth.current_person().id
        page = self.page(
            "people/form.html",
            form=form,
            row=row,
            was=person_form.hidden(was) if was else [],
            shown=[p.id for p in waiting if not own] if shown is None else shown,
            pending={p.what for p in waiting},
            privileged={role.value for role in PRIVILEGED},
            held={role.value for role in was.roles} if was else set(),
            place=_place_help(row, waiting) if row else "",
            email_help=_email_help(row, waiting) if row else "",
            own=own,
            changed=changed,
            tokens=_tokens(row["_id"]) if row else [],
        )
        return page, (refusal.status if refusal else 200)

    def _changed(self, person: ObjectId, was: Account, wanted: Account, refusal: Refusal) -> ResponseReturnValue:
        """The account as it is by now, with what was typed over it, and what of it somebody else changed."""
        row, waiting = service.get(person), proposals.of_person(person)
        present = Account.of(row, () if person == auth.current_person().id else waiting)
        form = PersonForm(person_form.sent(present.joined(was, wanted)))
        changed = person_form.changes(was, present, wanted)
        return self._form(form, row, waiting, was=present, refusal=refusal, changed=changed)

    def _access(self, name: str, email: str, password: str) -> str:
        return self.page("people/access.html", name=name, email=service.normal_email(email), password=password)


def _tokens(person: ObjectId) -> list[dict[str, Any]]:
    """The access tokens of somebody, for the administrator."""
    return token_lines.lines(
        person,
        edge.now(),
        locale.language(),
        lambda token: url_for("people.revoke_token", person=str(person), token=token),
    )


def _wrong_parts(refusal: Refusal, wanted: Account, present: Account) -> list[str]:
    """The fields of the form at which a refusal is said."""
    if isinstance(refusal, FieldProblem):
        return [refusal.field]
    if isinstance(refusal, LastAdministrator):
        return ["roles"]
    differing = {line["field"] for line in person_form.changes(present, wanted, wanted)}
    return [part for part in person_form.FIXED_FOR_ONESELF if part in differing] or ["roles"]


def _place_help(row: dict[str, Any], waiting: Iterable[Proposal]) -> str:
    """What is to be known of the department and the manager in the form of an account."""
    if row["_id"] == auth.current_person().id:
        return str(_("Another administrator changes your department and your manager."))
    if any(p.place for p in waiting):
        return str(
            _("Department and manager wait for a second person. Until then: %(place)s.", place=_place(Place.of(row)))
        )
    return str(_("A second person confirms another department or manager.")) if proposals.needs_second(row) else ""


def _email_help(row: dict[str, Any], waiting: Iterable[Proposal]) -> str:
    """What is to be known of the email in the form of an account."""
    if row["_id"] == auth.current_person().id:
        return str(_("Another administrator changes your email."))
    if any(p.email for p in waiting):
        return str(_("The email waits for a second person. Until then: %(email)s.", email=row["email"]))
    two = proposals.needs_second(row)
    return str(_("A second person confirms another email.") if two else _("The person is told, at the former email."))


def _about(row: dict[str, Any], wanted: Place | None) -> dict[str, Any]:
    """Who a proposal is about, and where they belong, before and after where that is what is proposed."""
    held = service.person_of(row).roles
    return {
        "person": row["name"],
        "roles": [role_label(role) for role in ROLE_LABELS if role in held],
        "place": _place(Place.of(row)),
        "wanted": _place(wanted) if wanted else "",
    }


def _place(place: Place) -> str:
    """A department and a manager in the reader's language."""
    department = service.department_name(place.department, locale.language()) or "—"
    manager = directory.names([place.manager]).get(place.manager, "—") if place.manager else "—"
    return str(_("department %(department)s, manager %(manager)s", department=department, manager=manager))


def _proposed_deputies(me: Person) -> list[dict[str, Any]]:
    """The deputies that wait for a second person."""
    language = locale.language()
    found = deputies.waiting(edge.now())
    names = directory.names(i for one in found for i in (one.person, one.deputy))
    types = {rt.slug: rt.plural.text(language) for rt in registry.all_types()}
    return [
        {
            "id": str(one.id),
            "person": names.get(one.person, ""),
            "deputy": names.get(one.deputy, ""),
            "first": cells.day_short(one.begins, language),
            "last": cells.day_short(one.ends, language),
            "by": one.by_name,
            "roles": [role_label(role) for role in ROLE_LABELS if role in one.handed],
            "types": [types.get(slug, slug) for slug in sorted(one.types)],
            "may_confirm": me.has(*rules.CONFIRMING) and me.id not in (one.by, one.deputy),
        }
        for one in found
    ]


def _line(row: dict[str, Any]) -> dict[str, Any]:
    held = service.person_of(row).roles
    return {
        "url": url_for(".edit", person=str(row["_id"])),
        "name": row["name"],
        "email": row["email"],
        "department": service.department_name(row.get("department") or "", locale.language()),
        "roles": [role_label(role) for role in ROLE_LABELS if role in held],
        "active": row["active"],
        "second_factor": bool(row.get("tf_primary_method")),
    }


def _first_password() -> tuple[str, str]:
    """A password for the first sign-in and its hash."""
    password = secrets.token_urlsafe(12)
    return password, auth.hash_password(password)


def _say_what_waits(roles: frozenset[Role]) -> None:
    if roles:
        names = _(", ").join(role_label(role) for role in ROLE_LABELS if role in roles)
        flash(_("Waiting for a second privileged person: %(roles)s.", roles=names), "info")


def _need_fresh() -> None:
    if not auth.is_fresh():
        raise NeedsFreshSignIn()
