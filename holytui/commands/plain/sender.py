"""Sending of questions and their files to the engine in plain mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holytui.attachments.files import Chosen, Gathered, gather, with_files
from holytui.bootstrap import Services
from holytui.commands.attachments import require_vision
from holytui.commands.plain.printer import PlainPrinter
from holytui.engine.runtime.scheduler import StartedTurn
from holytui.i18n import _


class QuestionSender:
    """Reads files and sends questions. An empty `model` is that of the conversation."""

    def __init__(self, services: Services, printer: PlainPrinter) -> None:
        self._services = services
        self._printer = printer
        self.params: Mapping[str, object] = {}
        """Parameters of the conversation that the next question creates."""

    def read(self, chosen: Sequence[Chosen], model: str, conversation: str | None) -> Gathered:
        """Read files. Raises NotAttached."""
        gathered = gather(chosen)
        require_vision(self._services, gathered, model, conversation)
        return gathered

    def send(
        self, text: str, gathered: Gathered, files: Sequence[str], model: str, conversation: str | None
    ) -> StartedTurn:
        """Send a question, and report the `files` that go with it. Raises HolytuiError."""
        for line in files:
            self._printer.notice(_("Attached: {file}").format(file=line))
        return self._services.engine.ask(
            with_files(text, gathered.files),
            conversation_id=conversation,
            model=model or None,
            params=self.params if conversation is None else None,
            images=gathered.images,
            image_data=gathered.image_data,
        )
