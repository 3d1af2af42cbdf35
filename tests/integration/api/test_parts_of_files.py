"""Attached files that a program has already, and parts of them (RFC 9110)."""

from __future__ import annotations

import os
from datetime import datetime
from time import sleep

import pytest
from werkzeug.test import TestResponse

from config.database import database
from models.attachment.sealed import PIECE
from models.reading.service import RATES
from tests.integration.api.conftest import Program

SIZE = 2 * PIECE + 1000
CONTENT = os.urandom(SIZE)
MOST_LOOKS = 200


def file_of(program: Program, content: bytes = CONTENT, **values: object) -> str:
    """A record with a file; where the file is."""
    sent = program.ask("POST", "/files?name=scan.bin", data=content, content_type="application/octet-stream")
    row = sent.get_json()
    return f"/sample/{program.make(scans=[row['file']], **values)}/files/{row['file']}"


@pytest.fixture
def at(head: Program) -> str:
    return file_of(head)


def asked(program: Program, at: str, **headers: str) -> TestResponse:
    answer = program.ask("GET", at, headers={name.replace("_", "-"): value for name, value in headers.items()})
    _ = answer.data
    answer.close()
    return answer


def trail(action: str) -> int:
    return database()["audit"].count_documents({"action": action})


def counted(program: Program) -> int:
    row = database()[RATES].find_one({"_id": program.person.id}) or {}
    return sum(one["count"] for one in row.get("recent", ()))


def test_a_file_that_is_there_already_is_not_sent_again(head: Program, at: str) -> None:
    first = asked(head, at)
    tag = first.headers["ETag"]
    assert (first.data, tag[0], first.headers["Accept-Ranges"]) == (CONTENT, '"', "bytes")
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = asked(head, at, If_None_Match=known)
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert asked(head, at, If_None_Match='"other"').data == CONTENT
    other = file_of(head, CONTENT)
    assert asked(head, other, If_None_Match=tag).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "first", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-", 5, SIZE),
        (f"bytes={PIECE - 3}-{PIECE + 2}", PIECE - 3, PIECE + 3),
        (f"bytes={PIECE}-{2 * PIECE - 1}", PIECE, 2 * PIECE),
        ("bytes=-7", SIZE - 7, SIZE),
        (f"bytes=-{SIZE + 9}", 0, SIZE),
        (f"bytes=7-{SIZE * 9}", 7, SIZE),
    ],
)
def test_a_part_of_a_file(head: Program, at: str, wanted: str, first: int, stop: int) -> None:
    answer = asked(head, at, Range=wanted)
    assert (answer.status_code, answer.data) == (206, CONTENT[first:stop])
    assert answer.headers["Content-Range"] == f"bytes {first}-{stop - 1}/{SIZE}"
    assert answer.headers["Content-Length"] == str(stop - first)
    assert answer.headers["ETag"] == asked(head, at).headers["ETag"]


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}"])
def test_a_part_behind_the_end_is_refused_with_the_size(head: Program, at: str, wanted: str) -> None:
    answer = asked(head, at, Range=wanted)
    assert (answer.status_code, answer.content_type) == (416, "application/problem+json")
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


LONG = "bytes=" + "9" * 5000 + "-"


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "lines=0-5", "bytes=x", "bytes=-0", "bytes=9-5", "", LONG])
def test_what_is_no_single_part_is_answered_in_full(head: Program, at: str, wanted: str) -> None:
    answer = asked(head, at, Range=wanted)
    assert (answer.status_code, answer.data) == (200, CONTENT)


def test_a_part_of_what_changed_is_answered_in_full(head: Program, at: str) -> None:
    tag = asked(head, at).headers["ETag"]
    assert asked(head, at, Range="bytes=3-4", If_Range=tag).data == CONTENT[3:5]
    for former in ('"other"', f"W/{tag}", "Mon, 23 Nov 2026 02:00:00 GMT"):
        assert asked(head, at, Range="bytes=3-4", If_Range=former).data == CONTENT


def test_only_the_pieces_that_hold_a_part_are_read(head: Program, at: str) -> None:
    """What is damaged before a part or behind it does not keep it back; what is damaged in it does."""
    chunks, file_id = database()["attachment.chunks"], at.rpartition("/")[2]
    files = database()["attachment.files"]
    one = next(row["_id"] for row in files.find() if str(row["_id"]) == file_id)
    chunks.update_many({"files_id": one, "n": {"$in": [0, 2]}}, {"$set": {"data": b"damaged"}})
    assert asked(head, at, Range=f"bytes={PIECE}-{2 * PIECE - 1}").data == CONTENT[PIECE : 2 * PIECE]
    for damaged in ("bytes=0-5", "bytes=-5"):
        assert asked(head, at, Range=damaged).status_code == 500


def test_each_answer_counts_as_a_reading(head: Program, at: str) -> None:
    """A program that has the file reads it when it is told that it may go on with what it has."""
    tag = asked(head, at).headers["ETag"]
    before = counted(head)
    for _ in range(10):
        asked(head, at, Range="bytes=0-5")
        asked(head, at, If_None_Match=tag)
    # Readings are told to the database five at a time, or after a while: up to four are not told yet. Nobody waits
    # until it has written what it was told.
    for _ in range(MOST_LOOKS):
        if counted(head) - before > 20 - 5:
            return
        sleep(0.05)
    raise AssertionError(f"{counted(head) - before} of 20 readings were counted")


def test_a_copy_with_a_mark_is_made_anew_and_whole_each_time(head: Program, now: datetime) -> None:
    at = file_of(head, b"a list", level="secret")
    before = trail("export")
    tag = '"' + at.rpartition("/")[2] + '"'
    for headers in ({}, {"If_None_Match": tag}, {"If_None_Match": "*"}, {"Range": "bytes=0-1"}):
        answer = asked(head, at, **headers)
        assert (answer.status_code, answer.data[:2]) == (200, b"PK")
        assert ("ETag" in answer.headers, answer.headers["Accept-Ranges"]) == (False, "none")
    assert trail("export") == before + 4


def test_who_may_not_have_a_file_is_not_told_that_it_is_the_same(head: Program, at: str) -> None:
    """Raised above internal since, it leaves with a mark or not at all."""
    number = at.split("/")[2]
    tag = asked(head, at).headers["ETag"]
    body = {"rev": 1, "values": {"level": "secret", "level_basis": "g"}}
    assert head.ask("PATCH", f"/sample/{number}", json=body).status_code == 200
    answer = asked(head, at, If_None_Match=tag)
    assert (answer.status_code, "ETag" in answer.headers) == (200, False)


@pytest.mark.parametrize("shown", ["", "/view"])
def test_the_screens_give_parts_too(head: Program, shown: str) -> None:
    at = f"/records{file_of(head, b'%PDF-1.7 ' + CONTENT)}{shown}"
    whole = head.desk.get(at)
    part = head.desk.client.get(at, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, whole.data[:4])
    held = head.desk.client.get(at, headers={"If-None-Match": whole.headers["ETag"]})
    assert held.status_code == 304
    behind = head.desk.client.get(at, headers={"Range": f"bytes={SIZE + 100}-"})
    assert (behind.status_code, behind.headers["Content-Range"]) == (416, f"bytes */{SIZE + 9}")
