"""Folders and patterns attach the text files in them, within limits, and name what is left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from holytui.attachments import files as attachments
from holytui.attachments import folders
from holytui.attachments.files import Chosen, Gathered, carried, with_files
from holytui.attachments.patterns import IgnoreRules, PathPattern
from holytui.attachments.selection import RequestedFiles, check_files
from holytui.errors import NotAttached


@pytest.fixture
def base(tmp_path: Path) -> Path:
    put(tmp_path, "src/a.py", "src/b.txt", "src/sub/c.py", "src/sub/deep/d.py", "src/.hidden.py", "src/.cache/e.py")
    (tmp_path / "src/z.bin").write_bytes(b"a\0b")
    put(tmp_path, "outside/secret.py")
    (tmp_path / "src/link").symlink_to(tmp_path / "outside")
    (tmp_path / "src/link.py").symlink_to(tmp_path / "outside/secret.py")
    os.mkfifo(tmp_path / "src/pipe.py")
    return tmp_path


def put(base: Path, *paths: str) -> None:
    for path in paths:
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).write_text(f"text of {Path(path).name}\n")


def gather(base: Path, *paths: str) -> Gathered:
    return attachments.gather([Chosen.at(path, base) for path in paths])


def names(base: Path, *paths: str) -> list[str]:
    return [file.path for file in gather(base, *paths).files]


def lines(base: Path, *paths: str) -> list[str]:
    requested = RequestedFiles(chosen=[Chosen.at(path, base) for path in paths])
    return [line for line, _sent in check_files(requested).lines("", "")]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("src/", ["src/a.py", "src/b.txt", "src/sub/c.py", "src/sub/deep/d.py"]),
        ("./src/", ["./src/a.py", "./src/b.txt", "./src/sub/c.py", "./src/sub/deep/d.py"]),
        ("src/*.py", ["src/a.py"]),
        ("src/**/*.py", ["src/a.py", "src/sub/c.py", "src/sub/deep/d.py"]),
        ("src/**/deep/**", ["src/sub/deep/d.py"]),
        ("src/*/", ["src/sub/c.py", "src/sub/deep/d.py"]),
        ("s[rx]c/?.txt", ["src/b.txt"]),
        ("**/c.*", ["src/sub/c.py"]),
        ("src/../outside/", ["src/../outside/secret.py"]),
    ],
)
def test_folders_and_patterns_attach_the_text_files_in_them(base: Path, path: str, found: list[str]) -> None:
    assert names(base, path) == found


def test_an_absolute_path_and_the_home_are_understood(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(base))
    assert names(Path("/"), f"{base}/src/*.py", "~/src/s*/*") == [f"{base}/src/a.py", "~/src/sub/c.py"]


def test_punctuation_after_a_folder_ends_the_sentence(base: Path) -> None:
    for path in ("src/sub/deep/.", "src/sub/deep/,", "src/sub/deep/*.py."):
        assert names(base, path) == ["src/sub/deep/d.py"], path


def test_a_folder_is_attached_only_with_its_slash(base: Path) -> None:
    with pytest.raises(NotAttached, match="it is a folder; src/ attaches the text files in it"):
        gather(base, "src")


def test_files_that_are_not_text_are_named_as_left_out(base: Path) -> None:
    assert gather(base, "src/").left_out == ("src/: left out: src/z.bin (not text)",)
    (base / "src/y.txt").write_bytes(b"x" * 9000 + b"\xff")
    (base / "src/x.txt").write_bytes(b"x" * 8191 + "ế".encode() + b"\0")
    put(base, "src/s1")
    (base / "src/s1").write_bytes(b"\xff")
    left = gather(base, "src/").left_out
    assert left == (
        "src/: left out: src/s1 (not text), src/x.txt (not text), src/y.txt (not text), 1 more",
    )  # fmt: skip


def test_a_large_file_and_what_exceeds_the_total_are_left_out(base: Path) -> None:
    (base / "big").mkdir()
    (base / "big/a").write_bytes(b"x" * 600_000)
    (base / "big/b").write_bytes(b"x" * 600_000)
    (base / "big/c").write_bytes(b"x" * 300_000)
    (base / "big/d").write_bytes(b"x" * 1_000_001)
    found = gather(base, "big/")
    assert [file.path for file in found.files] == ["big/a", "big/c"]
    assert found.left_out == ("big/: left out: big/b (over 1 MB in all), big/d (1.0 MB)",)


def test_the_number_of_files_is_limited_for_the_whole_question(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_FILES", 2)
    found = gather(base, "src/*.py", "src/sub/")
    assert [file.path for file in found.files] == ["src/a.py", "src/sub/c.py"]
    assert found.left_out == ("src/sub/: left out: src/sub/deep/d.py (over 2 files)",)


def test_too_many_entries_are_refused(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_MOST_SCANNED", 4)
    with pytest.raises(NotAttached, match="it has too many files"):
        gather(base, "src/")
    assert lines(base, "src/")[0] == "▣ src/ cannot be attached: it has too many files"


def test_a_file_is_sent_once(base: Path) -> None:
    assert names(base, "src/sub/c.py", "src/sub/", "src/**/*.py") == ["src/sub/c.py", "src/sub/deep/d.py", "src/a.py"]


def test_a_pattern_without_a_match_is_text_and_a_folder_without_text_is_refused(base: Path) -> None:
    assert gather(base, "src/*.rs", "none/", "*args").missing == ("src/*.rs", "none/", "*args")
    with pytest.raises(NotAttached, match="it has no text files that can be sent · left out: src/z"):
        gather(base, "src/*.bin")


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(base: Path) -> None:
    put(base, "n[1].md", "n1.md")
    assert names(base, "n[1].md") == ["n[1].md"]
    assert names(base, "n[12].md") == ["n1.md"]


def test_a_replaced_file_is_not_followed(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_walk", lambda _folder: iter([base / "src/link.py", base / "src/pipe.py"]))
    with pytest.raises(NotAttached, match="no text files"):
        gather(base, "src/")


def test_ignored_files_are_not_sent(base: Path) -> None:
    (base / ".git").mkdir()
    (base / ".gitignore").write_text("# comment\n\n*.txt\nsub/deep\n/a.py\n")
    assert names(base, "src/") == ["src/a.py", "src/sub/c.py", "src/sub/deep/d.py"]
    (base / "src/.gitignore").write_text("!b.txt\n/a.py\ndeep/\n")
    assert names(base, "src/") == ["src/b.txt", "src/sub/c.py"]
    assert names(base, "src/**/*.py") == ["src/sub/c.py"]
    assert names(base, "src/sub/deep/", "src/a.py") == ["src/sub/deep/d.py", "src/a.py"]  # named itself


def test_rules_above_a_folder_hold_only_within_its_repository(base: Path) -> None:
    (base / ".gitignore").write_text("*.py\n")
    (base / "src/.git").mkdir()
    assert IgnoreRules.above(base / "src/sub") == IgnoreRules()  # `src` is the top of the repository
    assert names(base, "src/*.py") == ["src/a.py"]


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("**", "a/b", True),
        ("a/**", "a/b/c", True),
        ("a/**/c", "a/c", True),
        ("a/**/c", "a/b/b/c", True),
        ("**/**/c", "c", True),
        ("a/*", "a/b/c", False),
        ("*", "a/b", False),
        ("[!a]", "a", False),
        ("[", "[", True),
        ("a" + "*a" * 30 + "b", "a" * 200, False),
    ],
)
def test_patterns(pattern: str, path: str, is_match: bool) -> None:
    assert PathPattern.of(pattern.split("/")).matches(path.split("/")) is is_match


def test_the_preview_names_count_size_tokens_and_what_is_left_out(base: Path) -> None:
    shown = lines(base, "src/")
    assert shown[0] == f"▣ src/ · 4 files · 53 B · about 14 tokens · {base}/src"
    assert shown[1] == "  left out: src/z.bin (not text)"
    assert lines(base, "src/*.rs") == []


def test_a_pasted_folder_is_named_and_not_read(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(folders, "_walk", read)
    pasted = [Chosen.at(path, base) for path in ("src/", "src/**/*.py", "none/")]
    assert [item.path for item in check_files(RequestedFiles(others=pasted)).named] == ["src/"]


def test_a_question_that_is_asked_again_has_the_files_of_its_folders(base: Path) -> None:
    text = with_files("look at @src/sub/", gather(base, "src/sub/").files)
    for path in ("src/sub/", "src/sub/.", "src/**/*.py"):
        assert carried(path, text, ()), path
    for path in ("src/su/", "src/*.py", "outside/"):
        assert not carried(path, text, ()), path
