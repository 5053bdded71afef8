"""A session in plain mode: handles typed lines, signals and events of the engine one by one."""

from __future__ import annotations

import queue
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from holytui import __version__
from holytui.attachments.files import Chosen, Gathered
from holytui.bootstrap import Services, missing_key, model_names
from holytui.commands import exit_status
from holytui.commands.attachments import describe_files, files_in_line
from holytui.commands.plain.connecting import Connect, PlainConnecting
from holytui.commands.plain.effort import EffortSetting
from holytui.commands.plain.file_offer import FileOffer, OfferReply, parse_reply
from holytui.commands.plain.input import (
    COMMANDS,
    InputEnded,
    LineJoiner,
    LineTyped,
    PlainCommand,
    UnknownPlainCommand,
    parse,
)
from holytui.commands.plain.library import PlainLibrary
from holytui.commands.plain.printer import PlainPrinter
from holytui.commands.plain.sender import QuestionSender
from holytui.commands.plain.turns import PlainTurns
from holytui.config.presets import GUIDE
from holytui.engine.ending import Ending
from holytui.engine.events import TurnEvent
from holytui.engine.runtime.scheduler import StartedTurn
from holytui.errors import HolytuiError
from holytui.i18n import _
from holytui.models import Message, Role
from holytui.providers.resolve import resolve
from holytui.text import sanitize_line

_POLL = 1.0
"""Seconds of one wait for the next event."""
_SECOND_INTERRUPT = 2.0
"""Seconds within which a second Ctrl+C quits during an answer."""
_AT_ONCE = frozenset({"stop", "now", "help"})
"""Commands that do not wait for earlier input."""


@dataclass(frozen=True, slots=True)
class SignalReceived:
    """A received signal."""

    number: int


SessionEvent: TypeAlias = LineTyped | InputEnded | SignalReceived | TurnEvent
Copy: TypeAlias = Callable[[str], str]
"""Copies a text to the clipboard and returns a summary. Raises TerminalError, OSError."""


