"""Every test has an empty home of its own and no setting of the machine's user."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from holytui import i18n

hypothesis.settings.register_profile("holytui", deadline=None)  # a busy machine is not a failure
hypothesis.settings.load_profile("holytui")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    home = tmp_path / "home"
    home.mkdir()
    for name in list(os.environ):
        if name == "TEXTUAL_SNAPSHOT_TEMPDIR":
            continue  # where the plugin for pictures of the screen works
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
    logger = logging.getLogger("holytui")
    for handler in tuple(logger.handlers):  # of a command that ran in this process
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def _compiled_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogues, compiled as an installation does it, so that no test depends on one."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    folder = tmp_path_factory.mktemp("locale")
    for source in i18n.LOCALE_DIR.rglob("holytui.po"):
        target = folder / source.relative_to(i18n.LOCALE_DIR).with_suffix(".mo")
        target.parent.mkdir(parents=True)
        with source.open("rb") as po, target.open("wb") as mo:
            write_mo(mo, read_po(po))
    return folder


@pytest.fixture
def words(_compiled_words: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The catalogues are there; the language is still the test's to choose."""
    monkeypatch.setattr(i18n, "LOCALE_DIR", _compiled_words)
    return _compiled_words


@pytest.fixture
def vietnamese(words: Path) -> None:
    """The language of the screen is Vietnamese, with all of its words."""
    i18n.set_language("vi")
