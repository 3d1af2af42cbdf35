"""Another owner by the API: the same answer as in the form (F6, X3)."""

from __future__ import annotations

from models.person.roles import Role
from tests.integration.api.conftest import Program, Start
from tests.integration.api.test_records import problem


def given(program: Program, number: str, to: Program) -> int:
    answer = program.ask("PATCH", f"/sample/{number}", json={"rev": 1, "values": {"owner": str(to.person.id)}})
    return answer.status_code


def test_a_custodian_gives_a_secret_record_to_nobody_who_does_not_read_it(head: Program, start: Start) -> None:
    custodian, clerk = start(Role.CUSTODIAN), start(Role.SPECIALIST)
    number = head.make(level="secret", level_basis="trade")
    for to in (custodian, clerk):
        change = {"rev": 1, "values": {"owner": str(to.person.id)}}
        said = problem(custodian.ask("PATCH", f"/sample/{number}", json=change), 422, "invalid")
        assert [row["field"] for row in said["errors"]] == ["owner"]
    assert given(head, number, clerk) == 200
    assert clerk.get(f"/sample/{number}")["owner"]["id"] == str(clerk.person.id)


def test_a_confidential_record_is_given_on_by_the_head(head: Program, start: Start) -> None:
    custodian, clerk = start(Role.CUSTODIAN), start(Role.SPECIALIST)
    number = head.make(level="confidential", level_basis="trade")
    assert given(custodian, number, clerk) == 403
    assert given(head, number, clerk) == 200
