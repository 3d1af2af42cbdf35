"""What is drawn once for many pages is still each reader's own; templates read mappings by their keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from flask import Flask, render_template_string

from models import registry
from models.person.roles import Role
from tests.factories.desks import Desk
from tests.factories.planted import plant

Sit = Callable[..., Desk]


def test_each_page_names_who_is_signed_in(sit: Sit) -> None:
    clerk, twin, head = sit(Role.SPECIALIST, name="Wang Min"), sit(Role.SPECIALIST, name="Li Na"), sit(Role.HEAD)
    for _ in range(2):
        assert '<div class="me-card"><strong>Wang Min</strong><span>Specialist</span>' in clerk.text("/")
        assert '<div class="me-card"><strong>Li Na</strong><span>Specialist</span>' in twin.text("/")
        assert "<span>Department head</span>" in head.text("/")
        assert 'id="sign-out" action="/logout" method="post"' in twin.text("/")


def test_the_groups_of_the_menu_stand_in_one_order_for_everybody(sit: Sit, now: datetime) -> None:
    head, auditor = sit(Role.HEAD), sit(Role.AUDITOR, department="audit")
    plant([rt for rt in registry.all_types() if rt.slug in ("destruction", "leak")], head.person, now)
    groups = [re.findall(r'<h2 class="rail-label rail-text">([^<]*)</h2>', desk.text("/")) for desk in (head, auditor)]
    assert set(groups[1]) >= {"Work", "Registers"}
    assert groups[1] == [group for group in groups[0] if group in groups[1]]


def test_the_menu_of_looks_says_which_is_chosen(sit: Sit) -> None:
    desk = sit(Role.SPECIALIST)
    for look in ("dark", "light", "dark"):
        desk.client.set_cookie("look", look)
        page = desk.text("/")
        assert f'data-look="{look}" aria-pressed="true"' in page
        assert page.count('aria-pressed="true"') == 1


def test_a_name_behind_a_dot_is_a_key_first_and_an_attribute_else(app: Flask) -> None:
    with app.test_request_context("/"):
        said = render_template_string(
            "{{ one.items }} {{ one.none }} {{ one.missing|default('-') }} {{ two.items()|list }} {{ three.real }}",
            one={"items": "key", "none": None},
            two={"a": 1},
            three=3,
        )
    assert said == "key None - [(&#39;a&#39;, 1)] 3"
