"""`holytui check`: tests of configuration, key, endpoint, model and clipboard."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from holytui import keymap, logs, paths
from holytui.bootstrap import Services, open_services
from holytui.commands import exit_status
from holytui.commands.output import StatusLine, one_line, print_line, terminal_sequences
from holytui.config.load import Loaded, load
from holytui.config.problems import Severity
from holytui.config.schema import Ui
from holytui.engine.check.check_target import CheckTarget
from holytui.engine.check.checkup import Checkup
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus
from holytui.engine.runtime.planner import TurnPlanner
from holytui.errors import ProviderBlocked, StoreError, TerminalError
from holytui.i18n import _, ngettext
from holytui.keymap import Keymap
from holytui.models import ModelRef
from holytui.terminal.clipboard import copy_text, diagnose

_WIDTH = 14
_SIMPLE = {FindingStatus.OK: "OK", FindingStatus.WARNING: "??", FindingStatus.FAILED: "XX", FindingStatus.SKIPPED: "--"}
"""Marks for an output that cannot encode the usual ones."""


def run(options: argparse.Namespace) -> int:
    """Check; return 0 without a problem, else 1. Raises ModelUnknown."""
    report = CheckReport(sys.stdout, live=sys.stdout.isatty())
    if not options.clipboard or options.model:
        _check_model(report, options.config, options.model)
    if options.clipboard:
        with terminal_sequences() as send:
            for finding in check_clipboard(send):
                report.add(finding)
    return exit_status.FAILED if report.bad else exit_status.OK


class CheckReport:
    """Prints findings one by one. `live`: the last line shows the check in progress."""

    def __init__(self, out: TextIO, *, live: bool) -> None:
        self._out = out
        self._line = StatusLine(out, live=live)
        self._simple = not _can_write(out, "".join(FindingStatus))
        self.bad = False
        """There is a problem."""

    def begin(self, topic: CheckTopic) -> None:
        """Show that `topic` is being checked."""
        name = _(topic.value)
        self._line.show(f"  {name:{_WIDTH}}…" if not self._simple else f"   {name:{_WIDTH}}...")

    def add(self, finding: Finding) -> None:
        """Print a finding."""
        self.bad |= finding.status is FindingStatus.FAILED
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


# -- the model


def _check_model(report: CheckReport, file: Path | None, model: str | None) -> None:
    place = file or paths.config_file()
    loaded = load(place)
    keys = keymap.build_keymap(loaded.config.keys)
    report.add(check_configuration(place, loaded, keys, named=file is not None or "HOLYTUI_CONFIG" in os.environ))
    logs.set_level(loaded.config.log_level)
    log = _("{file}, level {level}").format(file=paths.log_file(), level=logs.level())
    report.add(Finding(FindingStatus.OK, CheckTopic.LOG, log))
    with _services(report, loaded, keys) as services:
        preparation = TurnPlanner(
            lambda: loaded.config, services.history, services.keyrings.ring_for, None, probe_scale=1.0
        )
        try:
            subject = _subject(preparation, loaded, model)
            for finding in Checkup(subject, services.client, services.history, on_begin=report.begin).findings():
                report.add(finding)
        except ProviderBlocked as error:
            report.add(Finding(FindingStatus.FAILED, CheckTopic.MODEL, error.title, (error.hint,)))
        except BaseException:
            report.abandon()
            raise
        finally:
            preparation.close()


def _subject(preparation: TurnPlanner, loaded: Loaded, model: str | ModelRef | None) -> CheckTarget:
    resolved = preparation.resolve(model or loaded.config.default_model)
    endpoint, keys = preparation.endpoint_and_keys(resolved)
    strategy = preparation.strategy(resolved, endpoint, resolved.model.params, by_user=True)
    return CheckTarget(resolved, endpoint, keys, strategy, resolved.stream(loaded.config.stream))


def check_configuration(place: Path, loaded: Loaded, keys: Keymap, *, named: bool) -> Finding:
    """Check the configuration file. `named`: the user gave its path, so it must exist."""
    if not place.exists():
        text = _("{file} does not exist; the built-in settings apply").format(file=place)
        if named:
            return Finding(FindingStatus.FAILED, CheckTopic.CONFIG, text, (_("Check --config and HOLYTUI_CONFIG."),))
        return Finding(
            FindingStatus.OK, CheckTopic.CONFIG, text, (_("`holytui config init` writes a commented example."),)
        )
    hints = (*map(str, loaded.problems), *keys.problems, *_theme_problems(loaded.config.ui))
    if not hints:
        return Finding(FindingStatus.OK, CheckTopic.CONFIG, _("{file} has no problems").format(file=place))
    errors = any(problem.severity is Severity.ERROR for problem in loaded.problems)
    words = ngettext("{file} has {count} problem", "{file} has {count} problems", len(hints))
    text = words.format(file=place, count=len(hints))
    return Finding(FindingStatus.FAILED if errors else FindingStatus.WARNING, CheckTopic.CONFIG, text, hints)


def _theme_problems(ui: Ui) -> Sequence[str]:
    from holytui.ui.themes import loader

    return loader.describe_unknown(ui, {known.name for known in loader.load().themes})


@contextmanager
def _services(report: CheckReport, loaded: Loaded, keys: Keymap) -> Iterator[Services]:
    """Open the services, with the history if possible, which stores the results."""
    try:
        services = open_services(loaded.config, keys, ())
    except StoreError as error:
        report.add(Finding(FindingStatus.FAILED, CheckTopic.HISTORY, error.title, (error.hint,) if error.hint else ()))
        services = open_services(loaded.config, keys, (), save=False)
    maintenance = services.history.maintenance
    if maintenance is not None and maintenance.warnings:
        first, *others = maintenance.warnings
        report.add(Finding(FindingStatus.WARNING, CheckTopic.HISTORY, first, tuple(others)))
    with services:
        yield services


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
