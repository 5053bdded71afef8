"""Files that a typed line names in plain mode: they are sent only after confirmation.

In line mode pasted lines cannot be distinguished from typed ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from holytui.attachments.files import Gathered
from holytui.commands.plain.input import PlainCommand, parse
from holytui.commands.plain.printer import PlainPrinter
from holytui.i18n import _, ngettext


class OfferReply(StrEnum):
    """The reply of the user."""

    WITH = "with"
    WITHOUT = "without"
    WITHDRAWN = "withdrawn"
    QUIT = "quit"
    UNCLEAR = "unclear"


def parse_reply(line: str) -> OfferReply:
    """Parse a line typed at the prompt of an offer. Only `y` sends files."""
    match parse(line.strip()):
        case "y" | "Y":
            return OfferReply.WITH
        case "":
            return OfferReply.WITHOUT
        case PlainCommand("stop"):
            return OfferReply.WITHDRAWN
        case PlainCommand("quit"):
            return OfferReply.QUIT
        case _:
            return OfferReply.UNCLEAR


@dataclass(frozen=True, slots=True)
class FileOffer:
    """A question, the contents of the files that it names, and their descriptions.

    The contents are read before the user is asked, so that exactly the listed files are sent.
    """

    question: str
    gathered: Gathered
    files: Sequence[str]

    def show(self, printer: PlainPrinter, discard: Callable[[], bool]) -> None:
        """List the files and ask. `discard` drops earlier input, which is not a reply."""
        printer.notice("\n".join([_("The question names files:"), *self.files]))
        self.ask(printer, discard)

    def ask(self, printer: PlainPrinter, discard: Callable[[], bool]) -> None:
        """Ask, or ask again after an unclear reply."""
        words = ngettext(
            "Send it? y sends the question with it; {key} sends the question without it; /stop sends nothing.",
            "Send them? y sends the question with them; {key} sends the question without them; /stop sends nothing.",
            len(self.files),
        )
        printer.notice(words.format(key="Enter"))
        if discard():
            printer.notice(_("Lines from before this prompt were dropped; they do not answer it."))
