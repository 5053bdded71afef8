"""Detection of images from their bytes, and descriptions of images.

Sizes are read from the headers of PNG (RFC 2083), GIF89a, JPEG (ITU-T T.81, annex B) and WebP (RFC 9649).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

from holytui.formatting import size
from holytui.i18n import _, ngettext
from holytui.models import Image, Message
from holytui.text import nfc, sanitize_line

_NAMES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WebP"}
_Pixels = tuple[int, int] | None


def media_type_of(data: bytes) -> str:
    """Return the media type of `data`, one of `MEDIA_TYPES`, by its first bytes; empty if it is none of them."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return ""


def image_of(name: str, data: bytes) -> Image | None:
    """Return the image in `data`, named as the user wrote it; None if it is not an image or is damaged."""
    media_type = media_type_of(data)
    pixels = _READERS[media_type](data) if media_type else None
    if pixels is None or 0 in pixels:
        return None
    from hashlib import sha256  # loads OpenSSL, which the first paint does not need

    return Image(plain_name(name), media_type, len(data), *pixels, sha256(data).hexdigest())


def plain_name(path: str) -> str:
    """Return the name of an image from its path, in composed Unicode."""
    return sanitize_line(nfc(path))


def _png(data: bytes) -> _Pixels:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def _gif(data: bytes) -> _Pixels:
    if len(data) < 10:
        return None
    return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")


def _jpeg(data: bytes) -> _Pixels:
    """Read the frame header, which follows segments of any length."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if marker == 0xFF:  # a fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        elif marker in (0xD9, 0xDA) or length < 2:  # image data or end without a frame header
            return None
        else:
            at += 2 + length
    return None


def _webp(data: bytes) -> _Pixels:
    match data[12:16]:
        case b"VP8 " if len(data) >= 30 and data[23:26] == b"\x9d\x01\x2a":
            return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
        case b"VP8L" if len(data) >= 25 and data[20] == 0x2F:
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X" if len(data) >= 30:
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case _:
            return None


_READERS: dict[str, Callable[[bytes], _Pixels]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/gif": _gif,
    "image/webp": _webp,
}

MEDIA_TYPES = frozenset(_READERS)
"""Media types that are sent to models."""


def data_url(image: Image, data: bytes) -> str:
    """Return the image as a data URL (RFC 2397), for requests and HTML."""
    return f"data:{image.media_type};base64,{b64encode(data).decode('ascii')}"


# -- descriptions


def describe(image: Image) -> str:
    """Return a description such as `photo.png · PNG · 640×480 · 120.3 kB`."""
    name, kind = sanitize_line(image.name), _NAMES.get(image.media_type, "")
    return f"{name} · {kind} · {image.width}×{image.height} · {size(image.size)}"


def left_out_note(count: int) -> str:
    """Return the note that `count` images were not sent to the model."""
    return ngettext("{count} image left out", "{count} images left out", count).format(count=count)


def text_with_images(message: Message) -> str:
    """Return a message's text followed by a line for each image, as copied, paged and exported."""
    lines = [_("[image: {image}]").format(image=describe(image)) for image in message.images]
    return "\n\n".join([message.text.rstrip("\n"), "\n".join(lines)]) if lines else message.text
