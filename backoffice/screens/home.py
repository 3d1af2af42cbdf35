"""My work: the first page."""

from __future__ import annotations

from flask_admin import AdminIndexView, expose

from backoffice import auth


class HomeView(AdminIndexView):
    """What waits for the person."""

    def is_accessible(self) -> bool:
        """Everybody who is signed in has work."""
        return auth.known_person() is not None

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """The page."""
        rendered: str = self.render("home.html", page_title="")
        return rendered
