"""A question on its way to the engine in plain mode, with its files."""

from __future__ import annotations

from collections.abc import Sequence

from holytui.attachments.files import Chosen, Gathered, gather, with_files
from holytui.bootstrap import Services
from holytui.commands.attachments import require_vision
from holytui.commands.plain.printer import PlainPrinter
from holytui.engine.runtime.scheduler import StartedTurn
from holytui.i18n import _


class QuestionSender:
    """Reads files and asks. An empty `model` is that of the conversation."""

    def __init__(self, services: Services, printer: PlainPrinter) -> None:
        self._services = services
        self._printer = printer

    def read(self, chosen: Sequence[Chosen], model: str, conversation: str | None) -> Gathered:
        """The contents of files. Raises NotAttached."""
        found = gather(chosen)
        require_vision(self._services, found, model, conversation)
        return found

    def send(
        self, text: str, found: Gathered, files: Sequence[str], model: str, conversation: str | None
    ) -> StartedTurn:
        """Ask, and say which `files` are sent. Raises HolytuiError."""
        for line in files:
            self._printer.notice(_("Sent with it: {file}").format(file=line))
        return self._services.engine.ask(
            with_files(text, found.files),
            conversation_id=conversation,
            model=model or None,
            images=found.images,
            image_data=found.image_data,
        )
