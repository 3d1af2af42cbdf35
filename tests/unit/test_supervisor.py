"""A service that ends is started again, later each time; logs do not grow without end."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from backoffice import supervisor
from backoffice.supervisor import Service, rotate_logs


class FakeProcess(subprocess.Popen[bytes]):
    """A process that runs until `code` is set."""

    def __init__(self) -> None:
        self.code: int | None = None

    def poll(self) -> int | None:
        return self.code

    def __del__(self, *args: Any) -> None:
        pass


@pytest.fixture
def started() -> list[FakeProcess]:
    return []


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def service(started: list[FakeProcess], told: list[str]) -> Service:
    def spawn() -> FakeProcess:
        started.append(FakeProcess())
        return started[-1]

    return Service("web", spawn, told.append)


def test_it_is_started_at_the_first_look_and_left_alone(service: Service, started: list[FakeProcess]) -> None:
    service.look(0)
    service.look(10)
    assert len(started) == 1


def test_a_service_that_ends_is_started_after_a_pause(
    service: Service, started: list[FakeProcess], told: list[str]
) -> None:
    service.look(0)
    started[-1].code = -9
    service.look(10)
    assert told == ["web ended (killed by SIGKILL) and is started again in 0.5 s"]
    service.look(10.4)
    assert len(started) == 1
    service.look(10.5)
    assert len(started) == 2


def pauses(service: Service, started: list[FakeProcess], lives: list[float]) -> list[float]:
    """The pause after each life of the given length."""
    now, result = 0.0, []
    for life in lives:
        service.look(now)
        started[-1].code = 1
        now += life
        service.look(now)
        result.append(service.again - now)
        now = service.again
    return result


def test_the_pause_doubles_up_to_half_a_minute(service: Service, started: list[FakeProcess]) -> None:
    assert pauses(service, started, [1] * 9) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_long_life_makes_the_next_pause_short_again(service: Service, started: list[FakeProcess]) -> None:
    assert pauses(service, started, [1, 1, 1, 61, 1]) == [0.5, 1, 2, 0.5, 1]


def test_a_large_log_is_emptied_for_its_writer_and_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LOG_BYTES", 10)
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"older lines\n")
        rotate_logs(tmp_path)
        writer.write(b"newer\n")
        rotate_logs(tmp_path)
    assert log.read_bytes() == b"newer\n"
    assert (tmp_path / "web.log.1").read_bytes() == b"older lines\n"
