"""X1: a list that shows a classified record in full bears the reader's watermark; others do not."""

from __future__ import annotations

from models.person.roles import Role
from tests.integration.web.records.conftest import Make, Sit

AT = "/records/sample/"


def test_a_list_bears_the_mark_of_the_highest_level_that_it_shows(sit: Sit, make: Make) -> None:
    owner, colleague = sit(Role.SPECIALIST, name="Wang Min"), sit(Role.SPECIALIST, name="Li Na")
    make(owner.person)
    assert "Wang Min · 2026-11-23" not in owner.text(AT)
    make(owner.person, level="secret")
    make(owner.person, level="confidential")
    assert "Confidential · Wang Min · 2026-11-23 10:00" in owner.text(AT)
    assert "Li Na · 2026-11-23" not in colleague.text(AT)


def test_form_and_history_of_a_classified_record_bear_its_mark_and_stay_on_the_screen(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST, name="Wang Min")
    plain, secret = make(owner.person), make(owner.person, level="secret")
    for page in ("edit", "history"):
        text = owner.text(f"{AT}{secret['number']}/{page}")
        assert "Secret · Wang Min · 2026-11-23 10:00" in text
        assert "not-for-print" in text
        assert "not-for-print" not in owner.text(f"{AT}{plain['number']}/{page}")
