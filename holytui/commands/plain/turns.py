"""The answers in progress in plain mode; one is shown at a time."""

from __future__ import annotations

from collections.abc import Callable

from holytui.commands import exit_status
from holytui.commands.ask.printer import status_of
from holytui.commands.plain.printer import PlainPrinter
from holytui.engine import events as ev
from holytui.engine.engine import Engine
from holytui.engine.events import TurnEvent
from holytui.engine.runtime.scheduler import StartedTurn
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.models import Problem


class PlainTurns:
    """The turns of a conversation, answered in order. `echo`: questions are shown, as they were not typed."""

    def __init__(self, engine: Engine, printer: PlainPrinter, *, echo: bool) -> None:
        self._engine = engine
        self._printer = printer
        self._echo = echo
        self._turns: list[StartedTurn] = []
        self._questions: dict[str, str] = {}
        """Questions to show when their answer begins, by turn id."""
        self.status = exit_status.OK
        """The exit status of the last answer."""

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._turns)

    def begin(self, start: Callable[[], StartedTurn], question: str = "") -> StartedTurn | None:
        """Start a turn; on an error report it and return None."""
        try:
            started = start()
        except HolytuiError as error:
            self.status = exit_status.FAILED
            self._printer.notice(str(error))
            return None
        if question and (self._turns or self._echo):
            self._questions[started.turn_id] = question
        self._turns.append(started)
        return started

    def handle(self, event: TurnEvent) -> None:
        """Handle an event; events of other turns are ignored."""
        started = next((turn for turn in self._turns if turn.turn_id == event.turn_id), None)
        if started is None:
            return
        if isinstance(event, ev.Queued):
            if self._echo:
                return  # piped questions are known to be answered in order
        elif question := self._questions.pop(event.turn_id, ""):
            self._printer.question(question)
        self._printer.event(event)
        if isinstance(event, ev.Ended):
            self._printer.doubts(event.ending, started.conversation_id)
            self._turns = [turn for turn in self._turns if turn.turn_id != event.turn_id]
            self.status = status_of(event)

    def stop(self) -> None:
        """Stop the shown answer; the next one follows."""
        if turn := self._first():
            self._engine.stop(turn.turn_id)

    def hurry(self) -> None:
        """Retry the shown answer at once."""
        if turn := self._first():
            self._engine.retry_now(turn.turn_id)

    def interrupt_all(self) -> None:
        """Interrupt all turns; they can be continued later."""
        words = _("holytui ended while the answer was in progress"), _("All text that had arrived is kept.")
        self._engine.stop_all(Problem(*words))

    def _first(self) -> StartedTurn | None:
        if not self._turns:
            self._printer.notice(_("No answer is in progress."))
            return None
        return self._turns[0]
