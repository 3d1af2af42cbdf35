"""Answers to writes. With an Idempotency-Key a write is carried out once and answered again as the first time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from flask import Response, request

from backoffice import at_hand, errors
from backoffice.api.caller import caller
from backoffice.api.problems import IDEMPOTENCY_KEY, BadRequest
from config.database import transaction
from models import idempotency, records, sights
from models.access import Purpose
from models.errors import Sentence
from models.idempotency import Answer
from models.records import Sight

T = TypeVar("T")

KEY = re.compile(r"[\x21-\x7e]{1,200}")


def written(status: int, slug: str, record: Mapping[str, Any], *, location: str = "") -> Answer:
    """What a write is answered: where the record stands now, and none of its content."""
    state = {"state": record["state"]} if record.get("state") else {}
    body = {"type": slug, "number": record["number"], "rev": record["rev"], **state}
    headers = {"Location": location} if location else {}
    return Answer(status, headers, json.dumps(body, separators=(",", ":")))


def digestible(body: Mapping[str, Any]) -> bytes:
    """What tells a body from another, whatever the order of its members."""
    return json.dumps(body, sort_keys=True).encode()


def read(slug: str, number: str) -> Sight:
    """The record that a write is about, for the caller. :raises NotFound: :raises Locked:"""
    me = caller()
    return records.read(me.person, slug, number, Purpose.VIEW, me.now)


def read_stored(slug: str, number: str) -> tuple[Sight, dict[str, Any]]:
    """`read`, with the record as it is stored, for questions of rights."""
    me = caller()
    return sights.read_stored(me.person, slug, number, Purpose.VIEW, me.now, at_hand.held())


def carry_out(
    sent: bytes, prepare: Callable[[], T], write: Callable[[T], Answer], again: Callable[[], object] | None = None
) -> Response:
    """Carry out a write, or answer it again. `sent` is what tells requests with the same key apart.

    `prepare` reads and asks for rights; what it audits stays when `write` is refused. It, or `again` in its place, is
    asked before an answer is given again, too: who has lost the right meanwhile is told so. `write` only writes: it
    runs in one transaction with the answer that is kept, and may run more than once.

    :raises KeyReused: :raises StillRunning: :raises BadRequest: for a key that is none.
    """
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return _response(write(prepare()))
    if KEY.fullmatch(key) is None:
        wrong = Sentence("应为 1 至 200 个可见的 ASCII 字符。", "This is 1 to 200 visible ASCII characters.")
        raise BadRequest(errors={IDEMPOTENCY_KEY: wrong}, what=Sentence(IDEMPOTENCY_KEY, IDEMPOTENCY_KEY))
    me = caller()
    address = f"{request.method} {request.path}?{request.query_string.decode('latin-1')}"
    asked = idempotency.digest(address.encode(), request.headers.get("If-Match", "").encode(), sent)
    mine = idempotency.claim(idempotency.digest(str(me.token.id).encode(), key.encode()), asked, me.now)
    if isinstance(mine, Answer):
        (again or prepare)()
        return _response(mine, replayed=True)
    done = False
    try:
        ready = prepare()

        def work() -> Answer:
            answer = write(ready)
            idempotency.keep(mine, answer)
            return answer

        answer = transaction(work)
        done = True
    finally:
        if not done:
            # A database that stays away must not hide what went wrong before: it says whether anything may be stored.
            with suppress(*errors.AWAY):
                idempotency.give_back(mine)
    return _response(answer)


def _response(answer: Answer, *, replayed: bool = False) -> Response:
    headers = {**answer.headers, **({"Idempotency-Replayed": "true"} if replayed else {})}
    return Response(answer.body, answer.status, content_type="application/json", headers=headers)
