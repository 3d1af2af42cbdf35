"""A mail server of a few commands that answers as it is told and remembers what it accepted."""

from __future__ import annotations

import socketserver
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from threading import Event, Thread


@dataclass
class MailServer:
    """`answers` gives recipients a code of their own; at those in `hang_up` the connection ends, and at those in
    `trickle` the answer comes letter by letter and never ends."""

    answers: dict[str, int] = field(default_factory=dict)
    hang_up: set[str] = field(default_factory=set)
    trickle: set[str] = field(default_factory=set)
    ended: Event = field(default_factory=Event)
    sender_code: int = 250
    accepted: list[Message] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self.server = Listener(self)
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def ids(self) -> list[str]:
        return [message["Message-ID"] for message in self.accepted]

    def answer_to(self, recipient: str) -> str:
        """What the server says to a recipient; '' when it hangs up."""
        if recipient in self.hang_up:
            return ""
        return f"{self.answers.get(recipient, 250)} recipient {recipient}"


class Talk(socketserver.StreamRequestHandler):
    """One connection."""

    server: Listener

    def handle(self) -> None:
        self.server.owner.connections += 1
        self.say("220 ready")
        while line := self.rfile.readline().decode().strip():
            words = self.answer(line)
            if words:
                self.say(words)
            if not words or line.upper() == "QUIT":
                return

    def answer(self, line: str) -> str:
        owner = self.server.owner
        match line[:4].upper():
            case "MAIL":
                return f"{owner.sender_code} sender"
            case "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                return self.trickled() if recipient in owner.trickle else owner.answer_to(recipient)
            case "DATA":
                self.say("354 go on")
                owner.accepted.append(message_from_bytes(self.text()))
        return "250 fine"

    def trickled(self) -> str:
        with suppress(OSError):
            while not self.server.owner.ended.wait(0.05):
                self.wfile.write(b"2")
        return ""

    def text(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        return b"".join(lines)

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


class Listener(socketserver.TCPServer):
    """Listens on a free port of this machine."""

    def __init__(self, owner: MailServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), Talk)
