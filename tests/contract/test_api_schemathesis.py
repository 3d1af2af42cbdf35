"""schemathesis over the whole document of the API, against the real application and a real database.

Every operation that a person with wide rights reaches, in its four phases: examples, coverage, fuzzing, and chains of
calls along the document's links. All its checks are on. The seed is fixed, so that a finding is found again. Requests
whose form is right are pointed at people and records that exist, in three of four cases, so that they get further than
to the first pointer.
"""

from __future__ import annotations

import gc
import random
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from flask import Flask
from schemathesis.engine import Status, events, from_schema
from schemathesis.transport.wsgi import WSGITransport

from models import registry, schema
from models.declarations import Field
from models.kinds import parts_of
from models.names import POINTERS
from models.person import service as people
from models.person.roles import Role
from models.token import service as tokens
from tests.factories.desks import Desk, seat
from tests.factories.planted import plant
from tests.factories.proofs import Calls, noted
from tests.factories.types import SAMPLE

ROLES = (Role.HEAD, Role.SPECIALIST, Role.CUSTODIAN, Role.SALES, Role.GENERAL_MANAGER)
DEPENDS_ON_DATA = ["2xx", "304", "401", "403", "404", "409", "412", "422", "428"]
"""What a request may be answered whose form is right: pointers to nothing, rules that the document cannot tell."""
REJECTED = ["400", "401", "403", "404", "405", "406", "409", "412", "415", "422", "428"]
"""What a request may be answered whose form is wrong."""
ALIKE = r"^/api/v1/(?!sample)[a-z_]+/\{number\}"
LISTS = r"^[A-Z]+ /api/v1/(?!sample|customer|me|search|files)[a-z_]+$"
"""Addresses are alike in every type: a few types are enough for the phase that sends most. The others have theirs."""

CONFIG: dict[str, Any] = {
    "seed": 20261122,
    "cache": {"enabled": False},
    "generation": {"max-examples": 4, "deterministic": True, "no-shrink": True, "database": "none"},
    "checks": {
        "positive_data_acceptance": {"expected-statuses": DEPENDS_ON_DATA},
        "negative_data_rejection": {"expected-statuses": REJECTED},
    },
    "phases": {
        # Only the document says what is right. What schemathesis 4.32 learns from answers it puts at the top of a body,
        # where the document allows no such thing, and then wants it accepted.
        "fuzzing": {"extra-data-sources": {"responses": False}, "error-feedback": {"enabled": False}},
        "stateful": {"generation": {"max-examples": 12}, "inference": {"algorithms": []}},
    },
    "operations": [
        # What a filter, a search or a page token means depends on what is stored, too.
        {
            "include-method": "GET",
            "checks": {"positive_data_acceptance": {"expected-statuses": [*DEPENDS_ON_DATA, "400"]}},
        },
        {"include-path-regex": ALIKE, "phases": {"coverage": {"enabled": False}}},
        {"include-name-regex": LISTS, "phases": {"coverage": {"enabled": False}}},
    ],
}
SOCKET_SETTINGS = ("max_redirects", "verify", "cert", "proxies")


@pytest.fixture
def desk(app: Flask, now: datetime) -> Iterator[Desk]:
    registry.register(SAMPLE)
    schema.migrate()
    app.testing = False
    app.extensions["api_allowance"].limit = 10**9
    yield seat(app, *ROLES, now=now)
    registry.unregister(SAMPLE.slug)


