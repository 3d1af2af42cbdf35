"""Attached files: what they may be called, what they are by their content, which a browser may show."""

from __future__ import annotations

import re
import unicodedata

from bson import ObjectId

from models.declarations import Label
from models.errors import Invalid, Outage, Refusal, Sentence

LONGEST_NAME = 120
HEAD_BYTES = 4096
UNKNOWN, PDF = "application/octet-stream", "application/pdf"

SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", PDF),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"BM", "image/bmp"),
    (4, b"ftypheic", "image/heic"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
)
OFFICE: tuple[tuple[bytes, str], ...] = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
PROGRAMS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!/")
IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
"""The images that can bear a watermark, by what their formats are called."""
SHOWN = IMAGES | {PDF}
"""What a browser shows by itself without running anything of ours or theirs."""

TAKEN = Label(
    "一次提交合计最大 {limit} MB；程序和空文件除外，各类文件均可。",
    "Up to {limit} MB at a time; any kind of file but programs and empty ones.",
)
"""Said beside an input for files: what `check` and the limit let through."""

GONE = Sentence("文件已失效，请重新选择。", "Please choose the file again.")
"""Said where a file is nobody's any more, another record's, or another person's."""


class BadFile(Refusal):
    """A file that is not taken; nothing of it is stored."""

    code = "bad_file"
    zh, en = "无法接收文件“{name}”。", "The file “{name}” cannot be taken."


class FileTooLarge(BadFile):
    """The file is above the limit of the installation."""

    code, status = "file_too_large", 413
    zh, en = "文件“{name}”太大，最大 {limit} MB。", "The file “{name}” is too large: {limit} MB at most."


class EmptyFile(BadFile):
    """The file holds nothing, as after a broken copy."""

    code = "empty_file"
    zh, en = "文件“{name}”是空的，请重新选择。", "The file “{name}” is empty; please choose it again."


class ProgramFile(BadFile):
    """The file is a program."""

    code = "program_file"
    zh, en = "文件“{name}”是程序，不能作为附件。", "The file “{name}” is a program; programs are not attached."


class InfectedFile(BadFile):
    """The virus scanner found something in the file."""

    code = "infected_file"
    zh = "文件“{name}”含有病毒（{finding}），已拒绝接收。请勿打开该文件，并通知系统管理员。"
    en = "A virus was found in “{name}” ({finding}); it was not taken. Do not open it, and tell an administrator."


class NotScanned(BadFile):
    """The virus scanner that the installation asks for gave no answer: nothing is taken unscanned."""

    code, status = "not_scanned", 503
    zh = "病毒扫描暂不可用或无法检查文件“{name}”，文件未接收。请稍后再试，或通知系统管理员。"
    en = (
        "The virus scanner is not available or cannot check “{name}”: the file was not taken. Try again later, or tell "
        "an administrator."
    )


class NotMarkable(Refusal):
    """A PDF or picture that cannot bear the watermark is not looked at, and a PDF does not leave (X1)."""

    code, status = "not_markable", 422
    zh = "“{name}”受密码保护、已损坏、过大或为动态图片，无法加水印，不能查看。请联系信息管理员换成普通 PDF 或图片。"
    en = (
        "“{name}” is protected by a password, broken, too large or a moving picture and cannot bear the watermark: it "
        "stays here. Ask the custodian for an ordinary PDF or picture."
    )


class PdfsBusy(Outage):
    """As many PDFs are being checked, marked or drawn as may be at once: nothing is said about this one yet."""

    code = "pdfs_busy"
    zh = "正在处理的 PDF 较多，暂时无法处理“{name}”。请稍候再试。"
    en = "Several PDFs are being handled, and “{name}” has to wait. Please try again in a moment."


class NotTaken(Invalid):
    """A classified record is given a PDF that nobody could look at there, or take out (X1): `file`, in `field`."""

    def __init__(self, field: str, file: ObjectId, name: str) -> None:
        self.field, self.file = field, file
        said = Sentence(
            f"“{name}”受密码保护、已损坏或过大，无法加水印，涉密记录不能接收。请换成普通 PDF。",
            f"“{name}” is protected by a password, broken or too large and cannot bear the watermark: a classified "
            "record does not take it. Choose an ordinary PDF.",
        )
        super().__init__({field: said})


class FileDamaged(Refusal):
    """What is stored of a file is not what was sealed: it was changed, moved, cut or exchanged."""

    code, status = "file_damaged", 500
    zh = "该文件的存储内容已损坏或被改动，不能打开。请通知系统管理员从备份恢复。"
    en = "What is stored of this file is damaged or was changed; it cannot be opened. An administrator may restore it."


def in_megabytes(limit: int) -> int:
    """A limit as it is said to people."""
    return limit // (1024 * 1024) or 1


def safe_name(name: str) -> str:
    """A name that is safe in headers, on disks and in pages: no folders, control or direction marks; at most 120
    characters, the ending kept. `file` when nothing is left."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    name = re.sub(r"[<>:\"|?*]", "_", " ".join(name.split())).strip(". ")
    if len(name) > LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        ending = dot + ending if dot and len(ending) <= 10 else ""
        name = (stem if ending else name)[: LONGEST_NAME - len(ending)] + ending
    return name or "file"


def content_type(head: bytes) -> str:
    """The type of a file by its first bytes, whatever its name says; octet-stream when they do not tell."""
    for offset, mark, found in SIGNATURES:
        if head.startswith(mark, offset):
            return found
    if head.startswith(b"PK\x03\x04"):
        return next((found for mark, found in OFFICE if mark in head), "application/zip")
    return "text/plain" if _is_text(head) else UNKNOWN


def check(name: str, head: bytes) -> None:
    """:raises EmptyFile: :raises ProgramFile: for a file that is not taken, by its first bytes."""
    if not head:
        raise EmptyFile(name=name)
    if head.startswith(PROGRAMS):
        raise ProgramFile(name=name)


def _is_text(head: bytes) -> bool:
    """Whether the bytes read as text in an encoding of this country; a character cut at the end does not count."""
    if any(byte < 9 or 13 < byte < 32 for byte in head):
        return False
    for encoding in ("utf-8", "gb18030"):
        for cut in range(4):
            try:
                head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return True
    return False
