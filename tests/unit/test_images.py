from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.images import data_url, describe, image_of, media_type_of, text_with_images
from holytui.models import Image, Message, Role
from tests import pictures

KINDS: dict[str, Callable[[int, int], bytes]] = {
    "png": pictures.png,
    "jpeg": pictures.jpeg,
    "gif": pictures.gif,
    "lossy": pictures.webp,
    "lossless": lambda width, height: pictures.webp(width, height, "VP8L"),
    "extended": lambda width, height: pictures.webp(width, height, "VP8X"),
}
MEDIA_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/webp", "image/webp"]


@pytest.mark.parametrize(("kind", "media_type"), zip(KINDS, MEDIA_TYPES, strict=True))
@pytest.mark.parametrize(("width", "height"), [(640, 480), (1, 1), (300, 16_000)])
def test_an_image_is_told_by_its_bytes(kind: str, media_type: str, width: int, height: int) -> None:
    data = KINDS[kind](width, height)
    expected = Image("a b.txt", media_type, len(data), width, height, hashlib.sha256(data).hexdigest())
    assert image_of("a  b.txt", data) == expected


@pytest.mark.parametrize("data", [b"", b"GIF", b"text", b"<svg>", b"RIFF1234WAVEfmt ", b"BM6", b"%PDF-1.7"])
def test_nothing_else_is_an_image(data: bytes) -> None:
    assert media_type_of(data) == ""
    assert image_of("x.png", data) is None


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_broken_header_is_no_image_and_no_error(kind: str, data: st.DataObject) -> None:
    whole = KINDS[kind](5, 4)
    headers = {"png": 24, "jpeg": whole.find(b"\xff\xff\xc2") + 10, "gif": 10, "lossless": 25}
    cut = data.draw(st.integers(0, headers.get(kind, 30) - 1))
    assert image_of("x", whole[:cut]) is None
    at = data.draw(st.integers(0, len(whole) - 1))
    image_of("x", whole[:at] + data.draw(st.binary(max_size=40)))


@pytest.mark.parametrize(
    "data",
    [
        pictures.png(0, 5),
        pictures.gif(7, 0),
        b"\xff\xd8\xff\xda" + bytes(40),  # the picture's data without a header before it
        b"\xff\xd8\xff\xe0\0\0" + bytes(40),  # a segment without any length
        pictures.webp(form="ALPH"),
        b"\x89PNG\r\n\x1a\n" + bytes(40),
    ],
)
def test_an_image_without_a_size_is_broken(data: bytes) -> None:
    assert media_type_of(data)
    assert image_of("x", data) is None


def test_a_name_is_the_same_in_every_form_of_unicode() -> None:
    one, two = (image_of(name, pictures.png()) for name in ("ảnh.png", "a\u0309nh.png"))
    assert one == two


def test_an_image_in_words_has_its_name_kind_and_sizes(vietnamese: None) -> None:
    assert describe(Image("a\x1b.png", "image/jpeg", 120_300, 640, 480, "")) == "a␛.png · JPEG · 640×480 · 120,3 kB"


def test_a_text_is_followed_by_a_line_for_each_image() -> None:
    one, two = Image("a.png", "image/png", 9, 1, 2, ""), Image("b.gif", "image/gif", 1200, 3, 4, "")
    question = Message("m", "c", None, Role.USER, "what?\n", 0.0)
    assert text_with_images(question) == "what?\n"
    lines = "[image: a.png · PNG · 1×2 · 9 B]\n[image: b.gif · GIF · 3×4 · 1.2 kB]"
    assert (
        text_with_images(Message("m", "c", None, Role.USER, "what?\n", 0.0, images=(one, two))) == f"what?\n\n{lines}"
    )


def test_an_address_holds_the_whole_image() -> None:
    assert data_url(Image("x", "image/gif", 3, 1, 1, ""), b"abc") == "data:image/gif;base64,YWJj"
