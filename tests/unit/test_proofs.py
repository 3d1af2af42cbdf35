"""What tests hand in becomes tables: the numbers that were noted, no more and no fewer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.factories.families import Family
from tests.factories.proofs import Calls, Proofs
from tests.factories.tables import table

ROOT = Path(__file__).parents[2]


@pytest.fixture
def noted() -> Proofs:
    made = Proofs()
    made.looked_for("head", ["secret", "secret", "top_secret"])
    made.answered("head", "GET /", "12345", {})
    made.answered("head", "GET /", "客户", {}, status=404)
    made.answered("sales", "POST /export", "abc", {"secret": 2})
    made.tampered("cut_the_tail", ["the tail | was cut", "more"])
    made.tampered("edit_an_entry", [])
    made.searched("values", "a backup", ["a", "b", "b"], 1_000_000, ["a"])
    made.raced("granted", "stale")
    made.raced("granted", "stale")
    made.called(Calls(3, {"fuzzing": 7}, {"200": 5, "404": 2}, {"not_a_server_error": 7}, 0))
    made.counted([Family("contract", declaration=300, rules=200)])
    return made


def written(noted: Proofs, folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in noted.write(folder / "new")}


def test_each_kind_of_proof_is_a_table_of_what_was_noted(noted: Proofs, tmp_path: Path) -> None:
    made = written(noted, tmp_path)
    canary = made["canary.md"]
    assert "3 answers (1 of them errors) of 2 routes to 2 people, 14 bytes searched, 2 bytes found." in canary
    assert "| head | 2 | 1 | 11 | 0 | 2 | 0 | 1 | 0 |" in canary
    assert "| `POST /export` |  | 1 (**2**) | 0 | 2 | 0 | 0 |" in canary
    assert "2 ways, 1 found." in made["tampering.md"]
    assert "| cut the tail | 2 | the tail \\| was cut |" in made["tampering.md"]
    assert "| edit an entry | 0 | NOT FOUND |" in made["tampering.md"]
    assert "| values | a backup | 2 | 1,000,000 | 1 |" in made["planted.md"]
    assert "| granted | stale | 2 |" in made["races.md"]
    assert "7 requests over 3 operations, 0 findings." in made["api.md"]
    assert "| contract | 300 | 200 |" in made["families.md"]


def test_of_what_was_not_tried_there_is_no_table(tmp_path: Path) -> None:
    noted = Proofs()
    assert written(noted, tmp_path) == {}
    noted.raced("refused", "stale")
    assert set(written(noted, tmp_path)) == {"races.md"}


def test_what_several_processes_have_seen_is_added_up(noted: Proofs, tmp_path: Path) -> None:
    both = Proofs()
    both.answered("head", "GET /", "1234", {"secret": 1})
    both.add(noted)
    made = written(both, tmp_path)
    assert (
        "4 answers (1 of them errors) of 2 routes to 2 people, 18 bytes searched, 3 bytes found." in made["canary.md"]
    )
    assert {name: text for name, text in made.items() if name != "canary.md"}.items() <= written(
        noted, tmp_path
    ).items()


def test_a_table_is_one_in_markdown() -> None:
    assert table(("what", "count"), [("a|b", 1000)]) == "| what | count |\n|---|---:|\n| a\\|b | 1,000 |\n"


def test_make_proofs_runs_every_test_that_hands_something_in() -> None:
    told = re.search(r"^PROVING = ((?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert told is not None
    notes = re.compile(
        r"^from tests\.factories\.(?:proofs import .*\bnoted|canaries import [^)]*\bSeat)\b", re.MULTILINE
    )
    found = {path for path in (ROOT / "tests").rglob("test_*.py") if notes.search(path.read_text("utf-8"))}
    wanted = {str(path.relative_to(ROOT)) for path in found - {Path(__file__)}}
    assert set(told[1].replace("\\", " ").split()) == wanted
