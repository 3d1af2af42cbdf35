"""From the caller's transaction to the mail server, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from config.database import transaction
from config.settings import Settings
from jobs.context import JobContext, JobError
from jobs.mail import SmtpServer, Unavailable, compose, deliver
from models.calendar import WorkingCalendar
from models.outbox import service as outbox
from models.outbox.document import EMAILS
from models.outbox.rules import BACKOFF, KEPT, State
from models.person.roles import Person, Role
from tests.integration.outbox.mail_server import MailServer

Db = Database[dict[str, Any]]
SUBJECT = "季度核定 KH-2026-000123 待处理"


@pytest.fixture
def server() -> Iterator[MailServer]:
    made = MailServer()
    yield made
    made.close()


@pytest.fixture
def context(db: Db, settings: Settings, now: datetime) -> JobContext:
    """Delivery into a folder."""
    return JobContext(now=now, db=db, settings=settings, calendar=WorkingCalendar())


@pytest.fixture
def by_smtp(context: JobContext, server: MailServer) -> JobContext:
    """Delivery to the mail server."""
    return replace(context, settings=replace(context.settings, smtp_url=server.url))


def post(now: datetime, key: str = "review:1:li", to: str = "li@example.com") -> bool:
    return outbox.post(key, to=to, subject=SUBJECT, text="请在系统中处理。\n", now=now)


def later(context: JobContext, pause: timedelta) -> JobContext:
    return replace(context, now=context.now + pause)


def stored(db: Db) -> list[tuple[str, int]]:
    return [(row["state"], row["attempts"]) for row in db[EMAILS].find().sort("_id")]


def test_a_matter_is_put_in_once_even_inside_a_transaction(db: Db, now: datetime) -> None:
    assert post(now)

    def again() -> bool:
        return post(now)

    assert transaction(again) is False
    assert stored(db) == [("waiting", 0)]


def test_a_message_is_not_stored_when_its_matter_is_not(db: Db, now: datetime) -> None:
    def fail() -> None:
        post(now)
        raise LookupError

    with pytest.raises(LookupError):
        transaction(fail)
    assert stored(db) == []


def test_without_a_mail_server_messages_become_files(db: Db, context: JobContext) -> None:
    post(context.now)
    assert deliver(context).counts == {"sent": 1, "retried": 0, "dead": 0}
    (path,) = context.settings.mail_dir.iterdir()
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (message["To"], message["Subject"]) == ("li@example.com", SUBJECT)
    assert message["From"] == context.settings.mail_from
    assert path.name == f"20261123-{message['Message-ID'].strip('<>').partition('@')[0]}.eml"
    body = message.get_body()
    assert body
    assert body.get_content().splitlines() == ["请在系统中处理。"]
    assert stored(db) == [("sent", 1)]


def test_a_message_that_was_sent_is_not_sent_again_and_goes_after_a_month(
    db: Db, by_smtp: JobContext, server: MailServer
) -> None:
    post(by_smtp.now)
    deliver(by_smtp)
    post(by_smtp.now)
    deliver(later(by_smtp, timedelta(days=1)))
    assert len(server.accepted) == 1
    assert [row["keep_until"] for row in db[EMAILS].find()] == [by_smtp.now + KEPT]


def test_chinese_arrives_whole(by_smtp: JobContext, server: MailServer) -> None:
    post(by_smtp.now)
    deliver(by_smtp)
    (message,) = server.accepted
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode() == "请在系统中处理。\r\n"
    assert message.as_string().isascii()


def test_one_connection_carries_the_batch(by_smtp: JobContext, server: MailServer) -> None:
    for number in range(5):
        post(by_smtp.now, f"review:{number}:li")
    assert deliver(by_smtp).counts["sent"] == 5
    assert server.connections == 1


def test_a_round_ends_in_time_and_the_rest_waits_for_the_next(db: Db, by_smtp: JobContext, server: MailServer) -> None:
    for i in range(5):
        post(by_smtp.now, key=f"review:{i}:li")
    seconds = iter(range(0, 1000, 8))  # each look at the clock is eight seconds after the last
    assert deliver(by_smtp, clock=lambda: next(seconds)).counts["sent"] == 2
    assert [state for state, _ in stored(db)] == [State.SENT.value] * 2 + [State.WAITING.value] * 3
    assert deliver(by_smtp).counts["sent"] == 3


def test_a_server_that_trickles_is_cut_off(
    db: Db, by_smtp: JobContext, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.posting.TOTAL_SECONDS", 0.2)
    server.trickle.add("li@example.com")
    post(by_smtp.now)
    assert deliver(by_smtp).counts == {"sent": 0, "retried": 1, "dead": 0}
    assert [attempts for _, attempts in stored(db)] == [1]


def test_a_message_refused_for_now_is_tried_again_with_the_same_id(
    db: Db, by_smtp: JobContext, server: MailServer
) -> None:
    post(by_smtp.now)
    server.answers["li@example.com"] = 451
    assert deliver(by_smtp).counts == {"sent": 0, "retried": 1, "dead": 0}
    assert deliver(by_smtp).counts["retried"] == 0
    server.answers.clear()
    assert deliver(later(by_smtp, BACKOFF[0])).counts["sent"] == 1
    assert stored(db) == [("sent", 2)]


def test_a_message_refused_again_and_again_is_given_up(db: Db, by_smtp: JobContext, server: MailServer) -> None:
    post(by_smtp.now)
    server.answers["li@example.com"] = 451
    for _ in range(len(BACKOFF) + 1):
        deliver(by_smtp)
        by_smtp = later(by_smtp, BACKOFF[-1])
    assert stored(db) == [("dead", len(BACKOFF) + 1)]
    given_up = outbox.in_state(Person(None, "Wu", frozenset({Role.ADMINISTRATOR})), State.DEAD, limit=10)
    assert [(one.key, one.error) for one in given_up] == [("review:1:li", "the mail server answered 451")]


def test_an_unknown_recipient_is_given_up_at_once_and_others_get_theirs(
    db: Db, by_smtp: JobContext, server: MailServer
) -> None:
    post(by_smtp.now, "a", "gone@example.com")
    post(by_smtp.now, "b")
    server.answers["gone@example.com"] = 550
    assert deliver(by_smtp).counts == {"sent": 1, "retried": 0, "dead": 1}
    assert stored(db) == [("dead", 1), ("sent", 1)]


def test_a_message_at_which_the_server_hangs_up_does_not_hold_up_the_others(
    db: Db, by_smtp: JobContext, server: MailServer
) -> None:
    post(by_smtp.now, "a", "poison@example.com")
    post(by_smtp.now + timedelta(seconds=1), "b")
    server.hang_up.add("poison@example.com")
    assert deliver(later(by_smtp, timedelta(minutes=1))).counts == {"sent": 1, "retried": 1, "dead": 0}


def test_a_mail_server_that_is_down_fails_the_job_and_costs_no_message_an_attempt(db: Db, context: JobContext) -> None:
    post(context.now, "a")
    post(context.now, "b")
    down = replace(context, settings=replace(context.settings, smtp_url="smtp://127.0.0.1:1"))
    for _ in range(20):
        with pytest.raises(JobError, match="Connection refused"):
            deliver(down)
    assert stored(db) == [("waiting", 0), ("waiting", 0)]
    assert deliver(context).counts["sent"] == 2


def test_a_sender_that_the_server_refuses_is_no_messages_fault(db: Db, by_smtp: JobContext, server: MailServer) -> None:
    post(by_smtp.now)
    server.sender_code = 553
    with pytest.raises(JobError, match="sender address"):
        deliver(by_smtp)
    assert stored(db) == [("waiting", 0)]


def test_a_crash_between_acceptance_and_recording_repeats_the_message_with_its_id(
    by_smtp: JobContext, server: MailServer
) -> None:
    post(by_smtp.now)
    email = outbox.take_due(by_smtp.now)
    assert email
    transport = SmtpServer(server.url)
    transport.send(compose(email, by_smtp.settings.mail_from))
    transport.close()
    assert deliver(by_smtp).counts["sent"] == 0
    assert deliver(later(by_smtp, outbox.HOLD)).counts["sent"] == 1
    assert len(server.ids()) == 2
    assert len(set(server.ids())) == 1


def test_a_slow_delivery_cannot_undo_what_a_later_one_recorded(db: Db, context: JobContext) -> None:
    post(context.now)
    slow = outbox.take_due(context.now)
    quick = outbox.take_due(context.now + outbox.HOLD)
    assert slow
    assert quick
    outbox.mark_sent(quick, context.now)
    outbox.mark_refused(slow, "the mail server broke off", context.now, for_good=True)
    assert stored(db) == [("sent", 2)]


def test_a_password_is_not_sent_in_clear_to_another_machine(
    by_smtp: JobContext, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.mail.LOOPBACK", ())
    post(by_smtp.now)
    email = outbox.take_due(by_smtp.now)
    assert email
    with pytest.raises(Unavailable, match="no TLS"):
        SmtpServer(server.url.replace("//", "//li:secret@")).send(compose(email, "backoffice@example.com"))


def test_a_folder_that_cannot_be_written_fails_the_job(db: Db, context: JobContext, tmp_path: Path) -> None:
    post(context.now)
    (tmp_path / "file").write_text("")
    blocked = replace(context, settings=replace(context.settings, data_dir=tmp_path / "file"))
    with pytest.raises(JobError, match="cannot be written"):
        deliver(blocked)
    assert stored(db) == [("waiting", 0)]
