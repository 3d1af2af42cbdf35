"""The sheet of a move: a signature says what it is given for; a step of one's own work asks nothing back."""

from __future__ import annotations

from datetime import datetime

from models import records
from models.person.roles import Role
from tests.integration.web.records.conftest import Make, Sit

AT = "/records/sample/"


def test_a_signature_shows_what_it_is_about_and_who_asks(sit: Sit, make: Make, now: datetime) -> None:
    owner, checker = sit(Role.SPECIALIST, name="Wang Min"), sit(Role.SPECIALIST, name="Zhou Lan")
    made = make(owner.person, name="Plain lamp", colour="red", amount="1250", notes="not for the sheet")
    given = {"checker": str(checker.person.id)}
    records.move(owner.person, "sample", made["number"], "submit", given, rev=1, now=now, note="before the fair")
    page = checker.text(f"{AT}{made['number']}/do/approve")
    for text in ("Wang Min", "before the fair", "¥1,250.00", "Zhou Lan", ">Red<", "Decide later"):
        assert text in page, text
    assert "not for the sheet" not in page


def test_a_step_without_a_signature_names_nobody_who_asks(sit: Sit, make: Make) -> None:
    owner = sit(Role.SPECIALIST, name="Wang Min")
    made = make(owner.person, name="Plain lamp", amount="1250")
    page = owner.text(f"{AT}{made['number']}/do/submit")
    assert "Asked by" not in page
    assert "¥1,250.00" not in page
