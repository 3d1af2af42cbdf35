"""Whether two lots of documents are the same, whatever the order in which they lie."""

from __future__ import annotations

import hashlib

SIZE = 2**256


class Heap:
    """Documents without their order: equal to another that holds each of them as often. A member of a replica set keeps
    documents in the order in which it took them over, which need not be the one in which they were stored."""

    def __init__(self) -> None:
        self._sum = self._count = 0

    def add(self, document: bytes | memoryview[int]) -> None:
        """One more."""
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(document).digest(), "big")) % SIZE
        self._count += 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Heap) and (self._sum, self._count) == (other._sum, other._count)

    __hash__ = None  # type: ignore[assignment]  # it grows
