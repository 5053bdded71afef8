"""Syncing with other machines while the screen is open, by a `holytui history sync` of its own.

What it receives appears as the changes of another window do (`HistoryWatcher`). As a process of its own it delays no
key, whatever it receives, and ends with the screen.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from holytui import i18n
from holytui.i18n import _
from holytui.presentation.notice import Level
from holytui.secret import child_environment
from holytui.text import sanitize_line
from holytui.ui.ports import Group

if TYPE_CHECKING:
    from pathlib import Path

    from holytui.config.in_force import ConfigInForce
    from holytui.ui.ports import Reporter, Tasks
    from holytui.ui.state import ChatState

_LOOK = 20.0
"""Seconds between two looks whether a sync is due."""
_MINUTE = 60.0
_MAX_LINE = 1 << 20


class SyncController:
    """Syncs on request and, if so configured, at regular intervals."""

    def __init__(
        self,
        state: ChatState,
        live: ConfigInForce,
        *,
        tasks: Tasks,
        reporter: Reporter,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._state = state
        self._live = live
        self._tasks = tasks
        self._reporter = reporter
        self._sleep = sleep
        self._running = False
        self._failure = ""
        """The last failure of a regular sync, which is reported once."""

    def ask(self, target: str) -> None:
        """Sync in the background with a target, by default with all, and report how it went."""
        if self._running:
            self._reporter.say(_("a sync is in progress"), Level.WARNING)
        elif not target and not self._live.state.config.sync.targets:
            words = _("/sync needs a target: ssh://HOST, a folder, or a name from [sync.targets] in the configuration")
            self._reporter.say(words, Level.WARNING)
        else:
            self._tasks.start(self._sync(target, quiet=False), Group.SYNC)

    async def run(self) -> None:
        """Sync with all targets whenever `every` minutes have passed, until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            config = self._live.state.config.sync
            if config.every and config.targets and loop.time() >= due and not self._running:
                await self._sync("", quiet=True)
                due = loop.time() + config.every * _MINUTE
            await self._sleep(_LOOK)

    async def _sync(self, target: str, *, quiet: bool) -> None:
        services = self._state.services
        care = services.history.maintenance
        if care is None or services.is_temporary:
            if not quiet:
                self._reporter.say(_("this history is temporary and is not synced"), Level.WARNING)
            return
        self._running = True
        try:
            if not quiet:
                self._reporter.say(_("syncing with {name}…").format(name=target or _("all machines")), Level.BUSY)
            failure = await self._run(target, care.path, quiet=quiet)
        finally:
            self._running = False
        if failure and (not quiet or failure != self._failure):
            self._reporter.say(_("not synced: {reason}").format(reason=failure), Level.ERROR)
        self._failure = failure

    async def _run(self, target: str, history: Path, *, quiet: bool) -> str:
        """Run the program; return the reason of a failure."""
        process = await asyncio.create_subprocess_exec(
            *self._command(target),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**child_environment(), "HOLYTUI_DATA_DIR": str(history.parent)},
            limit=_MAX_LINE,
            start_new_session=True,
        )
        failure = ""
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            problems = asyncio.create_task(_last_line(process.stderr))
            async for line in process.stdout:
                failure = self._report(line, quiet=quiet) or failure
            last = await problems
            if await process.wait() and not failure:
                failure = last or _("`holytui history sync` shows why")
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
        return failure

    def _command(self, target: str) -> Sequence[str]:
        config = ["--config", str(self._live.file)] if self._live.file.exists() else []
        words = ["--lang", i18n.language(), *config, "history", "sync", "--json", "--progress"]
        return [sys.executable, "-m", "holytui", *words, *(["--", target] if target else [])]

    def _report(self, line: bytes, *, quiet: bool) -> str:
        """Show a line of the program; return the reason of a failure."""
        # imported here, so that the first paint does not wait for it
        from holytui.presentation.sync import describe_progress
        from holytui.sync.run import progress_from_json

        try:
            found = json.loads(line)
            name = sanitize_line(str(found["target"]))
            if "error" in found:
                return f"{name}: {sanitize_line(str(found['error']))}"
            running = "progress" in found
            progress = progress_from_json(found["progress"] if running else found)
        except (ValueError, KeyError, TypeError):
            return ""
        if not quiet:
            self._reporter.say(f"{name}: {describe_progress(progress)}", Level.BUSY if running else Level.CALM)
        return ""


async def _last_line(stream: asyncio.StreamReader) -> str:
    """Read a stream to its end; return its last line, safe to show."""
    last = ""
    async for line in stream:
        last = sanitize_line(line.decode("utf-8", "replace").removeprefix("holytui: ").strip()) or last
    return last
