"""What every page of the product stands on: Flask-Admin's view with its doors closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

from flask_admin import BaseView

from backoffice import auth, trail
from models.errors import Forbidden
from models.person.roles import Permission


class ClosedView(BaseView):
    """Closed to whoever is not signed in, and to whoever lacks `needs`; Flask-Admin would let everybody in."""

    needs: ClassVar[Permission | None] = None

    def is_accessible(self) -> bool:
        """Whether there is a person, with the permission that is needed."""
        person = auth.known_person()
        return person is not None and (self.needs is None or person.may(self.needs))

    def inaccessible_callback(self, name: str, **kwargs: Any) -> NoReturn:
        """:raises Forbidden: always."""
        raise Forbidden()

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a view once: Flask-Admin would run it again, without its arguments, after any TypeError in it."""
        return fn(self, *args, **kwargs)

    def page(self, template: str, **context: Any) -> str:
        """A page in the product's frame; the trail takes what it shows while it is drawn."""
        trail.ahead()
        rendered: str = self.render(template, **context)
        return rendered
