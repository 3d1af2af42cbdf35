"""From the outbox to group robots and signed webhooks: form, signature, retries, and never inside the house."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from config.channels import Channel, Kind
from config.settings import Settings
from jobs import posting, robots
from jobs.context import JobContext
from jobs.posting import NotSent, post
from models.calendar import WorkingCalendar
from models.errors import Forbidden, NotFound
from models.outbox import service as outbox
from models.outbox.document import EMAILS
from models.outbox.rules import BACKOFF, KEPT, State
from models.person.roles import Person, Role
from tests.factories.people import person
from tests.integration.outbox.web_hook import WebHook

Db = Database[dict[str, Any]]
Declare = Callable[..., JobContext]
SECRET = "SEC-of-a-robot-in-a-group"
AT = datetime(2026, 11, 23, 2, 0, 7, 250_000, tzinfo=UTC)


@pytest.fixture
def hook() -> Iterator[WebHook]:
    made = WebHook()
    yield made
    made.close()


@pytest.fixture
def declare(db: Db, settings: Settings, now: datetime, hook: WebHook) -> Declare:
    """An installation with one channel, which the local listener plays."""

    def make(kind: Kind, secret: str = SECRET, **more: Any) -> JobContext:
        values = {"url": hook.url, "private": True, **more}
        channel = Channel("group", kind, "客服群", "Service group", secret=secret, **values)
        return JobContext(now, db, replace(settings, channels=(channel,)), WorkingCalendar())

    return make


def put(now: datetime, key: str = "reminder:1:group") -> bool:
    return outbox.post_to("group", key, subject="王五：您有 2 项工作提醒", text="请登录系统", now=now)


def deliver(context: JobContext) -> dict[str, int]:
    return robots.deliver(context, clock=lambda: AT).counts


def later(context: JobContext, pause: timedelta) -> JobContext:
    return replace(context, now=context.now + pause)


def stored(db: Db) -> list[tuple[str, int]]:
    return [(row["state"], row["attempts"]) for row in db[EMAILS].find().sort("_id")]


def signed(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def test_wecom_gets_a_text_and_its_key_in_the_address(declare: Declare, hook: WebHook, now: datetime) -> None:
    put(now)
    assert deliver(declare(Kind.WECOM, secret="")) == {"sent": 1, "retried": 0, "dead": 0}
    (call,) = hook.calls
    assert call.path == "/robot/send?key=k1"
    assert call.said == {"msgtype": "text", "text": {"content": "王五：您有 2 项工作提醒\n请登录系统"}}


def test_dingtalk_gets_milliseconds_and_signature_in_the_address(
    declare: Declare, hook: WebHook, now: datetime
) -> None:
    put(now)
    assert deliver(declare(Kind.DINGTALK))["sent"] == 1
    (call,) = hook.calls
    assert call.query == {"key": "k1", "timestamp": "1795399207250", "sign": signed(SECRET, f"1795399207250\n{SECRET}")}


def test_feishu_gets_seconds_and_signature_in_the_body(declare: Declare, hook: WebHook, now: datetime) -> None:
    hook.answer = b'{"code":0,"msg":"success"}'
    put(now)
    assert deliver(declare(Kind.FEISHU))["sent"] == 1
    said = hook.calls[0].said
    assert (said["msg_type"], said["timestamp"]) == ("text", "1795399207")
    assert said["sign"] == signed(f"1795399207\n{SECRET}", "")


@pytest.mark.parametrize("prefixed", [False, True])
def test_a_signed_webhook_can_be_verified_by_its_headers(
    declare: Declare, hook: WebHook, now: datetime, prefixed: bool
) -> None:
    key = b"0123456789abcdef0123456789abcdef"
    secret = "whsec_" + base64.b64encode(key).decode() if prefixed else key.decode()
    hook.answer = b""
    hook.status = 202
    put(now)
    assert deliver(declare(Kind.SIGNED, secret=secret))["sent"] == 1
    (call,) = hook.calls
    identifier, stamp = call.headers["webhook-id"], call.headers["webhook-timestamp"]
    text = f"{identifier}.{stamp}.".encode() + call.body
    expected = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    assert call.headers["webhook-signature"] == f"v1,{expected}"
    assert stamp == "1795399207"
    assert call.said["data"]["subject"] == "王五：您有 2 项工作提醒"


@pytest.mark.parametrize(
    ("kind", "status", "answer", "outcome", "error"),
    [
        (Kind.WECOM, 200, b'{"errcode":45009}', "retried", "answered code 45009"),
        (Kind.WECOM, 200, b'{"errcode":93000,"errmsg":"invalid webhook url"}', "dead", "answered code 93000"),
        (Kind.DINGTALK, 200, b'{"errcode":310000,"errmsg":"sign not match"}', "dead", "answered code 310000"),
        (Kind.FEISHU, 200, b'{"code":9499,"msg":"too many"}', "retried", "answered code 9499"),
        (Kind.FEISHU, 200, b'{"StatusCode":0,"StatusMessage":"success"}', "sent", ""),
        (Kind.FEISHU, 200, b"<html>maintenance</html>", "retried", "the answer is not that of a robot"),
        (Kind.WECOM, 200, b'{"errcode":1e999}', "retried", "the answer is not that of a robot"),
        (Kind.WECOM, 200, b"[" * posting.LARGEST_ANSWER, "retried", "the answer is not that of a robot"),
        (Kind.SIGNED, 500, b"", "retried", "answered 500"),
        (Kind.SIGNED, 429, b"", "retried", "answered 429"),
        (Kind.SIGNED, 404, b"", "dead", "answered 404"),
        (Kind.SIGNED, 302, b"", "retried", "answered 302"),
    ],
)
def test_what_the_other_side_says_decides(
    db: Db,
    declare: Declare,
    hook: WebHook,
    now: datetime,
    kind: Kind,
    status: int,
    answer: bytes,
    outcome: str,
    error: str,
) -> None:
    hook.status, hook.answer, hook.headers = status, answer, {"Location": hook.url}
    put(now)
    assert deliver(declare(kind))[outcome] == 1
    assert [row["error"] for row in db[EMAILS].find()] == [error]
    assert len(hook.calls) == 1  # a redirect leads nowhere


def test_a_refused_message_comes_again_with_its_id_and_is_given_up_in_the_end(
    db: Db, declare: Declare, hook: WebHook, now: datetime
) -> None:
    context = declare(Kind.WECOM)
    hook.status = 503
    put(now)
    for _ in range(len(BACKOFF) + 3):
        deliver(context)
        context = later(context, BACKOFF[-1])
    assert stored(db) == [("dead", len(BACKOFF) + 1)]
    assert len(set(hook.ids())) == 1
    assert len(hook.ids()) == len(BACKOFF) + 1


def test_a_person_sends_a_given_up_message_again_with_its_former_id(
    db: Db, declare: Declare, hook: WebHook, now: datetime
) -> None:
    admin, clerk = person(Role.ADMINISTRATOR), person(Role.SPECIALIST)
    context = declare(Kind.SIGNED)
    hook.status = 404
    put(now)
    deliver(context)
    with pytest.raises(Forbidden):
        outbox.send_again(clerk, "reminder:1:group", now)
    outbox.send_again(admin, "reminder:1:group", now)
    with pytest.raises(NotFound):
        outbox.send_again(admin, "reminder:1:group", now)
    hook.status = 503
    assert deliver(context)["retried"] == 1  # its attempts count anew
    hook.status = 200
    assert deliver(later(context, BACKOFF[0]))["sent"] == 1
    assert len(set(hook.ids())) == 1
    row = db[EMAILS].find_one({})
    assert row is not None
    assert row["keep_until"] == now + BACKOFF[0] + KEPT
    assert [entry["actor"] for entry in db["audit"].find({"action": "message_sent_again"})] == [admin.id]


def test_a_crash_between_acceptance_and_recording_repeats_the_message_with_its_id(
    db: Db, declare: Declare, hook: WebHook, now: datetime
) -> None:
    context = declare(Kind.SIGNED)
    put(now)

    def accept_and_die(*arguments: Any, **more: Any) -> posting.Answer:
        post(*arguments, **more)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        robots.deliver(context, send=accept_and_die, clock=lambda: AT)
    assert deliver(context)["sent"] == 0  # it is in the dead delivery's hands
    assert deliver(later(context, outbox.HOLD))["sent"] == 1
    assert stored(db) == [("sent", 2)]
    assert len(hook.ids()) == 2
    assert len(set(hook.ids())) == 1


def test_two_deliveries_at_once_do_not_share_a_message(declare: Declare, hook: WebHook, now: datetime) -> None:
    context = declare(Kind.SIGNED)
    for number in range(10):
        put(now, f"reminder:{number}:group")

    def send(*arguments: Any, **more: Any) -> posting.Answer:
        if len(hook.calls) == 3:
            other = robots.deliver(context, clock=lambda: AT).counts
            assert other["sent"] == 6
        return post(*arguments, **more)

    robots.deliver(context, send=send, clock=lambda: AT)
    assert sorted(hook.ids()) == sorted(set(hook.ids()))
    assert len(hook.ids()) == 10


def test_a_channel_that_is_silent_costs_one_try_a_round_and_holds_up_no_other(
    db: Db, declare: Declare, hook: WebHook, now: datetime
) -> None:
    context = declare(Kind.SIGNED)
    down = replace(context.settings.channels[0], name="down", url="http://127.0.0.1:1/")
    context = replace(context, settings=replace(context.settings, channels=(down, *context.settings.channels)))
    for number in range(5):
        outbox.post_to("down", f"down:{number}", subject="s", text="t", now=now)
    put(now)
    assert deliver(context) == {"sent": 1, "retried": 1, "dead": 0}
    assert db[EMAILS].find_one({"attempts": 1, "channel": "down"}, {"error": 1}) == {
        "_id": "down:0",
        "error": "no answer: ConnectionRefusedError",
    }


def test_a_channel_that_hangs_up_is_tried_again(declare: Declare, hook: WebHook, now: datetime) -> None:
    hook.hang_up = True
    put(now)
    assert deliver(declare(Kind.SIGNED))["retried"] == 1


def test_a_robot_is_spared_more_than_it_takes_in_a_minute(declare: Declare, hook: WebHook, now: datetime) -> None:
    for number in range(robots.LARGEST_BATCH + 5):
        put(now, f"reminder:{number}:group")
    assert deliver(declare(Kind.WECOM))["sent"] == robots.LARGEST_BATCH


def test_a_channel_that_is_declared_no_more_gives_its_messages_up(db: Db, declare: Declare, now: datetime) -> None:
    put(now)
    context = declare(Kind.SIGNED)
    assert deliver(replace(context, settings=replace(context.settings, channels=())))["dead"] == 1


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1", "fe80::1", "::ffff:10.0.0.1"],
)
def test_a_name_that_leads_inside_is_not_called(
    declare: Declare, hook: WebHook, now: datetime, monkeypatch: pytest.MonkeyPatch, db: Db, address: str
) -> None:
    """Even when only one of several addresses is private."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(socket.AF_INET, 1, 6, "", ("93.184.215.14", 443)), (family, 1, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    put(now)
    context = declare(Kind.SIGNED, url="https://hooks.example.com/x", private=False)
    assert deliver(context)["dead"] == 1
    assert [row["error"] for row in db[EMAILS].find()] == ["the name leads to an address inside the house"]
    assert hook.calls == []


