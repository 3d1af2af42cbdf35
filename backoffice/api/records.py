"""One record: read, change, archive, restore, its history, the moves of its workflow."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from backoffice import at_hand
from backoffice.api import bodies, once, passed_over, schemas, sent_back
from backoffice.api.addresses import open_type
from backoffice.api.caller import caller
from backoffice.api.lists import answered
from backoffice.api.problems import NoSuchVersion, Problem, SignatureNeedsPerson
from backoffice.api.values import SYSTEM, Json, names_for, record, value
from models import names, records, store, taking_back
from models.access import Purpose
from models.access_request import receipt
from models.errors import NotFound, Sentence, StaleRecord
from models.idempotency import Answer
from models.listing.query import version_bound
from models.names import Names
from models.records import Locked, NeedsFreshSignIn, Sight

SIDES = ("before", "after")
NOT_CHANGED = 304
RECEIPT = "Receipt"
"""The header with the number of a receipt (X4)."""
SOMEBODY = Sentence("他人", "Somebody")
"""Of whom a card does not tell."""
CHANGED = Sentence("此字段在您读取之后已被修改。", "This field was changed since the version that you name.")

NEVER = Sentence("该记录没有这个版本。", "The record was never in this version.")


class Conflict(Problem):
    """The record changed since the version that the caller names; nothing was stored."""

    code, status = "stale", 409
    zh = "{by} 已修改此记录，您的修改没有保存。current 是现在的内容。"
    en = "{by} changed this record meanwhile; nothing of yours is stored. `current` is what is stored now."


def get(slug: str, number: str) -> Response:
    """One record, read; or the card of a locked one. What leaves under the caller's card leaves with a receipt."""
    open_type(slug)
    me = caller()
    bodies.check_answerable()
    bodies.check_parameters()
    sight = records.see(me.person, slug, number, Purpose.VIEW, me.now, at_hand.held())
    response = answered(_shown(sight))
    response.set_etag(etag(sight, response.get_data()))
    response.make_conditional(request)
    return response if response.status_code == NOT_CHANGED else _receipted(response, sight)


def _receipted(response: Response, sight: Sight) -> Response:
    """An answer with a record's values, which the caller was let in to view; with the receipt's number where they leave
    under a card (X4).

    :raises CardClosed: when the card ended since the caller was let in by it.
    """
    me = caller()
    if sight.full:
        number = receipt.note(me.person, sight, Purpose.EXPORT, "api", now=me.now, let_in=Purpose.VIEW)
        if number:
            response.headers[RECEIPT] = number
    return response


def etag(sight: Sight, body: bytes) -> str:
    """The version and a mark of what is shown of it: what others may see, or the names in it, may differ."""
    return f"{sight.values.get('rev', 1)}-{hashlib.sha256(body).hexdigest()[:16]}"


def _shown(sight: Sight) -> Json:
    me = caller()
    return record(sight, names_for(me.person, [sight], me.language))


def change(slug: str, number: str) -> Response:
    """Change the fields that are sent; the others stay."""
    rt, me = open_type(slug), caller()
    bodies.check_answerable()
    bodies.check_parameters()
    fields = records.form_fields(me.person, rt)
    body, unfit = bodies.read_back(schemas.change_body(fields), fields)
    rev = bodies.version(body)
    values = bodies.pointed(me.person, fields, body["values"])

    def write(read: tuple[Sight, Mapping[str, Any]]) -> Answer:
        sight, current = read
        note, meant = body.get("note", ""), sent_back.kept(sight, fields, values, rev, unfit)
        try:
            stored = records.change_seen(me.person, sight, meant, rev=rev, now=me.now, note=note, current=current)
        except StaleRecord as stale:
            raise conflict(sight, stale, rev, values) from None
        return once.written(200, slug, stored)

    return once.carry_out(once.digestible(body), lambda: once.read_stored(slug, number), write)


def archive(slug: str, number: str) -> Response:
    """Take a record out of the lists."""
    return _set_archived(slug, number, True)


def restore(slug: str, number: str) -> Response:
    """Bring an archived record back."""
    return _set_archived(slug, number, False)


def _set_archived(slug: str, number: str, archived: bool) -> Response:
    me = caller()
    open_type(slug)
    bodies.check_answerable()
    bodies.check_parameters()
    body = bodies.read(schemas.ARCHIVING["archive" if archived else "restore"])
    rev = bodies.version(body)

    def write(sight: Sight) -> Answer:
        try:
            note = body.get("note", "")
            stored = records.set_archived_seen(me.person, sight, archived, rev=rev, now=me.now, note=note)
        except StaleRecord as stale:
            raise conflict(sight, stale, rev, {}) from None
        return once.written(200, slug, stored)

    return once.carry_out(once.digestible(body), lambda: once.read(slug, number), write)


