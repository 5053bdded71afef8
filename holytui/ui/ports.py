"""The interfaces through which the parts of the chat reach each other. No part imports another one.

`chat/wiring.py` and `chat/screen.py` decide which object implements each of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from holytui.presentation.notice import Level

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.timer import Timer

    from holytui.engine.runtime.scheduler import StartedTurn
    from holytui.models import Conversation, Message
    from holytui.presentation.turn_view import TurnView

_T = TypeVar("_T")


class Group(StrEnum):
    """Kinds of background work, as Textual groups its workers."""

    OPEN = "open"
    SEND = "send"
    SETTLE = "settle"
    LIST = "list"
    DRAFT = "draft"
    ESTIMATE = "estimate"
    WATCH = "watch"
    NOTIFY = "notify"
    COPY = "copy"
    LEAVE = "leave"
    SYNC = "sync"


class Reporter(Protocol):
    """Shows notices in the status line."""

    def say(self, text: str, level: Level = Level.CALM) -> None:
        """Show a notice until the next state takes its place."""


class Dialogs(Protocol):
    """Opens screens over the chat."""

    def ask(self, dialog: Screen[_T], then: Callable[[_T | None], Awaitable[None]]) -> None:
        """Show a dialog and pass its result on (None: cancelled). What `then` raises is reported."""

    def open(self, page: Screen[Any]) -> None:
        """Show a screen that has no result."""


class Tasks(Protocol):
    """Starts work on the loop of the screen."""

    def start(self, work: Coroutine[Any, Any, None], group: Group) -> None:
        """Run a coroutine in the background."""

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back once."""

    def call_from_thread(self, callback: Callable[[], None]) -> None:
        """Call back on the loop soon, or never if the screen is gone. For any thread; returns at once."""


class Navigation(Protocol):
    """Changes the conversation that is shown."""

    def new(self) -> None:
        """Show an empty conversation."""

    async def open(self, conversation_id: str) -> None:
        """Show a conversation at its end. Raises StoreError."""


class Turns(Protocol):
    """Shows answers while they are received."""

    async def begin(self, started: StartedTurn) -> None:
        """Show a turn that the engine has begun."""

    async def withdrawn(self, turn: TurnView) -> None:
        """Show the conversation without a question that was taken back."""


class ConversationIndex(Protocol):
    """The list of conversations."""

    async def refresh(self) -> Sequence[Conversation]:
        """Show the list as stored; returns the conversations that are not archived."""


class StatusDisplay(Protocol):
    """The status line."""

    def refresh(self, ended: TurnView | None = None, *, progress: bool = False) -> None:
        """Show the present state. `ended`: a turn of the open conversation that has just ended. With `progress` a
        recent notice stays."""

    def refresh_figures(self) -> None:
        """Show the present figures of a turn, at most twice a second."""

    def refresh_sharing(self) -> None:
        """Show the state of the exchange with a shared history."""

    def estimate_context(self) -> None:
        """Estimate in the background how much of the context is used, with and without the draft."""


class Transcript(Protocol):
    """The messages that are shown."""

    @property
    def messages(self) -> Sequence[Message]:
        """All of them, in order."""

    @property
    def following(self) -> bool:
        """Whether the end is followed."""

    @property
    def new_lines(self) -> int:
        """Lines added below since the end is not followed."""

    def message(self, message_id: str) -> Message | None:
        """The message with this id, or None."""


class QuestionEditor(Protocol):
    """The text that is being written."""

    @property
    def text(self) -> str:
        """The draft, with folded pastes unfolded."""

    @property
    def editing(self) -> Message | None:
        """The earlier question that is being edited, or None."""

    def edit(self, question: Message) -> None:
        """Put an earlier question into the prompt; sent, it begins a new branch."""
