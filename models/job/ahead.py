"""Work in two hands: the next piece is prepared while the one before is being stored."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")
_END: Any = object()


def ahead(source: Iterator[T]) -> Generator[T, None, None]:
    """The items of `source` in their order, each made in a thread of its own while the one before is worked on; never
    more than one is ready. An exception of `source` is raised where its item would come.

    `source` sees the context of this call and stands outside the caller's later transactions. Close it (`closing`):
    the thread ends then, after the item that it is at.
    """
    context = copy_context()

    def following() -> Any:
        return context.run(lambda: next(source, _END))

    with ThreadPoolExecutor(1, "ahead") as pool:
        coming = pool.submit(following)
        while (item := coming.result()) is not _END:
            coming = pool.submit(following)
            yield item
