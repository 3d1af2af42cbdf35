"""An administrator alone gets at nothing classified: neither by somebody's password nor by somebody's role."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from pymongo.database import Database

from models.person import proposals, service
from models.person.roles import Role
from tests.factories.customers import customer
from tests.factories.filled import filled
from tests.factories.web_fixtures import Sit

Base = Database[dict[str, Any]]
PASSWORD = re.compile(r"<code>([^<]+)</code>")


@pytest.mark.parametrize("role", [Role.CUSTODIAN, Role.SPECIALIST])
def test_the_password_of_whoever_reads_what_is_classified_goes_to_the_second_person(
    sit: Sit, now: datetime, role: Role
) -> None:
    admin, head, reader = sit(Role.ADMINISTRATOR, department="it"), sit(Role.HEAD), sit(role)
    number = customer(reader.person, now, level="secret", level_basis="往来", name="机密词公司")["number"]
    admin.text(f"/records/customer/{number}", 404)
    asked = admin.post(f"/people/{reader.person.id}/reset")
    assert asked.status_code == 303
    assert "A second privileged person must confirm this." in admin.text(asked.location)
    reader.text(f"/records/customer/{number}")  # nothing has changed for them
    [waiting] = proposals.waiting()
    assert admin.post(f"/people/confirmations/{waiting.id}/confirm").status_code == 409
    assert PASSWORD.search(head.post(f"/people/confirmations/{waiting.id}/confirm").text) is not None


def test_one_administrator_makes_nobody_custodian(sit: Sit, now: datetime, db: Base) -> None:
    admin, head, chosen = sit(Role.ADMINISTRATOR, department="it"), sit(Role.HEAD), sit(Role.SPECIALIST)
    at = f"/people/{chosen.person.id}"
    sent = filled(admin.text(at), "") | {"roles": ["specialist", "custodian"]}
    assert admin.post(at, sent).status_code == 303
    stored = db["user"].find_one({"_id": chosen.person.id})
    assert stored is not None
    assert stored["roles"] == ["specialist"]
    assert "Information custodian" in head.text("/people/confirmations")


def test_one_administrator_lets_no_privileged_person_in_again(sit: Sit, now: datetime) -> None:
    admin, head, gone = sit(Role.ADMINISTRATOR, department="it"), sit(Role.HEAD), sit(Role.CUSTODIAN)
    at = f"/people/{gone.person.id}"
    admin.post(f"{at}/active", {"active": "0"})
    admin.post(f"{at}/active", {"active": "1"})
    page = admin.text(at)
    assert "A second privileged person must confirm this." in page
    assert "Enabling waits for a second person." in page
    assert service.get(gone.person.id)["active"] is False  # type: ignore[arg-type]
    assert f"The account of {gone.person.name} is to be enabled again" in head.text("/people/confirmations")
    [waiting] = proposals.waiting()
    assert head.post(f"/people/confirmations/{waiting.id}/confirm").status_code == 303
    assert "Enabling waits for a second person." not in admin.text(at)
    assert service.get(gone.person.id)["active"] is True  # type: ignore[arg-type]


def test_another_email_of_whoever_reads_what_is_classified_goes_by_way_of_a_second_person(
    sit: Sit, now: datetime, db: Base
) -> None:
    admin, head, owner = sit(Role.ADMINISTRATOR, department="it"), sit(Role.HEAD), sit(Role.SPECIALIST, name="Ann")
    customer(owner.person, now, level="top_secret", level_basis="往来")
    at = f"/people/{owner.person.id}"
    saved = admin.post(at, filled(admin.text(at), "") | {"email": "ann@evil.test"})
    assert saved.status_code == 303
    page = admin.text(at)
    assert "Waiting for a second privileged person: email." in page
    assert f"The email waits for a second person. Until then: {owner.person.email}." in page
    assert 'value="ann@evil.test"' in page
    asked = head.text("/people/confirmations")
    assert "Ann is to get another email: ann@evil.test" in asked
    assert owner.person.email in asked
    [waiting] = proposals.waiting()
    assert head.post(f"/people/confirmations/{waiting.id}/confirm").status_code == 303
    assert service.get(owner.person.id)["email"] == "ann@evil.test"  # type: ignore[arg-type]
    told = owner.text("/")
    assert "Your email address, with which you sign in, was changed" in told
    assert "/account/notifications/" in told
    [mail] = db["outbox_email"].find({"_id": {"$regex": "^address_changed"}})
    assert mail["to"] == owner.person.email


def test_ones_own_email_is_shown_and_not_offered(sit: Sit) -> None:
    admin = sit(Role.ADMINISTRATOR, department="it")
    at = f"/people/{admin.person.id}"
    page = admin.text(at)
    assert "Another administrator changes your email." in page
    assert admin.post(at, filled(page, "") | {"email": "other@evil.test"}).status_code == 409
    assert service.get(admin.person.id)["email"] == admin.person.email  # type: ignore[arg-type]


def test_a_privileged_role_of_who_has_access_of_one_comes_with_a_password_for_the_second(sit: Sit, db: Base) -> None:
    admin, head, chosen = sit(Role.ADMINISTRATOR, department="it"), sit(Role.HEAD), sit(Role.SPECIALIST, name="Ann")
    at = f"/people/{chosen.person.id}"
    db["user"].update_one({"_id": chosen.person.id}, {"$unset": {"vouched": ""}})
    admin.post(at, filled(admin.text(at), "") | {"roles": ["specialist", "custodian"]})
    assert "One administrator alone gave them their access" in head.text("/people/confirmations")
    [waiting] = proposals.waiting()
    assert PASSWORD.search(head.post(f"/people/confirmations/{waiting.id}/confirm").text) is not None
    assert service.get(chosen.person.id)["must_change"] is True  # type: ignore[arg-type]
