"""The account as Flask-Security needs it: stored form, datastore, one-time codes, recovery codes, new passwords.

Flask-Security never decides about rights: its roles stay empty. It writes only what `models.person.credentials`
lets it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, ClassVar

import qrcode
from bson import ObjectId
from flask import current_app
from flask_security import MongoEngineUserDatastore, RoleMixin, UserMixin
from flask_security.password_util import PasswordUtil
from flask_security.recovery_codes import MfRecoveryCodesUtil
from flask_security.totp import Totp
from mongoengine.connection import get_db
from passlib.totp import TokenError
from qrcode.image.svg import SvgPathFillImage

from backoffice import edge, locale
from models.errors import Refusal
from models.person import credentials, rules, service
from models.person.document import USERS, PersonFields
from models.person.roles import Role

RECOVERY_CODES = 8


class Account(UserMixin, PersonFields):
    """The signed-in account."""

    meta: ClassVar[dict[str, Any]] = {"collection": USERS, "strict": False, "auto_create_index": False}
    roles: list[RoleMixin] = []
    """Always empty: Flask-Security is not asked about rights."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Account:
        """The account that is stored so."""
        made: Account = cls._from_son(dict(row))
        return made

    @property
    def needs_second_factor(self) -> bool:
        """Whether this person must have a second factor here; nobody needs one in a demonstration."""
        held = {Role(value) for value in self.role_values if value in Role._value2member_map_}
        return not current_app.config["DEMO"] and rules.needs_second_factor(held)

    def check_tf_required(  # a fresh second factor on this device changes nothing
        self,
        tf_setup_methods: list[tuple[str, str]],
        tf_fresh: bool,
    ) -> tuple[bool, list[tuple[str, str]]]:
        """Flask-Security asks this after the password: who has or needs a second factor gives it, always."""
        return self.needs_second_factor or bool(tf_setup_methods), tf_setup_methods

    def check_tf_required_setup(self) -> bool:
        """Whether the second factor may not be taken away."""
        return self.needs_second_factor


class Seen(UserMixin):
    """The signed-in account where nothing of it is changed: what Flask-Login asks of it, and no more."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.active, self.fs_uniquifier = bool(row["active"]), row["fs_uniquifier"]


class CodeUsedBefore(Refusal):
    """Someone used the same recovery code at the same moment."""

    code, status = "code_used", 409
    zh = "这个恢复码已经用过了。"
    en = "This recovery code has been used."


class Accounts(MongoEngineUserDatastore):
    """Finds accounts by exact keys and stores only the changed fields of an existing one."""

    def __init__(self) -> None:
        super().__init__(get_db, Account, RoleMixin)

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> Account | None:
        """The account with this email (in whatever case) or this `fs_uniquifier`."""
        if set(kwargs) == {"email"}:
            row = service.by_email(str(kwargs["email"]))
        elif set(kwargs) == {"fs_uniquifier"}:
            row = service.by_uniquifier(str(kwargs["fs_uniquifier"]))
        else:
            raise ValueError(f"accounts are not found by {', '.join(kwargs)}")
        return Account.of(row) if row is not None else None

    def put(self, model: Any) -> Any:
        """Store what the sign-in changed, and nothing when the account is gone."""
        son = model.to_mongo()
        changed = {name.split(".")[0] for name in model._get_changed_fields()}
        credentials.store_credentials(model.pk, {name: son.get(name) for name in changed})
        model._clear_changed_fields()
        return model


class OneTimeCodes(Totp):
    """Codes of an authenticator app, each accepted once per person."""

    def verify_totp(self, token: str, totp_secret: str, user: Any, window: int = 0) -> bool:
        """Whether a code is right at the request's time, `window` seconds early or late, and was not used before.

        The code is struck off in one step, so that of two who send it at once one is let in.
        """
        try:
            match = self._totp.verify(
                token, totp_secret, time=edge.now(), window=window, last_counter=user.tf_last_counter
            )
        except TokenError:
            return False
        return credentials.use_code(user.pk, match.counter)

    def generate_qrcode(self, username: str, totp: str) -> str:
        """The picture for the app, as an address for `<img src>`: black on white in either theme."""
        picture = qrcode.make(self.get_totp_uri(username, totp), image_factory=SvgPathFillImage)
        return "data:image/svg+xml;base64," + base64.b64encode(picture.to_string()).decode()


class RecoveryCodes(MfRecoveryCodesUtil):
    """Codes for a lost telephone: shown once when made, stored as hashes, each used once."""

    def create_recovery_codes(self, user: Any) -> list[str]:
        """Make new codes, which replace the old ones."""
        factory: OneTimeCodes = current_app.extensions["security"].totp_factory
        codes: list[str] = factory.generate_recovery_codes(RECOVERY_CODES)
        credentials.store_credentials(user.pk, {"mf_recovery_codes": [_code_hash(user.pk, c) for c in codes]})
        return codes

    def get_recovery_codes(self, user: Any) -> list[str]:
        """Nothing: codes are shown when they are made and never again."""
        return []

    def check_recovery_code(self, user: Any, code: str) -> bool:
        """Whether a code is one of the unused ones."""
        return _code_hash(user.pk, code) in user.mf_recovery_codes

    def delete_recovery_code(self, user: Any, code: str) -> bool:
        """Strike off a code. :raises CodeUsedBefore: when somebody was faster."""
        if not credentials.use_recovery_code(user.pk, _code_hash(user.pk, code)):
            raise CodeUsedBefore()
        return True


class Passwords(PasswordUtil):
    """What a new password must be."""

    def normalize(self, password: str) -> str:
        """One form for characters that can be written in several ways."""
        return rules.normal_password(password)

    def validate(
        self,
        password: str,
        is_register: bool,
        **kwargs: Any,
    ) -> tuple[list[str] | None, str]:
        """What is wrong with a password for `user`, in the reader's language, and its normal form."""
        user = kwargs["user"]
        normal = self.normalize(password)
        problem = rules.password_problem(normal, user.name, user.email)
        if problem is None:
            return None, normal
        return [problem.zh if locale.language() == "zh" else problem.en], normal


def _code_hash(person: ObjectId, code: str) -> str:
    """Recovery codes have 48 random bits: a keyed hash is enough, and is the same each time."""
    key = current_app.config["SECRET_KEY"].encode()
    plain = f"{person}:{code.strip().lower()}"
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()
