"""Log lines are JSON with the request's id and hold nothing personal."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, g

from backoffice.logging import configure
from config.settings import Settings


@pytest.fixture
def lines(settings: Settings) -> Iterator[io.StringIO]:
    """Everything logged during the test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure(settings, stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def parsed(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_line_is_one_json_object(lines: io.StringIO) -> None:
    logging.getLogger("models.job").info("first\nsecond %s", "客户", extra={"fields": {"job": "mail"}})
    (line,) = parsed(lines)
    assert (line["level"], line["logger"], line["job"]) == ("INFO", "models.job", "mail")
    assert line["message"] == "first\nsecond 客户"
    assert line["time"].endswith("+00:00")


def test_extra_fields_do_not_replace_the_own_ones(lines: io.StringIO) -> None:
    logging.getLogger("jobs").info("real", extra={"fields": {"message": "forged"}})
    assert parsed(lines)[0]["message"] == "real"


def test_configuring_twice_does_not_double_the_lines(lines: io.StringIO, settings: Settings) -> None:
    configure(settings, lines)
    logging.getLogger("jobs").info("once")
    assert len(parsed(lines)) == 1


def test_mail_addresses_and_mobile_numbers_are_blotted_out(lines: io.StringIO) -> None:
    logging.getLogger("jobs").info("to=%s phone:%s id %s", "li@example.com", "13800138000", "6b0268bb921b539920a87a2e")
    assert parsed(lines)[0]["message"] == "to=<email> phone:<phone> id 6b0268bb921b539920a87a2e"


def test_an_exception_is_logged_without_its_text(lines: io.StringIO) -> None:
    try:
        try:
            raise ValueError("the licence 91310000 of Mr Li")
        except ValueError as cause:
            raise KeyError("secret name") from cause
    except KeyError:
        logging.getLogger("jobs").exception("it failed")
    (line,) = parsed(lines)
    assert [entry["class"] for entry in line["error"]] == ["builtins.KeyError", "builtins.ValueError"]
    assert "test_logging.py" in line["error"][0]["at"][0]
    assert "Li" not in lines.getvalue()
    assert "secret name" not in lines.getvalue()


def test_libraries_are_heard_only_when_they_warn(lines: io.StringIO) -> None:
    logging.getLogger("pymongo.command").info("find with values")
    logging.getLogger("pymongo.topology").warning("lost")
    assert [line["message"] for line in parsed(lines)] == ["lost"]


def test_a_message_that_is_an_object_becomes_the_line(lines: io.StringIO) -> None:
    logging.getLogger("backoffice.request").info(json.dumps({"event": "request", "status": 200, "level": "x"}))
    logging.getLogger("backoffice.request").info("{broken")
    line, broken = parsed(lines)
    assert (line["event"], line["status"], line["level"]) == ("request", 200, "INFO")
    assert "message" not in line
    assert broken["message"] == "{broken"


def test_a_line_names_the_request_that_it_belongs_to(lines: io.StringIO) -> None:
    with Flask("shop").test_request_context("/customers/4711?q=li"):
        g.request_id = "abc123"
        logging.getLogger("models").info("inside")
    logging.getLogger("models").info("outside")
    inside, outside = parsed(lines)
    assert inside["request"] == "abc123"
    assert "request" not in outside
    assert "4711" not in lines.getvalue()
