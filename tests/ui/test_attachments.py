from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.errors import NotAttached
from holytui.ui import attachments
from holytui.ui.attachments import MOST, Attachment, Name, matching, mentions, names_in, typed_at, with_files, written
from holytui.ui.markdown import MarkdownDocument


def test_paths_are_named_after_an_at_sign_that_begins_a_word() -> None:
    assert mentions('look at @src/a.py and @"my file.txt", not a@b.c @src/a.py') == ["src/a.py", "my file.txt"]


def test_what_is_typed_is_offered_up_to_the_cursor() -> None:
    typed = typed_at("see @src/ma and", 11)
    assert typed is not None
    assert (typed.path, typed.column, typed.folder, typed.beginning) == ("src/ma", 4, "src/", "ma")
    assert typed_at("mail a@b", 8) is None
    quoted = typed_at('@"my fi', 7)
    assert quoted is not None
    assert quoted.path == "my fi"


def test_a_folder_is_gone_on_from_and_a_file_is_followed_by_a_space() -> None:
    typed = typed_at("@s", 2)
    assert typed is not None
    assert written(typed, Name("src", None)) == "@src/"
    assert written(typed, Name("setup.py", 10)) == "@setup.py "
    assert written(typed, Name("so far.txt", 10)) == '@"so far.txt" '


def test_names_come_in_order_with_their_size_and_hidden_ones_only_when_asked(tmp_path: Path) -> None:
    tmp_path = tmp_path / "files"
    tmp_path.mkdir()
    (tmp_path / "b.txt").write_text("12345")
    (tmp_path / ".hidden").write_text("")
    (tmp_path / "a").mkdir()
    (tmp_path / "bad\x1b.txt").write_text("")
    os.mkfifo(tmp_path / "pipe")
    names = names_in("", tmp_path)
    assert names == [Name("a", None), Name("b.txt", 5), Name(".hidden", 0)]
    assert [name.name for name in matching(names, "")] == ["a", "b.txt"]
    assert [name.name for name in matching(names, ".h")] == [".hidden"]
    assert [name.name for name in matching(names, "TXT")] == ["b.txt"]
    assert names_in("no such folder/", tmp_path) == []
    assert [name.remark for name in names[:2]] == ["folder", "5 B"]
    assert Name("x", MOST + 1).remark == "1.0 MB, too large"


def test_a_file_is_sent_under_its_name_in_a_fence(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print(1)")
    found, missing = attachments.gather(["a.py"], tmp_path)
    assert missing == []
    assert with_files("what does @a.py do?", found) == "what does @a.py do?\n\na.py:\n\n```py\nprint(1)\n```"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="`~\na ", max_size=60))
def test_no_file_can_end_its_own_fence(text: str) -> None:
    document = MarkdownDocument(with_files("q", [Attachment("f.txt", text)]))
    document.close()
    assert [block.text.rstrip("\n") for block in document.code_blocks] == [text.rstrip("\n")]


def test_a_stop_after_a_path_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x")
    assert attachments.gather(["a.py,", "a.py?"], tmp_path)[0] == [Attachment("a.py", "x")] * 2


def test_what_is_no_file_is_told_and_stays_text(tmp_path: Path) -> None:
    assert attachments.gather(["property", "a/b", "a\0b"], tmp_path) == ([], ["property", "a/b", "a\0b"])


def test_home_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "notes.md").write_text("n")
    assert attachments.read("~/notes.md", Path("/")) == Attachment("~/notes.md", "n")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("binary", "no text in UTF-8"),
        ("zeros", "no text in UTF-8"),
        ("large", "1.0 MB, and at most 1 MB"),
        ("folder", "it is a folder"),
        ("pipe", "no ordinary file"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_words(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "binary").write_bytes(b"\x89PNG\xff")
    (tmp_path / "zeros").write_bytes(b"a\0b")
    (tmp_path / "large").write_bytes(b"x" * (MOST + 1))
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotAttached) as refused:
        attachments.gather([name], tmp_path)
    assert reason in refused.value.title
    assert refused.value.hint == "Nothing was sent"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("x")

    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)  # root may read anything
    with pytest.raises(NotAttached, match="Permission denied"):
        attachments.read("secret", tmp_path)


def test_a_byte_order_mark_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfhello")
    assert attachments.read("a.txt", tmp_path) == Attachment("a.txt", "hello")
