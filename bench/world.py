"""What the compared programs are asked about: which records, which words, by whom. The same for all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from bench import house
from bench.content import Place, customer
from bench.filling import number_of, record_id, step
from config.settings import Settings

DEEP = 0.9
"""How far down the list the deep page lies."""

READER = house.HEAD
"""Who asks: the head reads every record of the department, by the most rights tokens of all."""

NUMBER = re.compile(r"(?:KH|TS)-\d{4}-\d{6}")


@dataclass(frozen=True)
class World:
    """A filled database and the moment of asking; `stock` says whether jobs are compared with the stock view."""

    settings: Settings
    size: int
    now: datetime
    stock: bool = True

    def opened(self, turn: int) -> Place:
        """The record that a turn opens or saves: one of those with a history, in the newer three quarters."""
        apart = step(self.size)
        count = max(1, self.size * 3 // 4 // apart)
        return Place(self.size // apart * apart - apart * (1 + turn * 7 % count), self.size)

    def number(self, slug: str, turn: int) -> str:
        """The number of the record that a turn opens."""
        return number_of(slug, self.opened(turn))

    def id(self, slug: str, turn: int) -> str:
        """Its id, as text."""
        return str(record_id(slug, self.opened(turn).index))

    def words(self, language: str) -> str:
        """Letters from the middle of some customer's name (`zh`) or licence number (`en`): few customers have them."""
        places = (Place(index, self.size) for index in range(self.size // 2, self.size))
        found = (customer(place)[1] for place in places)
        if language == "zh":
            return str(next(one["name"] for one in found if not one["name"].isascii()))[1:5]
        return str(next(one["licence_no"] for one in found if "licence_no" in one))[5:15]

    def deep(self, slug: str, turn: int) -> tuple[str, str]:
        """Number and id of the row behind which the deep page of a turn begins."""
        place = Place(int(self.size * (1 - DEEP)) + turn % 50, self.size)
        return number_of(slug, place), str(record_id(slug, place.index))


def numbers_in(text: str) -> list[str]:
    """The record numbers in an answer, in order, each once."""
    return list(dict.fromkeys(NUMBER.findall(text)))
