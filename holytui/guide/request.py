"""What a request asks for: which question, how much of its answer is there already, and how the rest is wanted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holytui.guide.chat_api import Refusal, Turn
from holytui.guide.faults import Mode
from holytui.i18n import _
from holytui.text import fold

_GO_ON = re.compile(r"\b(continu\w*|go on|carry on|interrupted|cut off|left off|tiep tuc|noi tiep|viet tiep|tiep di)\b")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; the same conversation always has the same one."""

    text: str
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, understood."""

    question: tuple[Turn, ...]
    """The conversation up to the user's question."""
    answer: Answer
    """The whole answer to it."""
    mode: Mode
    said: str = ""
    """The beginning of the answer that the client has; may be a text that is none."""

    @property
    def left(self) -> str | None:
        """The rest of the answer; None when `said` is not its beginning."""
        if self.answer.text.startswith(self.said):
            return self.answer.text[len(self.said) :]
        return None


def understand(turns: Sequence[Turn], answer: Callable[[Sequence[Turn]], Answer]) -> Asked | Refusal:
    """What is asked by `turns`; `answer` gives the whole answer to a conversation that ends with a question."""
    turns = tuple(turns)
    if turns[-1].role == "assistant":
        question, said = turns[:-1], turns[-1].text
        if not _ends_with_question(question):
            return Refusal(400, _("Before the text to be continued there must be a question"), param="messages")
        return Asked(question, answer(question), Mode.PREFILL, said)
    if not _ends_with_question(turns):
        return Refusal(400, _("The last message must be a question"), param="messages")
    return _instructed(turns, answer) or Asked(turns, answer(turns), Mode.FRESH)


def _instructed(turns: tuple[Turn, ...], answer: Callable[[Sequence[Turn]], Answer]) -> Asked | None:
    """`turns` as an instruction to go on with the half answer before it, if they are that."""
    question = turns[:-2]
    if not _ends_with_question(question) or turns[-2].role != "assistant" or not turns[-2].text:
        return None
    if _GO_ON.search(fold(turns[-1].text)) is None:
        return None
    asked = Asked(question, answer(question), Mode.INSTRUCT, turns[-2].text)
    return asked if asked.left else None


def _ends_with_question(turns: Sequence[Turn]) -> bool:
    return bool(turns) and turns[-1].role == "user"
