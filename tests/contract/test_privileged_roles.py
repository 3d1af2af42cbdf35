"""Who reads above internal because of a role got that role from two people (People, X3): asked of every classified
type, role, level and state. No type is named; nothing is stored."""

from __future__ import annotations

import pytest
from flask import Flask

from models import access
from models.access import Purpose
from models.declarations import Level
from models.person.roles import PRIVILEGED, Role
from tests.contract.test_grants import cases, classified, people

pytestmark = pytest.mark.usefixtures("app")


def test_whoever_reads_above_internal_by_a_role_has_a_privileged_one(app: Flask) -> None:
    reading: set[Role] = set()
    for rt in classified():
        for record in (one for one in cases(rt) if one["level"] != Level.INTERNAL.value):
            opened = (one for one in people() if access.reach(one, rt, Purpose.VIEW).sees(record["acl"]) == "full")
            reading.update(role for one in opened for role in one.roles)
    assert reading >= {Role.CUSTODIAN, Role.HEAD, Role.GENERAL_MANAGER, Role.FINANCE_REVIEWER}
    assert reading <= PRIVILEGED
