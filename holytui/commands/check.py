"""`holytui check`: configuration, key, endpoint and model on trial, and the way to the clipboard."""

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
from holytui.commands import exits
from holytui.commands.output import StatusLine, say, sequences, unbroken
from holytui.config.load import Loaded, load
from holytui.config.problems import Severity
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
"""Marks for an output that cannot show the usual ones."""


def run(options: argparse.Namespace) -> int:
    """Check; 0 when nothing is wrong, else 1. Raises ModelUnknown."""
    report = Report(sys.stdout, live=sys.stdout.isatty())
    if not options.clipboard or options.model:
        _check_model(report, options.config, options.model)
    if options.clipboard:
        with sequences() as send:
            for finding in clipboard(send):
                report.add(finding)
    return exits.FAILED if report.bad else exits.OK


class Report:
    """Prints findings as they come. `live`: what is being looked at is shown on the last line meanwhile."""

    def __init__(self, out: TextIO, *, live: bool) -> None:
        self._out = out
        self._line = StatusLine(out, live=live)
        self._simple = not _can_write(out, "".join(FindingStatus))
        self.bad = False
        """Something is wrong."""

    def begin(self, topic: CheckTopic) -> None:
        """This is looked at now."""
        name = _(topic.value)
        self._line.show(f"  {name:{_WIDTH}}…" if not self._simple else f"   {name:{_WIDTH}}...")

    def add(self, finding: Finding) -> None:
        """This was found."""
        self.bad |= finding.status is FindingStatus.FAILED
        mark = _SIMPLE[finding.status] if self._simple else finding.status.value
        self._line.clear()
        say(f"{mark} {_(finding.topic.value):{_WIDTH}}{unbroken(finding.text)}", self._out)
        for hint in finding.hints:
            say(f"{'':{len(mark) + 1 + _WIDTH}}{unbroken(hint)}", self._out)
        self._out.flush()  # each step is seen as it ends, in a pipe too

    def abandon(self) -> None:
        """It was cut short."""
        self._line.clear()


def _can_write(out: TextIO, text: str) -> bool:
    try:
        text.encode(out.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


# -- the model


def _check_model(report: Report, file: Path | None, model: str | None) -> None:
    place = file or paths.config_file()
    loaded = load(place)
    keys = keymap.build_keymap(loaded.config.keys)
    report.add(configuration(place, loaded, keys, named=file is not None or "HOLYTUI_CONFIG" in os.environ))
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
    return CheckTarget(resolved, endpoint, keys, strategy, loaded.config.stream)


def configuration(place: Path, loaded: Loaded, keys: Keymap, *, named: bool) -> Finding:
    """The configuration file. `named`: the user says where it is, so it should be there."""
    if not place.exists():
        text = _("{file} does not exist; the built-in settings are in force").format(file=place)
        if named:
            return Finding(FindingStatus.FAILED, CheckTopic.CONFIG, text, (_("Check --config and HOLYTUI_CONFIG."),))
        return Finding(
            FindingStatus.OK, CheckTopic.CONFIG, text, (_("`holytui config init` writes a commented example."),)
        )
    hints = (*map(str, loaded.problems), *keys.problems, *_theme_problems(loaded.config.ui.theme))
    if not hints:
        return Finding(FindingStatus.OK, CheckTopic.CONFIG, _("{file} has no problems").format(file=place))
    errors = any(problem.severity is Severity.ERROR for problem in loaded.problems)
    words = ngettext("{file} has {count} problem", "{file} has {count} problems", len(hints))
    text = words.format(file=place, count=len(hints))
    return Finding(FindingStatus.FAILED if errors else FindingStatus.WARNING, CheckTopic.CONFIG, text, hints)


def _theme_problems(wanted: str) -> Sequence[str]:
    from holytui.ui.themes import loader

    return loader.missing(wanted, {theme.name for theme in loader.load().themes})


@contextmanager
def _services(report: Report, loaded: Loaded, keys: Keymap) -> Iterator[Services]:
    """With the history if it can be opened; what is learnt is kept there."""
    try:
        services = open_services(loaded.config, keys, ())
    except StoreError as error:
        report.add(Finding(FindingStatus.FAILED, CheckTopic.HISTORY, error.title, (error.hint,) if error.hint else ()))
        services = open_services(loaded.config, keys, (), save=False)
    if services.history.warnings:
        first, *others = services.history.warnings
        report.add(Finding(FindingStatus.WARNING, CheckTopic.HISTORY, first, tuple(others)))
    with services:
        yield services


# -- the clipboard


def clipboard(send: Callable[[bytes], None] | None) -> Iterator[Finding]:
    """Send a text as copying does, tell what is in its way, and what is to be pasted."""
    for obstacle in diagnose(os.environ):
        yield Finding(FindingStatus.WARNING, CheckTopic.CLIPBOARD, obstacle)
    value = f"holytui-{secrets.token_hex(4)}"
    try:
        report = copy_text(value, environ=os.environ, send=send, file=paths.copied_file())
    except (TerminalError, OSError) as error:
        yield Finding(FindingStatus.FAILED, CheckTopic.CLIPBOARD, _("not copied: {reason}").format(reason=error))
        return
    if send is None:
        hint = _("There is no terminal here to send it to.")
        yield Finding(FindingStatus.WARNING, CheckTopic.CLIPBOARD, report.summary, (hint, *report.warnings))
        return
    expected = _("Now paste somewhere. You should get: {value}").format(value=value)
    otherwise = _("If not, the terminal does not accept text from programs. The text is also in {file}.")
    hints = (expected, otherwise.format(file=report.file), *report.warnings)
    yield Finding(FindingStatus.OK, CheckTopic.CLIPBOARD, report.summary, hints)
