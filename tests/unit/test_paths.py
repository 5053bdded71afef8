from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from holytui import paths


def test_files_are_where_the_user_has_them_by_default() -> None:
    home = Path.home()
    assert paths.config_file() == home / ".config/holytui/config.toml"
    assert paths.history_file() == home / ".local/share/holytui/history.db"
    assert paths.log_file() == home / ".local/share/holytui/holytui.log"
    assert paths.runtime_dir() == home / ".cache/holytui"


def test_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/c")
    monkeypatch.setenv("XDG_DATA_HOME", "/d")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/r")
    assert paths.config_file() == Path("/c/holytui/config.toml")
    assert paths.data_dir() == Path("/d/holytui")
    assert paths.runtime_dir() == Path("/r/holytui")
    monkeypatch.setenv("HOLYTUI_CONFIG", "~/my.toml")
    monkeypatch.setenv("HOLYTUI_DATA_DIR", "~/mine")
    assert paths.config_file() == Path.home() / "my.toml"
    assert paths.history_file() == Path.home() / "mine/history.db"


@pytest.mark.parametrize("kind", ["config", "data", "state", "cache"])
@pytest.mark.parametrize("home", ["/home/me", "/", "relative", ""])
@pytest.mark.parametrize("xdg", [None, "", "/x/y", "/x//y/", "relative", "~/x"])
def test_the_short_way_to_a_folder_is_that_of_platformdirs(
    kind: str, home: str, xdg: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", home)
    if xdg is not None:
        monkeypatch.setenv(f"XDG_{kind.upper()}_HOME", xdg)
    assert paths._user_dir(kind) == Path(getattr(platformdirs, f"user_{kind}_dir")("holytui", appauthor=False))


def test_a_home_of_nobody_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLYTUI_CONFIG", "~no-such-user-here/my.toml")
    assert paths.config_file() == Path("~no-such-user-here/my.toml")


def test_asking_for_a_path_makes_nothing() -> None:
    for ask in (paths.config_file, paths.history_file, paths.log_file, paths.runtime_dir):
        ask()
    assert list(Path.home().iterdir()) == []


def test_a_private_folder_is_closed_to_others(tmp_path: Path) -> None:
    folder = paths.private_dir(tmp_path / "a" / "b")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert paths.private_dir(folder) == folder


def test_missing_folders_above_a_private_one_are_closed_too(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        paths.private_dir(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)
    made = (tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c")
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in made] == [0o700] * 3


def test_a_private_file_is_closed_to_others_also_if_it_was_open(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("old")
    file.chmod(0o644)
    paths.write_private(file, b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "f"
    file.write_text("old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        paths.write_private(file, b"new")
    assert file.read_text() == "old"
    assert [path.name for path in folder.iterdir()] == ["f"]


def test_a_write_whose_folder_vanishes_tells_the_first_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(source: str, target: Path) -> None:
        Path(source).unlink()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "replace", gone)
    with pytest.raises(OSError, match="Input/output"):
        paths.write_private(tmp_path / "f", b"new")


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal, sys; from holytui.paths import private_text\n"
        "with private_text(pathlib.Path(sys.argv[1])) as out: out.write('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    out = tmp_path / "all.jsonl"
    subprocess.run([sys.executable, "-c", code, str(out)], check=False)
    (left,) = tmp_path.glob(".all.jsonl.*")
    living = left.with_name(re.sub(r"-\d+\.", f"-{os.getpid()}.", left.name))
    foreign = left.with_name(left.name.replace(paths.machine_id(), "00000000"))
    other = tmp_path / ".all.jsonl.abcdefgh"
    for place in (living, foreign, other):
        place.write_text("stays")
    paths.write_private(tmp_path / "another.md", b"whole")
    assert not left.exists()
    assert sorted(tmp_path.glob(".*")) == sorted([living, foreign, other])
