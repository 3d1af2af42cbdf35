"""A person's saved views: the address of a list under a name, as a tab; some shared with a role or a department.

A view opens nothing: whoever goes to its address sees what is theirs to see. It is offered only to people who may read
every field that it filters, sorts or shows by (X6). Each change names the version that it was made from; sharing, and
each change of what is shared, is audited.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from config.database import database, transaction
from models import access, audit, registry, schema, sealing
from models.access import Purpose
from models.declarations import Field
from models.errors import FieldProblem, Forbidden, NotFound
from models.listing import queryable
from models.listing.written import Pair
from models.person import service as people
from models.person.roles import Person, Role
from models.saved_view import former, rules
from models.saved_view.document import VIEWS, SavedView

SUBJECT = "saved_view"
Row = dict[str, Any]


def of_type(person: Person, slug: str) -> list[SavedView]:
    """The person's views of a type in their order, then those shared with them by name. One question.

    Not all of them may fit the person's rights by now: `rules.fits` says which.
    """
    whose = [{"owner": person.id}, {"audience": {"$in": rules.audiences_of(person)}}]
    found = [SavedView.read(row) for row in database()[VIEWS].find({"type": slug, "$or": whose})]
    return sorted(found, key=lambda one: (one.owner != person.id, one.position * (one.owner == person.id), one.name))


def governed(person: Person, slug: str) -> list[SavedView]:
    """What others share of a type with audiences for which the person answers, by name."""
    if not rules.shares(person):
        return []
    wanted = {"type": slug, "audience": {"$exists": True}, "owner": {"$ne": person.id}}
    found = [SavedView.read(row) for row in database()[VIEWS].find(wanted).sort("name", 1)]
    return [one for one in found if rules.may_share(person, one.audience)]


# --- one's own


def save(person: Person, slug: str, name: str, pairs: Iterable[Pair]) -> SavedView:
    """Keep the address of a list, which was read and understood for the person, under a name; it stands last.

    :raises FieldProblem: for a name that is none, too long or in use. :raises TooManyViews: :raises NothingToSave:
    :raises Forbidden: for a type of which the person can reach nothing, and for a token that only reads.
    """
    owner = _require_type(person, slug)
    name, address = _name(name), rules.kept(pairs)
    row: Row = {
        "_id": ObjectId(),
        "type": slug,
        "owner": owner,
        "owner_name": person.name,
        "name": name,
        "address": sealing.sealed_address(registry.get(slug).rt, address),
        "rev": 1,
    }

    def work() -> SavedView:
        views = database()[VIEWS]
        people.one_at_a_time(owner)
        held = list(views.find({"owner": person.id}, {"position": 1}))
        if len(held) >= rules.MOST_VIEWS:
            raise rules.TooManyViews()
        row["position"] = 1 + max((one["position"] for one in held), default=0)
        _unique(lambda: views.insert_one(row))
        return SavedView.read(row)

    return transaction(work)


def replace(person: Person, view_id: ObjectId, pairs: Iterable[Pair], *, rev: int, now: datetime) -> SavedView:
    """Let a view of the person's keep another address.

    :raises NotFound: :raises ViewChanged: :raises NotToShare:
    :raises Forbidden: for a shared one, when the person may not share with its audience any more.
    """
    address = rules.kept(pairs)

    def change(view: SavedView) -> Row:
        if view.audience and not rules.shareable(address, _known(person, view.type)):
            raise rules.NotToShare()
        return {"address": sealing.sealed_address(registry.get(view.type).rt, address)}

    return _change(person, view_id, rev, now, change)


def rename(person: Person, view_id: ObjectId, name: str, *, rev: int, now: datetime) -> SavedView:
    """Call a view of the person's otherwise. :raises FieldProblem: :raises NotFound: :raises ViewChanged:
    :raises Forbidden: as `replace` does."""
    wanted = _name(name)
    return _change(person, view_id, rev, now, lambda _view: {"name": wanted})


def remove(person: Person, view_id: ObjectId, *, rev: int, now: datetime) -> SavedView:
    """Take a view of the person's away, from those too with whom it was shared.

    :raises NotFound: :raises ViewChanged:
    """

    def work() -> SavedView:
        view = own(person, view_id)
        if not database()[VIEWS].delete_one({"_id": view_id, "rev": rev}).deleted_count:
            raise rules.ViewChanged()
        if view.audience:
            _note("shared_view_removed", person, view, now)
        if starts_of(people.get(view.owner)).get(view.type) == view_id:
            people.set_start(view.owner, view.type, None)
        return view

    return transaction(work)


def move(person: Person, view_id: ObjectId, *, forward: bool) -> None:
    """Let a view of the person's change places with its neighbour; the first and the last stay. :raises NotFound:"""

    def work() -> None:
        view = own(person, view_id)
        people.one_at_a_time(view.owner)
        mine = {"owner": person.id, "type": view.type}
        ids = [row["_id"] for row in database()[VIEWS].find(mine, {"_id": 1}).sort([("position", 1), ("_id", 1)])]
        at = ids.index(view_id)
        other = at + 1 if forward else at - 1
        if not 0 <= other < len(ids):
            return
        ids[at], ids[other] = ids[other], ids[at]
        for position, one in enumerate(ids, 1):
            database()[VIEWS].update_one({"_id": one}, {"$set": {"position": position}})

    transaction(work)


# --- sharing


