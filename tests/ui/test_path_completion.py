from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from holytui.attachments.files import MOST, MOST_IMAGE
from holytui.ui.composer.path_completion import FileKind, FolderEntry, completed_text, entries_in, matching, typed_at
from tests import pictures


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
    assert completed_text(typed, FolderEntry("src", None)) == "@src/"
    assert completed_text(typed, FolderEntry("setup.py", 10)) == "@setup.py "
    assert completed_text(typed, FolderEntry("so far.txt", 10)) == '@"so far.txt" '


def test_names_come_in_order_with_their_size_and_hidden_ones_only_when_asked(tmp_path: Path) -> None:
    tmp_path = tmp_path / "files"
    tmp_path.mkdir()
    (tmp_path / "b.txt").write_text("12345")
    (tmp_path / ".hidden").write_text("")
    (tmp_path / "a").mkdir()
    (tmp_path / "bad\x1b.txt").write_text("")
    os.mkfifo(tmp_path / "pipe")
    names = entries_in("", tmp_path)
    assert names == [FolderEntry("a", None), FolderEntry("b.txt", 5, FileKind.TEXT), FolderEntry(".hidden", 0)]
    assert [name.name for name in matching(names, "")] == ["a", "b.txt"]
    assert [name.name for name in matching(names, ".h")] == [".hidden"]
    assert [name.name for name in matching(names, "TXT")] == ["b.txt"]
    assert entries_in("no such folder/", tmp_path) == []
    assert [name.remark(sees=False) for name in names[:2]] == ["folder", "5 B"]
    assert FolderEntry("x", MOST + 1).remark(sees=True) == "1.0 MB, too large"


@pytest.mark.parametrize(
    ("kind", "size", "seeing", "blind"),
    [
        (FileKind.IMAGE, 2_500_000, "image, 2.5 MB", "image, 2.5 MB; this model sees none"),
        (FileKind.IMAGE, MOST_IMAGE + 100_000, "image, 10.1 MB, too large", "image, 10.1 MB, too large"),
        (FileKind.DOCUMENT, MOST + 1, "document, 1.0 MB", "document, 1.0 MB"),
        (FileKind.DOCUMENT, 30_000_000, "30.0 MB, too large", "30.0 MB, too large"),
        (FileKind.BINARY, 7, "7 B, neither text nor image", "7 B, neither text nor image"),
        (FileKind.TEXT, 7, "7 B", "7 B"),
        (FileKind.TEXT, MOST + 1, "1.0 MB, too large", "1.0 MB, too large"),
        (FileKind.UNKNOWN, MOST, "1.0 MB", "1.0 MB"),
    ],
)
def test_a_file_is_offered_with_what_stands_in_its_way(kind: FileKind, size: int, seeing: str, blind: str) -> None:
    name = FolderEntry("x", size, kind)
    assert (name.remark(sees=True), name.remark(sees=False)) == (seeing, blind)


def test_what_a_file_is_its_first_bytes_say(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_bytes(pictures.jpeg())
    (folder / "b.png").write_text("ế" * 400)  # the head ends within a letter
    (folder / "c").write_bytes(b"\x7fELF\xff")
    (folder / "d").write_bytes(b"zero\0")
    (folder / "e").write_bytes("ế".encode()[:2])
    (folder / "f.PDF").write_bytes(b"%PDF-1.4\n\xff")
    (folder / "g.docx").write_bytes(b"PK\x03\x04\0")
    (folder / "h.zip").write_bytes(b"PK\x03\x04\0")
    kinds = [name.kind for name in entries_in("", folder)]
    assert kinds == [
        *(FileKind.IMAGE, FileKind.TEXT, FileKind.BINARY, FileKind.BINARY, FileKind.BINARY),
        *(FileKind.DOCUMENT, FileKind.DOCUMENT, FileKind.BINARY),
    ]


def test_a_slow_disk_is_not_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_text("text")
    ticks = itertools.count(0.0, 0.09)
    kinds = [name.kind for name in entries_in("", folder, lambda: next(ticks))]
    assert kinds == [FileKind.TEXT, FileKind.TEXT, FileKind.UNKNOWN]
