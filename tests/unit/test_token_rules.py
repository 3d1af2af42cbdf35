"""How far tokens read by their person's own right: the lower one of two limits, and nothing for what is no level."""

from __future__ import annotations

import pytest

from models.token.rules import levels_up_to

ALL = {"internal", "secret", "confidential", "top_secret"}


@pytest.mark.parametrize(
    ("policy", "own", "levels"),
    [
        ("top_secret", "", None),
        ("top_secret", "top_secret", None),
        ("confidential", "", ALL - {"top_secret"}),
        ("confidential", "top_secret", ALL - {"top_secret"}),
        ("top_secret", "secret", {"internal", "secret"}),
        ("secret", "internal", {"internal"}),
        ("internal", "confidential", {"internal"}),
        *(("top_secret", wrong, set()) for wrong in ("secrets", "SECRET", "None", "0", "top_secret ")),
        ("secrets", "internal", set()),
    ],
)
def test_the_lower_limit_holds_and_what_is_no_level_opens_nothing(
    policy: str, own: str, levels: set[str] | None
) -> None:
    assert levels_up_to(policy, own) == levels
