"""Who may read and do what: the one compiler from (person, record type, purpose) to a database filter and a mask.

Each record carries in `acl` the facts that rights depend on, as tokens `<level>|<relation>|<whom>`; `tokens_of` makes
them at every write. The tables of `classified`, and those of each type, say which relations open a record; `reach`
turns them, for one person, into the tokens that this person holds. A query then asks `{"acl": {"$in": tokens}}`.
Policy changes therefore take effect at once and need no rewriting of records. Lists, search, sort, filters, lookups,
export, history, files and notifications all ask here (X6); nothing else decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from models.classified import (
    ABOUT,
    ABOUT_ONESELF,
    CLASSIFIED_CARD,
    CLASSIFIED_EXPORT,
    CLASSIFIED_VIEW,
    DEPUTIES_READ,
    HELD_CARD,
    PASSING,
    PAST,
    PERSONAL,
    READ_ONLY,
    SIGNED_CARD,
    TURNS,
)
from models.declarations import Field, Level, RecordType, Relation, Rule, State
from models.person.roles import HOUSE_WIDE, Person, Role
from models.reach import ARCHIVED, NONE, READING, Purpose, Reach, token, without
from models.turns import awaited, is_role, left_by, named_by, named_for_none, names, own_names, roles_held

__all__ = [
    "ARCHIVED",
    "READING",
    "Purpose",
    "Reach",
    "beyond_deputies",
    "card_fields",
    "concerned",
    "deputed_tokens",
    "editable_fields",
    "fillable",
    "held_by",
    "held_fields",
    "keeps_to_screen",
    "levels_about",
    "may_create",
    "may_export",
    "may_import",
    "reach",
    "readable",
    "reads_for_good",
    "reads_to_act",
    "shows_cards",
    "state_of",
    "token",
    "tokens_of",
    "tokens_of_part",
    "turns_of",
    "visible_fields",
    "within_token",
]


def tokens_of(rt: RecordType, record: Mapping[str, Any]) -> list[str]:
    """The `acl` tokens of a record, from its stored or loaded values. Sorted, each once. What was merged into another
    record keeps those that it has of that one (`store.share_rights`)."""
    if record.get("merged_into") and record.get("acl"):
        return tokens_of_part(record, record["acl"])
    level = Level.of(record.get("level")).value
    found = {token(level, Relation.ANY)}
    if record.get("department"):
        found.add(token(level, Relation.DEPARTMENT, record["department"]))
    left = left_by(record)
    if record.get("owner") and left is None:
        found.add(token(level, Relation.OWNER, record["owner"]))
    if record.get("created_by") not in (None, left) and not record.get("creator_left"):
        found.add(token(level, Relation.CREATOR, record["created_by"]))
    for field in rt.fields:
        if field.opens and record.get(field.name):
            found.update(token(level, Relation.NAMED, one) for one in names(rt, field.name, record[field.name]))
    holder = held_by(rt, record)
    if holder is not None:
        found.add(token(level, Relation.HELD, holder))
    unread = {rt.held.by} if rt.held is not None and holder is not None else set()
    if rt.classified and level == Level.TOP_SECRET.value:
        unread |= named_for_none(rt)  # no role is asked of them: whoever fills it in would open it to anybody (X3)
    for whose in turns_of(rt, record, but=unread):
        if whose.startswith("role:"):
            found.add(token(level, Relation.TASK, whose.removeprefix("role:")))
        else:
            found.add(token(level, Relation.ASSIGNED, whose.removeprefix("user:")))
    about_whom = concerned(rt, record)
    if not about_whom and not beyond_deputies(record):  # a deputy may be whom it concerns, and a colleague of theirs
        found.update(token(level, Relation.SIGNING, whose) for whose in _signers_of(rt, record))
    found.update(token(level, Relation.GRANT, grant) for grant in record.get("granted") or ())
    about = Level.highest(levels_about(record)).value  # a request is no secret, that there is such a record may be
    found.update(token(about, Relation.SIGNED, signer) for signer in record.get("signers") or ())
    found.update(token(level, Relation.CONCERNED, whom) for whom in about_whom)
    prefix = ARCHIVED if record.get("archived_at") else ""
    return sorted(prefix + one for one in found)


def tokens_of_part(part: Mapping[str, Any], acl: Iterable[str]) -> list[str]:
    """The `acl` tokens of a record that was merged into one with these: who reads that one reads it, as far as they
    read its own level."""
    level = Level.of(part.get("level")).value
    facts = (one.removeprefix(ARCHIVED).partition("|")[2] for one in acl)
    return sorted({f"{ARCHIVED}{level}|{fact}" for fact in facts})


def held_by(rt: RecordType, record: Mapping[str, Any]) -> Any:
    """Who has something of a record in hand; None for nobody."""
    if rt.held is None or record.get("state") not in rt.held.states or record.get("archived_at"):
        return None
    return record.get(rt.held.by)


def concerned(rt: RecordType, record: Mapping[str, Any]) -> set[Any]:
    """Whom a record concerns, while it is open, of those from whom fields are withheld."""
    state = state_of(rt, record) if rt.concerns else None
    if state is not None and state.final:
        return set()
    found: set[Any] = set()
    for concern in rt.concerns:
        name, _, column = concern.field.partition(".")
        rows = (record.get(name) or ()) if column else ({"": record.get(name)},)
        named = {row.get(column) for row in rows if not concern.by or row.get(concern.by) in concern.values}
        found |= named - {row.get(column) for row in (record.get(concern.until) or () if concern.until else ())}
    return found - {None}


def turns_of(rt: RecordType, record: Mapping[str, Any], but: Collection[str] = ()) -> list[str]:
    """Whom the record waits for: `user:<id>` and `role:<role>` tokens, from its state's declared turn; of whom a field
    names that asks for a role, `user:<id>@<role>`, and of roles in which people serve their own department
    `role:<role>@<department>`. The turns of who is named by the fields `but` are left out."""
    state = state_of(rt, record)
    if state is None or record.get("archived_at"):
        return []
    found = set()
    for whose in (one for one in awaited(state, record) if one not in but):
        found.update([f"role:{whose}"] if is_role(whose) else named_by(rt, whose, record))
    return sorted(found)


def _signers_of(rt: RecordType, record: Mapping[str, Any]) -> list[str]:
    """Whose deputies may sign the record: the ids of people, and roles. Where a type declares who reads it, a role that
    serves the whole house stands there with the record's department, too."""
    if rt.workflow is None or not rt.workflow.signatures(record.get("state") or ""):
        return []
    found = [whose.partition(":")[2] for whose in turns_of(rt, record)]
    house = [] if rt.classified else [whose for whose in found if whose in HOUSE_WIDE]
    return [*found, *(f"{role}@{record['department']}" for role in house if record.get("department"))]


