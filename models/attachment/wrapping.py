"""What cannot bear the watermark in itself leaves in a ZIP beside a sheet that says whose it is (X1; docs/adr/0019)."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from pathlib import PurePosixPath
from typing import IO, cast

from models.attachment.rules import LONGEST_NAME

ZIP = "application/zip"
SHEET = "密级标记 Marking.txt"
IN_MEMORY = 4 * 1024 * 1024
PIECE = 255 * 1024
WORDS = """{mark}

密级标记
本文件取自带密级的记录，由上列人员于上列时间取出。须与本标记一同保管，不得转交他人；凭借阅卡取出的，到期须归还并删除。

Marking
This file was taken out of a classified record by the person and at the time above. It is kept together with this sheet
and passed on to nobody. What was taken out under a borrowing card is returned, and deleted, when the card ends.

文件 File: {name}
SHA-256: {digest}
"""


def wrapped(content: IO[bytes], name: str, mark: str) -> tuple[IO[bytes], int, str]:
    """A ZIP of the file and of its marking sheet, with its size and its name; to be closed by whoever sends it. The
    mark is also the ZIP's comment."""
    spool = cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115 - closed when it is sent
    digest = hashlib.sha256()
    inside = name if name != SHEET else f"_{name}"
    with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as made:
        with made.open(inside, "w", force_zip64=True) as target:
            while piece := content.read(PIECE):
                digest.update(piece)
                target.write(piece)
        made.writestr(SHEET, "\ufeff" + WORDS.format(mark=mark, name=name, digest=digest.hexdigest()))
        made.comment = mark.encode()
    size = spool.tell()
    spool.seek(0)
    return spool, size, zip_name(name, mark)


def zip_name(name: str, mark: str) -> str:
    """The name of the ZIP: the file's own, behind the level."""
    level = mark.partition(" · ")[0]
    stem = PurePosixPath(name).stem[: LONGEST_NAME - len(level) - 8]
    return f"[{level}] {stem}.zip"
