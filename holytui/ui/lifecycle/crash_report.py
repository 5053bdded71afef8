"""Crash report without keys and texts.

Textual's own report prints the values of local variables, which include keys and texts.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from holytui import __version__, paths
from holytui.i18n import _
from holytui.secret import scrub
from holytui.text import sanitize_line, visible

_NAME = "crash.txt"


def describe(error: BaseException) -> str:
    """The report: versions and the traceback, without values of variables."""
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    head = f"holytui {__version__} · Python {sys.version.split()[0]} · {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n\n"
    return scrub(visible(head + "".join(lines)))


def save(error: BaseException) -> Path | None:
    """Write the report beside the history, mode 0600, replacing an older one or a link; None on failure."""
    try:
        file = paths.private_dir(paths.data_dir()) / _NAME
        paths.write_private(file, describe(error).encode("utf-8", "replace"))
    except OSError:
        return None
    return file


def words(error: BaseException, *, saving: bool = True) -> str:
    """Log and save the report; returns the message for the terminal. Without `saving` there is no report, as the
    message of an error may quote a text."""
    logging.getLogger(__name__).error("holytui crashed", exc_info=error)
    file = save(error) if saving else None
    said = scrub(visible(f"{type(error).__name__}: {error}"))
    lines = [
        _("holytui crashed: {error}").format(error=said),
        _("All text received is in the history; start holytui again to continue.")
        if saving
        else _("Nothing of this chat was saved."),
    ]
    if file is not None:
        lines.append(_("Report, without keys and texts: {file}").format(file=sanitize_line(str(file))))
    if paths.log_file().exists():
        lines.append(_("Log: {file}").format(file=sanitize_line(str(paths.log_file()))))
    return "\n".join(lines)
