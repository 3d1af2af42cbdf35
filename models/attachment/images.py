"""A watermark in the picture itself: across it, and legible in a strip below it (X1)."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont, ImageOps
from PIL.Image import Resampling
from pylopdf_fonts_zh_cn import sans_path

from models.attachment.rules import PICTURES, NotMarkable

MOST_BYTES = 32 * 1024 * 1024
MOST_PIXELS = 30_000_000
"""Of the picture and of what is made of it: three bytes each, of which two or three copies are held at once."""
SMALLEST_TEXT, LARGEST_TEXT = 14, 64
SHARE, FAINT = 30, 110
"""The text is a thirtieth of the shorter side high, and lets so much through (of 255)."""
PAGE_SHARE, PAGE_FAINT = 56, 60
"""The same on a page that is to be read."""
SLANT, LINES_APART = 25, 5
DARK, LIGHT = (60, 60, 60), (255, 255, 255)
STRIP, INK = (255, 255, 255), (40, 40, 40)
BROKEN = (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError)
"""What reading a broken or oversized picture raises."""


def marked_image(content: bytes, kind: str, text: str, name: str, *, page: bool = False) -> bytes:
    """The picture with `text` drawn across it, fainter where it is a page of text, and below it, of the same type. It
    is turned as its camera says; what a file says of itself beside the picture (place, camera, thumbnail) is left out.

    :raises NotMarkable: for a picture that cannot be read, moves, or has more than 32 MB or 30 million pixels.
    """
    if kind not in PICTURES or len(content) > MOST_BYTES:
        raise NotMarkable(name=name)
    try:
        picture, profile = _opened(content, kind, name)
        marked = _with_strip(_across(picture, text, *((PAGE_SHARE, PAGE_FAINT) if page else (SHARE, FAINT))), text)
        made = BytesIO()
        marked.save(made, PICTURES[kind], quality=88, icc_profile=profile)
    except BROKEN:
        raise NotMarkable(name=name) from None
    return made.getvalue()


def _opened(content: bytes, kind: str, name: str) -> tuple[Image.Image, bytes | None]:
    """The picture in plain colours on white, and its colour profile where that still fits."""
    with Image.open(BytesIO(content), formats=(PICTURES[kind],)) as opened:
        if opened.width * opened.height > MOST_PIXELS or getattr(opened, "n_frames", 1) > 1:
            raise NotMarkable(name=name)
        turned = ImageOps.exif_transpose(opened)
        profile = opened.info.get("icc_profile") if opened.mode == "RGB" else None
        if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
            clear = turned.convert("RGBA")
            picture = Image.new("RGB", clear.size, STRIP)
            picture.paste(clear, mask=clear.getchannel("A"))
            return picture, profile
        return turned.convert("RGB"), profile


def _across(picture: Image.Image, text: str, share: int, faint: int) -> Image.Image:
    """The text again and again, slanted, light on dark places and dark on light ones."""
    size = max(SMALLEST_TEXT, min(LARGEST_TEXT, min(picture.size) // share))
    dark, light = _tile(text, size, faint)
    for y in range(-dark.height, picture.height, size * LINES_APART):
        for x in range(-dark.width // 2, picture.width, dark.width + size):
            picture.paste(LIGHT, (x, y), light)
            picture.paste(DARK, (x, y), dark)
    return picture


def _tile(text: str, size: int, faint: int) -> tuple[Image.Image, Image.Image]:
    """The slanted text, as masks of its strokes and of the edge around them."""
    font = _font(size)
    left, top, right, bottom = font.getbbox(text, stroke_width=2)
    masks = []
    for width in (0, max(1, size // 12)):
        flat = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4), 0)
        ImageDraw.Draw(flat).text((2 - left, 2 - top), text, fill=faint, font=font, stroke_width=width)
        masks.append(flat.rotate(SLANT, Resampling.BILINEAR, expand=True))
    return masks[0], masks[1]


def _with_strip(picture: Image.Image, text: str) -> Image.Image:
    """The picture above a strip in which the text stands in full, however small the picture is."""
    size = max(SMALLEST_TEXT, min(LARGEST_TEXT, picture.width // SHARE))
    font = _font(size)
    while font.getlength(text) + size > picture.width and size > SMALLEST_TEXT:
        size -= 1
        font = _font(size)
    width, height = max(picture.width, int(font.getlength(text)) + size), picture.height + size * 2
    if width * height > MOST_PIXELS:
        raise ValueError("a narrow picture as wide as its mark is too large")
    made = Image.new("RGB", (width, height), STRIP)
    made.paste(picture, ((width - picture.width) // 2, 0))
    ImageDraw.Draw(made).text((width // 2, picture.height + size), text, fill=INK, font=font, anchor="mm")
    return made


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(sans_path(), size)
