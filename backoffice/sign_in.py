"""Flask-Security, narrowed: sign in, second factor, fresh sign-in, new password, sign out; nothing else is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, g, request, session
from flask_babel import lazy_gettext as _l
from flask_login import user_logged_out
from flask_security import (
    Security,
    password_changed,
    tf_code_confirmed,
    tf_disabled,
    tf_profile_changed,
    user_authenticated,
)
from flask_security.forms import (
    ChangePasswordForm,
    LoginForm,
    TwoFactorRescueForm,
    TwoFactorSetupForm,
    TwoFactorVerifyCodeForm,
    VerifyForm,
)
from flask_security.recovery_codes import MfRecoveryForm
from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import Length

from backoffice import edge
from backoffice.account import Account, Accounts, OneTimeCodes, Passwords, RecoveryCodes
from backoffice.locale import TRANSLATIONS
from config.settings import Settings
from models.person import credentials, rules, service, tries
from models.person import session as sessions

N_ = str
"""Marks a text for translation that Flask-Security itself looks up, in our catalogue."""

PRODUCT = "Backoffice"

MESSAGES = {
    "GENERIC_AUTHN_FAILED": N_("Email or password is wrong."),
    "INVALID_PASSWORD": N_("The password is wrong."),
    "PASSWORD_NOT_PROVIDED": N_("Enter the password."),
    "EMAIL_NOT_PROVIDED": N_("Enter the email address."),
    "PASSWORD_IS_THE_SAME": N_("The new password must differ from the old one."),
    "RETYPE_PASSWORD_MISMATCH": N_("The two passwords differ."),
    "PASSWORD_CHANGE": N_("The password is changed. Other sessions have ended."),
    "REAUTHENTICATION_REQUIRED": N_("Please enter your password again to go on."),
    "REAUTHENTICATION_SUCCESSFUL": N_("Thank you. You can go on now."),
    "UNAUTHENTICATED": N_("Please sign in first."),
    "UNAUTHORIZED": N_("You may not do this. The department head or an administrator can help."),
    "TWO_FACTOR_INVALID_TOKEN": N_("This code is wrong or was used before. Wait for the next one."),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": N_("You are signed in."),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": N_("The second factor is set up."),
    "TWO_FACTOR_PERMISSION_DENIED": N_("Please sign in again from the start."),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": N_("Choose the authenticator app."),
    "TWO_FACTOR_DISABLED": N_("The second factor is taken away."),
    "TWO_FACTOR_SETUP_EXPIRED": N_("That took too long. Please start over."),
    "INVALID_RECOVERY_CODE": N_("This recovery code is wrong or was used before."),
    "NO_RECOVERY_CODES_SETUP": N_("Codes are shown only when they are made. Make new ones if you have lost them."),
    "API_ERROR": N_("The request could not be read; nothing was stored."),
}

CONFIG: dict[str, Any] = {
    "PASSWORD_HASH": "argon2",
    "PASSWORD_SCHEMES": ["argon2"],
    "PASSWORD_HASH_PASSLIB_OPTIONS": {"argon2__type": "ID"},
    "PASSWORD_LENGTH_MIN": rules.SHORTEST,
    "PASSWORD_NORMALIZE_FORM": "NFKC",
    "RETURN_GENERIC_RESPONSES": True,
    "CHANGEABLE": True,
    "SEND_PASSWORD_CHANGE_EMAIL": False,
    "TWO_FACTOR": True,
    "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "TWO_FACTOR_IMPLEMENTATIONS": {"code": "flask_security.twofactor.CodeTfPlugin"},
    "TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,
    "TWO_FACTOR_ALWAYS_VALIDATE": True,
    "TWO_FACTOR_RESCUE_EMAIL": False,
    "TWO_FACTOR_POST_SETUP_VIEW": "security.mf_recovery_codes",
    "MULTI_FACTOR_RECOVERY_CODES": True,
    "TOTP_ISSUER": PRODUCT,
    "FRESHNESS": rules.FRESH,
    "FRESHNESS_GRACE_PERIOD": timedelta(0),
    "API_ENABLED_METHODS": ["session"],
    "STATIC_FOLDER": None,
    "CLI_USERS_NAME": None,
    "CLI_ROLES_NAME": None,
    "POST_LOGOUT_VIEW": "/login",
    "I18N_DOMAIN": "messages",
    "I18N_DIRNAME": [str(TRANSLATIONS)],
}

CLOSED = frozenset({"security.two_factor_rescue", "security.tf_select"})
"""Flask-Security's pages that this product has no use for: they do not exist."""

