from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from holytui import logs, paths
from holytui.errors import StoreBusy
from holytui.logs import PrivateRotatingHandler
from holytui.secret import Secret

KEY = "sk-0123456789abcdef"
LOG = logging.getLogger("holytui.test")


@pytest.fixture(autouse=True)
def _started() -> Iterator[None]:
    logs.start()
    yield
    logs.stop()


def written() -> str:
    return paths.log_file().read_text("utf-8") if paths.log_file().exists() else ""


def raised(error: Exception) -> Exception:
    with suppress(type(error)):
        raise error
    return error


def test_the_file_is_created_with_its_first_line_and_is_private() -> None:
    assert not paths.log_file().exists()
    os.umask(before := os.umask(0))
    try:
        LOG.warning("the disk is slow: %d ms", 12)
    finally:
        os.umask(before)
    assert stat.S_IMODE(paths.log_file().stat().st_mode) == 0o600
    (line,) = written().splitlines()
    assert line.endswith(f"WARNING [{os.getpid()}] holytui.test: the disk is slow: 12 ms")


def test_a_file_that_others_can_read_becomes_private() -> None:
    paths.private_dir(paths.data_dir())
    paths.log_file().write_text("old\n")
    paths.log_file().chmod(0o644)
    LOG.warning("new")
    assert stat.S_IMODE(paths.log_file().stat().st_mode) == 0o600
    assert written().startswith("old\n")


@pytest.mark.parametrize(
    ("variable", "configured", "lines"),
    [
        ("", "warning", ["w", "e"]),
        ("", "info", ["i", "w", "e"]),
        ("debug", "error", ["d", "i", "w", "e"]),
        ("ERROR ", "info", ["e"]),
        ("off", "debug", []),
        ("", "off", []),
        ("nonsense", "error", ["e"]),
    ],
)
def test_the_level_is_that_of_the_variable_and_else_that_of_the_configuration(
    variable: str, configured: str, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLYTUI_LOG", variable)
    logs.start()
    logs.set_level(configured)
    for level, word in ((logging.DEBUG, "d"), (logging.INFO, "i"), (logging.WARNING, "w"), (logging.ERROR, "e")):
        LOG.log(level, word)
    assert [line.rsplit(": ", 1)[1] for line in written().splitlines()] == lines
    assert logs.level() in logs.LEVELS


def test_no_key_no_control_character_and_no_value_of_an_exception_is_written() -> None:
    Secret(KEY)
    LOG.warning("refused: %s \x1b]52;c;aGk=\a", KEY)
    LOG.error("a defect", exc_info=raised(ValueError("the text of a conversation")))
    LOG.error("later", exc_info=raised(StoreBusy("The history is locked")))
    assert KEY not in written()
    assert "\x1b" not in written()
    assert "\a" not in written()
    assert "the text of a conversation" not in written()
    assert "ValueError" in written()
    assert "test_logs.py" in written()
    assert "The history is locked" in written()


def test_the_size_is_bounded_and_the_newest_lines_are_kept() -> None:
    file = paths.private_dir(paths.data_dir()) / "small.log"
    handler = PrivateRotatingHandler(file, max_bytes=1000, backups=2)
    record = logging.LogRecord("holytui", logging.WARNING, "", 0, "%s", ("x" * 99,), None)
    for _ in range(100):
        handler.emit(record)
    handler.emit(logging.LogRecord("holytui", logging.WARNING, "", 0, "the last", (), None))
    handler.close()
    names = sorted(each.name for each in file.parent.iterdir())
    assert names == ["small.log", "small.log.1", "small.log.2"]
    assert all(each.stat().st_size <= 1100 for each in file.parent.iterdir())
    assert file.read_text().endswith("the last\n")


def test_a_file_that_another_process_has_renamed_is_opened_anew() -> None:
    LOG.warning("one")
    paths.log_file().rename(paths.log_file().with_name("holytui.log.1"))
    LOG.warning("two")
    assert "two" in written()
    assert "one" not in written()


@pytest.mark.parametrize("obstacle", ["link", "folder", "pipe", "no folder"])
def test_a_log_that_cannot_be_written_disturbs_nothing(
    obstacle: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, target = paths.data_dir(), tmp_path / "elsewhere"
    target.write_text("untouched")
    if obstacle == "no folder":
        folder.parent.mkdir(parents=True)
        folder.write_text("")
    else:
        paths.private_dir(folder)
        match obstacle:
            case "link":
                paths.log_file().symlink_to(target)
            case "folder":
                paths.log_file().mkdir()
            case _:
                os.mkfifo(paths.log_file())
    LOG.error("lost")
    assert "Traceback" not in capfd.readouterr().err
    assert target.read_text() == "untouched"
