"""The configuration in force: read again when its file changes, and published to the parts that depend on it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from holytui import keymap as keys
from holytui.config.load import load
from holytui.config.problems import Severity
from holytui.config.schema import Config
from holytui.i18n import _
from holytui.keymap import Keymap
from holytui.text import sanitize_line

Stamp = tuple[int, int, int] | None
"""Time of change, size and inode of a file; None if it does not exist."""


@dataclass(frozen=True, slots=True)
class ConfigState:
    """A configuration with its keymap and problems."""

    config: Config
    keymap: Keymap
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """A new configuration in force."""

    before: ConfigState
    after: ConfigState

    @property
    def changed(self) -> tuple[str, ...]:
        """The settings and tables that differ, such as `ui.theme` or `providers`."""
        old, new = self.before.config, self.after.config
        found = []
        for name in ("ui", "stream", "limits", "sync"):
            one, other = getattr(old, name), getattr(new, name)
            found += [f"{name}.{f.name}" for f in fields(one) if getattr(one, f.name) != getattr(other, f.name)]
        whole = ("default_model", "system", "log_level", "keys", "prompts", "providers")
        return (*(name for name in whole if getattr(old, name) != getattr(new, name)), *found)


@dataclass(frozen=True, slots=True)
class ConfigReading:
    """The file as it was read once."""

    state: ConfigState
    errors: tuple[str, ...]
    stamp: Stamp


class ConfigInForce:
    """Holds the configuration. `read` and `stamp_now` block on the disk and may be called on any thread; all else
    belongs to the event loop."""

    def __init__(
        self,
        config: Config,
        keymap: Keymap,
        file: Path,
        problems: Sequence[str] = (),
        check: Callable[[Config], Sequence[str]] = lambda _config: (),
    ) -> None:
        """`problems` are those of the file as it was read for `config`. `check` returns further errors of a
        configuration that is read, and may block."""
        self.file = file
        self.state = ConfigState(config, keymap, tuple(problems))
        self.stamp = self.stamp_now()
        """Of the file when it was last read."""
        self._known = {_without_line(problem) for problem in problems}
        """Problems of the configuration in force, which do not hinder another one that has them too."""
        self._check = check
        self._listeners: list[Callable[[ConfigChange], None]] = []

    @property
    def config(self) -> Config:
        """The configuration in force."""
        return self.state.config

    @property
    def keymap(self) -> Keymap:
        """The keymap in force."""
        return self.state.keymap

    def subscribe(self, listener: Callable[[ConfigChange], None]) -> None:
        """Call `listener` on the loop after each change."""
        self._listeners.append(listener)

    def stamp_now(self) -> Stamp:
        """Return the stamp of the file as it is now."""
        try:
            found = os.stat(self.file)  # noqa: PTH116 - follows a link
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def read(self) -> ConfigReading:
        """Read the file. Never raises."""
        stamp = self.stamp_now()
        loaded = load(self.file)
        keymap = keys.build_keymap(loaded.config.keys)
        errors = [str(each) for each in loaded.problems if each.severity is Severity.ERROR]
        problems = (*map(str, loaded.problems), *keymap.problems)
        return ConfigReading(
            ConfigState(loaded.config, keymap, problems),
            (*errors, *keymap.problems, *self._check(loaded.config)),
            stamp,
        )

    def adopt(self, reading: ConfigReading) -> ConfigChange | str:
        """Put a reading into force and return the change, or why the configuration before stays in force."""
        if reading.stamp is None and self.stamp is not None:
            self.stamp = None
            return _("{file} is gone").format(file=sanitize_line(self.file.name))
        self.stamp = reading.stamp
        new = [error for error in reading.errors if _without_line(error) not in self._known]
        if new:
            return new[0]
        self._known = {_without_line(error) for error in reading.errors}
        change = ConfigChange(self.state, reading.state)
        self.state = reading.state
        if change.before != change.after:
            for listener in self._listeners:
                listener(change)
        return change


def _without_line(problem: str) -> str:
    return re.sub(r"^([^\s:]+)(?::\d+){1,2}:", r"\1:", problem)
