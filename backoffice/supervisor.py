"""`serve`: the parent of the database, the web and the scheduler.

It starts them in order, starts again whichever ends (after a pause that doubles), and on Ctrl-C or SIGTERM
stops the web and the scheduler first and the database last. It holds the web's listening socket itself, so
that a restart of the web refuses nobody. Should it be killed outright, its children end too.
"""

from __future__ import annotations

import http.client
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from types import FrameType

from config import embedded
from config.parent_death import end_with_parent
from config.settings import Settings

LOOK_SECONDS = 0.2
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # who lived this long has recovered: the next pause is short again
STOP_SECONDS = 25.0
READY_SECONDS = 120.0
FAILURES_BEFORE_READY = 3
LOG_BYTES = 10 * 1024 * 1024
DATABASE, WEB, SCHEDULER = "database", "web", "scheduler"

log = logging.getLogger(__name__)
Process = subprocess.Popen[bytes]


class SupervisorError(Exception):
    """The installation cannot be started; the text says why."""


@dataclass
class Service:
    """A process that is started again when it ends."""

    name: str
    spawn: Callable[[], Process]
    tell: Callable[[str], None]
    process: Process | None = field(default=None, init=False)
    failures: int = field(default=0, init=False)
    began: float = field(default=0.0, init=False)
    again: float = field(default=0.0, init=False)

    def look(self, now: float) -> None:
        """Start the process when it does not run and its pause is over. `now` is monotonic."""
        if self.process is None:
            if now >= self.again:
                self.process, self.began = self.spawn(), now
            return
        code = self.process.poll()
        if code is None:
            return
        self.failures = 1 if now - self.began > STEADY_SECONDS else self.failures + 1
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(self.failures - 1, 10))
        self.process, self.again = None, now + pause
        self.tell(f"{self.name} ended ({_outcome(code)}) and is started again in {pause:g} s")


class Supervisor:
    """Runs one installation until it is told to stop. `environ` is what the children get."""

    def __init__(self, settings: Settings, environ: Mapping[str, str], tell: Callable[[str], None] = print) -> None:
        self.settings = settings
        self.environ = dict(environ)
        self.tell = tell
        self.stopping = Event()
        self.services: list[Service] = []
        self.log_dir = settings.data_dir / "log"

    def run(self) -> None:
        """Start everything, keep it running, and return after SIGINT or SIGTERM.

        :raises SupervisorError: the port is taken, or preparing the database or starting the web failed.
        :raises EmbeddedError: the embedded database does not start.
        """
        with self._signals(), self._listening() as listener, self._database():
            try:
                self._prepare()
                if not self.stopping.is_set():
                    self._add(WEB, self._web_command(listener), listener.fileno())
                    self._add(SCHEDULER, [sys.executable, "-m", "backoffice", "scheduler"])
                    self._watch()
            finally:
                self._stop_services()
        self.tell("Stopped.")

    # --- the parts

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(_number: int, _frame: FrameType | None) -> None:
            self.stopping.set()

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, stop) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def _listening(self) -> Iterator[socket.socket]:
        host, port = self.settings.host, self.settings.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, port), family=family, backlog=2048)
        except OSError as error:
            raise SupervisorError(f"PORT: {host}:{port} cannot be used: {error.strerror}") from error
        with listener:
            yield listener

    @contextmanager
    def _database(self) -> Iterator[None]:
        if not self.settings.embedded:
            yield
            return
        self.tell("Starting the database ...")
        server = embedded.start(self.settings.data_dir, cache_gb=self.settings.database_cache_gb)
        service = Service(DATABASE, server.spawn, self._noted)
        service.process, service.began = server.process, monotonic()
        self.services.append(service)
        try:
            yield
        finally:
            self.tell("Stopping; the database writes out what has changed, which may take two minutes ...")
            server.stop()

    def _prepare(self) -> None:
        """Bring the database up to date, and fill it for a demonstration. Runs to the end before the web."""
        commands = [["migrate", "--quiet"], *([["demo"]] if self.settings.demo else [])]
        for command in commands:
            if self.stopping.is_set():
                return
            process = self._spawn([sys.executable, "-m", "backoffice", *command], None)
            while process.poll() is None and not self.stopping.wait(LOOK_SECONDS):
                self._look()
            if process.poll() is None:
                _end([process])
            elif process.returncode:
                raise SupervisorError(f"'backoffice {' '.join(command)}' failed ({_outcome(process.returncode)})")

    def _add(self, name: str, command: list[str], *fds: int) -> None:
        path = self.log_dir / f"{name}.log"
        self.services.append(Service(name, lambda: self._spawn(command, path, fds), self._noted))

    def _web_command(self, listener: socket.socket) -> list[str]:
        config = ["--config", "python:backoffice.gunicorn_settings", "--bind", f"fd://{listener.fileno()}"]
        return [sys.executable, "-m", "gunicorn", *config, "wsgi:application"]

    def _spawn(self, command: list[str], output: Path | None, fds: tuple[int, ...] = ()) -> Process:
        """Start a child in a session of its own: Ctrl-C reaches the supervisor alone."""
        self.log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(output or os.devnull, "ab") as file:
            return subprocess.Popen(
                command,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=file if output else None,
                stderr=file if output else None,
                start_new_session=True,
                pass_fds=fds,
                preexec_fn=end_with_parent(),  # noqa: PLW1509 - one system call, no lock is taken
            )

    # --- keeping it running

    def _watch(self) -> None:
        ready, deadline, rotated = False, monotonic() + READY_SECONDS, monotonic()
        while not self.stopping.is_set():
            self._look()
            if not ready:
                ready = self._answers()
                if ready:
                    self._announce()
                elif monotonic() > deadline or self._service(WEB).failures >= FAILURES_BEFORE_READY:
                    raise SupervisorError(f"the web does not start; see {self.log_dir / 'web.log'}")
            if monotonic() - rotated > STEADY_SECONDS:
                rotate_logs(self.log_dir)
                rotated = monotonic()
            self.stopping.wait(LOOK_SECONDS)

    def _look(self) -> None:
        for service in self.services:
            service.look(monotonic())

    def _service(self, name: str) -> Service:
        return next(service for service in self.services if service.name == name)

    def _noted(self, text: str) -> None:
        log.warning(text)
        self.tell(text)

    def _answers(self) -> bool:
        host = self.settings.host
        probe = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
        connection = http.client.HTTPConnection(probe, self.settings.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _announce(self) -> None:
        self.tell(f"\n  The back office is ready:  {self.settings.base_url}\n")
        if self.settings.demo:
            self.tell("  Sign in:  choose one of the demonstration people on the sign-in page.")
        else:
            self.tell("  Sign in:  with your account; the first one is made by 'backoffice user add'.")
        self.tell(f"  Data:     {self.settings.data_dir}   (logs in its folder log)")
        self.tell("  Stop:     Ctrl-C\n")

    def _stop_services(self) -> None:
        users = [service for service in self.services if service.name != DATABASE]
        _end([service.process for service in users if service.process is not None])


def rotate_logs(folder: Path) -> None:
    """Keep each log under 10 MB, and the part before it as `.1`.

    The file is emptied and not renamed, because its writer holds it open.
    """
    for path in folder.glob("*.log"):
        if path.name != "mongod.log" and path.stat().st_size > LOG_BYTES:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            os.truncate(path, 0)


def _end(processes: list[Process]) -> None:
    """Ask all to end, then kill those that did not, with their children."""
    for process in processes:
        process.terminate()
    deadline = monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _outcome(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"code {code}"