CODE = "security.two_factor_token_validation"
"""The page that asks for a code: while signing in, or while an app is set up."""

ANONYMOUS = frozenset(
    {
        "security.login",
        "security.two_factor_setup",
        CODE,
        "security.mf_recovery",
    }
)
"""Its pages for people who are not, or not yet fully, signed in; each looks after itself."""

WITH_OLD_PASSWORD = frozenset({"security.change_password", "security.logout", "security.verify", "language.switch"})
"""What a person may reach who must choose a new password first."""


TAKES = {
    "security.login": ("email", "password", "next", "submit"),
    "security.verify": ("password", "next", "submit"),
    "security.change_password": ("password", "new_password", "new_password_confirm", "submit"),
    "security.two_factor_setup": ("setup", "submit"),
    "security.two_factor_setup_validate": ("code", "submit"),
    CODE: ("code", "next", "submit"),
    "security.mf_recovery": ("code", "next", "submit"),
    "security.mf_recovery_codes": ("generate_new_codes",),
}
"""The fields of Flask-Security's forms, as our pages show them."""


class LocalNext:
    """Drops an address to go on to that leads out of this site, without a word."""

    def validate_next(self, field: StringField) -> None:
        """Keep a local address only."""
        if not edge.is_local(field.data):
            field.data = ""


class SignInForm(LocalNext, LoginForm):
    """Email and password. Unknown account, wrong password and disabled account get the same answer."""

    email = StringField(_l("Email"), validators=[Length(max=200)], render_kw={"autocomplete": "username"})
    remember = None

    def validate(self, **kwargs: Any) -> bool:
        """:raises TooManyTries: the account or the address has had its tries."""
        email = service.normal_email(self.email.data or "")
        tries.count(f"password {email}", _address(), edge.now())
        if not super().validate(**kwargs):
            return False
        tries.succeeded(f"password {email}", _address())
        return True


class FreshForm(LocalNext, VerifyForm):
    """The password again, before a signature."""

    def validate(self, **kwargs: Any) -> bool:
        """:raises TooManyTries:"""
        account = f"password {self.user.email}"
        tries.count(account, _address(), edge.now())
        if not super().validate(**kwargs):
            return False
        tries.succeeded(account, _address())
        sessions.refresh(g.session_row, edge.now())
        return True


class NewPasswordForm(ChangePasswordForm):
    """The old password and the new one."""

    def validate(self, **kwargs: Any) -> bool:
        """:raises TooManyTries:"""
        account = f"password {g.account_row['email']}"
        tries.count(account, _address(), edge.now())
        if not super().validate(**kwargs):
            return False
        tries.succeeded(account, _address())
        return True


class CodeForm(TwoFactorVerifyCodeForm):
    """A code of the authenticator app."""

    def validate(self, **kwargs: Any) -> bool:
        """:raises TooManyTries:"""
        return _counted(self.user, lambda: super(CodeForm, self).validate(**kwargs))


class SetupForm(TwoFactorSetupForm):
    """An authenticator app, or none where none is needed."""

    setup = RadioField(
        choices=[
            SelectChoice("disable", _l("No second step")),
            SelectChoice("authenticator", _l("Authenticator app")),
        ],
        validate_choice=False,
    )


class NoRescueForm(TwoFactorRescueForm):
    """Flask-Security builds it beside the code's form; its page is closed."""

    help_setup = RadioField(choices=[], validate_choice=False)


