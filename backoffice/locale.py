"""The language of a page: the person's choice, else the browser's; and the switch between Chinese and English."""

from __future__ import annotations

from gettext import NullTranslations
from pathlib import Path

from babel.support import Translations
from flask import Blueprint, Flask, Response, current_app, g, has_request_context, redirect, request
from flask_babel import Babel, Domain, get_domain
from markupsafe import Markup

from backoffice import edge
from backoffice.posted_fields import takes
from models.kinds.base import ZONE
from models.person import service

LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
COOKIE = "lang"
TRANSLATIONS = Path(__file__).with_name("translations")
A_YEAR = 365 * 24 * 3600

blueprint = Blueprint("language", __name__)


def init_app(app: Flask, babel: Babel) -> None:
    """Bind the languages to an application."""
    babel.init_app(
        app,
        default_locale=LOCALES["zh"],
        default_timezone=ZONE.key,
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=lambda: LOCALES[language()],
    )
    # The same translations as flask-babel's own, which works out the locale's name for every single text.
    app.extensions["catalogues"] = {}
    app.extensions["marked_texts"] = {one: {} for one in LOCALES}
    app.extensions["babel"].instance.domain_instance = Texts()
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: catalogue().gettext(text),
        ngettext=lambda one, many, count: catalogue().ngettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.globals["_"] = marked
    app.register_blueprint(blueprint)
    app.context_processor(lambda: {"lang": language()})


class Texts(Domain):
    """The texts of the program, for flask-babel."""

    def get_translations(self) -> NullTranslations:
        """The translations of the request's language; read once in the life of the process."""
        if not has_request_context():
            found: NullTranslations = super().get_translations()
            return found
        known: dict[str, NullTranslations] = current_app.extensions["catalogues"]
        wanted = language()
        if wanted not in known:
            # By name: what flask-babel holds for the request may be of before the person was known.
            known[wanted] = Translations.load(TRANSLATIONS, [LOCALES[wanted]])
        return known[wanted]


def marked(text: str, **values: object) -> Markup:
    """A text of a template in the language of the request; `values` are put into it, escaped."""
    known: dict[str, Markup] = current_app.extensions["marked_texts"][language()]
    if values:
        return Markup(catalogue().gettext(text)) % values  # a text of the program  # noqa: S704
    if text not in known:
        known[text] = Markup(catalogue().gettext(text)) % {}  # noqa: S704
    return known[text]


def language() -> str:
    """`zh` or `en` for this request. Asks no database: a person's choice counts once they are known."""
    account = g.get("account_row")
    chosen = account.get("language") if account else ""
    return chosen if chosen in LOCALES else guessed_language()


def catalogue() -> NullTranslations:
    """The translations of this request's language; read once in the life of the process."""
    found: NullTranslations = get_domain().get_translations()
    return found


def guessed_language() -> str:
    """The language of whoever is not known: what they switched to before, else what the browser prefers."""
    cookie = request.cookies.get(COOKIE)
    if cookie in LOCALES:
        return cookie
    for value in request.accept_languages.values():
        primary = value.lower().partition("-")[0]
        if primary in LOCALES:
            return primary
    return "zh"


@blueprint.post("/language")
@takes("lang", "next")
def switch() -> Response:
    """Switch to the language `lang` and return to the local address `next`."""
    wanted = request.form.get("lang", "")
    target = request.form.get("next", "")
    response = current_app.make_response(redirect(target if edge.is_local(target) else "/", 303))
    if wanted not in LOCALES:
        return response
    person = g.get("person")
    if person is not None:
        service.set_language(person.id, wanted)
    response.set_cookie(
        COOKIE,
        wanted,
        max_age=A_YEAR,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response
