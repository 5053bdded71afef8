"""Files that a line names in plain mode: they are sent only if the user agrees.

A terminal in line mode does not tell pasted lines from typed ones.
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
    """What the user answers."""

    WITH = "with"
    WITHOUT = "without"
    WITHDRAWN = "withdrawn"
    QUIT = "quit"
    UNCLEAR = "unclear"


def parse_reply(line: str) -> OfferReply:
    """The meaning of a line that was typed at the prompt of an offer. Nothing but `y` sends a file."""
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
    """A question, the contents of the files that it names, and how these are listed. The contents are read before the
    user is asked, so that exactly what is listed is sent."""

    question: str
    found: Gathered
    files: Sequence[str]

    def show(self, printer: PlainPrinter, discard: Callable[[], bool]) -> None:
        """List the files and ask. `discard` drops what was typed or pasted up to then: it is no answer."""
        printer.notice("\n".join([_("The question names files:"), *self.files]))
        self.ask(printer, discard)

    def ask(self, printer: PlainPrinter, discard: Callable[[], bool]) -> None:
        """Ask, again if the answer was unclear."""
        words = ngettext(
            "Send it? y sends the question with it; {key} sends the question without it; /stop sends nothing.",
            "Send them? y sends the question with them; {key} sends the question without them; /stop sends nothing.",
            len(self.files),
        )
        printer.notice(words.format(key="Enter"))
        if discard():
            printer.notice(_("The lines that came before this prompt are dropped; they are no answer."))
