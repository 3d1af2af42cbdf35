"""The screens of the product, one module per noun. `register` mounts them."""

from __future__ import annotations

from flask_admin import Admin

from backoffice.screens.people import PeopleView


def register(admin: Admin) -> None:
    """Add every screen to the admin."""
    admin.add_view(PeopleView(name="people", endpoint="people", url="/people"))
