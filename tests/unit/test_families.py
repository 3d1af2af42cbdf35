"""How many lines the four families need beyond their declarations and rules, and that they bring no pages along."""

from __future__ import annotations

from pathlib import Path

from tests.factories.families import FAMILIES, code_lines, counted, naming_lines
from tests.factories.proofs import noted

SHARED = '''"""About contract and its kin."""
from models.contract import service
from jobs import (
    complaint,
    contract,
)

# contract
def work() -> None:
    """Do it to each contract."""
    for one in service.due():
        tell(
            one,
            "contract_overdue",
        )
    tell("contracting", "a contract", "customer")


def contracts() -> int:
    return 1
'''


def test_the_families_need_fewer_lines_beyond_than_they_declare_and_rule_and_none_brings_a_page() -> None:
    families = counted()
    noted.counted(families)
    assert [one.name for one in families] == list(FAMILIES)
    for one in families:
        assert min(one.declaration, one.rules, one.own["models"], one.shared["config"]) > 0, one
        assert one.own["screens"] == one.own["templates"] == 0, one
    assert sum(one.beyond for one in families) < sum(one.declaration + one.rules for one in families)


def test_lines_of_code_are_those_that_are_neither_empty_nor_said() -> None:
    assert code_lines('"""One\ntwo."""\n\n# three\nfour = (\n    5,  # and\n)\n') == {5, 6, 7}


def test_what_names_a_family_in_a_shared_file_is_counted_with_the_call_around_it() -> None:
    said = SHARED.splitlines()
    assert [said[n - 1].strip() for n in sorted(naming_lines(SHARED, "contract"))] == [
        "from models.contract import service",
        "for one in service.due():",
        "tell(",
        "one,",
        '"contract_overdue",',
        ")",
        "def contracts() -> int:",
        "return 1",
    ]


def test_the_files_of_a_family_count_by_their_place(tmp_path: Path) -> None:
    for path, text in {
        "models/contract/document.py": "A = RecordType(\n    1,\n)\n",
        "models/contract/rules.py": "a = 1\n",
        "models/contract/service.py": "b = 1\nc = 2\n",
        "models/loan/document.py": 'L = RecordType(to="contract")\n',
        "jobs/contract.py": "d = 1\n",
        "backoffice/templates/contracts.html": "<p>\n</p>\n",
        "backoffice/screens/team.py": "from models.contract import service\n",
        "backoffice/help/en/contract.html": "left out\n",
        "config/policy.toml": "[contract]\ndays = 1\n\n[other]\ndays = 2\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    found = next(one for one in counted(tmp_path) if one.name == "contract")
    assert (found.declaration, found.rules) == (3, 1)
    assert found.own == {"models": 2, "jobs": 1, "screens": 0, "templates": 2, "config": 0}
    assert found.shared == {"models": 0, "jobs": 0, "screens": 1, "templates": 0, "config": 2}
    assert found.beyond == 8