def beyond_deputies(record: Mapping[str, Any]) -> bool:
    """Whether a record is top secret, or a request about something that is, or became so since it was asked for
    (`in_person`): no deputy reads or signs it."""
    if record.get("in_person"):
        return True
    return any(level not in DEPUTIES_READ for level in levels_about(record))


def levels_about(record: Mapping[str, Any]) -> list[Level]:
    """The levels of a record, and of what it is about where it is a request."""
    return [Level.of(record.get(name)) for name in ("level", *ABOUT)]


def state_of(rt: RecordType, record: Mapping[str, Any]) -> State | None:
    """The declared state a record is in; None for types without workflow."""
    if rt.workflow is None:
        return None
    value = record.get("state")
    return next((s for s in rt.workflow.states if s.value == value), None)


def deputed_tokens(person: Person, rt: RecordType) -> list[str]:
    """The tokens (`acl` field) of records of a type that wait for a signature of somebody whose deputy the person is.
    They open nothing top secret."""
    whom: set[str] = set()
    for one in (one for one in person.stands_in if one.covers(rt.slug)):
        whom.update(_roles_handed(one.principal, rt))
        if not one.roles_only and (one.principal.serves or not rt.classified):
            whom.update(own_names(one.principal, rt))
    return sorted(
        token(level.value, Relation.SIGNING, one) for one in whom for level in _open_to(person, DEPUTIES_READ)
    )


def _roles_handed(principal: Person, rt: RecordType) -> Iterable[str]:
    """The roles for which a deputy of the principal may sign: those in which the principal reads what waits. What a
    type opens to a department is not opened by a role that serves the whole house."""
    held = roles_held(principal)
    if rt.classified:
        return held
    opened = [rule.roles or held for rule in rt.rights.view if rule.relation in (Relation.TASK, Relation.ANY)]
    own = {f"{role.value}@{principal.department}" for role in principal.roles if principal.department}
    return own.union(role for role in held if any(role in roles for roles in opened))


