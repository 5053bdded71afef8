"""The meaning of a chat request: its question, the part of the answer that the client has, and the mode."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holytui.guide.chat_api import ErrorResponse, GuideMessage
from holytui.guide.faults import RequestMode
from holytui.i18n import _
from holytui.text import fold

_CONTINUE = re.compile(
    r"\b(continu\w*|go on|carry on|interrupted|cut off|left off|tiep tuc|noi tiep|viet tiep|tiep di)\b"
)


@dataclass(frozen=True, slots=True)
class GuideAnswer:
    """A complete answer of the guide."""

    text: str
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class GuideRequest:
    """A chat request to answer or to continue."""

    question: tuple[GuideMessage, ...]
    """The conversation, up to the question."""
    answer: GuideAnswer
    """The complete answer to it."""
    mode: RequestMode
    prefix: str = ""
    """The text that the client wants continued; not always a beginning of `answer`."""

    @property
    def rest(self) -> str | None:
        """The answer after `prefix`; None if the answer does not begin with `prefix`."""
        if self.answer.text.startswith(self.prefix):
            return self.answer.text[len(self.prefix) :]
        return None


def parse_request(
    messages: Sequence[GuideMessage], answer: Callable[[Sequence[GuideMessage]], GuideAnswer]
) -> GuideRequest | ErrorResponse:
    """Parse `messages`. `answer` remessages the complete answer to a conversation that ends with a question."""
    messages = tuple(messages)
    if messages[-1].role == "assistant":
        question, prefix = messages[:-1], messages[-1].text
        if not _ends_with_question(question):
            return ErrorResponse(400, _("The text to continue must follow a question"), param="messages")
        return GuideRequest(question, answer(question), RequestMode.PREFILL, prefix)
    if not _ends_with_question(messages):
        return ErrorResponse(400, _("The last message must be a question"), param="messages")
    return _instructed(messages, answer) or GuideRequest(messages, answer(messages), RequestMode.FRESH)


def _instructed(
    messages: tuple[GuideMessage, ...], answer: Callable[[Sequence[GuideMessage]], GuideAnswer]
) -> GuideRequest | None:
    """Parse `messages` as an instruction to continue the incomplete answer before it; None if they are not."""
    question = messages[:-2]
    if not _ends_with_question(question) or messages[-2].role != "assistant" or not messages[-2].text:
        return None
    if _CONTINUE.search(fold(messages[-1].text)) is None:
        return None
    request = GuideRequest(question, answer(question), RequestMode.INSTRUCT, messages[-2].text)
    return request if request.rest else None


def _ends_with_question(messages: Sequence[GuideMessage]) -> bool:
    return bool(messages) and messages[-1].role == "user"
