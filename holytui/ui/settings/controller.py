"""Changing settings, and reading the configuration again when its file changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from holytui.config.key_locations import KeyLocations
from holytui.config.settings import SettingsFile
from holytui.config.write import init
from holytui.errors import ConfigError
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.text import sanitize_line

if TYPE_CHECKING:
    from holytui.config.in_force import ConfigChange, ConfigInForce, Stamp
    from holytui.ui.dialogs.choice import Choice
    from holytui.ui.external_programs import ExternalPrograms
    from holytui.ui.ports import Dialogs, Reporter

INTERVAL = 2.0
"""Seconds between two looks at the file."""
_NAMED = 4
"""Most changed settings that a notice names."""


class SettingsController:
    """Opens the settings screen, and keeps the configuration in force that of its file."""

    def __init__(
        self,
        live: ConfigInForce,
        *,
        choices: Mapping[str, Callable[[], Awaitable[Sequence[Choice]]]],
        programs: ExternalPrograms,
        dialogs: Dialogs,
        reporter: Reporter,
    ) -> None:
        """`choices` finds the choices of settings whose values the schema does not list."""
        self._live = live
        self._file = SettingsFile(live.file)
        self._choices = choices
        self._programs = programs
        self._dialogs = dialogs
        self._reporter = reporter
        self._seen: Stamp = live.stamp
        """The stamp at the last look."""
        self.locations = KeyLocations(())
        """Lines of the settings in the file, as of the last change."""

    @property
    def live(self) -> ConfigInForce:
        """The configuration in force."""
        return self._live

    async def open(self, words: str = "") -> None:
        """Show the settings, at first those that match `words`."""
        self.locations = await asyncio.to_thread(self._file.locations)
        from holytui.ui.settings.dialog import SettingsDialog

        self._dialogs.open(SettingsDialog(self, words))

    async def choices_for(self, setting: str) -> Sequence[Choice]:
        """The choices of a setting whose values the schema does not list."""
        find = self._choices.get(setting)
        return await find() if find is not None else ()

    # -- changes

    async def change(self, path: tuple[str, ...], value: object) -> None:
        """Write a value into the file and put it into force. Raises ConfigError; then the old one stays in force."""
        await asyncio.to_thread(self._file.change, path, value)
        await self._adopt_own()

    async def reset(self, path: tuple[str, ...]) -> None:
        """Remove a setting from the file, so that its default is in force. Raises ConfigError."""
        await asyncio.to_thread(self._file.reset, path)
        await self._adopt_own()

    async def _adopt_own(self) -> None:
        outcome = await self._read()
        if isinstance(outcome, str):
            raise ConfigError(_("It was written, but the settings before stay in force"), outcome)

    async def edit_file(self, line: int | None) -> None:
        """Open the file in the user's editor, and read it again. Raises ConfigError if it cannot be created."""
        file = self._live.file
        if not await asyncio.to_thread(file.exists):
            await asyncio.to_thread(init, file)
        self._programs.edit_file(file, line)
        await self._report(await self._read())

    # -- reading again

    async def reload(self) -> None:
        """Read the file again, and say what changed."""
        outcome = await self._read()
        if not await self._report(outcome):
            text = _("{file} was read again: nothing has changed")
            self._reporter.say(text.format(file=self._name))

    async def run(self) -> None:
        """Look at the file every few seconds until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            await self.look()

    async def look(self) -> None:
        """Read the file if it has changed and was left alone since the last look, as an editor may still write it."""
        before, self._seen = self._seen, await asyncio.to_thread(self._live.stamp_now)
        if self._seen == before and self._seen != self._live.stamp:
            await self._report(await self._read())

    async def _read(self) -> ConfigChange | str:
        outcome = self._live.adopt(await asyncio.to_thread(self._live.read))
        self.locations = await asyncio.to_thread(self._file.locations)
        return outcome

    async def _report(self, outcome: ConfigChange | str) -> bool:
        """Report an outcome that the user must know; return whether it was reported."""
        if isinstance(outcome, str):
            text = _("{problem} · the settings before stay in force")
            self._reporter.say(text.format(problem=outcome), Level.ERROR)
            return True
        if not (changed := outcome.changed):
            return False
        shown = ", ".join(changed[:_NAMED]) + (", …" if len(changed) > _NAMED else "")
        text = _("{file} was read again: {settings}")
        self._reporter.say(text.format(file=self._name, settings=shown))
        return True

    @property
    def _name(self) -> str:
        return sanitize_line(self._live.file.name)