def test_without_tls_nothing_leaves_the_house(hook: WebHook) -> None:
    with pytest.raises(NotSent, match="not https"):
        post(hook.url, b"{}", {}, private=False)
    assert hook.calls == []


def test_an_answer_without_end_is_left_where_it_stands(hook: WebHook) -> None:
    hook.answer = b"x" * (posting.LARGEST_ANSWER * 3)
    assert len(post(hook.url, b"{}", {}, private=True).body) == posting.LARGEST_ANSWER


def test_an_answer_that_trickles_in_is_not_waited_for(hook: WebHook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TOTAL_SECONDS", 0.3)
    hook.trickle = True
    with pytest.raises(NotSent, match="no answer"):
        post(hook.url, b"{}", {}, private=True)


def test_what_nobody_foresaw_counts_as_an_attempt_and_ends(db: Db, declare: Declare, now: datetime) -> None:
    context = declare(Kind.SIGNED)
    put(now)

    def fail(*_: Any, **__: Any) -> posting.Answer:
        raise ZeroDivisionError("a text that quotes the message")

    for _ in range(len(BACKOFF) + 1):
        robots.deliver(context, send=fail, clock=lambda: AT)
        context = later(context, BACKOFF[-1])
    assert stored(db) == [("dead", len(BACKOFF) + 1)]
    assert [row["error"] for row in db[EMAILS].find()] == ["failed: ZeroDivisionError"]


def test_a_slow_channel_leaves_the_rest_for_the_next_minute_and_another_comes_first_then(
    db: Db, declare: Declare, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = declare(Kind.SIGNED)
    one = context.settings.channels[0]
    names = ("a", "b")
    context = replace(context, settings=replace(context.settings, channels=tuple(replace(one, name=n) for n in names)))
    for name in names:
        for number in range(2):
            outbox.post_to(name, f"{name}{number}", subject="s", text="t", now=now)
    times = iter(range(0, 100, 6))
    monkeypatch.setattr(robots, "monotonic", lambda: float(next(times)))
    for minute in range(2):
        assert deliver(later(context, timedelta(minutes=minute)))["sent"] == 1
    assert sorted(row["channel"] for row in db[EMAILS].find({"state": State.SENT})) == ["a", "b"]


def test_mail_and_robots_do_not_take_each_others_messages(db: Db, now: datetime) -> None:
    outbox.post("mail", to="li@example.com", subject="s", text="t", now=now)
    db[EMAILS].update_one({"_id": "mail"}, {"$unset": {"channel": ""}})  # as a former version stored it
    put(now)
    assert outbox.channels_due(now) == ["group"]
    mail, robot = outbox.take_due(now), outbox.take_due(now, "group")
    assert mail is not None
    assert robot is not None
    assert (mail.key, robot.key) == ("mail", "reminder:1:group")


def test_whoever_looks_after_messages_reads_no_content(db: Db, now: datetime) -> None:
    put(now)
    admin = Person(None, "Wu", frozenset({Role.ADMINISTRATOR}))
    (seen,) = outbox.in_state(admin, State.WAITING, limit=10)
    assert (seen.subject, seen.text) == ("", "")
    with pytest.raises(Forbidden):
        outbox.in_state(Person(None, "Li", frozenset({Role.AUDITOR})), State.WAITING, limit=10)
