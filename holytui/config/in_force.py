"""The configuration and the keys in force. Apart from the engine's parts, since a screen can be painted with these."""

from __future__ import annotations

import os
from pathlib import Path

from holytui import keymap, logs, paths
from holytui.config.load import load
from holytui.config.schema import Config
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.keymap import Keymap
from holytui.text import sanitize_line


def read_config(file: Path | None) -> tuple[Config, Keymap, tuple[str, ...]]:
    """The configuration, the keys in force, and what is wrong with either. Raises HolytuiError for a file that was
    named and is not there."""
    need_named(file)
    loaded = load(file or paths.config_file())
    logs.set_level(loaded.config.log_level)
    keys = keymap.build(loaded.config.keys)
    return loaded.config, keys, (*(str(problem) for problem in loaded.problems), *keys.problems)


def need_named(file: Path | None) -> None:
    """Refuse to go on with defaults where the user named a file, by `--config` or `HOLYTUI_CONFIG`, that is not there.

    Raises HolytuiError.
    """
    if file is None and not os.environ.get("HOLYTUI_CONFIG"):
        return
    place = file or paths.config_file()
    if not os.path.lexists(place):
        raise HolytuiError(
            _("There is no file {file}").format(file=sanitize_line(str(place))),
            _("It was named by --config or HOLYTUI_CONFIG."),
        )
