"""Where a record stands among its signatures, from its declaration and versions alone."""

from __future__ import annotations

from typing import Any

from bson import ObjectId

from models import standing
from models.access_request.document import ACCESS_REQUEST
from models.contract.document import CONTRACT
from models.declarations import Field, Label, RecordType
from models.records import Sight
from models.review.document import REVIEW
from models.standing import Standing
from tests.conftest import NOW

STATE = Field(name="state", kind="text", label=Label("状态", "State"))


def version(action: str, after: str = "") -> dict[str, Any]:
    return {"action": action, "by_name": "x", "changes": [{"field": STATE, "before": None, "after": after}]}


def of(rt: RecordType, state: str, *actions: str, **values: Any) -> Standing | None:
    """The standing of a record in a state after some moves, the oldest first."""
    sight = Sight(rt, ObjectId(), "X-1", True, {}, ())
    flow = rt.workflow
    assert flow is not None
    targets = {move.name: move.target for move in flow.transitions}
    versions = [version(action, targets.get(action, state)) for action in reversed(actions)]
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
