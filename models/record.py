"""Documents built from declarations. There is one path: families and types kept in the database take the same one."""

from __future__ import annotations

from typing import Any, ClassVar

import mongoengine as me
from mongoengine.base.common import _document_registry
from pymongo import ASCENDING, DESCENDING, IndexModel

from models.declarations import OWNER, Field, Label, Level, RecordType
from models.kinds import kind_of, loaded
from models.person import departments

LEVEL_FIELD = "level"
REACH_INDEX = "acl_number"
"""The one index over the rights tokens: what a person may read, newest number first."""
FORMER_PREFIX, LIST_PREFIX = "acl_", "list_"
"""How the names of list indexes began when they stood over the rights tokens, and begin now. One of these that no
declaration wants any more is dropped."""
NARROWED_INDEX = f"{LIST_PREFIX}_narrowed"
"""The list index over the fields by which a type's lists are filtered together. No field is called so."""
SELDOM_INDEX = f"{LIST_PREFIX}_seldom"
"""The list index over the fields that a type's lists are seldom filtered by, a key for each value. It knows no record
whose field is empty, and no order."""
SOONEST = [("due_at", ASCENDING), ("archived", ASCENDING), ("number", ASCENDING)]
"""What is due first first, in the order of the index of deadlines: no more is read than is shown."""
UNSHOWN = {"grams": 0, "haystack": 0, "keys": 0, "blind": 0}
"""What is derived for finding alone, left out where records are read to be worked with."""
FORMER_INDEXES = frozenset({"batch", "due_at"})
"""Indexes of former versions, in whose place another one of a record serves."""


class Record(me.Document):
    """What every record has beside its declared fields.

    `merged_into` is the record into which this one was merged, `merged_from` the numbers of those merged into it.
    `rev` counts the stored versions from 1; `acl`, `waiting`, `archived` (true or not there), `grams`, `haystack`,
    `keys` and `blind` (tokens of encrypted values) are derived at every write; `granted` holds the grants that open the
    record (X5), `signers` whose signatures it bears or bore (ADR 16), `owner_left` the department that its owner left,
    who is its owner in effect no more, `creator_left` that which its creator left (ADR 23); times are aware and in UTC.
    """

    number = me.StringField(required=True)
    rev = me.IntField(required=True)
    level = me.StringField(choices=[level.value for level in Level], default=Level.INTERNAL.value)
    level_basis = me.StringField()
    level_set_by = me.ObjectIdField()
    secret_until = me.DateField()
    department = me.StringField()
    owner = me.ObjectIdField()
    state = me.StringField()
    state_since = me.DateTimeField()
    due_at = me.DateTimeField()
    waiting = me.ListField(me.StringField())
    created_at = me.DateTimeField(required=True)
    created_by = me.ObjectIdField()
    updated_at = me.DateTimeField(required=True)
    updated_by = me.ObjectIdField()
    archived_at = me.DateTimeField()
    archived = me.BooleanField()
    merged_into = me.ObjectIdField()
    merged_from = me.StringField()
    batch = me.ObjectIdField()
    batch_row = me.IntField()
    acl = me.ListField(me.StringField())
    granted = me.ListField(me.ObjectIdField())
    owner_left = me.StringField()
    creator_left = me.StringField()
    signers = me.ListField(me.ObjectIdField())
    grams = me.ListField(me.StringField())
    haystack = me.StringField()
    keys = me.ListField(me.StringField())
    blind = me.ListField(me.StringField())

    declaration: ClassVar[RecordType]
    meta: ClassVar[dict[str, Any]] = {"abstract": True, "strict": False, "auto_create_index": False}

    @property
    def title(self) -> Any:
        """The value that names the record."""
        return self[self.declaration.title]

    def values(self) -> dict[str, Any]:
        """The declared fields' values in Python."""
        son = self.to_mongo().to_dict()
        return {f.name: loaded(f, son.get(f.name)) for f in self.declaration.fields}


def collection_name(slug: str) -> str:
    """Where a type's records are stored."""
    return f"record_{slug}"


def build(rt: RecordType) -> type[Record]:
    """The document class of a declaration. Building a slug again replaces its former class."""
    class_name = "Record" + "".join(part.capitalize() for part in rt.slug.split("_"))
    for known in [k for k in _document_registry if k.split(".")[-1] == class_name]:
        _document_registry.pop(known)
    body: dict[str, Any] = {f.name: kind_of(f).mongo(f) for f in rt.fields}
    body["declaration"] = rt
    body["meta"] = {"collection": collection_name(rt.slug), "strict": False, "auto_create_index": False}
    return type(class_name, (Record,), body)


