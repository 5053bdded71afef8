"""The answers on their way in plain mode: begun, followed and stopped, one shown at a time."""

from __future__ import annotations

from collections.abc import Callable

from holytui.commands import exits
from holytui.commands.ask import status_of
from holytui.commands.plain_printer import Printer
from holytui.engine import events as ev
from holytui.engine.engine import Engine
from holytui.engine.events import TurnEvent
from holytui.engine.runtime.scheduler import StartedTurn
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.models import Problem


class Turns:
    """All of one conversation, which the engine answers one after the other. `echo`: nobody saw the questions."""

    def __init__(self, engine: Engine, printer: Printer, *, echo: bool) -> None:
        self._engine = engine
        self._printer = printer
        self._echo = echo
        self._turns: list[StartedTurn] = []
        self._unseen: dict[str, str] = {}
        """Questions to be shown when their answer begins, by turn."""
        self.status = exits.OK
        """Of the last answer, as exit statuses have it."""

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._turns)

    def begin(self, start: Callable[[], StartedTurn], question: str = "") -> StartedTurn | None:
        """Begin one; None, and told why, if that cannot be."""
        try:
            started = start()
        except HolytuiError as error:
            self.status = exits.FAILED
            self._printer.notice(str(error))
            return None
        if question and (self._turns or self._echo):
            self._unseen[started.turn_id] = question
        self._turns.append(started)
        return started

    def told(self, event: TurnEvent) -> None:
        """Something happened to one of them (or to another one, which is nothing to us)."""
        known = next((turn for turn in self._turns if turn.turn_id == event.turn_id), None)
        if known is None:
            return
        if isinstance(event, ev.Queued):
            if self._echo:
                return  # whoever pipes questions in knows that they are asked in order
        elif question := self._unseen.pop(event.turn_id, ""):
            self._printer.question(question)
        self._printer.event(event)
        if isinstance(event, ev.Ended):
            self._printer.doubts(event.ending, known.conversation_id)
            self._turns = [turn for turn in self._turns if turn.turn_id != event.turn_id]
            self.status = status_of(event)

    def stop(self) -> None:
        """Stop the one that is shown; those behind it follow."""
        if turn := self._first():
            self._engine.stop(turn.turn_id)

    def hurry(self) -> None:
        """Do not let it wait any longer."""
        if turn := self._first():
            self._engine.retry_now(turn.turn_id)

    def cut_off(self) -> None:
        """End all of them as interrupted; they can go on another time."""
        words = _("holytui ended while the answer was in progress"), _("All text that had arrived is kept.")
        self._engine.stop_all(Problem(*words))

    def _first(self) -> StartedTurn | None:
        if not self._turns:
            self._printer.notice(_("No answer is in progress."))
            return None
        return self._turns[0]