@pytest.fixture(autouse=True)
def pointed(desk: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request is pointed at what exists, and loses the settings of sockets that some checks send along when they
    send it again: an application in this process knows none (schemathesis 4.32)."""
    send, point = WSGITransport.send, Pointing(desk, now)

    def pointing(self: WSGITransport, case: Any, **more: Any) -> Any:
        point(case)
        return send(self, case, **{k: v for k, v in more.items() if k not in SOCKET_SETTINGS})

    monkeypatch.setattr(WSGITransport, "send", pointing)


class Pointing:
    """Points requests whose form is right at what exists."""

    def __init__(self, desk: Desk, now: datetime) -> None:
        self.email = desk.person.email
        self.numbers: dict[str, list[str]] = {}
        for one in plant(registry.all_types(), desk.person, now):
            self.numbers.setdefault(one.rt.slug, []).append(one.number)
        self.chance = random.Random(1)

    def __call__(self, case: Any) -> None:
        slug = case.path.split("/")[3]
        meta = case.meta
        wrong = meta is None or meta.generation.mode.value != "positive"
        if wrong or slug not in self.numbers or self.chance.random() < 0.25:
            return
        if case.path_parameters and "number" in case.path_parameters:
            case.path_parameters["number"] = self.chance.choice(self.numbers[slug])
        if isinstance(case.body, dict) and isinstance(case.body.get("values"), dict):
            self._point(registry.get(slug).rt.fields, case.body["values"])

    def _point(self, fields: tuple[Field, ...], values: dict[str, Any]) -> None:
        for one in fields:
            value = values.get(one.name)
            if one.kind in POINTERS and isinstance(value, str):
                known = self.numbers.get(one.to, [""])
                values[one.name] = self.email if one.kind == "person" else self.chance.choice(known)
            for row in value if isinstance(value, list) else [value]:
                if isinstance(row, dict):
                    self._point(parts_of(one), row)


@dataclass
class Summary:
    """What came of a run: requests by phase and by status, checks made, findings."""

    phases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    findings: list[str] = field(default_factory=list)

    def add(self, event: events.ScenarioFinished) -> None:
        recorder = event.recorder
        self.operations.add(recorder.label)
        self.phases[event.phase.value] += len(recorder.interactions)
        for interaction in recorder.interactions.values():
            self.statuses[str(interaction.response.status_code) if interaction.response else "none"] += 1
        for checks in recorder.checks.values():
            self.checks.update(check.name for check in checks)
            failed = [check for check in checks if check.status == Status.FAILURE]
            self.findings += [f"{recorder.label}: {said(check)}" for check in failed]

    def __str__(self) -> str:
        lines = [f"{sum(self.statuses.values())} requests over {len(self.operations)} operations"]
        for name, counted in (("phases", self.phases), ("answers", self.statuses), ("checks", self.checks)):
            lines.append(f"{name}: " + ", ".join(f"{key} {count}" for key, count in counted.most_common()))
        return "\n".join([*lines, f"{len(self.findings)} findings", *self.findings[:20]])


def said(check: Any) -> str:
    """A failed check, with the request that shows it."""
    info = check.failure_info
    return f"{check.name}: {info.failure.title}: {info.failure.message}\n{info.code_sample}"


def run(app: Flask, desk: Desk, now: datetime) -> Summary:
    """Every operation of the person's document, in every phase."""
    _token, secret = tokens.create(desk.person, people.get(desk.person.id), name="all", now=now)  # type: ignore[arg-type]
    headers = {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}
    config = schemathesis.Config.from_dict({**CONFIG, "headers": headers})
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config, headers=headers)
    summary = Summary()
    for event in from_schema(document).execute():
        if isinstance(event, events.ScenarioFinished):
            summary.add(event)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            summary.findings.append(repr(event))
    return summary


def test_schemathesis_finds_nothing(
    app: Flask, desk: Desk, now: datetime, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `-v` the summary of the run is shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about a document that leaves no example for everything
        summary = run(app, desk, now)
        gc.collect()
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and request.config.getoption("verbose") > 0:
        with capsys.disabled():
            reporter.write_line(f"\n{summary}")
    noted.called(
        Calls(len(summary.operations), summary.phases, summary.statuses, summary.checks, len(summary.findings))
    )
    assert not summary.findings, str(summary)
    assert set(summary.phases) >= {"coverage", "fuzzing", "stateful"}
    assert sum(summary.statuses.values()) > 2_000
    assert summary.statuses["201"] > 20
