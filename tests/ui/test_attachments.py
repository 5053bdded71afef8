from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.attachments import files as attachments
from holytui.attachments.files import (
    MOST,
    MOST_IMAGE,
    Attachment,
    Chosen,
    Gathered,
    Picture,
    carried,
    mentions,
    still_named,
    with_files,
)
from holytui.errors import NotAttached
from holytui.models import Image
from holytui.ui.markdown.document import MarkdownDocument
from tests import pictures


def gather(paths: Sequence[str], base: Path) -> Gathered:
    return attachments.gather([Chosen.at(path, base) for path in paths])


def test_paths_are_named_after_an_at_sign_that_begins_a_word() -> None:
    assert mentions('look at @src/a.py and @"my file.txt", not a@b.c @src/a.py') == ["src/a.py", "my file.txt"]


def test_a_file_is_sent_under_its_name_in_a_fence(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print(1)")
    found = gather(["a.py"], tmp_path)
    assert found == Gathered((Attachment("a.py", "print(1)"),))
    assert with_files("what does @a.py do?", found.files) == "what does @a.py do?\n\na.py:\n\n```py\nprint(1)\n```"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="`~\na ", max_size=60))
def test_no_file_can_end_its_own_fence(text: str) -> None:
    document = MarkdownDocument(with_files("q", [Attachment("f.txt", text)]))
    document.close()
    assert [block.text.rstrip("\n") for block in document.code_blocks] == [text.rstrip("\n")]


def test_a_stop_after_a_path_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x")
    (tmp_path / "a.png").write_bytes(pictures.png())
    assert gather(["a.py,", "a.py?"], tmp_path).files == (Attachment("a.py", "x"),) * 2
    assert [one.image.name for one in gather(["a.png."], tmp_path).pictures] == ["a.png"]


def test_what_is_no_file_is_told_and_stays_text(tmp_path: Path) -> None:
    paths = ("property", "a/b", "a\0b")
    assert gather(paths, tmp_path) == Gathered(missing=paths)


def test_what_is_too_long_for_a_path_stays_text(tmp_path: Path) -> None:
    word = "@" + "AAAA" * 200
    assert gather(attachments.mentions(word), tmp_path) == Gathered(missing=(word[1:],))


def test_home_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "notes.md").write_text("n")
    assert attachments.read("~/notes.md", attachments.place_of("~/notes.md", Path("/"))) == Attachment(
        "~/notes.md", "n"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("binary", "neither UTF-8 text nor an image (PNG, JPEG, GIF, WebP)"),
        ("zeros", "neither UTF-8 text"),
        ("large", "1.0 MB; at most 1 MB"),
        ("large.txt", "it is an image of 10.1 MB; at most 10 MB can be sent"),
        ("half.png", "it is a damaged image"),
        ("folder", "it is a folder"),
        ("pipe", "not a regular file"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_words(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "binary").write_bytes(b"\x7fELF\xff")
    (tmp_path / "large.txt").write_bytes(pictures.png(padding=MOST_IMAGE + 100_000))
    (tmp_path / "half.png").write_bytes(pictures.png()[:20])
    (tmp_path / "zeros").write_bytes(b"a\0b")
    (tmp_path / "large").write_bytes(b"x" * (MOST + 1))
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotAttached) as refused:
        gather([name], tmp_path)
    assert reason in refused.value.title
    assert refused.value.hint == "Nothing was sent"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("x")

    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)  # root may read anything
    with pytest.raises(NotAttached, match="Permission denied"):
        attachments.read("secret", attachments.place_of("secret", tmp_path))


def test_a_byte_order_mark_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfhello")
    assert attachments.read("a.txt", attachments.place_of("a.txt", tmp_path)) == Attachment("a.txt", "hello")


@pytest.mark.parametrize("name", ["photo.png", "notes.txt", "no ending"])
def test_an_image_is_told_by_its_bytes_and_not_by_its_name(tmp_path: Path, name: str) -> None:
    data = pictures.png(640, 480, padding=MOST)  # larger than a text may be
    (tmp_path / name).write_bytes(data)
    found = attachments.read(name, attachments.place_of(name, tmp_path))
    assert isinstance(found, Picture)
    assert found == Picture(pictures.image(data, name), data)
    assert (found.image.name, found.image.width, found.image.size) == (name, 640, len(data))
    assert "padd" not in repr(found).lower()


def test_a_text_with_the_name_of_an_image_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no picture")
    assert attachments.read("a.png", attachments.place_of("a.png", tmp_path)) == Attachment("a.png", "no picture")


def image_named(name: str) -> Image:
    return pictures.image(pictures.png(), name)


def test_an_edited_question_keeps_the_images_that_it_still_names() -> None:
    one, two, unnamed = image_named("a.png"), image_named("my b.png"), image_named("c.png")
    before = 'compare @a.png, and @"my b.png"'
    assert still_named([one, two, unnamed], before, 'what is @a.png? @"my  b.png"') == [one, two, unnamed]
    assert still_named([one, two, unnamed], before, "only @a.png") == [one, unnamed]
    assert still_named([one, two, unnamed], before, "nothing") == [unnamed]


def test_what_a_question_carries_already_is_not_read_again() -> None:
    text = with_files("see @a.py @b.py: @p.png, and @q.png", [Attachment("b.py", "x")])
    paths = ["a.py", "b.py:", "p.png,", "q.png"]
    assert [carried(path, text, [image_named("p.png")]) for path in paths] == [False, True, True, False]
    assert not carried("a.py", "@a.py:\n\n```\nmine\n```", [])
