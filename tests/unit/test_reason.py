"""A reason is kept as every text is, and what no field would take is refused in the same words."""

from __future__ import annotations

import pytest

from models import records
from models.declarations import Field, Label
from models.errors import Invalid
from models.kinds import Unreadable, kind_of

NAME = Field(name="name", kind="text", label=Label("名称", "Name"))


@pytest.mark.parametrize("wrong", ["a\x00b", "half \ud83d of one", "\udc00", "好\ud800"])
def test_what_cannot_be_stored_is_refused_as_in_every_field(wrong: str) -> None:
    with pytest.raises(Unreadable) as of_field:
        kind_of(NAME).read(NAME, wrong)
    with pytest.raises(Invalid) as of_reason:
        records.reason(wrong)
    said, of_other = of_reason.value.problems["note"], of_field.value.problems[""]
    assert (said.zh, said.en) == (of_other.zh, of_other.en)


@pytest.mark.parametrize("whole", ["好", "😀 whole", "é", "𠀀字"])
def test_whole_characters_of_every_plane_are_taken(whole: str) -> None:
    assert records.reason(whole) == whole


def test_a_reason_is_one_line_of_500_characters_at_most() -> None:
    assert records.reason("  so \n it\tis ") == "so it is"
    assert records.reason("") == ""
    assert len(records.reason("x" * 500)) == 500
    for note, needed in (("x" * 501, False), ("", True), (" \n ", True)):
        with pytest.raises(Invalid) as refused:
            records.reason(note, needed=needed)
        assert set(refused.value.problems) == {"note"}
