"""The state that the parts of the chat share. It is read and written on the loop of the screen only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from holytui.config.effort import Effort, effort_of, with_level
from holytui.errors import HistoryNotOpen, StoreError
from holytui.i18n import _
from holytui.models import AnswerState
from holytui.providers.pricing import find_model
from holytui.providers.vision import accepts_images

if TYPE_CHECKING:
    from holytui.bootstrap import Services
    from holytui.presentation.turn_view import TurnView

_NO_PARAMS: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class OpenConversation:
    """The conversation that the window shows."""

    id: str = ""
    """Empty until the first question of a new conversation is stored."""
    leaf: str | None = None
    """The last message of the shown branch, which the next question follows. Another window may show another branch;
    the history remembers only the last one."""
    acknowledged_leaf: str | None = None
    """The last message of another window's branch that was reported to the user."""
    version: int = 0
    """Grows each time another conversation is shown. A result computed for another version is stale."""


@dataclass(frozen=True, slots=True)
class NewConversation:
    """Settings of the conversation that the next question creates; `system` None: as configured."""

    system: str | None = None
    params: Mapping[str, object] = field(default_factory=lambda: _NO_PARAMS)


class LiveTurns:
    """The answers that this window receives, in any conversation, in the order in which they began."""

    def __init__(self) -> None:
        self._turns: dict[str, TurnView] = {}

    def __bool__(self) -> bool:
        return bool(self._turns)

    def __iter__(self) -> Iterator[TurnView]:
        return iter(tuple(self._turns.values()))

    def __contains__(self, turn_id: str) -> bool:
        return turn_id in self._turns

    def get(self, turn_id: str) -> TurnView | None:
        """The turn with this id, or None."""
        return self._turns.get(turn_id)

    def add(self, turn: TurnView) -> None:
        """Add a turn that has begun."""
        self._turns[turn.turn_id] = turn

    def remove(self, turn_id: str) -> None:
        """Remove a turn that has ended; an unknown id is ignored."""
        self._turns.pop(turn_id, None)

    @property
    def message_ids(self) -> set[str]:
        """Ids of the answers."""
        return {turn.answer_id for turn in self._turns.values()}

    @property
    def conversation_ids(self) -> set[str]:
        """Ids of the conversations that receive an answer."""
        return {turn.conversation_id for turn in self._turns.values()}

    def of(self, conversation_id: str) -> TurnView | None:
        """The oldest turn of a conversation, or None."""
        return next((turn for turn in self._turns.values() if turn.conversation_id == conversation_id), None)

    def last_queued(self, conversation_id: str, among: Sequence[str] | None = None) -> TurnView | None:
        """The newest turn of a conversation that waits for the answer before it; only one of the answers `among`, if
        given."""
        queued = [turn for turn in self if turn.state is AnswerState.QUEUED and turn.conversation_id == conversation_id]
        return next((turn for turn in reversed(queued) if among is None or turn.answer_id in among), None)


class ChatState:
    """The state of one window."""

    def __init__(self, model: str) -> None:
        self.conversation = OpenConversation()
        self.new_conversation = NewConversation()
        self.model = model
        """Of the next question, as `provider/model`."""
        self.turns = LiveTurns()
        self.resumable_ids: tuple[str, ...] = ()
        """Answers that were interrupted when holytui last ended, and were not resumed since."""
        self.theme_problems: tuple[str, ...] = ()
        self.opening_failed = ""
        """Why the history could not be opened; empty if it could, or is being opened."""
        self._services: Services | None = None
        self._params = _NO_PARAMS

    # -- services

    @property
    def is_open(self) -> bool:
        """Whether the history is open."""
        return self._services is not None

    @property
    def services(self) -> Services:
        """Configuration, history and engine. Raises HistoryNotOpen, or StoreError once opening has failed."""
        if self._services is None:
            if self.opening_failed:
                raise StoreError(self.opening_failed)
            raise HistoryNotOpen(_("one moment, the history is being opened"))
        return self._services

    @services.setter
    def services(self, opened: Services) -> None:
        self._services = opened

    # -- the open conversation

    def show(self, conversation_id: str = "") -> None:
        """Open another conversation, or an empty one that has no id yet."""
        self.conversation = OpenConversation(conversation_id, version=self.conversation.version + 1)
        self._params = _NO_PARAMS

    def set_leaf(self, leaf: str | None) -> None:
        """Set the last message of the shown branch of the open conversation."""
        self.conversation = replace(self.conversation, leaf=leaf)

    def is_current(self, conversation: OpenConversation) -> bool:
        """Whether `conversation` is still the one that is shown."""
        return conversation.version == self.conversation.version

    @property
    def params(self) -> Mapping[str, object]:
        """Parameters of the open conversation, or of the one that the next question creates."""
        return self._params if self.conversation.id else self.new_conversation.params

    def set_params(self, params: Mapping[str, object]) -> None:
        """Set the parameters of the open conversation, or of the one that the next question creates."""
        self._params = params
        if not self.conversation.id:
            self.new_conversation = replace(self.new_conversation, params=params)

    @property
    def effort(self) -> Effort | None:
        """The level of reasoning effort of the next question; None: the model's default."""
        level = effort_of(self.params)
        if level is None and self._services is not None:
            model = find_model(self._services.config, self.model)
            level = effort_of(model.params) if model is not None else None
        return level

    def with_effort(self, level: Effort | None) -> dict[str, object]:
        """Return the parameters with another level of effort."""
        return with_level(self.params, level)

    @property
    def turn(self) -> TurnView | None:
        """The answer that the open conversation receives, or None."""
        return self.turns.of(self.conversation.id)

    def model_sees(self) -> bool:
        """Whether the model of the next question accepts images."""
        return self._services is not None and accepts_images(self._services.config, self.model)
