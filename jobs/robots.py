"""Delivering to group robots (WeCom, DingTalk, Feishu) and signed webhooks, each in its form and with its signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from config.channels import Channel, Kind
from config.settings import Settings
from jobs.context import JobContext, Report
from jobs.posting import Answer, NotSent, post
from models.outbox import service as outbox
from models.outbox.document import Message
from models.outbox.rules import State, delivery_id

log = logging.getLogger(__name__)

TURN_SECONDS = 10.0
"""Other jobs get their turn after so long, and after a line that hangs: the rest waits for the next minute."""

LARGEST_BATCH = 15
"""Messages to one channel in a minute: WeCom and DingTalk take twenty and then refuse all of them."""

FOR_GOOD = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422})
LASTING: dict[Kind, frozenset[int]] = {
    Kind.WECOM: frozenset({40001, 40008, 40058, 93000, 93008}),
    Kind.DINGTALK: frozenset({310000, 300001, 400013, 400101, 400102}),
    Kind.FEISHU: frozenset({19001, 19021, 19022, 19024}),
}
"""What the robots answer when the same message would be refused again: wrong key, wrong signature, wrong form."""

FAULTS = (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)
"""What a message may bring about that nobody foresaw. What ends the job, or comes from the database, is none of it."""

PREFIX = "whsec_"
Send = Callable[..., Answer]


@dataclass(frozen=True)
class Request:
    """What goes over the line."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def wall_clock() -> datetime:
    """The time that the other side compares a signature with."""
    return datetime.now(UTC)


def deliver(context: JobContext, *, send: Send = post, clock: Callable[[], datetime] = wall_clock) -> Report:
    """Deliver what waits for each channel, at most 15 messages to one.

    Not transactional: a crash between the other side's acceptance and its recording repeats a message, with the same
    id. A channel that refuses for the moment is left alone until the next time and holds up none of the others; each
    minute another one comes first, so that one that is slow does not either.
    """
    counts = {"sent": 0, "retried": 0, "dead": 0}
    until = monotonic() + TURN_SECONDS
    for name in _in_turn(outbox.channels_due(context.now), context.now):
        for _ in range(LARGEST_BATCH):
            message = outbox.take_due(context.now, name) if monotonic() < until else None
            if message is None:
                break
            outcome = _deliver(message, context, send, clock())
            counts[outcome] += 1
            if outcome == "retried":
                break
    return Report(counts)


def _in_turn(names: list[str], now: datetime) -> list[str]:
    first = int(now.timestamp()) // 60 % len(names) if names else 0
    return names[first:] + names[:first]


def _deliver(message: Message, context: JobContext, send: Send, moment: datetime) -> str:
    """Deliver one message; what became of it."""
    try:
        channel = _channel(context.settings, message.channel)
        request = compose(channel, message, moment)
        judge(channel.kind, send(request.url, request.body, request.headers, private=channel.private))
    except NotSent as error:
        state = outbox.mark_refused(message, str(error), context.now, for_good=error.for_good)
        return "dead" if state is State.DEAD else "retried"
    except FAULTS as error:  # a fault of ours must not come back with this message for ever
        log.error("a message to %s was not sent: %s", message.channel, type(error).__name__)
        state = outbox.mark_refused(message, f"failed: {type(error).__name__}", context.now, for_good=False)
        return "dead" if state is State.DEAD else "retried"
    outbox.mark_sent(message, context.now)
    return "sent"


def _channel(settings: Settings, name: str) -> Channel:
    for channel in settings.channels:
        if channel.name == name:
            return channel
    raise NotSent("this channel is not declared any more", for_good=True)


# --- what goes out


def compose(channel: Channel, message: Message, moment: datetime) -> Request:
    """The request for a message, signed as of `moment`. Its id is the same each time it is sent."""
    made = FORMS[channel.kind](channel, message, moment)
    # Of the four only the signed webhook looks at it; a relay between us and the others may.
    own = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": delivery_id(message.key)}
    return Request(made.url, {**own, **made.headers}, made.body)


def _wecom(channel: Channel, message: Message, _moment: datetime) -> Request:
    """The key is part of the address; there is no signature."""
    return Request(channel.url, {}, _json({"msgtype": "text", "text": {"content": _text(message)}}))


def _dingtalk(channel: Channel, message: Message, moment: datetime) -> Request:
    """Signature and milliseconds in the address: HMAC-SHA256 of `time\\nsecret` with the secret as the key."""
    body = _json({"msgtype": "text", "text": {"content": _text(message)}})
    if not channel.secret:
        return Request(channel.url, {}, body)
    stamp = str(round(moment.timestamp() * 1000))
    signature = _signature(channel.secret.encode(), f"{stamp}\n{channel.secret}".encode())
    joint = "&" if "?" in channel.url else "?"
    return Request(f"{channel.url}{joint}{urlencode({'timestamp': stamp, 'sign': signature})}", {}, body)


def _feishu(channel: Channel, message: Message, moment: datetime) -> Request:
    """Signature and seconds in the body: HMAC-SHA256 of nothing, with `time\\nsecret` as the key."""
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": _text(message)}}
    if channel.secret:
        stamp = str(int(moment.timestamp()))
        body |= {"timestamp": stamp, "sign": _signature(f"{stamp}\n{channel.secret}".encode(), b"")}
    return Request(channel.url, {}, _json(body))


def _signed(channel: Channel, message: Message, moment: datetime) -> Request:
    """Standard Webhooks: HMAC-SHA256 of `id.seconds.body` in a header."""
    identifier, stamp = delivery_id(message.key), str(int(moment.timestamp()))
    told = {"subject": message.subject, "text": message.text}
    body = _json({"type": "reminder", "timestamp": message.created.isoformat(), "data": told})
    signature = _signature(_key(channel.secret), f"{identifier}.{stamp}.".encode() + body)
    headers = {"webhook-id": identifier, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}
    return Request(channel.url, headers, body)


FORMS: dict[Kind, Callable[[Channel, Message, datetime], Request]] = {
    Kind.WECOM: _wecom,
    Kind.DINGTALK: _dingtalk,
    Kind.FEISHU: _feishu,
    Kind.SIGNED: _signed,
}


def _text(message: Message) -> str:
    return f"{message.subject}\n{message.text}"


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _signature(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    """The key in a secret as the specification writes it, or the secret itself."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        return secret.encode()


# --- what comes back


def judge(kind: Kind, answer: Answer) -> None:
    """Whether the message was accepted. Robots say no with status 200 and a code.

    :raises NotSent: it was not; only the code is told, since texts can repeat what was sent.
    """
    if not 200 <= answer.status < 300:
        raise NotSent(f"answered {answer.status}", for_good=answer.status in FOR_GOOD)
    if kind is Kind.SIGNED:
        return
    code = _code(answer.body, "code" if kind is Kind.FEISHU else "errcode")
    if code is None:
        raise NotSent("the answer is not that of a robot")
    if code:
        raise NotSent(f"answered code {code}", for_good=code in LASTING[kind])


def _code(body: bytes, name: str) -> int | None:
    """The robot's code; Feishu's older robots call it otherwise."""
    try:
        found = json.loads(body)
        return int(found[name] if name in found else found["StatusCode"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
