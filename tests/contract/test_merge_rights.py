"""Merging is no side door (X6): what a person may not read is not compared, nor told apart from what is not there."""

from __future__ import annotations

from config.database import database
from models import access, registry
from models.access import Purpose
from models.declarations import RecordType
from tests.contract.test_record_rights import House, house, said, still
from tests.factories.desks import Desk
from tests.factories.planted import assert_untouched, betrayed

__all__ = ["house"]


def mergers(house: House) -> list[tuple[Desk, RecordType]]:
    """Everybody who may merge records of a type, with the type."""
    return [
        (desk, rt)
        for desk in house.desks
        for rt in registry.all_types()
        if rt.rights.merge and access.reach(desk.person, rt, Purpose.MERGE).also
    ]


def test_a_record_out_of_reach_is_compared_like_one_that_does_not_exist(house: House) -> None:
    tried = 0
    for desk, rt in mergers(house):
        unread = {one.number: (one, seen) for one, seen in house.unread(desk) if one.rt.slug == rt.slug}
        mine = [one for one in house.planted if one.rt.slug == rt.slug and one.number not in unread]
        for keep in mine:
            at = f"/records/{rt.slug}/{keep.number}/merge"
            missing = keep.number[:-3] + "999"
            nothing = still(said(desk.client.get(f"{at}?with={missing}")), missing)
            for number, (one, seen) in unread.items():
                answer = said(desk.client.get(f"{at}?with={number}"))
                assert not betrayed(answer, one), (desk.person.name, number)
                if not seen:
                    assert still(answer, number) == nothing, (desk.person.name, number)
                data = {"with": number, "rev": "1", "other_rev": "1"}
                refused = desk.client.post(at, data=data)
                assert refused.status_code in (403, 404), (desk.person.name, number)
                assert not betrayed(said(refused), one)
                tried += 1
    assert tried > 3
    assert_untouched(house.planted)


def test_nobody_without_the_right_merges_anything(house: House) -> None:
    may = {(desk.person.id, rt.slug) for desk, rt in mergers(house)}
    for desk in house.desks:
        for rt in registry.all_types():
            own = [one for one in house.planted if one.rt.slug == rt.slug]
            if (desk.person.id, rt.slug) in may or len(own) < 2:
                continue
            at = f"/records/{rt.slug}/{own[0].number}"
            merging = {"with": own[1].number, "rev": "1", "other_rev": "1"}
            for act, data in (("merge", merging), ("unmerge", {"other": own[1].number})):
                assert desk.client.post(f"{at}/{act}", data=data).status_code in (403, 404), (desk.person.name, rt.slug)
    assert database()["merge"].count_documents({}) == 0
    assert_untouched(house.planted)
