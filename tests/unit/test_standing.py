"""Where a record stands among its signatures, from its declaration and versions alone."""

from __future__ import annotations

from typing import Any

import pytest
from bson import ObjectId

from models import standing
from models.access_request.document import ACCESS_REQUEST
from models.catalogue import SHIPPED
from models.contract.document import CONTRACT
from models.declarations import Field, Label, RecordType
from models.destruction.document import DESTRUCTION
from models.records import Sight
from models.review.document import REVIEW
from models.standing import Standing
from tests.conftest import NOW

STATE = Field(name="state", kind="text", label=Label("状态", "State"))


def version(action: str, after: str = "", before: str = "") -> dict[str, Any]:
    return {"action": action, "by_name": "x", "changes": [{"field": STATE, "before": before or None, "after": after}]}


def of(rt: RecordType, state: str, *actions: str, **values: Any) -> Standing | None:
    """The standing of a record in a state after some moves, the oldest first."""
    sight = Sight(rt, ObjectId(), "X-1", True, {}, ())
    flow = rt.workflow
    assert flow is not None
    targets = {move.name: move.target for move in flow.transitions}
    versions, before = list[dict[str, Any]](), ""
    for action in actions:
        after = flow.states[0].value if action == "create" and len(actions) > 1 else targets.get(action, state)
        versions.insert(0, version(action, after, before))
        before = after
    return standing.standing(sight, {"state": state, "state_since": NOW, **values}, versions)


def labels(found: Standing | None) -> tuple[list[str], str, list[str]]:
    assert found is not None
    done = [one.move.name if one.move else one.version["action"] for one in found.done]
    return done, found.waiting.state.value if found.waiting else "", [move.name for move in found.ahead]


def test_a_request_goes_from_the_manager_to_the_head() -> None:
    manager = ObjectId()
    found = of(ACCESS_REQUEST, "asked", "create", manager=manager)
    done, state, ahead = labels(found)
    assert (done, state, ahead[:1]) == (["create"], "asked", ["approve"])
    assert found is not None
    assert found.waiting is not None
    assert found.waiting.turns == (str(manager),)
    assert labels(of(ACCESS_REQUEST, "signed", "create", "sign"))[:2] == (["create", "sign"], "signed")


def test_whom_it_went_on_to_is_told_apart() -> None:
    found = of(ACCESS_REQUEST, "signed", "create", climbed=1)
    assert found is not None
    assert found.waiting is not None
    assert (found.waiting.turns, found.waiting.passed_on) == (("head",), ("general_manager",))


def test_only_the_last_round_counts() -> None:
    rounds = ("create", "submit", "finance_review", "withdraw", "change", "submit", "legal_review")
    assert labels(of(CONTRACT, "with_finance", *rounds)) == (["submit", "legal_review"], "with_finance", [])
    assert labels(of(CONTRACT, "in_review", "create", "submit")) == (["submit"], "in_review", ["legal_review"])


def test_the_end_is_part_of_it_and_waits_for_nobody() -> None:
    assert labels(of(ACCESS_REQUEST, "refused", "create", "sign", "refuse")) == (["create", "sign", "refuse"], "", [])
    assert labels(of(ACCESS_REQUEST, "expired", "create", "sign", "lapse")) == (["create", "sign", "lapse"], "", [])


@pytest.mark.parametrize(("rt", "state"), [(ACCESS_REQUEST, "asked"), (DESTRUCTION, "proposed")])
def test_what_was_withdrawn_before_anybody_signed_shows_both_steps(rt: RecordType, state: str) -> None:
    assert labels(of(rt, state, "create"))[:2] == (["create"], state)
    assert labels(of(rt, "withdrawn", "create", "withdraw")) == (["create", "withdraw"], "", [])


def test_what_nobody_decided_in_time_shows_that_it_was_asked_for() -> None:
    assert labels(of(ACCESS_REQUEST, "expired", "create", "lapse")) == (["create", "lapse"], "", [])


def test_every_step_of_what_is_signed_is_told_in_english_as_done() -> None:
    flows = [(rt.slug, rt.workflow) for rt, _ in SHIPPED if rt.workflow]
    moves = [
        (slug, move) for slug, flow in flows if any(m.signature for m in flow.transitions) for move in flow.transitions
    ]
    assert len(moves) > 30
    assert [(slug, move.name) for slug, move in moves if move.told("en") == move.label.en] == []
    assert all(move.told("zh") == move.label.zh for _, move in moves)


def test_before_anything_is_handed_in_there_is_nothing_to_show() -> None:
    assert of(CONTRACT, "draft", "create") is None
    assert of(CONTRACT, "draft", "create", "submit", "withdraw") is None
    assert of(CONTRACT, "in_review", "create", "submit", archived_at=NOW) is None
    assert of(REVIEW, "open", "create") is None


def test_what_was_given_back_but_for_what_left_keeps_its_signatures() -> None:
    versions = [version("give_back", "out"), version("approve", "granted"), version("create", "signed")]
    sight = Sight(ACCESS_REQUEST, ObjectId(), "X-1", True, {}, ())
    found = standing.standing(sight, {"state": "out", "state_since": NOW}, versions)
    assert labels(found) == (["create", "approve", "give_back"], "", [])
