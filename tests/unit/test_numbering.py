"""Numbers as texts: their order, and what a typed one may mean."""

from __future__ import annotations

import pytest

from models import numbering

PLAIN = "YP-{year}-{seq:03d}"


@pytest.mark.parametrize(
    ("seq", "number"),
    [
        (1, "YP-2026-001"),
        (999, "YP-2026-999"),
        (1000, "YP-2026-A1000"),
        (9999, "YP-2026-A9999"),
        (10_000, "YP-2026-B10000"),
        (10**28, "YP-2026-Z1" + "0" * 28),
    ],
)
def test_a_number_beyond_the_digits_of_its_pattern_bears_a_letter(seq: int, number: str) -> None:
    assert numbering.written(PLAIN, 2026, seq) == number


@pytest.mark.parametrize("pattern", [PLAIN, "{year}{seq:03d}", "YP-{year}-Z{seq:02d}-X", "YP-{year}-{seq}"])
def test_numbers_stand_as_texts_in_the_order_in_which_they_are_given(pattern: str) -> None:
    places = [*range(1, 2001), *(10**size + more for size in range(4, 9) for more in (-1, 0, 1))]
    numbers = [numbering.written(pattern, year, seq) for year in (2026, 2027) for seq in places]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (" yp-2026-7 ", ("YP-2026-007", "YP-2026-7")),
        ("YP-2026-007", ("YP-2026-007",)),
        ("yp-2026-a1000", ("YP-2026-A1000",)),
        ("YP-2026-1000", ("YP-2026-A1000", "YP-2026-1000")),  # the latter is what a former version wrote
        ("YP-2026-", ()),
        ("YP-26-001", ()),
        ("XX-2026-001", ()),
    ],
)
def test_a_typed_number_means_those_that_it_may_stand_for(text: str, numbers: tuple[str, ...]) -> None:
    assert numbering.meant(PLAIN, text) == numbers


def test_a_pattern_that_says_a_thing_twice_reads_numbers_that_do() -> None:
    twice = "{year}-{year}-{seq:03d}"
    assert numbering.meant(twice, "2026-2026-7")[0] == "2026-2026-007"
    assert numbering.meant(twice, "2026-2027-7") == ()
