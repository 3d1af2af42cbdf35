"""The policy file: its defaults load, a file may replace values, and a slip is refused by name."""

from dataclasses import FrozenInstanceError
from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from config import policy as policies
from config.policy import PolicyError, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.toml"


def test_the_shipped_policy_is_valid_and_typed() -> None:
    shipped = load()
    assert shipped.credit.report_months["D"] <= shipped.credit.report_months["A"]
    assert isinstance(shipped.complaint.authority["head"], Decimal)
    assert shipped.revisit.calling_hours[0][0] == time(9)


def test_a_file_replaces_only_what_it_names(file: Path) -> None:
    file.write_text("[credit]\nreport_months = { A = 12 }\n[complaint.authority]\nhead = 5000.50\n")
    changed, shipped = load(file), load()
    assert changed.credit.report_months == {**shipped.credit.report_months, "A": 12}
    assert changed.complaint.authority["head"] == Decimal("5000.50")
    assert changed.complaint.authority["specialist"] == shipped.complaint.authority["specialist"]
    assert changed.secrecy == shipped.secrecy


def test_working_hours_may_leave_a_break_out(file: Path) -> None:
    file.write_text('[calendar]\nworking_hours = [["08:30", "12:00"], ["13:30", "17:30"]]\n')
    assert load(file).calendar.working_hours == ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))


def test_the_policy_in_force_is_read_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policies.policy.cache_clear()
    file.write_text("[access]\nborrowing_days = 2\n")
    monkeypatch.setenv("BACKOFFICE_POLICY", str(file))
    try:
        assert policies.policy().access.borrowing_days == 2
        file.unlink()
        assert policies.policy().access.borrowing_days == 2
    finally:
        policies.policy.cache_clear()


def test_nothing_can_change_the_policy_while_the_program_runs() -> None:
    loaded = load()
    with pytest.raises(FrozenInstanceError):
        loaded.access.borrowing_days = 99  # type: ignore[misc]
    with pytest.raises(TypeError):
        loaded.credit.report_months["A"] = 99  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[acess]\nborrowing_days = 2", "acess"),
        ("[access]\nborowing_days = 2", "access: unknown name 'borowing_days'"),
        ("[access]\nborrowing_days = 0", "access.borrowing_days"),
        ("[access]\nborrowing_days = true", "access.borrowing_days"),
        ("[access]\nborrowing_days = 2.5", "access.borrowing_days"),
        ('[access]\nborrowing_days = "2"', "access.borrowing_days"),
        ("access = 3", "access: must be a table"),
        ('[api]\nhighest_level = "secrets"', "api.highest_level: 'secrets' is none of internal, secret"),
        ("[api]\nhighest_level = 3", "api.highest_level"),
        ("[credit]\nreport_months = 3", "credit.report_months"),
        ("[credit]\nreport_months = { E = 3 }", "unknown name 'E'"),
        ("[credit]\nreport_months = { A = -3 }", "credit.report_months.A"),
        ("[credit]\nstarting_limit = -1", "credit.starting_limit"),
        ("[credit]\nstarting_limit = 1.005", "credit.starting_limit"),
        ("[credit]\nstarting_limit = nan", "credit.starting_limit"),
        ("[credit]\nstarting_limit = inf", "credit.starting_limit"),
        ("[calendar]\nworking_hours = []", "calendar.working_hours"),
        ('[calendar]\nworking_hours = ["09:00"]', "calendar.working_hours"),
        ('[calendar]\nworking_hours = [["18:00", "09:00"]]', "calendar.working_hours"),
        ('[calendar]\nworking_hours = [["09:00", "25:00"]]', "calendar.working_hours"),
        ('[calendar]\nworking_hours = [["09:00", "13:00"], ["12:00", "18:00"]]', "calendar.working_hours"),
        ("[secrecy]\nsecret_years = 9", "secrecy"),
        ("[complaint.authority]\nspecialist = 9000", "complaint.authority"),
        ("[complaint.authority]\nspecialst = 100", "specialst"),
        ("[access\n", "is not a policy file"),
    ],
)
def test_a_slip_is_refused_by_name(file: Path, text: str, named: str) -> None:
    file.write_text(text)
    with pytest.raises(PolicyError, match=named):
        load(file)


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    with pytest.raises(PolicyError, match="BACKOFFICE_POLICY"):
        load(file)
    file.write_bytes(b"\xff\xfe[access]")
    with pytest.raises(PolicyError, match="is not a policy file"):
        load(file)
