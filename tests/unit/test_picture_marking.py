"""The watermark in a picture, and the ZIP around what cannot bear one."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

import pytest
from PIL import Image, ImageChops

from models.attachment import images
from models.attachment.images import marked_image
from models.attachment.rules import PICTURES, NotMarkable
from models.attachment.wrapping import SHEET, wrapped

MARK = "机密 · 王敏 · 2026-11-23 10:00 · JY-000123"


def picture(
    kind: str, size: tuple[int, int] = (900, 700), mode: str = "RGB", colour: Any = "white", **save: Any
) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, colour).save(made, PICTURES[kind], **save)
    return made.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def touched(before: bytes, after: bytes) -> float:
    """The share of a picture's blocks of 90 by 70 points in which something was drawn."""
    one, other = opened(before).convert("L"), opened(after).convert("L").crop((0, 0, *opened(before).size))
    drawn = ImageChops.difference(one, other).point(lambda value: 255 if value > 40 else 0)
    boxes = [(x, y, x + 90, y + 70) for x in range(0, one.width, 90) for y in range(0, one.height, 70)]
    return sum(drawn.crop(box).getbbox() is not None for box in boxes) / len(boxes)


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("colour", ["white", "black", "gray"])
def test_the_mark_lies_across_the_whole_picture_whatever_its_colour(kind: str, colour: str) -> None:
    before = picture(kind, colour=colour)
    after = marked_image(before, kind, MARK, "a")
    assert opened(after).format == PICTURES[kind]
    assert touched(before, after) > 0.6


def test_another_reader_leaves_another_picture() -> None:
    before = picture("image/png")
    assert marked_image(before, "image/png", MARK, "a") != marked_image(
        before, "image/png", MARK.replace("王", "李"), "a"
    )


@pytest.mark.parametrize("size", [(1, 1), (20, 600), (600, 20), (4000, 3000)])
def test_the_strip_holds_the_whole_mark_however_small_the_picture(size: tuple[int, int]) -> None:
    after = opened(marked_image(picture("image/png", size), "image/png", MARK, "a"))
    strip = after.crop((0, size[1], after.width, after.height)).convert("L")
    left, _top, right, _bottom = strip.point(lambda value: 255 if value < 128 else 0).getbbox() or (0, 0, 0, 0)
    assert right - left > 280
    assert left > 0
    assert right < after.width


@pytest.mark.parametrize(
    ("mode", "colour"), [("RGBA", (0, 0, 0, 0)), ("P", 3), ("L", 9), ("LA", (0, 0)), ("1", 0), ("I;16", 9)]
)
def test_every_kind_of_colours_is_marked(mode: str, colour: Any) -> None:
    assert opened(marked_image(picture("image/png", mode=mode, colour=colour), "image/png", MARK, "a")).mode == "RGB"


def test_a_print_photo_is_marked_too() -> None:
    assert opened(marked_image(picture("image/jpeg", mode="CMYK"), "image/jpeg", MARK, "a")).mode == "RGB"


def test_a_photo_is_turned_and_says_nothing_of_its_camera() -> None:
    told = Image.Exif()
    told[0x0112], told[0x010F] = 6, "Camera of Wang Min"
    before = picture("image/jpeg", (300, 1000), exif=told)
    after = marked_image(before, "image/jpeg", MARK, "a")
    assert opened(after).width >= 1000
    assert b"Wang Min" in before
    assert b"Wang Min" not in after


def moving(kind: str) -> bytes:
    made = io.BytesIO()
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue")]
    frames[0].save(made, PICTURES[kind], save_all=True, append_images=frames[1:])
    return made.getvalue()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n" + b"0" * 2000),
        ("image/jpeg", picture("image/jpeg")[:-3000]),
        ("image/png", picture("image/jpeg")),
        ("image/webp", moving("image/webp")),
        ("image/png", moving("image/png")),
        ("image/gif", b"GIF89a"),
        ("image/png", b""),
    ],
    ids=["not one", "cut", "another type", "moves", "png that moves", "gif", "empty"],
)
def test_what_cannot_bear_the_mark_is_refused(kind: str, content: bytes) -> None:
    with pytest.raises(NotMarkable):
        marked_image(content, kind, MARK, "a")


def test_a_picture_that_unpacks_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotMarkable):
        marked_image(picture("image/png", (20_000, 20_000), "1", 0), "image/png", MARK, "a")
    monkeypatch.setattr(images, "MOST_PIXELS", 100)
    with pytest.raises(NotMarkable):
        marked_image(picture("image/png", (20, 20)), "image/png", MARK, "a")


def test_a_narrow_picture_that_its_mark_would_make_too_large_is_refused() -> None:
    size = (1, images.MOST_PIXELS // 200)
    with pytest.raises(NotMarkable):
        marked_image(picture("image/png", size, "1", 0), "image/png", MARK, "a")


@pytest.mark.parametrize("name", ["方案.docx", SHEET, "a" * 120])
def test_anything_else_leaves_in_a_zip_beside_its_mark(name: str) -> None:
    content = b"PK\x03\x04 office" * 100_000
    made, size, zip_name = wrapped(io.BytesIO(content), name, MARK)
    with made:
        held = made.read()
    assert len(held) == size
    assert zip_name.startswith("[机密] ")
    assert zip_name.endswith(".zip")
    assert len(zip_name) <= 120
    with zipfile.ZipFile(io.BytesIO(held)) as opened_zip:
        assert opened_zip.comment.decode() == MARK
        first, sheet = opened_zip.namelist()
        assert opened_zip.read(first) == content
        words = opened_zip.read(sheet).decode("utf-8-sig")
    assert sheet == SHEET
    assert words.startswith(MARK)
    assert hashlib.sha256(content).hexdigest() in words
