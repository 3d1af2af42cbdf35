"""X3 on the pages: who left reads, edits and exports nothing as owner, and the head's page names what is theirs."""

from __future__ import annotations

from datetime import datetime

from models.person import rights, session
from models.person import service as people
from models.person.roles import SYSTEM, Role
from tests.factories.customers import customer
from tests.factories.desks import Desk
from tests.factories.web_fixtures import Sit


def signed_in_again(desk: Desk, now: datetime) -> None:
    assert desk.person.id is not None
    row = people.get(desk.person.id)
    with desk.client.session_transaction() as kept:
        kept["_user_id"] = row["fs_uniquifier"]
        kept["sid"] = session.start(desk.person.id, row["fs_uniquifier"], "192.0.2.1", now)
    desk.token = ""


def test_an_owner_who_went_to_another_department_finds_nothing_of_theirs(sit: Sit, now: datetime) -> None:
    owner, head = sit(Role.SPECIALIST, name="Owner"), sit(Role.HEAD, name="Head")
    hidden = customer(owner.person, now, level="top_secret", level_basis="x", name="绝密词甲有限公司")
    secret = customer(owner.person, now, level="secret", level_basis="x", name="秘密词乙有限公司")
    assert owner.get(f"/records/customer/{hidden['number']}").status_code == 200
    one = owner.person.id
    assert one is not None
    email = people.get(one)["email"]
    values = {"name": "Owner", "email": email, "department": "sales", "manager": None}
    people.change_profile(SYSTEM, one, **values, now=now)
    rights.set_roles(SYSTEM, one, [Role.SALES], now)
    signed_in_again(owner, now)
    for number in (hidden["number"], secret["number"]):
        for page in ("", "/edit", "/history"):
            assert owner.get(f"/records/customer/{number}{page}").status_code == 404
    sent = owner.post("/records/customer/export", {"format": "csv"}).text
    assert "词甲" not in sent
    assert "词乙" not in sent
    page = head.text("/team/")
    assert "Owners who left" in page
    assert f"owner={email}".replace("@", "%40") in page or f"owner={email}" in page
    assert "Owners who left" in head.text("/") or "Owners left" in head.text("/")