def share(person: Person, view_id: ObjectId, department: str, role: str, *, rev: int, now: datetime) -> SavedView:
    """Offer a view of the person's to a department, a role, or a role within a department, in place of whom it was
    offered to before. They see it if they may read every field that it filters, sorts or shows by.

    :raises Forbidden: for whoever may not share with them. :raises FieldProblem: for an audience that there is not.
    :raises NotToShare: :raises NotFound: :raises ViewChanged:
    """
    wanted = rules.audience(department, role)
    if role and role not in Role._value2member_map_:
        raise FieldProblem("role", zh="请从列表中选择角色。", en="Choose a role from the list.")
    if not wanted or (department and department not in people.departments()):
        raise FieldProblem("department", zh="请选择部门或角色。", en="Choose a department or a role.")
    if not rules.may_share(person, wanted):
        raise Forbidden()

    def change(view: SavedView) -> Row:
        if not rules.shareable(view.address, _known(person, view.type)):
            raise rules.NotToShare()
        return {"audience": wanted}

    return _change(person, view_id, rev, now, change)


def withdraw(person: Person, view_id: ObjectId, *, rev: int, now: datetime) -> SavedView:
    """Share a view with nobody any more: the owner, or whoever answers for its audience. It stays with its owner.

    :raises NotFound: :raises ViewChanged:
    """

    def work() -> SavedView:
        view = get(view_id)
        if not view.audience or not (view.owner == person.id or rules.may_share(person, view.audience)):
            raise NotFound()
        update = {"$unset": {"audience": ""}, "$inc": {"rev": 1}}
        if not database()[VIEWS].update_one({"_id": view_id, "rev": rev}, update).matched_count:
            raise rules.ViewChanged()
        _note("view_withdrawn", person, view, now)
        return get(view_id)

    return transaction(work)


# --- where a type's list begins


def start_with(person: Person, slug: str, view_id: ObjectId | None) -> None:
    """Let the menu lead the person to one of the views that they have, or (None) to the whole list again.

    :raises NotFound: for a view that is neither theirs nor shared with them.
    """
    if person.id is None or (view_id is not None and view_id not in {one.id for one in of_type(person, slug)}):
        raise NotFound()
    people.set_start(person.id, slug, view_id)


def starts_of(account: Mapping[str, Any]) -> Mapping[str, ObjectId]:
    """The view with which each type's list begins, in a stored account."""
    found: Mapping[str, ObjectId] = account.get("starts") or {}
    return found


# --- pieces


def get(view_id: ObjectId) -> SavedView:
    """A view by id. :raises NotFound:"""
    row = database()[VIEWS].find_one({"_id": view_id})
    if row is None:
        raise NotFound()
    return SavedView.read(row)


def own(person: Person, view_id: ObjectId) -> SavedView:
    """A view of the person's. :raises NotFound: for others' as for those that do not exist."""
    view = get(view_id)
    if view.owner != person.id:
        raise NotFound()
    return view


def _change(
    person: Person, view_id: ObjectId, rev: int, now: datetime, change: Callable[[SavedView], Row]
) -> SavedView:
    """Store the next version of a view of the person's; what is shared is audited. Whoever may not share with an
    audience any more changes nothing of what it sees; they may withdraw or remove it."""

    def work() -> SavedView:
        view = own(person, view_id)
        if view.rev != rev:
            raise rules.ViewChanged()
        wanted = change(view)
        readers = wanted.get("audience", view.audience)
        if readers and not rules.may_share(person, readers):
            raise Forbidden()
        update = {"$set": wanted, "$inc": {"rev": 1}}
        _unique(lambda: database()[VIEWS].update_one({"_id": view_id, "rev": rev}, update))
        made = get(view_id)
        if made.audience:
            _note("view_shared" if made.audience != view.audience else "shared_view_changed", person, made, now)
        return made

    return transaction(work)


def _unique(write: Callable[[], object]) -> None:
    try:
        write()
    except DuplicateKeyError:
        raise FieldProblem("name", zh="您已有同名的视图。", en="You have a view of this name already.") from None


def _name(text: str) -> str:
    name = " ".join(text.split())
    problem = rules.name_problem(name)
    if problem is not None:
        raise FieldProblem("name", zh=problem.zh, en=problem.en)
    return name


def _require_type(person: Person, slug: str) -> ObjectId:
    """Who is to own a view of a type. :raises Forbidden:"""
    rt = registry.get(slug).rt
    if person.id is None or person.read_only or access.reach(person, rt, Purpose.VIEW).nothing:
        raise Forbidden()
    return person.id


def _known(person: Person, slug: str) -> dict[str, Field]:
    """The fields by which the person may filter and sort a type."""
    rt = registry.get(slug).rt
    return queryable(rt, access.visible_fields(person, rt))


def offered(views: Collection[SavedView], known: Mapping[str, Field], columns: Collection[str]) -> list[SavedView]:
    """Of some views, those that a reader with these fields may open."""
    return [one for one in views if rules.fits(one.address, known, columns)]


def _note(action: str, person: Person, view: SavedView, now: datetime) -> None:
    """An audit entry about a shared view: of which type, for whom; never its address."""
    department, role = rules.parts(view.audience)
    detail = {"of": view.type, "department": department, "roles": [role] if role else []}
    audit.append(action, person, audit.Subject(SUBJECT, view.id), now=now, detail=detail)


schema.bring_up(former.choose_departments)
