"""What an administrator does about the access tokens of somebody: they stand on the page of the account."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext

from backoffice import auth, edge
from backoffice.screens.closed import ClosedView
from backoffice.screens.identifiers import identifier
from models.person import service as people
from models.records import NeedsFreshSignIn
from models.token import service as tokens


class PersonTokenRoutes(ClosedView):
    """Revokes tokens, one or all; makes none and shows no secret. Part of the view of the accounts, which says who
    comes in."""

    @expose("/<person>/tokens/<token>/revoke", methods=("POST",))  # type: ignore[untyped-decorator]
    def revoke_token(self, person: str, token: str) -> ResponseReturnValue:
        """End one token, at once."""
        _need_fresh()
        row = people.get(identifier(person))
        ended = tokens.revoke(auth.current_person(), row, identifier(token), edge.now())
        flash(_("The token “%(name)s” opens nothing any more.", name=ended.name), "success")
        return redirect(url_for(".edit", person=person), 303)

    @expose("/<person>/tokens/revoke", methods=("POST",))  # type: ignore[untyped-decorator]
    def revoke_tokens(self, person: str) -> ResponseReturnValue:
        """End all tokens that are in force, at once."""
        _need_fresh()
        count = tokens.revoke_all(auth.current_person(), people.get(identifier(person)), edge.now())
        said = ngettext("%(num)s token opens nothing any more.", "%(num)s tokens open nothing any more.", count)
        flash(said, "success")
        return redirect(url_for(".edit", person=person), 303)


def _need_fresh() -> None:
    if not auth.is_fresh():
        raise NeedsFreshSignIn()
