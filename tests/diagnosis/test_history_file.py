"""The history's part of a check, on real files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holytui.diagnosis.history_file import check_history
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus
from holytui.models import Role
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.sqlite.inspection import inspect_file
from holytui.store.values import HistoryFacts, Integrity


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A history with a conversation, a message and a draft."""
    place = tmp_path / "data" / "history.db"
    with SqliteHistory.open(place) as history:
        talk = history.create_conversation(title="A talk")
        history.add_message(talk.id, Role.USER, "secret words", parent_id=None)
        history.update_conversation(talk.id, draft="not sent")
    return place


def lines(facts: HistoryFacts) -> dict[CheckTopic, Finding]:
    return {entry.finding.topic: entry.finding for entry in check_history(facts)}


def test_a_sound_file_is_described(file: Path) -> None:
    before = sorted(each.name for each in file.parent.iterdir()), file.read_bytes()
    facts = inspect_file(file, mountinfo=lambda: "1 1 0:1 / / rw - ext4 /dev/x rw\n")
    found = lines(facts)
    assert {finding.status for finding in found.values()} == {FindingStatus.OK}
    assert found[CheckTopic.CONTENT].text == "1 conversation, 1 message, 1 draft"
    assert found[CheckTopic.FILE_SYSTEM].text == "ext4"
    assert found[CheckTopic.PERMISSIONS].text == "private (mode 0600)"
    assert "secret words" not in str(facts)
    assert (sorted(each.name for each in file.parent.iterdir()), file.read_bytes()) == before


def test_no_file_yet_is_fine(tmp_path: Path) -> None:
    found = lines(inspect_file(tmp_path / "none" / "history.db"))
    assert {finding.status for finding in found.values()} == {FindingStatus.OK}
    assert not (tmp_path / "none").exists()


def test_a_file_in_use_is_read_without_opening_it_otherwise(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SqliteHistory.open(file) as history:
        history.create_conversation(title="Another")

        opened, open_path = [], Path.open

        def record(place: Path, *args: Any, **options: Any) -> Any:
            opened.append(place)
            return open_path(place, *args, **options)

        monkeypatch.setattr(Path, "open", record)
        facts = inspect_file(file, in_use=True)
    assert (facts.integrity, facts.conversations, facts.processes) == (Integrity.SOUND, 2, ())
    assert opened
    assert file not in opened, "closing its descriptor would release SQLite's locks"


def test_a_network_file_system_is_a_warning(file: Path) -> None:
    found = lines(inspect_file(file, mountinfo=lambda: "1 1 0:1 / / rw - nfs4 server:/x rw\n"))
    assert found[CheckTopic.FILE_SYSTEM].status is FindingStatus.WARNING
    assert "HOLYTUI_DATA_DIR" in found[CheckTopic.FILE_SYSTEM].hints[0]


def overwritten(file: Path) -> None:
    file.write_bytes(b"no database at all" * 100)


def torn(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096 : 4096 * 3] = b"\xff" * 8192
    file.write_bytes(data)


@pytest.mark.parametrize("damage", [overwritten, torn])
def test_damage_is_found_and_the_file_stays(file: Path, damage: Callable[[Path], None]) -> None:
    damage(file)
    before = file.read_bytes()
    found = lines(inspect_file(file))[CheckTopic.INTEGRITY]
    assert (found.status, found.text) == (FindingStatus.FAILED, "the file is damaged")
    assert found.hints
    assert file.read_bytes() == before


def test_a_check_that_takes_too_long_ends(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holytui.store.sqlite.inspection._STEPS", 1)
    times = iter([0.0])
    facts = inspect_file(file, limit=5.0, clock=lambda: next(times, 9.0))
    assert facts.integrity is Integrity.NOT_FINISHED
    assert lines(facts)[CheckTopic.INTEGRITY].status is FindingStatus.OK


def test_a_file_that_others_may_read_has_the_command(file: Path) -> None:
    file.chmod(0o644)
    found = lines(inspect_file(file))[CheckTopic.PERMISSIONS]
    assert (found.status, found.text) == (FindingStatus.WARNING, "other users may read the file (mode 0644)")
    assert found.hints == (f"Run: chmod 600 {file}",)


@pytest.mark.parametrize("folder", [False, True])
def test_what_cannot_be_written_fails(file: Path, monkeypatch: pytest.MonkeyPatch, folder: bool) -> None:
    refused = file.parent if folder else file
    monkeypatch.setattr(os, "access", lambda place, _mode: Path(place) != refused)
    found = lines(inspect_file(file))[CheckTopic.PERMISSIONS]
    assert found.status is FindingStatus.FAILED
    assert found.hints[0].endswith(str(refused))
    assert "HOLYTUI_DATA_DIR" in found.hints[1]


def test_a_file_that_cannot_be_read_fails(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    found = lines(inspect_file(file))[CheckTopic.HISTORY]
    assert found.status is FindingStatus.FAILED
    assert "Permission denied" in found.text
    assert found.hints[0].startswith("Check its permissions: ls -ld ")


def test_files_beside_it_are_listed(file: Path) -> None:
    for name in ("v4-20260101-000000", "damaged-20260101-000000", "unsaved-20260101-000000"):
        file.with_name(f"history.db.{name}").touch()
    found = lines(inspect_file(file))[CheckTopic.BACKUPS]
    assert found.status is FindingStatus.WARNING
    assert "history.db.damaged-20260101-000000" in found.text
    assert found.hints == ("The unsaved text is added to the history at the next start.",)


def test_another_process_that_has_it_open_is_named(file: Path) -> None:
    code = "import sys; f = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        facts = inspect_file(file)
        assert process.stdin is not None
        process.stdin.close()
    assert facts.processes == (process.pid,)
