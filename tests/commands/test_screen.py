from __future__ import annotations

import argparse
import gc
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from holytui.commands import screen
from holytui.errors import StoreError
from holytui.store.sqlite.history import SqliteHistory
from tests.ptys import Terminal


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.enable()
    gc.unfreeze()


def test_garbage_is_collected_again_from_the_first_paint_on_whatever_came_of_the_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bool] = []

    class Painted:
        hung_up = None
        return_code = 0
        live = SimpleNamespace(subscribe=lambda _listener: None)

        def text_to_leave(self) -> str:
            return ""

        def __init__(self, _config: object, _keys: object, opening: Callable[[], object], **_more: object) -> None:
            self.opening = opening
            self.live = SimpleNamespace(subscribe=lambda _listener: None)

        def run(self, *, mouse: bool) -> None:
            seen.append(gc.isenabled())
            with pytest.raises(StoreError):
                self.opening()
            seen.append(gc.isenabled())

    def locked(*_parts: object, **_options: object) -> None:
        raise StoreError("locked")

    monkeypatch.setattr("holytui.ui.app.HolytuiApp", Painted)
    monkeypatch.setattr("holytui.bootstrap.open_services", locked)
    monkeypatch.setattr(screen, "prepare_environment", lambda _environ: None)
    monkeypatch.setattr(screen, "_need_terminal", lambda: None)
    screen.run(argparse.Namespace(config=None, no_save=False, model="", conversation="", prompt=[]))
    assert seen == [False, True]
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[2] > 100  # a full collection would hold the event loop


def test_a_screen_that_is_left_while_the_history_is_locked_says_so_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Terminal.holytui("-m", "guide/slow", "hello", env={"HOLYTUI_DATA_DIR": str(data)}) as terminal:
        terminal.wait_for("guide/slow ·")
        terminal.wait_until(lambda: (data / "history.db").exists())
        with closing(sqlite3.connect(data / "history.db", isolation_level=None, timeout=10)) as other:
            other.execute("BEGIN IMMEDIATE")
            terminal.type("\x04")
            terminal.wait_for("waiting for another program to release the history")
            terminal.type("\x03")
            # each write that it had to wait for would take five seconds; there are several
            terminal.wait_end(10.0)
    with SqliteHistory(data / "history.db") as history:
        (talk,) = history.conversations()
        assert [message.text for message in history.branch(talk.id)][:1] == ["hello"]
