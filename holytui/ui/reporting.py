"""Reporting of errors in the status line.

An exception that leaves a Textual handler ends the app, so each path from a key to the disk passes through here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from holytui.errors import HistoryNotOpen, HolytuiError
from holytui.presentation.notice import Level
from holytui.ui.ports import Reporter


@contextmanager
def report_errors(reporter: Reporter) -> Iterator[None]:
    """Report a `HolytuiError` of the block and continue after it."""
    try:
        yield
    except HistoryNotOpen as error:
        reporter.say(error.full_text, Level.BUSY)
    except HolytuiError as error:
        reporter.say(error.full_text, Level.ERROR)
