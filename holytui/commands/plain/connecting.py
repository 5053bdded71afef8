"""Connecting a provider in plain mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from holytui.commands.plain.printer import PlainPrinter
from holytui.config.schema import Config
from holytui.i18n import _
from holytui.models import ModelRef

Connect: TypeAlias = Callable[[], tuple[Config, ModelRef] | None]
"""Asks for a provider; returns the new configuration and the model, or None. Raises HolytuiError, KeyboardInterrupt."""


class PlainConnecting:
    """Asks for a provider on the terminal."""

    def __init__(self, ask: Connect, printer: PlainPrinter, discard: Callable[[], bool], *, interactive: bool) -> None:
        """`discard` drops typed lines that were not handled yet."""
        self._ask = ask
        self._printer = printer
        self._discard = discard
        self._interactive = interactive

    def run(self) -> tuple[Config, ModelRef] | None:
        """Return the new configuration and the model; None if nothing was connected, which is reported.

        Raises HolytuiError.
        """
        if not self._interactive:
            self._printer.notice(_("/connect asks questions, which needs a terminal. In a script use: holytui connect"))
            return None
        self._discard()  # lines typed before a question do not answer it
        try:
            connected = self._ask()
        except KeyboardInterrupt:
            connected = None
        finally:
            self._discard()  # no rest of a pasted key is sent as a question
            self._printer.new_line()
        if connected is None:
            self._printer.notice(_("No provider was connected."))
        return connected
