"""Questions that no server has received: they are kept at exit and sent at the next start."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from holytui.errors import StoreError
from holytui.i18n import _
from holytui.models import AnswerState, Message, Problem
from holytui.ui.lifecycle import bookmark

if TYPE_CHECKING:
    from holytui.bootstrap import Services
    from holytui.store.history import History

_WAIT = (AnswerState.QUEUED, AnswerState.OFFLINE)


def keep(services: Services) -> None:
    """Keep queued questions, and those waiting for the network, for the next start. Called at exit."""
    history, waiting = services.history, dict[str, str]()
    with suppress(StoreError):  # then they end as stopped, and can be asked again
        for answer, found in services.engine.active().items():
            if found.state in _WAIT and never_went_out(history, history.message(answer)):
                waiting[answer] = found.turn_id
    if not waiting or services.is_temporary:
        return
    bookmark.save(history, None, tuple(waiting))
    problem = Problem(_("This question has not been sent yet"), _("It is sent when holytui starts again."))
    for turn_id in waiting.values():
        services.engine.stop(turn_id, problem)


def never_went_out(history: History, message: Message | None) -> bool:
    """Whether no server can have received the question: every request ended without a response. A request interrupted
    by a kill may have arrived, and may cost something. Blocks on the disk. Raises StoreError."""
    if message is None or message.text or message.reasoning:
        return False
    return all(
        attempt.ended_at is not None and attempt.status is None and not attempt.bytes_received
        for attempt in history.attempts(message.id)
    )