def reach(person: Person, rt: RecordType, purpose: Purpose) -> Reach:
    """How far `person` gets with records of `rt` for `purpose`. Nothing declared opens nothing.

    Worked out once for a person, who is taken anew with each request: a page asks a dozen times.
    """
    known: dict[tuple[RecordType, Purpose], Reach] = vars(person).setdefault("_reaches", {})
    found = known.get((rt, purpose))
    if found is None:
        about = _tokens(person, rt, ABOUT_ONESELF, purpose) if rt.concerns else frozenset()
        found = known[rt, purpose] = replace(_reach(person, rt, purpose), about=about)
    return found


def _reach(person: Person, rt: RecordType, purpose: Purpose) -> Reach:
    if not within_token(person, rt, writing=purpose not in READING):
        return Reach(frozenset())
    signed = _signed_by_others(rt)
    view = _of_use(rt, CLASSIFIED_VIEW if rt.classified else rt.rights.view)
    card = (*(CLASSIFIED_CARD if rt.classified else ()), *(SIGNED_CARD if signed else ()))
    opened = _of_levels(person, rt, _tokens(person, rt, view, Purpose.VIEW))
    held = _tokens(person, rt, HELD_CARD if rt.held is not None else (), Purpose.VIEW)
    carded = _tokens(person, rt, card, Purpose.VIEW) | held
    if purpose is Purpose.VIEW:
        opened |= _of_levels(person, rt, deputed_tokens(person, rt))
        return Reach(opened, carded - opened, held=held)
    if purpose in (Purpose.EXPORT, Purpose.PRINT):
        rules = CLASSIFIED_EXPORT if rt.classified else rt.rights.export
        leaving = _of_levels(person, rt, _tokens(person, rt, rules, purpose))
        return Reach(leaving, (opened | carded) - leaving, held=held) if leaving or rt.classified else Reach(NONE)
    rules = {
        Purpose.EDIT: rt.rights.edit,
        Purpose.ARCHIVE: rt.rights.archive,
        Purpose.MERGE: rt.rights.merge,
    }[purpose]
    return Reach(without(opened, READ_ONLY), also=_tokens(person, rt, rules, purpose))


