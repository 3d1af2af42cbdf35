"""Delivering email from the outbox: by SMTP, or as .eml files where there is no mail server."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from time import monotonic
from typing import Protocol, cast
from urllib.parse import unquote, urlsplit

from config.settings import LOOPBACK, Settings
from jobs.context import JobContext, JobError, Report
from jobs.posting import ending
from models.calendar import local
from models.outbox import service as outbox
from models.outbox.document import Message
from models.outbox.rules import State, message_id

LARGEST_BATCH = 200
TURN_SECONDS = 20.0
"""Other jobs get their turn after so long."""
TIMEOUT_SECONDS = 20.0
PERMANENT = 500
# Seven bits: not every server on the way takes eight.
POLICY = SMTP.clone(cte_type="7bit")


class MailError(Exception):
    """A problem with delivery; the text names no address and no content."""


class Refused(MailError):
    """The mail server refused this message. `for_good`: it would refuse it again."""

    def __init__(self, text: str, *, for_good: bool) -> None:
        super().__init__(text)
        self.for_good = for_good


class Unavailable(MailError):
    """No mail server can be asked; no message is to blame."""


class Transport(Protocol):
    """A way for messages to leave."""

    def send(self, message: EmailMessage) -> None:
        """Hand the message over. :raises Refused: not this one. :raises Unavailable: nothing at present."""

    def close(self) -> None:
        """Let go of what is held open."""


def deliver(context: JobContext, *, clock: Callable[[], float] = monotonic) -> Report:
    """Deliver the emails that wait in the outbox, at most 200 and for at most 20 seconds; the rest waits for the next
    minute. A server that lets bytes trickle in is cut off with its message 30 seconds later at the latest.

    Not transactional: a crash between the server's acceptance and its recording repeats a message, with the
    same Message-ID.

    :raises JobError: the mail server cannot be reached; the messages wait on.
    """
    counts = {"sent": 0, "retried": 0, "dead": 0}
    until = clock() + TURN_SECONDS
    with closing(transport_for(context.settings)) as transport:
        for _ in range(LARGEST_BATCH):
            email = outbox.take_due(context.now) if clock() < until else None
            if email is None:
                break
            try:
                transport.send(compose(email, context.settings.mail_from))
            except Unavailable as error:
                outbox.put_back(email, context.now)
                raise JobError(f"{error} (sent before: {counts['sent']})") from error
            except Refused as error:
                state = outbox.mark_refused(email, str(error), context.now, for_good=error.for_good)
                counts["dead" if state is State.DEAD else "retried"] += 1
            else:
                outbox.mark_sent(email, context.now)
                counts["sent"] += 1
    return Report(counts)


def compose(email: Message, sender: str) -> EmailMessage:
    """The message as it goes out; the same one for the same stored email."""
    message = EmailMessage(policy=POLICY)
    message["From"] = sender
    message["To"] = email.to
    message["Subject"] = email.subject
    message["Date"] = local(email.created)
    message["Message-ID"] = message_id(email.key, sender)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(email.text)
    return message


def transport_for(settings: Settings) -> Transport:
    """The way that the settings ask for; nothing is opened yet."""
    return SmtpServer(settings.smtp_url) if settings.smtp_url else Folder(settings.mail_dir)


class Folder:
    """A mail sink: each message becomes one .eml file, named by day and Message-ID."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, message: EmailMessage) -> None:
        """Write the message; a repeated delivery replaces its file.

        :raises Unavailable: the folder cannot be written.
        """
        day = message["Date"].datetime.strftime("%Y%m%d")
        target = self.path / f"{day}-{message['Message-ID'].strip('<>').partition('@')[0]}.eml"
        part = target.with_suffix(".part")
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.write_bytes(message.as_bytes())
            part.replace(target)
        except OSError as error:
            raise Unavailable(f"{self.path} cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """Nothing is held open."""


class SmtpServer:
    """A mail server, reached when the first message goes out and again after a broken connection.

    TLS is used from the start (`smtps`) or as soon as the server offers it (`smtp`), with its certificate
    checked; a password goes to another machine over TLS only.
    """

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)
        self.host = self.parts.hostname or ""
        self._session: smtplib.SMTP | None = None

    def send(self, message: EmailMessage) -> None:
        """Hand the message to the server.

        :raises Refused: the server refused it, or broke off while it was handed over.
        :raises Unavailable: the server does not answer, or does not let us in.
        """
        session = self._connected()
        try:
            with ending(cast(socket.socket, session.sock)):
                session.send_message(message)
        except smtplib.SMTPSenderRefused as error:
            raise Unavailable(f"the mail server refuses our sender address ({error.smtp_code})") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(next(iter(error.recipients.values()))[0]) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Refused("the mail server does not take such an address", for_good=True) from error
        except (smtplib.SMTPException, OSError) as error:
            # Perhaps it is this message that makes the server break off: it must not hold up the others.
            self.close()
            raise Refused("the mail server broke off", for_good=False) from error

    def close(self) -> None:
        """End the connection, if there is one."""
        session, self._session = self._session, None
        if session is None:
            return
        try:
            session.quit()
        except (smtplib.SMTPException, OSError):
            session.close()

    def _connected(self) -> smtplib.SMTP:
        if self._session is None or self._session.sock is None:
            try:
                self._session = self._opened()
            except (smtplib.SMTPException, OSError) as error:
                raise Unavailable(f"the mail server is not usable: {_reason(error)}") from error
        return self._session

    def _opened(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.parts.scheme == "smtps":
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.parts.port or 465, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            session = smtplib.SMTP(self.host, self.parts.port or 25, timeout=TIMEOUT_SECONDS)
        try:
            self._secure_and_sign_in(session, context)
        except (smtplib.SMTPException, OSError, MailError):
            session.close()
            raise
        return session

    def _secure_and_sign_in(self, session: smtplib.SMTP, context: ssl.SSLContext) -> None:
        session.ehlo_or_helo_if_needed()
        secure = isinstance(session, smtplib.SMTP_SSL)
        if not secure and session.has_extn("starttls"):
            session.starttls(context=context)
            secure = True
        if self.parts.username:
            if not (secure or self.host in LOOPBACK):
                raise Unavailable("the mail server offers no TLS: our password is not sent")
            session.login(unquote(self.parts.username), unquote(self.parts.password or ""))


def _refusal(code: int) -> Refused:
    """The server's code without its text, which repeats addresses."""
    return Refused(f"the mail server answered {code}", for_good=code >= PERMANENT)


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answered {error.smtp_code}"
    return getattr(error, "strerror", None) or type(error).__name__
