"""What Flask-Admin leaves open stays closed for every record type."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, g
from flask_admin import BaseView
from flask_admin.model import BaseModelView

from backoffice.screens import base, routes
from backoffice.screens.base import RecordView
from models import registry
from models.errors import NotFound
from models.person.roles import Role
from tests.integration.web.records.conftest import Sit


@pytest.fixture
def view(demo_app: Flask, sample: None) -> RecordView:
    """A view, made while nobody is there."""
    return RecordView(registry.get("sample"), None)


def test_a_record_view_cannot_be_registered(view: RecordView, demo_app: Flask) -> None:
    admin = demo_app.extensions["admin"][0]
    assert not [one for one in admin._views if isinstance(one, BaseModelView)]
    with pytest.raises(TypeError, match="never registered"):
        view.create_blueprint(admin)


def test_no_route_of_flask_admins_own_model_pages_exists(demo_app: Flask) -> None:
    theirs = {"index_view", "create_view", "edit_view", "delete_view", "action_view", "export", "ajax_lookup"}
    theirs |= {"ajax_update", "api_file_view", "details_view"}
    there = {rule.endpoint.rpartition(".")[2] for rule in demo_app.url_map.iter_rules()} & theirs
    assert there <= {"export"}  # the house's own, a POST that is audited
    for rule in demo_app.url_map.iter_rules():
        assert "ajax" not in rule.rule
        assert "/api/file" not in rule.rule
        if rule.endpoint.endswith(".export"):
            assert "GET" not in (rule.methods or set())


def test_a_view_remembers_nothing_about_anybody(view: RecordView) -> None:
    for name in ("_list_columns", "_sortable_columns", "_filters", "_edit_form_class", "_create_form_class"):
        assert not hasattr(view, name), name
    assert view.scaffold_list_columns() == []
    assert view.scaffold_sortable_columns() == {}
    assert view.init_search() is False
    assert view.is_action_allowed("delete") is False
    assert not any((view.can_create, view.can_edit, view.can_delete, view.can_export, view.can_view_details))


def test_a_record_is_not_deleted_through_a_view(view: RecordView) -> None:
    with pytest.raises(NotFound):
        view.delete_model(None)


def test_what_a_view_says_differs_from_person_to_person(sit: Sit, demo_app: Flask) -> None:
    answers = []
    for desk in (sit(Role.HEAD), sit(Role.SPECIALIST)):
        with demo_app.test_request_context("/"):
            g.person = desk.person
            view = base.view_of("sample", None)
            answers.append((view.get_sortable_columns(), [f.name for f in view.create_form().declared]))
    assert "salary" in answers[0][0]
    assert "salary" not in answers[1][0]
    assert "salary" in answers[0][1]
    assert "salary" not in answers[1][1]


def test_a_type_error_in_a_page_does_not_run_it_twice(demo_app: Flask) -> None:
    runs = []

    def broken(self: BaseView, **kwargs: Any) -> None:
        runs.append(kwargs)
        raise TypeError("a fault of ours")

    host = next(one for one in demo_app.extensions["admin"][0]._views if isinstance(one, routes.RecordRoutes))
    with demo_app.test_request_context("/"), pytest.raises(TypeError, match="a fault of ours"):
        host._run_view(broken, slug="sample")
    assert runs == [{"slug": "sample"}]