class RecoveryForm(MfRecoveryForm):
    """A recovery code."""

    def validate(self, **kwargs: Any) -> bool:
        """:raises TooManyTries:"""
        return _counted(self.user, lambda: super(RecoveryForm, self).validate(**kwargs))


def init_app(app: Flask, settings: Settings) -> None:
    """Bind Flask-Security to an application. Its JSON answers, tokens and remember cookies are switched off."""
    app.config.update({f"SECURITY_{name}": value for name, value in CONFIG.items()})
    app.config.update({f"SECURITY_MSG_{name}": (text, "error") for name, text in MESSAGES.items()})
    for name in ("PASSWORD_CHANGE", "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL"):
        app.config[f"SECURITY_MSG_{name}"] = (MESSAGES[name], "success")
    for name in ("REAUTHENTICATION_REQUIRED", "REAUTHENTICATION_SUCCESSFUL", "TWO_FACTOR_LOGIN_SUCCESSFUL"):
        app.config[f"SECURITY_MSG_{name}"] = (MESSAGES[name], "info")
    app.config["SECURITY_PASSWORD_SALT"] = settings.password_salt
    app.config["SECURITY_TOTP_SECRETS"] = {"1": settings.totp_secret}
    bound = Security(  # its init_app would silently ignore the three classes at the end
        app,
        Accounts(),
        login_form=SignInForm,
        verify_form=FreshForm,
        change_password_form=NewPasswordForm,
        two_factor_verify_code_form=CodeForm,
        two_factor_setup_form=SetupForm,
        two_factor_rescue_form=NoRescueForm,
        mf_recovery_form=RecoveryForm,
        mf_recovery_codes_util_cls=RecoveryCodes,
        password_util_cls=Passwords,
        totp_cls=OneTimeCodes,
    )
    bound.want_json(lambda _request: False)
    bound.login_manager._request_callback = None
    bound.login_manager.session_protection = None
    _listen(app)


def awaits_code() -> bool:
    """Whether a signed-in person is setting up an app, of which a code is asked for."""
    return session.get("tf_state") == "validating_profile"


def _listen(app: Flask) -> None:
    user_authenticated.connect(_on_sign_in, app, weak=False)
    user_logged_out.connect(_on_sign_out, app, weak=False)
    password_changed.connect(_on_new_password, app, weak=False)
    for signal in (tf_code_confirmed, tf_profile_changed, tf_disabled):
        signal.connect(_on_second_factor, app, weak=False)


def _on_sign_in(_app: Flask, user: Account, **_ignored: Any) -> None:
    """A session of its own for every sign-in: nothing that the browser brought along stays valid."""
    old = session.pop("sid", None)
    if old is not None:
        sessions.end(old)
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)
    session["sid"] = sessions.start(user.pk, user.fs_uniquifier, _address(), edge.now())
    credentials.report("signed_in", service.get(user.pk), edge.now())


def _on_sign_out(_app: Flask, **_ignored: Any) -> None:
    sid = session.pop("sid", None)
    if sid is not None:
        sessions.end(sid)
    row = g.pop("account_row", None)
    g.pop("person", None)
    if row is not None:
        credentials.report("signed_out", row, edge.now())


def _on_new_password(_app: Flask, user: Account, **_ignored: Any) -> None:
    credentials.store_credentials(user.pk, {"must_change": False})
    credentials.report("password_changed", service.get(user.pk), edge.now())


def _on_second_factor(_app: Flask, user: Account, **_ignored: Any) -> None:
    if user.tf_primary_method is None:
        credentials.report("second_factor_removed", service.get(user.pk), edge.now())
    elif awaits_code():
        credentials.report("second_factor_set_up", service.get(user.pk), edge.now())


def _counted(user: Any, check: Callable[[], bool]) -> bool:
    account = f"code {user.email}"
    tries.count(account, _address(), edge.now())
    if not check():
        return False
    tries.succeeded(account, _address())
    return True


def _address() -> str:
    return request.remote_addr or ""
