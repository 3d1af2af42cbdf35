"""The web process as it is run: how soon it answers, how much it serves, and whether an export makes others wait."""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter, sleep
from urllib.parse import urlencode

from backoffice.app import create_app
from bench import screens
from bench.measured import Measured, alone
from bench.world import World
from config import embedded

COLD_SECONDS = 1.5
GIVE_UP_SECONDS = 60
COLD_STARTS = 5
SAMPLE_SECONDS = 6.0
CLIENTS = 4
EXPORTS = 2
LIST = "/records/customer/"


@contextmanager
def web(world: World, **variables: str) -> Iterator[int]:
    """gunicorn, as `backoffice serve` starts it, on a free port; it answers when the block begins."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    own = world.settings
    environ = {
        **os.environ,
        "BACKOFFICE_DATA": str(own.data_dir),
        "MONGODB_URI": own.mongodb_uri or embedded.uri(own.data_dir),
        "BACKOFFICE_DATABASE": own.database,
        "SECRET_KEY": own.secret_key,
        "PASSWORD_SALT": own.password_salt,
        "TOTP_SECRET": own.totp_secret,
        "BACKOFFICE_LOG_LEVEL": "ERROR",
        **variables,
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "python:backoffice.gunicorn_settings"]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", "wsgi:application"],
            env=environ,
            stdout=output,
            stderr=output,
            cwd=Path(__file__).parent.parent,
        )
        try:
            _until_answered(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(30)


def _until_answered(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = perf_counter() + GIVE_UP_SECONDS
    while perf_counter() < deadline and process.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            if _get(http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_SECONDS), "/login", "")[0] == 200:
                return
        sleep(0.01)
    raise RuntimeError("the web process did not answer")


def _get(line: http.client.HTTPConnection, path: str, cookie: str) -> tuple[int, bytes]:
    line.request("GET", path, headers={"Cookie": cookie} if cookie else {})
    answer = line.getresponse()
    return answer.status, answer.read()


def start(world: World, told: Callable[[str], None]) -> list[Measured]:
    """From starting the web process to its first page, compiled files being there; the database runs already."""
    seconds = []
    for turn in range(COLD_STARTS + 1):
        told(f"cold start {turn}")
        began = perf_counter()
        with web(world, WEB_WORKERS="1"):
            seconds.append(perf_counter() - began)
    cold = statistics.median(seconds[1:])
    return [
        Measured(
            "cold start to the first answer",
            f"{cold:.2f} s",
            wanted=f"{COLD_SECONDS} s",
            met=cold <= COLD_SECONDS,
            more=f"{min(seconds):.2f} to {max(seconds):.2f} s",
            figures={"seconds": cold},
        )
    ]


def serve(world: World, told: Callable[[str], None]) -> list[Measured]:
    """List pages over HTTP from a server as configured, alone and while two others export everything."""
    told("serving")
    cookie = alone(_cookie, world).result
    with web(world) as port:
        alone_times, answered = _load(port, cookie, CLIENTS)
        single, _ = _load(port, cookie, 1)
        told("serving during an export")
        stop = threading.Event()
        taken = [0]
        exporters = [threading.Thread(target=_export, args=(port, cookie, stop, taken)) for _ in range(EXPORTS)]
        for exporter in exporters:
            exporter.start()
        sleep(0.5)
        busy, _ = _load(port, cookie, 1)
        running = all(exporter.is_alive() for exporter in exporters)
        stop.set()
        for exporter in exporters:
            exporter.join()
    quiet95, busy95 = _p95(single), _p95(busy)
    return [
        Measured(
            "list pages over HTTP, server as configured",
            f"{answered:.0f} req/s from {CLIENTS} clients at once, p95 {_p95(alone_times):.0f} ms",
            more="both processors, clients included",
            figures={"per_second": answered, "p95_ms": _p95(alone_times)},
        ),
        Measured(
            f"list page while {EXPORTS} others export everything",
            f"p50 {statistics.median(busy) * 1000:.1f} ms, p95 {busy95:.1f} ms",
            more=f"without: p50 {statistics.median(single) * 1000:.1f} ms, p95 {quiet95:.1f} ms; the exports "
            + ("ran all the time" if running else "ended before")
            + f", {taken[0] / 2**20:.0f} MB taken",
            wanted="nobody waits: p95 under 5 x",
            met=busy95 <= 5 * quiet95,
            figures={"p95_ms": busy95, "quiet_p95_ms": quiet95, "p50_ms": statistics.median(busy) * 1000},
        ),
    ]


def _cookie(world: World) -> str:
    return screens.signed_in(create_app(world.settings, connect=False), world)


def _load(port: int, cookie: str, clients: int) -> tuple[list[float], float]:
    """List pages by some clients at once for some seconds: the seconds of each, and how many a second."""
    found: list[float] = []
    began = perf_counter()

    def ask() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_SECONDS)
        while perf_counter() - began < SAMPLE_SECONDS:
            asked = perf_counter()
            status, _ = _get(line, LIST, cookie)
            if status != 200:
                raise RuntimeError(f"a list page was answered {status}")
            found.append(perf_counter() - asked)

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found, len(found) / (perf_counter() - began)


def _export(port: int, cookie: str, stop: threading.Event, taken: list[int]) -> None:
    """Take an export, piece by piece, until told to stop."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_SECONDS)
    line.request("GET", LIST, headers={"Cookie": cookie})
    answer = line.getresponse()
    page = answer.read().decode()
    cookie = (answer.getheader("Set-Cookie") or cookie).partition(";")[0]
    token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    body = urlencode({"csrf_token": token, "format": "csv"})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    while not stop.is_set():
        line.request("POST", f"{LIST}export", body, headers)
        answer = line.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"the export was answered {answer.status}")
        while (piece := answer.read(1 << 16)) and not stop.is_set():
            taken[0] += len(piece)
        if stop.is_set():
            line.close()


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)] * 1000
