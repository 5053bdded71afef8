from __future__ import annotations

from pathlib import Path

import pytest

from holytui.secret import Secret
from holytui.ui.lifecycle import crash_report


def _fail(key: Secret) -> None:
    revealed = key.reveal()
    text = "".join(["what the user", " said"])  # a value that a report must not print
    raise ValueError(f"bad header {revealed}\x1b[31m" + text[:0])


def test_a_report_holds_places_but_no_key_and_no_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    key = Secret("sk-0123456789abcdef")
    with pytest.raises(ValueError, match="bad header") as raised:
        _fail(key)
    said = crash_report.words(raised.value)
    report = tmp_path / "data" / "crash.txt"
    text = report.read_text()
    assert "test_crash.py" in text
    assert report.stat().st_mode & 0o777 == 0o600
    for out in (said, text):
        assert key.reveal() not in out
        assert "what the user said" not in out
        assert "\x1b" not in out


def test_of_a_chat_that_is_not_saved_there_is_no_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    said = crash_report.words(RuntimeError("x"), saving=False)
    assert said == "holytui crashed: RuntimeError: x\nNothing of this chat was saved."
    assert not (tmp_path / "data").exists()


def test_a_report_in_a_folder_with_an_odd_name_is_named_without_controls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "a\x1b]0;x\nb"))
    said = crash_report.words(RuntimeError("x"))
    assert "crash.txt" in said
    assert "\x1b" not in said
    assert said.count("\n") == 2


def test_a_report_follows_no_link_and_is_private_in_place_of_an_open_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path))
    other, report = tmp_path / "other", tmp_path / "crash.txt"
    other.write_text("mine")
    report.symlink_to(other)
    assert crash_report.save(RuntimeError("x")) == report
    assert other.read_text() == "mine"
    assert not report.is_symlink()
    report.chmod(0o644)
    crash_report.save(RuntimeError("y"))
    assert "RuntimeError: y" in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_is_no_second_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocker = tmp_path / "file"
    blocker.touch()
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(blocker))
    assert "crashed" in crash_report.words(RuntimeError("x"))
