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
    from holytui.config.schema import Config
    from holytui.credentials.keyring import KeyRings
    from holytui.store.history import History
    from holytui.wire.client import ChatClient

_PATIENCE = 30.0
_MOST = 2_000
_SHARE = 1_500
"""Characters of question and answer that are shown to the model, each."""
_WISH = (
    "Give this conversation a title of at most six words, in the language of the question."
    " Answer with the title alone, without quotation marks."
)


class Titles:
    """Names conversations by means of the model that answered."""

    def __init__(self, config: Config, history: History, keyrings: KeyRings, client: ChatClient) -> None:
        self._config = config
        self._history = history
        self._keyrings = keyrings
        self._client = client

    def wanted(self, conversation_id: str) -> bool:
        """Whether the model is to name this conversation: its first answer is there and nobody has named it yet.

        Blocks on the disk. Raises StoreError.
        """
        return self._config.ui.model_titles and self._first_pair(conversation_id) is not None

    def make(self, conversation_id: str, done: Callable[[], None]) -> threading.Thread:
        """Ask in a thread of its own, which quitting does not wait for; `done` is called there when a title was set."""
        thread = threading.Thread(target=self._work, args=(conversation_id, done), name="holytui-title", daemon=True)
        thread.start()
        return thread

    def _work(self, conversation_id: str, done: Callable[[], None]) -> None:
        try:
            pair = self._first_pair(conversation_id)
            title = self._ask(*pair) if pair is not None else ""
            if title and self._first_pair(conversation_id) is not None:  # it was not renamed meanwhile
                self._history.update_conversation(conversation_id, title=title)
                done()
        except HolytuiError:
            pass  # see above

    def _first_pair(self, conversation_id: str) -> tuple[Message, Message] | None:
        """The first question and its answer, while they are all there is and the title is the question's."""
        conversation = self._history.conversation(conversation_id)
        branch = self._history.branch(conversation_id)
        if conversation is None or len(branch) != 2:
            return None
        question, answer = branch
        spoken = question.role is Role.USER and answer.state is AnswerState.COMPLETE and answer.text
        own = conversation.title == title_of(question.text)
        return (question, answer) if spoken and own and not answer.model.startswith(f"{GUIDE}/") else None

    def _ask(self, question: Message, answer: Message) -> str:
        resolved = resolve(self._config, answer.model)
        key = self._keyrings.of(resolved.provider).get()
        told = f"{question.text[:_SHARE]}\n\n---\n\n{answer.text[:_SHARE]}\n\n---\n\n{_WISH}"
        request = ChatRequest(resolved.model.name, (ChatMessage(Role.USER, told),))
        end = time.monotonic() + _PATIENCE
        text = ""
        with self._client.open(resolved.endpoint, key, request, Timeouts(first_token=_PATIENCE)) as stream:
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