class PlainSession:
    """A session, run by `run`.

    `interactive`: a person types at a terminal with echo. Else lines come from a pipe and are handled in order, and the
    end of the input waits for the last answer.
    """

    def __init__(
        self,
        services: Services,
        printer: PlainPrinter,
        inbox: queue.SimpleQueue[SessionEvent],
        copy: Copy,
        *,
        interactive: bool,
        model: str = "",
        clock: Callable[[], float] = time.monotonic,
        discard: Callable[[], bool] = lambda: False,
        connect: Connect = lambda: None,
    ) -> None:
        """`discard` drops input that is not in the inbox yet and returns whether there was any. Raises ModelUnknown."""
        self._services = services
        self._engine = services.engine
        self._printer = printer
        self._inbox = inbox
        self._copy = copy
        self._interactive = interactive
        self._clock = clock
        self._discard = discard
        self._connecting = PlainConnecting(connect, printer, self._drop_typed, interactive=interactive)
        self._model = str(resolve(services.config, model).ref) if model else ""
        self._library = PlainLibrary(services.history, printer)
        self._sender = QuestionSender(services, printer)
        self._effort = EffortSetting(services.history, self._sender, printer)
        self._lines = LineJoiner()
        self._waiting: deque[PlainCommand | str] = deque()
        self._turns = PlainTurns(services.engine, printer, echo=not interactive)
        self._interrupted_at: float | None = None
        """Time of the last Ctrl+C, if nothing was typed since."""
        self._files: dict[str, Sequence[Chosen]] = {}
        """The files of the question on the command line."""
        self._offer: FileOffer | None = None
        """The pending offer; nothing else starts until the reply."""
        self._input_ended = False
        self._status: int | None = None

    def run(self, conversation: str = "", question: str = "", files: Sequence[Chosen] = ()) -> int:
        """Ask `question` with `files`, if given, then run until the user quits or the input ends.

        Returns the exit status. Raises HolytuiError for an unknown conversation, OSError when the output is lost.
        """
        self._engine.listen(self._inbox.put)
        self._greet(conversation)
        if question:
            if isinstance(parsed := parse(question), str):
                self._files[parsed] = files
            self._take(question)
        while self._status is None:
            self._advance()
            if self._status is None:
                # a signal just before the wait is handled only after it
                with suppress(queue.Empty):
                    self._handle(self._inbox.get(timeout=_POLL))
        if self._turns and self._status != _from_signal(signal.SIGHUP):
            self._printer.notice(_("Stopped; the text so far is kept."))
        return self._status

    def _greet(self, conversation: str) -> None:
        printer = self._printer
        for problem in self._services.problems:
            printer.notice(problem)
        model = self._shown_model()
        if conversation:
            opened = self._library.open(conversation)
            model = self._model or opened.model or model
        printer.notice(_("holytui {version}, plain. Model: {model}").format(version=__version__, model=model))
        if missing := missing_key(self._services.config, model):
            printer.notice(missing)
        self._library.show_interrupted()
        if self._interactive and model.startswith(f"{GUIDE}/") and not self._services.config.providers:
            printer.notice(_("That is the built-in guide. /connect connects a model."))
        if self._interactive:
            printer.notice(_("Type a question and press {key}. /help lists the commands.").format(key="Enter"))

    # -- the loop

    def _handle(self, event: SessionEvent) -> None:
        match event:
            case LineTyped(text):
                self._printer.typed()
                self._interrupted_at = None
                if self._offer is not None:
                    self._answer(self._offer, text)
                elif (entry := self._lines.add(text)) is not None:
                    self._take(entry)
            case InputEnded():
                self._end_of_input()
            case SignalReceived(signal.SIGINT):
                self._interrupt()
            case SignalReceived(number):
                self.terminate(number)
            case TurnEvent():
                self._turns.handle(event)

    def _take(self, entry: str) -> None:
        match parsed := parse(entry):
            case UnknownPlainCommand(name, meant):
                self._unknown(name, meant)
            case PlainCommand(name) if name in _AT_ONCE or (name == "quit" and self._interactive):
                self._do(parsed)
            case PlainCommand():
                self._waiting.append(parsed)
            case str() if parsed.strip():
                self._waiting.append(parsed)

    def _advance(self) -> None:
        """Handle waiting entries as far as possible, then prompt for a line."""
        while self._waiting and self._status is None and self._offer is None:
            first = self._waiting[0]
            offers = isinstance(first, str) and self._may_offer(first)
            if (self._turns and (offers or isinstance(first, PlainCommand))) or (offers and self._lines.open):
                break
            self._waiting.popleft()
            if isinstance(first, PlainCommand):
                self._do(first)
            elif offers:
                self._offer_files(first)
            else:
                self._start(partial(self._ask, first), first)
        if self._status is not None:
            return
        if self._input_ended and not self._turns:
            self._status = self._turns.status
        elif not self._turns or self._lines.open:
            self._printer.prompt(more=self._lines.open)

    def _start(self, begin: Callable[[], StartedTurn], question: str = "") -> None:
        if (started := self._turns.begin(begin, question)) is not None:
            self._library.conversation = started.conversation_id

    def _ask(self, text: str) -> StartedTurn:
        """Ask with the files of the command line; a path in the text alone attaches nothing. Raises NotAttached."""
        chosen = self._files.pop(text, ())
        return self._send(text, self._read(chosen), describe_files(chosen))

    def _read(self, chosen: Sequence[Chosen]) -> Gathered:
        return self._sender.read(chosen, self._model, self._library.conversation)

    def _send(self, text: str, gathered: Gathered, files: Sequence[str]) -> StartedTurn:
        return self._sender.send(text, gathered, files, self._model, self._library.conversation)

    # -- files that a line names

    def _may_offer(self, text: str) -> bool:
        return self._interactive and text not in self._files and bool(files_in_line(text))

    def _offer_files(self, text: str) -> None:
        """Offer the files that a line names, if they exist; else send it without."""
        chosen = files_in_line(text)
        try:
            gathered = self._read(chosen)
        except HolytuiError as error:
            self._printer.notice(str(error))
            return
        if not (gathered.files or gathered.pictures):
            self._start(lambda: self._send(text, gathered, ()), text)
            return
        self._offer = FileOffer(text, gathered, describe_files(chosen))
        self._offer.show(self._printer, self._drop_typed)

    def _drop_typed(self) -> bool:
        """Drop pending lines and return whether there were any; other events are handled."""
        dropped = self._discard()
        others: list[SessionEvent] = []
        while not self._inbox.empty():
            event = self._inbox.get()
            if isinstance(event, LineTyped):
                dropped = True
            else:
                others.append(event)
        for event in others:
            self._handle(event)
        return dropped

    def _answer(self, offer: FileOffer, line: str) -> None:
        answer = parse_reply(line)
        if answer is OfferReply.UNCLEAR:
            offer.ask(self._printer, self._drop_typed)
            return
        self._offer = None
        match answer:
            case OfferReply.WITH:
                self._start(lambda: self._send(offer.question, offer.gathered, offer.files), offer.question)
            case OfferReply.WITHOUT:
                self._start(lambda: self._send(offer.question, Gathered(), ()), offer.question)
            case OfferReply.WITHDRAWN:
                self._printer.notice(_("The question was not sent."))
            case OfferReply.QUIT:
                self._status = exit_status.OK

    # -- ends

    def _end_of_input(self) -> None:
        if self._interactive:
            self._printer.new_line()
            self._status = exit_status.OK
            return
        if (entry := self._lines.close()) is not None:
            self._take(entry)
        self._input_ended = True

    def _interrupt(self) -> None:
        now, before = self._clock(), self._interrupted_at
        self._interrupted_at = now
        self._lines.clear()
        self._printer.interrupted()
        if self._offer is not None:
            self._offer = self._interrupted_at = None
            self._printer.notice(_("The question was not sent."))
        elif before is not None and (not self._turns or now - before < _SECOND_INTERRUPT):
            self._status = exit_status.OK if self._interactive else exit_status.STOPPED
        elif self._turns:
            self._turns.stop()
        else:
            self._printer.notice(_("Press Ctrl+C again, or Ctrl+D, to quit holytui."))

    def terminate(self, number: int) -> int:
        """End at once on signal `number`; return the exit status."""
        self._turns.interrupt_all()
        self._status = _from_signal(number)
        return self._status

    # -- commands

    def _unknown(self, name: str, meant: str) -> None:
        words = _("No command {name}.").format(name=sanitize_line(name))
        hint = _("Did you mean /{name}?").format(name=meant) if meant else _("/help lists them.")
        slash = _("To send a question that begins with /, type //.")
        self._printer.notice(f"{words} {hint} {slash}")

    def _do(self, command: PlainCommand) -> None:
        try:
            self._run_command(command)
        except HolytuiError as error:
            self._printer.notice(str(error))

    def _run_command(self, command: PlainCommand) -> None:
        match command.name:
            case name if name in _AT_ONCE:
                self._run_at_once(name)
            case "quit":
                self._status = self._turns.status if not self._interactive else exit_status.OK
            case "continue":
                self._continue(command.rest)
            case "retry" | "overlimit" | "connect" | "copy" as name:
                {"retry": self._retry, "overlimit": self._send_held, "connect": self._connect, "copy": self._copy_last}[
                    name
                ]()
            case "model":
                self._choose_model(command.rest)
            case "effort":
                self._effort.choose(command.rest, self._library.conversation)
            case "new":
                self._library.conversation = None
                self._sender.params = {}
                self._printer.notice(_("The next question starts a new conversation."))
            case "list":
                self._library.show_list()
            case "open":
                self._library.open(command.rest)

    def _run_at_once(self, name: str) -> None:
        match name:
            case "stop":
                self._turns.stop()
            case "now":
                self._turns.hurry()
            case _:
                self._printer.notice("\n".join(_(line) for line in COMMANDS.values()))

    def _continue(self, which: str) -> None:
        answer = self._library.interrupted_answer(which) if which else self._last_answer()
        if not which and not self._is_resumable(answer):
            answer = self._library.only_interrupted_answer() or answer
        if answer is None or not self._is_resumable(answer):
            self._printer.notice(_("There is no interrupted answer to continue. /retry asks again."))
            return
        if answer.conversation_id != self._library.conversation:
            self._library.open(answer.conversation_id)
        self._start(lambda: self._engine.resume(answer.id))

    def _send_held(self) -> None:
        held = self._library.held_answer()
        if held is None:
            self._printer.notice(_("No question of this conversation is held by a limit."))
        else:
            self._start(lambda: self._engine.resume(held.id, over_limit=True))

    def _is_resumable(self, answer: Message | None) -> bool:
        return answer is not None and Ending.of(answer).resumable

    def _retry(self) -> None:
        answer = self._last_answer()
        if answer is None:
            self._printer.notice(_("There is no answer yet."))
        else:
            self._start(lambda: self._engine.retry(answer.id, model=self._model or None))

    def _choose_model(self, name: str) -> None:
        if not name:
            names = model_names(self._services.config)
            self._printer.notice("\n".join([_("/model NAME chooses one of these, or any other:"), *names]))
            return
        self._model = str(resolve(self._services.config, name).ref)
        self._printer.notice(_("Model: {model}").format(model=self._model))

    def _connect(self) -> None:
        """Connect a provider, and use its model. Raises HolytuiError."""
        if (connected := self._connecting.run()) is None:
            return
        config, ref = connected
        self._engine.config = config
        self._services.keyrings.forget(ref.provider)
        self._services = replace(self._services, config=config)
        self._sender = QuestionSender(self._services, self._printer)
        self._model = str(ref)
        self._printer.notice(_("Model: {model}").format(model=self._model))

    def _shown_model(self) -> str:
        return self._model or self._services.config.default_model

    def _copy_last(self) -> None:
        answer = self._last_answer()
        if answer is None or not answer.text:
            self._printer.notice(_("There is nothing to copy."))
            return
        try:
            self._printer.notice(self._copy(answer.text))
        except OSError as error:
            self._printer.notice(_("Not copied: {reason}").format(reason=error.strerror))

    def _last_answer(self) -> Message | None:
        conversation = self._library.conversation
        if conversation is None:
            return None
        branch = self._services.history.branch(conversation)
        return next((message for message in reversed(branch) if message.role is Role.ASSISTANT), None)


def _from_signal(number: int) -> int:
    return 128 + number
