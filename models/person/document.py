"""What is stored about people: accounts, sessions, sign-in tries and proposed roles."""

from __future__ import annotations

from typing import Any, ClassVar

import mongoengine as me
from pymongo import ASCENDING, DESCENDING, IndexModel

from models import schema
from models.person.roles import Role

USERS = "user"
SESSIONS = "session"
TRIES = "sign_in_try"
PROPOSALS = "role_proposal"

INDEXES: dict[str, list[IndexModel]] = {
    USERS: [
        IndexModel([("email", ASCENDING)], unique=True, name="email"),
        IndexModel([("fs_uniquifier", ASCENDING)], unique=True, name="fs_uniquifier"),
        IndexModel([("roles", ASCENDING), ("active", ASCENDING)], name="roles"),
        IndexModel([("name", ASCENDING), ("_id", ASCENDING)], name="name"),
    ],
    SESSIONS: [
        IndexModel([("user", ASCENDING)], name="user"),
        IndexModel([("ends", ASCENDING)], name="ends", expireAfterSeconds=0),
    ],
    TRIES: [IndexModel([("ends", ASCENDING)], name="ends", expireAfterSeconds=0)],
    PROPOSALS: [
        IndexModel(
            [("person", ASCENDING), ("what", ASCENDING)],
            unique=True,
            name="pending",
            partialFilterExpression={"state": "pending"},
        ),
        IndexModel([("state", ASCENDING), ("at", DESCENDING)], name="state"),
    ],
}
schema.declare(INDEXES)


class PersonFields(me.Document):
    """The stored account of a person.

    `email` is lower-cased; `language` is '' until the person chose one. A new `fs_uniquifier` ends every
    session. `must_change` asks for a new password at the next sign-in. `vouched` says that their access was given by
    two people, or a command, and not by one administrator, who might sign in with it before they do. `starts` names, by
    type, the saved view with which the person's list begins. `api_level` is up to which level the person's programs
    read by the person's own right, '' as the policy says. `left_at` is when they last left a department, or ceased to
    serve in any, `left_untold` the department whose heads were not told of it yet, and `left_written` the one for which
    it is not noted yet on what they wrote that they serve no more, or again. `leaving` is the `way` through the
    departments that what they own has not followed yet (ADR 23), and whether the first step of it is `noted`.
    `trial_zh`/`trial_en` say what one can try with a demonstration person; only people who have them are offered on a
    demonstration's sign-in page.
    """

    name = me.StringField(required=True, max_length=60)
    email = me.StringField(required=True, max_length=200)
    password = me.StringField()
    active = me.BooleanField(default=True)
    # Rights come from models.person.roles alone: the attribute `roles` is left to no library.
    role_values = me.ListField(me.StringField(choices=[role.value for role in Role]), db_field="roles")
    department = me.StringField()
    manager = me.ObjectIdField()
    language = me.StringField(choices=["", "zh", "en"], default="")
    must_change = me.BooleanField(default=False)
    vouched = me.BooleanField()
    fs_uniquifier = me.StringField(required=True)
    tf_primary_method = me.StringField()
    tf_totp_secret = me.StringField()
    tf_last_counter = me.IntField()
    mf_recovery_codes = me.ListField(me.StringField())
    trial_zh = me.StringField()
    trial_en = me.StringField()
    trial_order = me.IntField()
    starts = me.DictField()
    api_level = me.StringField(default="")
    left_at = me.DateTimeField()
    left_untold = me.StringField()
    left_written = me.StringField()
    leaving = me.DictField()
    created_at = me.DateTimeField()
    updated_at = me.DateTimeField()

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "strict": False, "auto_create_index": False}


class User(PersonFields):
    """An account."""

    meta: ClassVar[dict[str, Any]] = {"collection": USERS, "strict": False, "auto_create_index": False}
