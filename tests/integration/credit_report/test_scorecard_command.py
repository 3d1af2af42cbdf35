"""The scorecard is seen and changed from the command line (C2)."""

from __future__ import annotations

import json
from pathlib import Path

from models import audit
from models.credit_report import service
from tests.integration.conftest import Base, Run


def test_what_is_shown_can_be_changed_and_put_back(command: Run, db: Base, tmp_path: Path) -> None:
    table = json.loads(command("scorecard", "show").stdout)
    table["grades"] = {"A": 95, "B": 90, "C": 50}
    changed = tmp_path / "scorecard.json"
    changed.write_text(json.dumps(table), "utf-8")
    put = command("scorecard", "put", str(changed))
    assert (put.exit_code, put.stdout) == (0, "The scorecard is in force.\n")
    assert json.loads(command("scorecard", "show").stdout) == table
    assert service.scorecard_table() == table
    entry = db[audit.ENTRIES].find_one({"action": "replace_scorecard"})
    assert entry is not None
    assert entry["actor_name"] == "system"


def test_a_wrong_one_is_refused_with_what_is_wrong_and_the_former_stays(command: Run, db: Base, tmp_path: Path) -> None:
    before, wrong = service.scorecard_table(), tmp_path / "wrong.json"
    wrong.write_text(json.dumps({**before, "grades": {"A": 50, "B": 60, "C": 70}}), "utf-8")
    refused = command("scorecard", "put", str(wrong))
    assert refused.exit_code == 1
    assert "each lower than the last" in refused.output
    wrong.write_text("no table", "utf-8")
    assert "holds no JSON" in command("scorecard", "put", str(wrong)).output
    assert service.scorecard_table() == before
