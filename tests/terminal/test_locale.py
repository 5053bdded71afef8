"""A locale without UTF-8: the full screen still shows and takes every character."""

from __future__ import annotations

from pathlib import Path

from tests.ptys import Terminal


def test_the_c_locale_shows_and_takes_vietnamese(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "HOLYTUI_DATA_DIR": str(tmp_path / "data"), "LC_ALL": "C", "LANG": "C"}
    with Terminal.holytui(env=env) as terminal:
        terminal.wait_for("Ask anything")
        terminal.type("Tiếng Việt — đ ư ơ")
        terminal.wait_for("Tiếng Việt — đ ư ơ")
        terminal.type("\x03\x04")
        assert terminal.wait_end() == 0
