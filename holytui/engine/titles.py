"""A title made by the model, if the user turned that on: one more small request after the first answer.

It fails without a word; the title that the first question gave then stays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from holytui.errors import HolytuiError
from holytui.models import AnswerState, DeltaKind, Message, Role
from holytui.providers.resolve import GUIDE, resolve
from holytui.text import nfc, one_line, title_of
from holytui.wire.events import End, Piece, Verdict
from holytui.wire.request import ChatMessage, ChatRequest, Timeouts

if TYPE_CHECKING:
    from holytui.bootstrap import Services

_PATIENCE = 30.0
_MOST = 2_000
_SHARE = 1_500
"""Characters of question and answer that are shown to the model, each."""
_WISH = (
    "Give this conversation a title of at most six words, in the language of the question."
    " Answer with the title alone, without quotation marks."
)


def wanted(services: Services, conversation_id: str) -> bool:
    """Whether the model is to name this conversation: its first answer is there and nobody has named it yet.

    Blocks on the disk. Raises StoreError.
    """
    return services.config.ui.model_titles and _first_pair(services, conversation_id) is not None


def make(services: Services, conversation_id: str, done: Callable[[], None]) -> threading.Thread:
    """Ask in a thread of its own, which quitting does not wait for; `done` is called there when a title was set."""
    thread = threading.Thread(target=_work, args=(services, conversation_id, done), name="holytui-title", daemon=True)
    thread.start()
    return thread


def _work(services: Services, conversation_id: str, done: Callable[[], None]) -> None:
    try:
        pair = _first_pair(services, conversation_id)
        title = _ask(services, *pair) if pair is not None else ""
        if title and _first_pair(services, conversation_id) is not None:  # it was not renamed meanwhile
            services.history.update_conversation(conversation_id, title=title)
            done()
    except HolytuiError:
        pass  # see above


def _first_pair(services: Services, conversation_id: str) -> tuple[Message, Message] | None:
    """The first question and its answer, while they are all there is and the title is the question's."""
    conversation = services.history.conversation(conversation_id)
    branch = services.history.branch(conversation_id)
    if conversation is None or len(branch) != 2:
        return None
    question, answer = branch
    spoken = question.role is Role.USER and answer.state is AnswerState.COMPLETE and answer.text
    own = conversation.title == title_of(question.text)
    return (question, answer) if spoken and own and not answer.model.startswith(f"{GUIDE}/") else None


def _ask(services: Services, question: Message, answer: Message) -> str:
    resolved = resolve(services.config, answer.model)
    key = services.keyrings.of(resolved.provider).get()
    told = f"{question.text[:_SHARE]}\n\n---\n\n{answer.text[:_SHARE]}\n\n---\n\n{_WISH}"
    request = ChatRequest(resolved.model.name, (ChatMessage(Role.USER, told),))
    end = time.monotonic() + _PATIENCE
    text = ""
    with services.client.open(resolved.endpoint, key, request, Timeouts(first_token=_PATIENCE)) as stream:
        while len(text) < _MOST:
            match stream.wait(max(0.0, end - time.monotonic())):
                case Piece(DeltaKind.CONTENT, piece):
                    text += piece
                case End(Verdict.COMPLETE):
                    return _clean(text)
                case None | End():
                    break
                case _:
                    pass
    return ""


def _clean(text: str) -> str:
    """The first line that says something, without decoration."""
    lines = (one_line(line).strip("\"'“”‘’«»*#`. ") for line in nfc(text).splitlines())
    line = next((line for line in lines if line), "")
    return title_of(line.removeprefix("Title:").strip())
