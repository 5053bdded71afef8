"""The part of a check about the configuration file and the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from holytui import logs, paths
from holytui.config.load import Loaded
from holytui.config.problems import Severity
from holytui.diagnosis.entry import CheckEntry
from holytui.engine.check.findings import CheckGroup, CheckTopic, Finding, FindingStatus
from holytui.i18n import _, ngettext


def check_configuration(place: Path, loaded: Loaded, others: Sequence[str], *, named: bool) -> Iterator[CheckEntry]:
    """Check the configuration and the log.

    `others` are problems of keys and theme. `named`: the user gave the path, so that the file must exist.
    """
    yield CheckEntry(CheckGroup.CONFIGURATION, _file(place, loaded, others, named=named))
    text = _("{file}, level {level}").format(file=paths.log_file(), level=logs.level())
    yield CheckEntry(CheckGroup.CONFIGURATION, Finding(FindingStatus.OK, CheckTopic.LOG, text))


def _file(place: Path, loaded: Loaded, others: Sequence[str], *, named: bool) -> Finding:
    if not place.exists() and not loaded.problems:
        text = _("{file} does not exist; the built-in settings apply").format(file=place)
        if named:
            return Finding(FindingStatus.FAILED, CheckTopic.CONFIG, text, (_("Check --config and HOLYTUI_CONFIG."),))
        hint = _("`holytui config init` writes a commented example.")
        return Finding(FindingStatus.OK, CheckTopic.CONFIG, text, (hint,))
    hints = (*map(str, loaded.problems), *others)
    if not hints:
        return Finding(FindingStatus.OK, CheckTopic.CONFIG, _("{file} has no problems").format(file=place))
    errors = any(problem.severity is Severity.ERROR for problem in loaded.problems)
    words = ngettext("{file} has {count} problem", "{file} has {count} problems", len(hints))
    text = words.format(file=place, count=len(hints))
    return Finding(FindingStatus.FAILED if errors else FindingStatus.WARNING, CheckTopic.CONFIG, text, hints)
