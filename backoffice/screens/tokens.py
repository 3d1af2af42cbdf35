"""A person's own access tokens: for programs that act for them. A new one is shown once."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from wtforms import BooleanField, Form, SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from backoffice import auth
from backoffice.posted_fields import takes
from backoffice.screens import token_lines
from backoffice.screens.closed import ClosedView
from backoffice.screens.identifiers import identifier
from backoffice.screens.reader import Reader, current_reader
from models import registry
from models.errors import Invalid
from models.person import service as people
from models.records import NeedsFreshSignIn
from models.token import rules
from models.token import service as tokens

LIVES = (7, 30, 90, 180, 365)


class TokenForm(Form):
    """What a token is for, how long it lives, and what it opens."""

    name = StringField()
    days = SelectField(validate_choice=False, default=str(rules.USUAL_LIFE.days))
    read_only = BooleanField()
    types = SelectMultipleField(
        option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False), validate_choice=False
    )

    def prepare(self, reader: Reader) -> TokenForm:
        """Fill in labels and choices in the reader's language: the types are those that they reach."""
        self.name.label.text, self.days.label.text = _("What it is for"), _("Ends after")
        self.read_only.label.text, self.types.label.text = _("Reads only"), _("Opens only")
        self.days.choices = [SelectChoice(str(days), _("%(num)s days", num=days)) for days in LIVES]
        known = [registry.get(slug).rt for slug in tokens.reached(reader.person)]
        self.types.choices = [SelectChoice(rt.slug, rt.plural.text(reader.language)) for rt in known]
        return self

    @property
    def life(self) -> int:
        """The days of life; 0 for what is no number."""
        text = self.days.data or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


class TokensView(ClosedView):
    """The tokens of whoever is signed in, and of nobody else."""

    @expose("/", methods=("GET", "POST"))  # type: ignore[untyped-decorator]
    @takes("name", "days", "read_only", "types", "token")
    def index(self) -> ResponseReturnValue:
        """The tokens, and the form that makes one. Making one needs a fresh sign-in, as a signature does; what was
        filled in is there again behind it."""
        reader = current_reader()
        form = TokenForm(request.form if request.method == "POST" else request.args).prepare(reader)
        if request.method == "GET":
            return self._page(form, reader)
        if not auth.is_fresh():
            flash(_("No token was made yet. Confirm that it is you, then press once more."), "info")
            asked = {name: request.form.getlist(name) for name in ("name", "days", "types", "read_only")}
            again = f"{url_for('.index')}?{urlencode(asked, doseq=True)}"
            return redirect(url_for("security.verify", next=again), 303)
        try:
            token, secret = tokens.create(
                reader.person,
                _account(reader),
                name=form.name.data or "",
                days=form.life,
                types=form.types.data or (),
                read_only=form.read_only.data,
                now=reader.now,
                token_id=identifier(made) if (made := request.form.get("token")) else None,
            )
        except Invalid as refusal:
            for name, problem in refusal.problems.items():
                form[name].errors = [problem.zh if reader.language == "zh" else problem.en]
            return self._page(form, reader), refusal.status
        return self.page("tokens/made.html", token=token_lines.line(token, reader.language), secret=secret)

    @expose("/<token>/revoke", methods=("POST",))  # type: ignore[untyped-decorator]
    def revoke(self, token: str) -> ResponseReturnValue:
        """End a token at once."""
        reader = current_reader()
        ended = tokens.revoke(reader.person, _account(reader), identifier(token), reader.now)
        flash(_("The token “%(name)s” opens nothing any more.", name=ended.name), "success")
        return redirect(url_for(".index"), 303)

    def _page(self, form: TokenForm, reader: Reader) -> str:
        lines = token_lines.lines(
            _account(reader)["_id"], reader.now, reader.language, lambda token: url_for(".revoke", token=token)
        )
        return self.page("tokens/list.html", form=form, tokens=lines, new_token=ObjectId())


def _account(reader: Reader) -> dict[str, Any]:
    if reader.person.id is None:
        raise NeedsFreshSignIn()
    return people.get(reader.person.id)
