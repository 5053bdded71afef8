"""The page with the complete check: its lines appear as they are found."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from holytui import keymap as keys
from holytui.config.load import load
from holytui.diagnosis.configuration import check_configuration
from holytui.diagnosis.connection import check_model
from holytui.diagnosis.entry import CheckEntry
from holytui.diagnosis.history_file import check_history
from holytui.diagnosis.report import BugReport, log_in_use
from holytui.diagnosis.terminal_link import TerminalCheck
from holytui.engine.check.findings import CheckGroup, CheckTopic, Finding, FindingStatus
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.keymap import BY_ID, Keymap, Where, display_key
from holytui.store.registry import inspect_file
from holytui.terminal.facts import TerminalFacts
from holytui.ui import driver_access
from holytui.ui.bindings import textual_key
from holytui.ui.dialogs.base import Dialog, Page
from holytui.ui.pages.columns import cut, hanging
from holytui.ui.pages.lines import LinesWidget
from holytui.wire.client import ChatClient

if TYPE_CHECKING:
    from textual.app import App

    from holytui.bootstrap import Services
    from holytui.config.schema import Ui
    from holytui.ui.clipboard import Clipboard
    from holytui.ui.state import ChatState

_STYLES = {
    FindingStatus.OK: "$success",
    FindingStatus.WARNING: "$warning",
    FindingStatus.FAILED: "$error",
    FindingStatus.SKIPPED: "$muted",
}
_WIDTH = 14
_THREAD = "holytui-check"


class CheckRun:
    """One run on a thread of its own, with its own connections, which `stop` closes. `add` is called on that thread
    for each line, `done` after the last one, neither after `stop`."""

    def __init__(
        self,
        lines: Callable[[Services, Callable[[CheckTopic], None]], Iterator[CheckEntry]],
        services: Services,
        *,
        begin: Callable[[CheckRun, CheckTopic], None],
        add: Callable[[CheckRun, CheckEntry], None],
        done: Callable[[CheckRun], None],
    ) -> None:
        self._lines = lines
        self._client = ChatClient(refused_options=services.client.refused_options)
        self._services = replace(services, client=self._client)
        self._begin = begin
        self._add = add
        self._done = done
        self._stopped = threading.Event()

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name=_THREAD, daemon=True).start()

    def stop(self) -> None:
        """End the run; its connections are closed on another thread, as that may block."""
        self._stopped.set()
        threading.Thread(target=self._client.close, name=_THREAD, daemon=True).start()

    def _run(self) -> None:
        lines = self._lines(self._services, lambda topic: self._begin(self, topic))
        try:
            for entry in lines:
                if self._stopped.is_set():
                    return
                self._add(self, entry)
        finally:
            self._client.close()
        if not self._stopped.is_set():
            self._done(self)


def terminal_facts(app: App[object]) -> TerminalFacts:
    """What the driver knows of the terminal, which is not queried again."""
    figures, found = driver_access.link_figures(app), driver_access.capabilities(app)
    trip = figures.round_trip if figures is not None else None
    return TerminalFacts(
        app.size.width,
        app.size.height,
        answers=trip is not None or figures is None,
        sync=found.sync if found is not None else None,
        round_trip=trip,
    )


class CheckPage(Dialog[None]):
    """The lines of a check by groups. Esc, q, Enter and its own key close it."""

    BINDINGS = [  # noqa: RUF012 - Textual's own declaration
        ("escape,q,enter", "dismiss(None)"),
        ("j", "scroll_by(1)"),
        ("k", "scroll_by(-1)"),
    ]

    def __init__(
        self,
        state: ChatState,
        keymap: Keymap,
        config_file: Path,
        theme_problems: Callable[[Ui], Sequence[str]],
        clipboard: Clipboard,
    ) -> None:
        """Raises HistoryNotOpen."""
        super().__init__()
        self._services = state.services
        self._model = state.model
        self._keymap = keymap
        self._config_file = config_file
        self._theme_problems = theme_problems
        self._clipboard = clipboard
        self._entries: list[CheckEntry] = []
        self._current_run: CheckRun | None = None
        self._topic: CheckTopic | None = None
        for key in keymap.keys_for("app.check"):
            self._bindings.bind(textual_key(key), "dismiss(None)")
        for action in ("check.again", "check.copy"):
            for key in keymap.keys_for(action):
                self._bindings.bind(textual_key(key), action.replace("check.", ""))

    def compose(self) -> ComposeResult:
        """The title, the page, its keys."""
        yield Static(Content(_("Check")), id="check-title")
        with Page(id="check-page"):
            yield LinesWidget(self._lines)
        yield LinesWidget(self._key_hints, id="check-keys")

    def on_mount(self) -> None:
        """Focus the page, and begin."""
        self.set_focus(self.query_one("#check-page"))
        self.action_again()

    def on_unmount(self) -> None:
        """End the check."""
        if self._current_run is not None:
            self._current_run.stop()
            self._current_run = None

    @property
    def entries(self) -> Sequence[CheckEntry]:
        """The lines so far."""
        return self._entries

    @property
    def is_done(self) -> bool:
        """No check is running."""
        return self._current_run is None

    # -- the run

    def action_again(self) -> None:
        """Run the check again, unless it runs."""
        if self._current_run is not None:
            return
        self._entries, self._topic = [], None
        facts = terminal_facts(self.app)
        run = self._current_run = CheckRun(
            lambda services, begin: self._check(services, facts, begin),
            self._services,
            begin=lambda run, topic: self._later(run, lambda: self._begin(topic)),
            add=lambda run, entry: self._later(run, lambda: self._add(entry)),
            done=lambda run: self._later(run, self._done),
        )
        run.start()
        self._paint()

    def _check(
        self, services: Services, terminal: TerminalFacts, begin: Callable[[CheckTopic], None]
    ) -> Iterator[CheckEntry]:
        """Yield all lines. Runs on the thread of the check."""
        loaded = load(self._config_file)
        others = (*keys.build_keymap(loaded.config.keys).problems, *self._theme_problems(loaded.config.ui))
        yield from check_configuration(self._config_file, loaded, others, named=False)
        try:
            yield from check_model(services, self._model, begin)
        except HolytuiError as error:
            hints = (error.hint,) if error.hint else ()
            found = Finding(FindingStatus.FAILED, CheckTopic.MODEL, error.title, hints)
            yield CheckEntry(CheckGroup.CONNECTION, found, self._model)
        yield from TerminalCheck(os.environ, self._keymap).entries(terminal)
        maintenance = services.history.maintenance
        if maintenance is not None:
            begin(CheckTopic.INTEGRITY)
            warnings = () if services.is_temporary else tuple(maintenance.warnings)
            yield from check_history(inspect_file(maintenance.path, in_use=True), warnings)

    def _later(self, run: CheckRun, act: Callable[[], None]) -> None:
        """Act on the event loop if the run is still the current one. Called on its thread."""

        def act_if_current() -> None:
            if self._current_run is run:
                act()

        try:
            self.call_later(act_if_current)
        except RuntimeError:
            return  # the app has ended

    def _begin(self, topic: CheckTopic) -> None:
        self._topic = topic
        self._paint()

    def _add(self, entry: CheckEntry) -> None:
        self._entries.append(entry)
        self._topic = None
        self._paint()

    def _done(self) -> None:
        self._current_run = None
        self._paint()

    # -- keys

    @work(exclusive=True, group="check-copy", exit_on_error=False)
    async def action_copy(self) -> None:
        """Copy the report, also of a check that still runs."""
        text = BugReport(self._services.config).text(self._entries, log_in_use())
        await self._clipboard.copy(text)
        self.query_one("#check-title", Static).update(Content(_("Check · the report was sent to the clipboard")))

    def action_scroll_by(self, step: int) -> None:
        """Scroll by lines."""
        self.query_one("#check-page").scroll_relative(y=step, animate=False)

    # -- content

    def _paint(self) -> None:
        for lines in self.query(LinesWidget):
            lines.renew()

    def _lines(self, width: int) -> list[Content]:
        out: list[Content] = []
        heading = ""
        for entry in self._entries:
            title = " ".join(filter(None, (_(entry.group.value), entry.model)))
            if title != heading:
                out += [Content("")] if out else []
                out.append(Content(cut(title, width)).stylize("bold $primary"))
                heading = title
            out += _finding_lines(entry.finding, width)
        if self._current_run is not None:
            name = f" {_(self._topic.value)}" if self._topic is not None else ""
            out.append(Content(cut(f"…{name}", width)).stylize("$muted"))
        return out

    def _key_hints(self, width: int) -> list[Content]:
        hints = [
            (display_key(found[0]), _(action.label))
            for action in BY_ID.values()
            if action.where is Where.CHECK and (found := self._keymap.keys_for(action.id))
        ]
        hints += [("↑ ↓ PgUp PgDn", _("Scroll")), ("Esc", _("Close"))]
        parts = [Content.assemble((key, "bold $primary"), " ", (word, "$muted")) for key, word in hints]
        return [Content("  ").join(parts).truncate(width, ellipsis=True)]


def _finding_lines(finding: Finding, width: int) -> list[Content]:
    name = cut(_(finding.topic.value), _WIDTH)
    padded = name + " " * (_WIDTH - Content(name).cell_length)
    label = Content.assemble((finding.status.value, _STYLES[finding.status]), f" {padded}")
    lines = hanging(label, finding.text, width)
    beside = Content(" " * label.cell_length)
    for hint in finding.hints:
        lines += [line.stylize("$muted") for line in hanging(beside, hint, width)]
    return lines