def history(slug: str, number: str) -> Response:
    """What happened to a record, newest first: who, when, and each field before and after. By pages: `next` is the
    `before` of the one that follows."""
    open_type(slug)
    me = caller()
    bodies.check_answerable()
    bodies.check_parameters("before")
    before = version_bound(request.args.get("before", ""))
    sight = once.read(slug, number)
    versions, following = records.page_of_versions(sight, before)
    sides = [((c["field"],), {c["field"].name: c[side]}) for row in versions for c in row["changes"] for side in SIDES]
    found = names.resolve(me.person, sides, language=me.language)
    response = answered({"items": [_version(row, found) for row in versions], "next": following})
    response.headers.update(passed_over.of_versions(me.person, sight, versions))
    return _receipted(response, sight)


def _version(row: Mapping[str, Any], found: Names) -> Json:
    return {
        "rev": row["rev"],
        "at": row["at"].isoformat(),
        "by": {"id": str(row["by"]), "name": row["by_name"]} if row["by"] else None,
        "action": row["action"],
        "note": row.get("note") or None,
        "changes": [
            {"field": c["field"].name, **{side: value(c["field"], c[side], found) for side in SIDES}}
            for c in row["changes"]
        ],
    }


def actions(slug: str, number: str) -> Response:
    """The moves of the workflow that the caller may make now; on a card what they take back. One that is a signature is
    not made with a token."""
    rt, me = open_type(slug), caller()
    bodies.check_answerable()
    bodies.check_parameters()
    sight = records.see(me.person, slug, number, Purpose.VIEW, me.now)
    current = store.fetch_to_show(slug, sight.id)
    if not sight.full:
        moves = taking_back.on_card(me.person, sight, current)
        if not moves:
            raise Locked()
    else:
        moves = [] if sight.unreadable else records.moves(me.person, rt, current)
    items = [
        {
            "name": move.name,
            "label": move.label.text(me.language),
            "asks": list(move.asks),
            "needs": list(move.needs),
            "reason": move.reason,
            "signature": move.signature,
            "target": move.target,
        }
        for move in moves
    ]
    return answered({"rev": current["rev"], "items": items})


def act(slug: str, number: str, name: str) -> Response:
    """Make a move of the workflow."""
    rt, me = open_type(slug), caller()
    bodies.check_answerable()
    bodies.check_parameters()
    transition = next((t for t in schemas.transitions(rt) if t.name == name), None)
    if transition is None:
        raise NotFound()
    fields = records.asked_fields(rt, transition)
    body, unfit = bodies.read_back(schemas.action_body(fields), fields)
    rev = bodies.version(body)
    values = bodies.pointed(me.person, fields, body.get("values", {}))

    def prepare() -> Sight:
        return taking_back.read_to_move(me.person, slug, number, name, me.now)

    def again() -> Sight:
        # What is taken back by the card is over then, and with it the right to take it back.
        return records.see(me.person, slug, number, Purpose.VIEW, me.now) if transition.takes_back else prepare()

    def write(sight: Sight) -> Answer:
        meant = sent_back.kept(sight, fields, values, rev, unfit) if sight.full else values
        try:
            stored = records.move_seen(
                me.person, sight, name, meant, rev=rev, now=me.now, note=body.get("note", ""), fresh=False
            )
        except NeedsFreshSignIn:
            raise SignatureNeedsPerson() from None
        except StaleRecord as stale:
            raise conflict(sight, stale, rev, values) from None
        return once.written(200, slug, stored)

    return once.carry_out(once.digestible(body), prepare, write, again)


def conflict(sight: Sight, stale: StaleRecord, rev: int, wanted: Mapping[str, Any], named: str = "rev") -> Conflict:
    """What changed since version `rev`, by field, as far as the caller may know it, and the record as it is stored now;
    whoever has the card only is told no more than that.

    :raises NotFound: :raises Locked: when what was stored meanwhile took it out of reach.
    :raises NoSuchVersion: when the record was never in version `rev`, which was sent as `named` or in If-Match.
    """
    me = caller()
    if not sight.full:
        card = records.again(me.person, sight.rt.slug, sight.number)
        return Conflict(extra={"current": _shown(card), "changed": []}, by=SOMEBODY)
    fresh = records.still_read(me.person, sight, me.now)
    if rev > stale.current["rev"]:
        by_header = named == "rev" and "If-Match" in request.headers
        raise NoSuchVersion(errors={"If-Match" if by_header else named: NEVER})
    known = records.as_it_was(fresh, stale.current, rev).changed
    changed = [f.name for f in (*fresh.fields, *SYSTEM) if f.name in known]
    both = {name: CHANGED for name in changed if name in wanted}
    extra = {"current": _shown(fresh), "changed": changed}
    return Conflict(errors=both, extra=extra, by=stale.params["by"])


ROUTES = (
    ("/<type:slug>/<number>", "GET", get),
    ("/<type:slug>/<number>", "PATCH", change),
    ("/<type:slug>/<number>/archive", "POST", archive),
    ("/<type:slug>/<number>/restore", "POST", restore),
    ("/<type:slug>/<number>/history", "GET", history),
    ("/<type:slug>/<number>/actions", "GET", actions),
    ("/<type:slug>/<number>/actions/<name>", "POST", act),
)
