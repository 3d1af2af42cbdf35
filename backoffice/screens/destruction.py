"""Proposing a destruction, its certificate, legal holds, and what was kept for long enough (D1-D3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from backoffice.posted_fields import takes
from backoffice.screens import cells, list_page, record_page
from backoffice.screens.base import RecordView, view_of
from backoffice.screens.cells import moment_short, record_url
from backoffice.screens.reader import Reader, current_reader
from backoffice.screens.routes import RecordRoutes, say_handed_in
from config.policy import policy
from models import access, records, registry, store
from models.access import Purpose
from models.at_hand import AtHand
from models.declarations import LEVEL_LABELS, Level, RecordType
from models.destruction import candidates, holds, matters, service
from models.destruction.document import DESTRUCTION, OUTCOMES, SIGNING, SIGNING_ROLES
from models.errors import Forbidden, Invalid, NotFound
from models.listing import BadQuery
from models.person.roles import ROLE_LABELS
from models.records import Sight

Context = dict[str, Any]


class DestructionRoutes(RecordRoutes):
    """The forms around destruction."""

    @expose("/<slug>/<number>/destroy", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("number", "reason", "send")
    def destroy(self, slug: str, number: str) -> ResponseReturnValue:
        """Propose one record: what stands against it is said before anything is sent."""
        return self._proposing(view_of(slug, self.admin), [number], sent=request.method == "POST")

    @expose("/<slug>/destroy", methods=("POST",))  # type: ignore[untyped-decorator]
    @takes("number", "reason", "send")
    def destroy_many(self, slug: str) -> ResponseReturnValue:
        """Propose the ticked records: first the form, then, sent, the proposal."""
        numbers = list(dict.fromkeys(request.form.getlist("number")))
        most = policy().destruction.most_records
        if not 0 < len(numbers) <= most:
            raise service.TooMany(most=most)
        return self._proposing(view_of(slug, self.admin), numbers, sent="send" in request.form)

    def _proposing(self, view: RecordView, numbers: Sequence[str], *, sent: bool) -> ResponseReturnValue:
        reader, errors, status = current_reader(), {}, 200
        slug = view.rt.slug
        why = request.form.get("reason", "")
        if sent:
            try:
                made = service.propose(reader.person, slug, numbers, why, now=reader.now)
            except Invalid as refused:
                errors, status = _problems(refused, reader), refused.status
            else:
                say_handed_in(DESTRUCTION, made["number"], reader.language)
                return redirect(record_url(DESTRUCTION.slug, made["number"]), 303)
        sights = [records.read(reader.person, slug, one, Purpose.VIEW, reader.now) for one in numbers]
        if not all(service.may_propose(reader.person, one) for one in sights):
            raise Forbidden()
        page = self.page(
            "records/destroy.html",
            type=list_page.type_of(view, reader),
            picked=_picked(view, sights, reader),
            url=request.path,
            reason=why[:500],
            names={"reason": DESTRUCTION.by_name["reason"].label.text(reader.language)},
            errors=errors,
            cooling=policy().destruction.cooling_days,
            watermark=record_page.watermark(max(sights, key=lambda one: Level(one.level).rank), reader),
        )
        return page, status

    @expose("/<slug>/<number>/hold", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("act", "note")
    def hold(self, slug: str, number: str) -> ResponseReturnValue:
        """Place or lift a legal hold, with a reason."""
        view, reader = view_of(slug, self.admin), current_reader()
        errors, status = {}, 200
        if request.method == "POST":
            act = holds.lift if request.form.get("act") == "lift" else holds.place
            try:
                act(reader.person, slug, number, request.form.get("note", ""), now=reader.now)
            except Invalid as refused:
                errors, status = _problems(refused, reader), refused.status
            else:
                flash(_("Done."), "success")
                return redirect(record_url(slug, number), 303)
        sight = records.read(reader.person, slug, number, Purpose.VIEW, reader.now)
        if not holds.may_hold(reader.person, sight.rt, store.fetch_to_show(slug, sight.id)):
            raise Forbidden()
        found = list_page.names_of(reader, [sight])
        page = self.page(
            "records/hold.html",
            type=list_page.type_of(view, reader),
            head=record_page.head(sight, found, reader),
            held=bool(holds.on([sight.id])),
            story=[_told(row, reader) for row in holds.story(sight.id)],
            note=request.form.get("note", "")[:500],
            names={"reason": DESTRUCTION.by_name["reason"].label.text(reader.language)},
            errors=errors,
            watermark=record_page.watermark(sight, reader),
            urls={"record": record_url(slug, sight.number)},
        )
        return page, status

    @expose("/destruction/<number>/certificate")  # type: ignore[untyped-decorator]
    def certificate(self, number: str) -> str:
        """The certificate of a destruction that was carried out. :raises NotFound: for one that was not."""
        view, reader = view_of(DESTRUCTION.slug, self.admin), current_reader()
        sight = records.read(reader.person, DESTRUCTION.slug, number, Purpose.VIEW, reader.now)
        if sight.values["state"] != "destroyed":
            raise NotFound()
        return self.page(
            "records/certificate.html",
            type=list_page.type_of(view, reader),
            number=sight.number,
            **certified(sight, reader),
            names={"reason": DESTRUCTION.by_name["reason"].label.text(reader.language)},
            printed={"by": reader.person.name, "at": moment_short(reader.now, reader.language)},
            urls={"record": record_url(DESTRUCTION.slug, sight.number)},
        )

    @expose("/destruction/outdated")  # type: ignore[untyped-decorator]
    def outdated(self) -> str:
        """What was kept for long enough and the reader may propose, by type."""
        view, reader = view_of(DESTRUCTION.slug, self.admin), current_reader()
        slug, behind = request.args.get("type", ""), request.args.get("behind", "")
        if behind and not (slug and ObjectId.is_valid(behind)):
            raise BadQuery(parameter="behind")
        kept = candidates.of(reader.person, reader.now, slug, ObjectId(behind) if behind else None)
        return self.page(
            "records/outdated.html",
            type=list_page.type_of(view, reader),
            kept=[_kept(one, reader) for one in kept],
            most=policy().destruction.most_records,
            watermark=list_page.mark((sight for one in kept for sight in one.sights), reader),
        )


def _problems(refused: Invalid, reader: Reader) -> Context:
    return {path: record_page.in_language(text, reader.language) for path, text in refused.problems.items()}


def _picked(view: RecordView, sights: Sequence[Sight], reader: Reader) -> list[Context]:
    """The records of a proposal, each with what stands against it now."""
    service.check_whole(sights)
    found = list_page.names_of(reader, list(sights))
    sons = service.stored_of(view.rt.slug, [one.number for one in sights])
    against = matters.against(view.rt, sons, reader.person, reader.now)
    return [
        {
            "number": one.number,
            "title": cells.title(one, found),
            "level": one.level,
            "against": [record_page.in_language(m.text, reader.language) for m in against.get(one.number, ())],
        }
        for one in sights
    ]


def _told(row: Mapping[str, Any], reader: Reader) -> Context:
    lifted = row.get("lifted_at")
    return {
        "why": row["why"],
        "by": row["by_name"],
        "since": moment_short(row["since"], reader.language),
        "lifted": moment_short(lifted, reader.language) if lifted else "",
        "lifted_by": row.get("lifted_by_name", ""),
        "lifted_why": row.get("lifted_why", ""),
    }


def _kept(one: candidates.Kept, reader: Reader) -> Context:
    found = list_page.names_of(reader, list(one.sights))
    return {
        "label": one.rt.plural.text(reader.language),
        "title_label": one.rt.by_name[one.rt.title].label.text(reader.language),
        "url": url_for("records.destroy_many", slug=one.rt.slug),
        "next": url_for("records.outdated", type=one.rt.slug, behind=one.last) if one.last else "",
        "rows": [
            {
                "number": sight.number,
                "title": cells.title(sight, found),
                "level": sight.level,
                "on_screen_only": cells.on_screen_only(sight),
                "url": record_url(one.rt.slug, sight.number),
                "changed": cells.day_short(sight.values["updated_at"].date(), reader.language),
            }
            for sight in one.sights
        ],
    }


def certified(sight: Sight, reader: Reader) -> Context:
    """What a certificate says: numbers, levels, the reason, who signed when, for whom; no content."""
    values, language = sight.values, reader.language
    outcomes = {one.value: one.label.text(language) for one in OUTCOMES}
    versions = list(reversed(records.versions_of(sight, 0)))
    proposed = next((row for row in versions if row["action"] == "create"), None)
    return {
        "kind": _type_name(values["type_asked"], language),
        "items": [
            {
                "number": item["number"],
                "level": LEVEL_LABELS[Level(item["level"])].text(language),
                "outcome": outcomes.get(item["outcome"] or "", ""),
                "at": moment_short(item["at"], language) if item["at"] else "",
            }
            for item in values["items"] or ()
        ],
        "reason": values["reason"],
        "proposed": _signature(proposed, _("proposed"), language) if proposed else None,
        "signed": [_signature(row, _("signed"), language) for row in versions if row["action"] in SIGNING],
        "until": moment_short(values["stop_until"], language),
        "destroyed": moment_short(values["destroyed_at"], language),
    }


def _type_name(slug: str, language: str) -> str:
    try:
        return registry.get(slug).rt.label.text(language)
    except NotFound:  # the type is not in force any more
        return slug


def _signature(row: Mapping[str, Any], what: str, language: str) -> Context:
    return {
        "who": row["by_name"],
        "role": _signing_role(row["action"], language),
        "for_whom": row.get("behalf_name") or "",
        "what": what,
        "at": moment_short(row["at"], language),
    }


def _signing_role(action: str, language: str) -> str:
    """In which role a signature is given; '' for a move that is none."""
    if action not in SIGNING:
        return ""
    return ROLE_LABELS[SIGNING_ROLES[SIGNING.index(action)]][0 if language == "zh" else 1]


def notices(sight: Sight, reader: Reader, held: AtHand) -> list[Context]:
    """On a record: the hold that lies on it and the destruction under way, as they were found with it
    (`service.beside`); on a destruction: what comes next."""
    language = reader.language
    if sight.rt.slug == DESTRUCTION.slug:
        return _of_destruction(sight, language)
    hold = holds.of(held.son)
    made: list[Context] = [{"text": _on_hold(hold, sight.rt, held.son or {}, reader), "tone": "warn"}] if hold else []
    for asked in held.round.get("destructions", ()):
        if access.reach(reader.person, DESTRUCTION, Purpose.VIEW).sees(asked["acl"]):
            text = _("It is to be destroyed: %(number)s.", number=asked["number"])
        else:
            text = _("It is to be destroyed.")
        made.append({"text": text, "tone": "bad"})
    return made


def _on_hold(row: Mapping[str, Any], rt: RecordType, son: Mapping[str, Any], reader: Reader) -> str:
    """That a hold lies on a record; why, to those who may place one (X6)."""
    since, by = moment_short(row["since"], reader.language), row["by_name"]
    if holds.may_hold(reader.person, rt, son):
        return str(_("On legal hold since %(since)s by %(by)s: %(why)s", since=since, by=by, why=row["why"]))
    return str(_("On legal hold since %(since)s by %(by)s.", since=since, by=by))


def _of_destruction(sight: Sight, language: str) -> list[Context]:
    if sight.values["state"] == "destroyed":
        url = url_for("records.certificate", number=sight.number)
        return [
            {
                "text": _("The content is gone for good."),
                "tone": "info",
                "action": {"label": _("Certificate"), "url": url, "icon": "printer"},
            }
        ]
    if sight.values["state"] == "cooling":
        until = moment_short(sight.values["stop_until"], language)
        return [
            {"text": _("It can be stopped until %(until)s; then the content is removed.", until=until), "tone": "bad"}
        ]
    return []
