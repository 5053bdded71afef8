"""Small images made byte by byte, one of each kind; each but the PNG is as much of one as its header takes."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode

from holytui.images import image_of
from holytui.models import Image


def png(width: int = 3, height: int = 2, shade: int = 0, padding: int = 0) -> bytes:
    """A whole grey one; `padding` bytes of a chunk that means nothing make it larger."""
    rows = b"".join(b"\0" + bytes([shade]) * width for _row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"paDd", bytes(padding)), (b"IEND", b"")]
    if not padding:
        del chunks[2]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg(width: int = 3, height: int = 2) -> bytes:
    """With a thumbnail's worth of other segments before the frame header, and a filling byte."""
    before = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9)
    table = b"\xff\xc4" + struct.pack(">H", 200) + b"\xff\xc0" * 99  # bytes in it that look like a header
    frame = b"\xff\xff\xc2" + struct.pack(">HBHHB", 11, 8, height, width, 1) + bytes(3)
    return b"\xff\xd8" + before + table + frame + b"\xff\xd9"


def gif(width: int = 3, height: int = 2) -> bytes:
    """The header and the logical screen."""
    return b"GIF89a" + struct.pack("<HH", width, height) + bytes(3) + b";"


def webp(width: int = 3, height: int = 2, form: str = "VP8 ") -> bytes:
    """Lossy (`VP8 `), lossless (`VP8L`) or extended (`VP8X`)."""
    match form:
        case "VP8 ":
            data = b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)
        case "VP8L":
            data = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)
        case _:
            data = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + form.encode() + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def image(data: bytes, name: str = "a.png") -> Image:
    """What `data` is."""
    found = image_of(name, data)
    assert found is not None
    return found


def sent(data: bytes, media_type: str = "image/png") -> dict[str, object]:
    """The part of a request that an image is."""
    url = f"data:{media_type};base64,{b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def said(text: str) -> dict[str, object]:
    """The part of a request that a text is."""
    return {"type": "text", "text": text}
