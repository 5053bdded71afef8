"""Histories are chosen by their location, and one that is not a file works as well."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from holytui.commands import exit_status
from holytui.commands.closing import PatientClose, close_patiently
from holytui.commands.history import command as history_command
from holytui.errors import StoreError
from holytui.store import registry
from holytui.store.history import History
from holytui.store.sqlite.history import SqliteHistory


class WithoutFile(SqliteHistory):
    """Stands for a history on a server."""

    @property
    def maintenance(self) -> None:  # type: ignore[override]  # there is no file to care for
        return None


@pytest.fixture
def _server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_OPENERS", dict(registry._OPENERS))
    registry.register("server", lambda location, **_options: WithoutFile(tmp_path / location))
    monkeypatch.setattr(history_command, "open_history", lambda _path, **_options: registry.open_history("server://db"))


def test_a_path_or_a_location_opens_a_file(path: Path) -> None:
    for location in (path, f"sqlite://{path}"):
        opened = registry.open_history(location)
        assert isinstance(opened, SqliteHistory)
        assert opened.path == path
        opened.close()


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(StoreError, match="named else") as raised:
        registry.open_history("else://db")
    assert "sqlite" in raised.value.hint


@pytest.mark.usefixtures("_server")
def test_commands_work_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with registry.open_history("server://db") as opened:  # type: ignore[attr-defined]  # it is a WithoutFile
        assert isinstance(opened, WithoutFile)
        opened.delete_conversation(opened.create_conversation(title="t").id)
    assert history_command.run(argparse.Namespace(what="compact")) == exit_status.OK
    out, err = capsys.readouterr()
    assert out.strip() == "1 deleted conversation erased for good."
    assert err == ""


@pytest.mark.usefixtures("_server")
def test_leaving_waits_without_a_file_to_save_to() -> None:
    opened: History = registry.open_history("server://db")
    with close_patiently(opened, PatientClose(quiet=0.0)):
        opened.close()
