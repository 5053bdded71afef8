"""Every test has an empty home of its own and no setting of the machine's user."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from holytui import i18n


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    home = tmp_path / "home"
    home.mkdir()
    for name in list(os.environ):
        if (
            name.startswith(("HOLYTUI_", "XDG_", "TEXTUAL_", "SSH_"))
            or name.endswith("_API_KEY")
            or name.lower().endswith("_proxy")
        ):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "TMUX", "STY", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("LANG", "C.UTF-8")
    i18n.set_language("")
    yield
    i18n.set_language("")
