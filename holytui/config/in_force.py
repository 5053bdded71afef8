"""The configuration and the keys in force. Apart from the engine's parts, since a screen can be painted with these."""

from __future__ import annotations

from pathlib import Path

from holytui import keymap, paths
from holytui.config.load import load
from holytui.config.schema import Config
from holytui.keymap import Keymap


def read_config(file: Path | None) -> tuple[Config, Keymap, tuple[str, ...]]:
    """The configuration, the keys in force, and what is wrong with either."""
    loaded = load(file or paths.config_file())
    keys = keymap.build(loaded.config.keys)
    return loaded.config, keys, (*(str(problem) for problem in loaded.problems), *keys.problems)
