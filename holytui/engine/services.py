"""The parts of a running holytui, put together: configuration, history, engine. For the screen and for commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from holytui import keymap, paths
from holytui.config.load import load
from holytui.config.schema import Config
from holytui.engine.engine import Engine
from holytui.keymap import Keymap
from holytui.store.history import History


@dataclass(frozen=True, slots=True)
class Services:
    """What a screen or a command works with. A context manager: leaving it closes all of them."""

    config: Config
    keymap: Keymap
    history: History
    engine: Engine
    problems: tuple[str, ...]
    """Sentences about the configuration and the history that the user should see."""

    def close(self, patience: float = 2.0) -> None:
        """Stop what runs (its text is kept) and let go of the history."""
        self.engine.close(patience)
        self.history.close()

    def __enter__(self) -> Services:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()


Opening = Callable[[], Services]
"""How to open them; called off the screen's loop, as a locked file may take seconds."""


def read_config(file: Path | None) -> tuple[Config, Keymap, tuple[str, ...]]:
    """The configuration, the keys in force, and what is wrong with either."""
    loaded = load(file or paths.config_file())
    keys = keymap.build(loaded.config.keys)
    return loaded.config, keys, (*(str(problem) for problem in loaded.problems), *keys.problems)


def open_services(config: Config, keys: Keymap, problems: tuple[str, ...], *, save: bool = True) -> Services:
    """Open the history (one in memory if not `save`) and build the engine over it.

    Raises StoreError when the history cannot be opened at all.
    """
    raise SystemError