@lru_cache(maxsize=1000)
def _of_use(rt: RecordType, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules that can open a record of a type: where records wait for nobody, none carries the tokens of a turn, and
    each token that is asked for costs every list a look into its index."""
    if rt.workflow is not None and any(state.turn or state.climbs for state in rt.workflow.states):
        return rules
    return tuple(rule for rule in rules if rule.relation not in TURNS)


@lru_cache(maxsize=1000)
def _signed_by_others(rt: RecordType) -> bool:
    """Whether anybody but the head, who reads the department's records anyhow, may sign records of a type."""
    flow = rt.workflow
    if flow is None:
        return False
    by = {whose for move in flow.transitions if move.signature for whose in move.by}
    climbs = {whose for state in flow.states for climb in state.climbs if not climb.late for whose in climb.to}
    return bool(by) and not (by | climbs) <= {Role.HEAD.value}


def reads_to_act(person: Person, rt: RecordType, acl: Iterable[str], *, by_grant: bool = False) -> bool:
    """Whether the person reads a record with these tokens in full for themselves: not only because they signed it once,
    nor for whom they stand in, nor, unless `by_grant`, because a grant opens it: that is to be read, and no more (X5).
    """
    others = {Relation.SIGNING.value} if by_grant else {Relation.SIGNING.value, Relation.GRANT.value}
    return reach(person, rt, Purpose.VIEW).to_act.sees(without(acl, others)) == "full"


def shows_cards(rt: RecordType) -> bool:
    """Whether somebody may see no more than a record's card: of what is classified (X3), or as its signer (ADR 16)."""
    read = any(rule.relation is Relation.SIGNED for rule in rt.rights.view)
    return rt.classified or rt.held is not None or (_signed_by_others(rt) and not read)


def reads_for_good(person: Person, rt: RecordType, acl: Iterable[str], purpose: Purpose = Purpose.VIEW) -> bool:
    """Whether the person reads a record with these tokens in full, or prints or exports it, and not only while it waits
    for them, or for whom they stand in, or as long as a grant lasts."""
    return reach(person, rt, purpose).to_act.sees(without(acl, PASSING)) == "full"


def keeps_to_screen(person: Person, rt: RecordType, acl: Iterable[str]) -> bool:
    """Whether a classified record with these tokens, which the person reads in full, is not to go on paper (X4)."""
    return rt.classified and reach(person, rt, Purpose.PRINT).sees(acl) != "full"


def within_token(person: Person, rt: RecordType, *, writing: bool) -> bool:
    """Whether a person who comes with a narrowed token may use this type at all, to read or to write."""
    return (person.only is None or rt.slug in person.only) and not (writing and person.read_only)


def _tokens(person: Person, rt: RecordType, rules: Iterable[Rule], purpose: Purpose) -> frozenset[str]:
    found: set[str] = set()
    for rule in rules:
        if rule.roles and not person.has(*rule.roles):
            continue
        levels = _open_to(person, rule.levels)
        if rule.relation is Relation.GRANT:
            found.update(one for one in person.grants.get(purpose.value, NONE) if one.partition("|")[0] in levels)
            continue
        whoms = _whom(person, rt, rule.relation)
        found.update(token(level.value, rule.relation, whom) for level in levels for whom in whoms)
    return frozenset(found)


def _open_to(person: Person, levels: tuple[Level, ...]) -> tuple[Level, ...]:
    """Those of some levels that are open to the person: while an administrator alone knows who signs in for them, none
    above internal, whatever they own, was raised under them or waits for them (X3)."""
    return tuple(level for level in levels if level is Level.INTERNAL) if person.unclaimed else levels


def _of_levels(person: Person, rt: RecordType, tokens: Iterable[str]) -> frozenset[str]:
    """Those of some tokens that open a record: of a plain type, which knows no levels, none above internal but of what
    one signed; to who comes with a token narrowed to some levels none above these but of what a grant names."""
    found = set()
    for one in tokens:
        level, relation, _ = one.split("|", 2)
        known = rt.classified or level == Level.INTERNAL.value or relation in PAST
        if known and (person.levels is None or level in person.levels or relation == Relation.GRANT.value):
            found.add(one)
    return frozenset(found)


def _whom(person: Person, rt: RecordType, relation: Relation) -> Iterable[object]:
    """What stands behind a relation's token for this person; nothing personal of what is classified, where they serve
    in no department any more."""
    if rt.classified and relation in PERSONAL and not person.serves:
        return ()
    if relation is Relation.ANY:
        return ("",)
    if relation is Relation.DEPARTMENT:
        return (person.department,) if person.department else ()
    if relation is Relation.TASK:
        return roles_held(person)
    if relation in (Relation.ASSIGNED, Relation.NAMED):
        return own_names(person, rt) if person.id else ()
    return (person.id,) if person.id else ()


def visible_fields(person: Person, rt: RecordType) -> tuple[Field, ...]:
    """The fields that this person may read of records reached in full, in declared order."""
    return _visible_fields(rt, person.roles)


@lru_cache(maxsize=1000)
def _visible_fields(rt: RecordType, roles: frozenset[Role]) -> tuple[Field, ...]:
    return tuple(f for f in rt.fields if not f.viewers or not roles.isdisjoint(f.viewers))


def readable(fields: tuple[Field, ...], reach: Reach, acl: Iterable[str]) -> tuple[Field, ...]:
    """Of some fields those that the person whose reach it is may read of a record with these tokens."""
    return tuple(f for f in fields if not f.withheld) if reach.withholds(acl) else fields


def fillable(fields: tuple[Field, ...], rt: RecordType, reach: Reach, acl: Iterable[str]) -> tuple[Field, ...]:
    """Of some fields those that the person may fill in on a record with these tokens: of one that concerns them neither
    what is kept from them nor whom it concerns."""
    if not reach.withholds(acl):
        return fields
    whom = {concern.field.partition(".")[0] for concern in rt.concerns}
    return tuple(f for f in fields if not f.withheld and f.name not in whom)


def editable_fields(person: Person, rt: RecordType) -> tuple[Field, ...]:
    """The fields that this person may set on records that they may edit or create."""
    return tuple(f for f in visible_fields(person, rt) if f.editable and (not f.editors or person.has(*f.editors)))


def card_fields(rt: RecordType) -> tuple[Field, ...]:
    """The fields shown on the locked card, some of them masked."""
    return tuple(f for f in rt.fields if f.card)


def held_fields(rt: RecordType) -> tuple[Field, ...]:
    """The fields shown, beside its card's, to whoever has something of a record in hand."""
    return tuple(rt.by_name[name] for name in rt.held.fields) if rt.held is not None else ()


def may_create(person: Person, rt: RecordType) -> bool:
    """Whether the person may add records of this type."""
    return person.has(*rt.rights.create) and within_token(person, rt, writing=True)


def may_import(person: Person, rt: RecordType) -> bool:
    """Whether the person may import records of this type from a file."""
    return person.has(*rt.rights.imports) and within_token(person, rt, writing=True)


def may_export(person: Person, rt: RecordType) -> bool:
    """Whether an export of this type can hold anything for the person beyond cards."""
    return bool(reach(person, rt, Purpose.EXPORT).full)
