"""`holytui check`: configuration, connection, terminal and history, with the next step for each problem."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from holytui import __version__, keymap, logs, paths
from holytui.bootstrap import Services, open_services
from holytui.commands import exit_status
from holytui.commands.output import StatusLine, json_line, one_line, print_line, terminal_sequences, write_text
from holytui.config.load import load
from holytui.config.schema import Config, Ui
from holytui.diagnosis.configuration import check_configuration
from holytui.diagnosis.connection import all_models, check_model, choose_model, unconfigured
from holytui.diagnosis.entry import CheckEntry, has_failed
from holytui.diagnosis.history_file import check_history
from holytui.diagnosis.report import BugReport, log_in_use
from holytui.diagnosis.terminal_link import TerminalCheck
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus
from holytui.errors import HolytuiError, StoreError, TerminalError
from holytui.i18n import _
from holytui.store.registry import inspect_file
from holytui.store.values import HistoryFacts, Integrity
from holytui.terminal.clipboard import copy_text, diagnose
from holytui.terminal.facts import TerminalFacts
from holytui.terminal.probe import probe_terminal
from holytui.text import sanitize_line

_WIDTH = 14
_SIMPLE = {FindingStatus.OK: "OK", FindingStatus.WARNING: "??", FindingStatus.FAILED: "XX", FindingStatus.SKIPPED: "--"}
"""Marks for an output that cannot encode the usual ones."""


def run(options: argparse.Namespace) -> int:
    """Check; return 0 without a problem, else 1. Raises HolytuiError for a model or a file that cannot be used."""
    name = options.model or options.name or ""
    if options.clipboard and not name and not options.all:
        return _run_clipboard()
    to_stdout = options.report == "-"
    if options.json and to_stdout:
        raise HolytuiError(_("--json and --report both write to stdout"), _("Name a file: --report FILE"))
    report_file = Path(options.report) if options.report and not to_stdout else None
    if report_file is not None and os.path.lexists(report_file):
        raise _exists(report_file)
    report = CheckReport(sys.stdout, live=sys.stdout.isatty(), silent=options.json or to_stdout)
    check = _Check(report, options.config)
    entries = list(check.run(name, everything=options.all))
    failed = has_failed(entries)
    if options.json:
        value = {"holytui": __version__, "ok": not failed, "checks": [entry.as_json() for entry in entries]}
        write_text(json_line(value, sys.stdout), sys.stdout)
    if options.report:
        _write_report(BugReport(check.config).text(entries, log_in_use()), report_file)
    if options.clipboard:
        failed |= _run_clipboard() != exit_status.OK
    return exit_status.FAILED if failed else exit_status.OK


def _run_clipboard() -> int:
    report = CheckReport(sys.stdout, live=sys.stdout.isatty())
    with terminal_sequences() as send:
        for finding in check_clipboard(send):
            report.add(finding)
    return exit_status.FAILED if report.bad else exit_status.OK


def _write_report(text: str, file: Path | None) -> None:
    if file is None:
        write_text(text, sys.stdout)
        return
    try:
        paths.create_private(file, text)
    except FileExistsError as exc:
        raise _exists(file) from exc
    except OSError as exc:
        raise HolytuiError(_("{file} could not be written: {reason}").format(file=file, reason=exc.strerror)) from exc
    print_line(_("Written: {file}").format(file=sanitize_line(str(file))), sys.stderr)


def _exists(file: Path) -> HolytuiError:
    place = sanitize_line(str(file))
    return HolytuiError(_("Not written: {file} already exists").format(file=place), _("Choose another name."))


class CheckReport:
    """Prints findings one by one. `live`: the last line shows the check in progress. `silent`: nothing is printed."""

    def __init__(self, out: TextIO, *, live: bool, silent: bool = False) -> None:
        self._out = out
        self._line = StatusLine(out, live=live and not silent)
        self._silent = silent
        self._heading = ""
        self._simple = not _can_write(out, "".join(FindingStatus))
        self.bad = False
        """There is a problem."""

    def begin(self, topic: CheckTopic) -> None:
        """Show that `topic` is being checked."""
        name = _(topic.value)
        self._line.show(f"  {name:{_WIDTH}}…" if not self._simple else f"   {name:{_WIDTH}}...")

    def add_entry(self, entry: CheckEntry) -> None:
        """Print a line, below the heading of its group."""
        heading = " ".join(filter(None, (_(entry.group.value), entry.model)))
        if heading != self._heading and not self._silent:
            self._line.clear()
            print_line(("\n" if self._heading else "") + one_line(heading), self._out)
            self._heading = heading
        self.add(entry.finding)

    def add(self, finding: Finding) -> None:
        """Print a finding."""
        self.bad |= finding.status is FindingStatus.FAILED
        if self._silent:
            return
        mark = _SIMPLE[finding.status] if self._simple else finding.status.value
        self._line.clear()
        print_line(f"{mark} {_(finding.topic.value):{_WIDTH}}{one_line(finding.text)}", self._out)
        for hint in finding.hints:
            print_line(f"{'':{len(mark) + 1 + _WIDTH}}{one_line(hint)}", self._out)
        self._out.flush()  # each step is visible as soon as it ends, in a pipe too

    def abandon(self) -> None:
        """Remove the line of the check in progress."""
        self._line.clear()


def _can_write(out: TextIO, text: str) -> bool:
    try:
        text.encode(out.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


# -- all groups


class _Check:
    """One run of the command."""

    def __init__(self, report: CheckReport, file: Path | None) -> None:
        self._report = report
        self._named = file is not None or "HOLYTUI_CONFIG" in os.environ
        self._place = file or paths.config_file()
        self._loaded = load(self._place)
        self._keys = keymap.build_keymap(self._loaded.config.keys)
        logs.set_level(self._loaded.config.log_level)

    @property
    def config(self) -> Config:
        """The configuration in force."""
        return self._loaded.config

    def run(self, name: str, *, everything: bool) -> Iterator[CheckEntry]:
        """Yield the lines of all groups, printing each. Raises ModelUnknown."""
        models = all_models(self.config) if everything else [choose_model(self.config, name)]
        try:
            for entry in self._entries(models, everything=everything):
                self._report.add_entry(entry)
                yield entry
        except BaseException:
            self._report.abandon()
            raise

    def _entries(self, models: Sequence[str], *, everything: bool) -> Iterator[CheckEntry]:
        others = (*self._keys.problems, *_theme_problems(self.config.ui))
        yield from check_configuration(self._place, self._loaded, others, named=self._named)
        # before the history is opened, which repairs it
        self._report.begin(CheckTopic.INTEGRITY)
        facts = inspect_file(paths.history_file())
        with self._services(facts) as (services, warnings):
            for model in models:
                yield from check_model(services, model, self._report.begin)
            if everything:
                yield from unconfigured(self.config)
        self._report.begin(CheckTopic.TERMINAL)
        terminal = _terminal_facts(self._report)
        yield from TerminalCheck(os.environ, self._keys).entries(terminal)
        yield from check_history(facts, warnings)

    @contextmanager
    def _services(self, facts: HistoryFacts) -> Iterator[tuple[Services, tuple[str, ...]]]:
        """Open the services, with a sound history if possible, which stores the results. A damaged one stays as it is
        for the user to copy. The second value has warnings about the history."""
        warnings: tuple[str, ...] = ()
        try:
            services = open_services(
                self.config, self._keys, (), save=facts.integrity is not Integrity.DAMAGED and not facts.problem
            )
        except StoreError as error:
            warnings = (str(error),)
            services = open_services(self.config, self._keys, (), save=False)
        maintenance = services.history.maintenance
        if maintenance is not None and not services.is_temporary:
            warnings = (*warnings, *(each for each in maintenance.warnings if not facts.network))
        with services:
            yield services, warnings


def _theme_problems(ui: Ui) -> Sequence[str]:
    from holytui.ui.themes import loader  # only the screen needs the rest of `ui`

    return loader.theme_problems(ui)


def _terminal_facts(report: CheckReport) -> TerminalFacts | None:
    """Query the terminal; None without one."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    report.abandon()
    sys.stdout.flush()
    return probe_terminal(sys.stdin.fileno(), sys.stdout.fileno(), os.environ)


# -- the clipboard


def check_clipboard(send: Callable[[bytes], None] | None) -> Iterator[Finding]:
    """Copy a text, and yield the obstacles and the text that pasting should give."""
    for obstacle in diagnose(os.environ):
        yield Finding(FindingStatus.WARNING, CheckTopic.CLIPBOARD, obstacle)
    value = f"holytui-{secrets.token_hex(4)}"
    try:
        report = copy_text(value, environ=os.environ, send=send, file=paths.copied_file())
    except (TerminalError, OSError) as error:
        yield Finding(FindingStatus.FAILED, CheckTopic.CLIPBOARD, _("not copied: {reason}").format(reason=error))
        return
    if send is None:
        hint = _("There is no terminal to send it to.")
        yield Finding(FindingStatus.WARNING, CheckTopic.CLIPBOARD, report.summary, (hint, *report.warnings))
        return
    expected = _("Now paste it anywhere. You should get: {value}").format(value=value)
    otherwise = _("If not, the terminal does not accept text from programs. The text is also in {file}.")
    hints = (expected, otherwise.format(file=report.file), *report.warnings)
    yield Finding(FindingStatus.OK, CheckTopic.CLIPBOARD, report.summary, hints)