def indexes(rt: RecordType) -> list[IndexModel]:
    """The indexes that a type's lists, searches and deadlines need; created by `backoffice migrate`."""
    made = [
        IndexModel([("number", ASCENDING)], unique=True, name="number"),
        IndexModel([("grams", ASCENDING), ("number", DESCENDING)], name="grams"),
        IndexModel([("waiting", ASCENDING), ("due_at", ASCENDING)], name="waiting"),
        IndexModel([("owner", ASCENDING), ("state", ASCENDING), ("due_at", ASCENDING)], name="owner"),
        # A row of an imported file becomes one record, however often its import is taken up again.
        IndexModel(
            [("batch", ASCENDING), ("batch_row", ASCENDING)],
            unique=True,
            name="batch_row",
            partialFilterExpression={"batch_row": {"$exists": True}},
        ),
        IndexModel([("keys", ASCENDING)], name="keys", sparse=True),
        IndexModel([("acl", ASCENDING), ("number", DESCENDING)], name=REACH_INDEX),
    ]
    made += [_list_index("updated_at"), _list_index("created_at"), _list_index("owner")]
    if rt.workflow is not None:
        made.append(_list_index("state"))
    if any(one.encrypted for field in rt.fields for one in (field, *field.fields)):
        made.append(IndexModel([("blind", ASCENDING), ("number", DESCENDING)], name="blind", sparse=True))
    if rt.narrowed:
        keys = [*((name, ASCENDING) for name in rt.narrowed), ("number", ASCENDING)]
        made.append(IndexModel(keys, name=NARROWED_INDEX))
    if rt.classified and rt.workflow is not None and rt.workflow.names("creator"):
        made.append(IndexModel([("created_by", ASCENDING)], name="created_by"))
    if rt.classified:
        made.append(IndexModel([("secret_until", ASCENDING)], name="secret_until", sparse=True))
    if rt.due:
        made.append(_list_index("due_at"))
    if seldom := {list_path(field): 1 for field in rt.fields if field.name in rt.seldom}:
        made.append(IndexModel([("$**", ASCENDING)], name=SELDOM_INDEX, wildcardProjection=seldom))
    for field in rt.fields:
        if field.unique:
            made.append(
                IndexModel(
                    [(field.name, ASCENDING)],
                    unique=True,
                    name=f"unique_{field.name}",
                    partialFilterExpression={field.name: {"$exists": True}},
                )
            )
        if (field.sortable or field.filterable) and not field.encrypted and field.name not in rt.seldom:
            made.append(_list_index(list_path(field), field.name))
        if field.kind == "reference":
            made.append(IndexModel([(field.name, ASCENDING), ("_id", ASCENDING)], name=f"ref_{field.name}"))
    return made


def list_path(field: Field) -> str:
    """Where what a field is filtered and sorted by is stored in a record."""
    return ".".join(part for part in (field.name, kind_of(field).path) if part)


def _list_index(path: str, name: str = "") -> IndexModel:
    """What a list needs that is filtered or sorted by a value. The number at its end gives lists their usual order
    within one value, and keeps equals apart when a list is sorted by the value; archived records, or all others, are
    passed over without being read. Rights are looked up in the records: over the tokens, of which a record has several,
    each index would be several times as large."""
    keys = [(path, ASCENDING), ("archived", ASCENDING), ("number", ASCENDING)]
    return IndexModel(keys, name=f"{LIST_PREFIX}{name or path}")


SYSTEM_FIELDS: tuple[Field, ...] = (
    Field(
        name="number",
        kind="text",
        label=Label("编号", "Number"),
        sortable=True,
        filterable=True,
        card="plain",
    ),
    Field(name="level", kind="choice", label=Label("密级", "Level"), filterable=True, card="plain"),
    Field(name="owner", kind="person", label=OWNER, filterable=True, card="plain"),
    Field(name="state", kind="choice", label=Label("状态", "State"), filterable=True),
    Field(
        name="department",
        kind="choice",
        label=Label("部门", "Department"),
        choices=departments.CHOICES,
        filterable=True,
    ),
    Field(name="due_at", kind="datetime", label=Label("期限", "Due"), sortable=True, filterable=True),
    Field(name="created_at", kind="datetime", label=Label("创建时间", "Created"), sortable=True, filterable=True),
    Field(name="updated_at", kind="datetime", label=Label("更新时间", "Updated"), sortable=True, filterable=True),
)
"""The engine's own fields, as lists and filters know them."""


def leaving_with(rt: RecordType) -> tuple[Field, ...]:
    """The engine's own fields that leave in a file with the declared ones: the number, which stands before them, and
    those behind them."""
    named = {field.name: field for field in rt.called(SYSTEM_FIELDS)}
    names = (
        "number",
        "state" if rt.workflow else "",
        "owner",
        "created_at",
        "updated_at",
        "level" if rt.classified else "",
    )
    return tuple(named[name] for name in names if name)
