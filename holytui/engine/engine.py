"""The engine's face: ask, retry, resume, stop; events out. Each answer runs on a thread of its own, one at a time in
each conversation."""

from __future__ import annotations

import random as chance
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import EllipsisType, MappingProxyType

from holytui import ids
from holytui.config.schema import Config, Provider
from holytui.engine.context import system_prompt
from holytui.engine.ports import Client, Clock, GuideHost, Keys, SystemClock
from holytui.engine.runtime.planner import TurnPlanner, adopt_imported_text
from holytui.engine.runtime.scheduler import Listener, Scheduler, Snapshot, StartedTurn
from holytui.errors import StoreError
from holytui.i18n import _
from holytui.models import HIDDEN, AnswerState, DeltaKind, Image, Join, Message, ModelRef, Problem, Role
from holytui.store.assembly import assemble, seams
from holytui.store.history import History
from holytui.text import nfc, sanitize, title_of

__all__ = ["Engine", "Listener", "Snapshot", "StartedTurn"]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A question that was taken back."""

    question: Message
    removed: bool
    """It is in the history no more; False if it has other answers."""


_NOTHING: Mapping[str, bytes] = MappingProxyType({})


class Engine:
    """All methods may be called from any thread, and none from an event loop that must not wait, as they write to the
    history; `stop`, `hurry`, `active`, `text_of` of an active answer, and `listen` return at once."""

    def __init__(
        self,
        config: Config,
        history: History,
        client: Client,
        keyring_for: Callable[[Provider], Keys],
        guide: Callable[[], GuideHost] | None = None,
        *,
        clock: Clock | None = None,
        random: Callable[[], float] = chance.random,
        new_id: Callable[[], str] = ids.new_id,
        probe_scale: float = 1.0,
    ) -> None:
        """`guide` makes the server of the built-in guide; it is started when first asked. `random` is uniform in
        [0, 1). `probe_scale` stretches the waits between probes of a lost endpoint."""
        self.config = config
        """May be replaced; answers that begin later use the new one."""
        self._history = history
        self._client = client
        self._clock = clock or SystemClock()
        self._new_id = new_id
        self._planner = TurnPlanner(lambda: self.config, history, keyring_for, guide, probe_scale=probe_scale)
        self._scheduler = Scheduler(self._planner, history, client, clock=self._clock, random=random, new_id=new_id)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event, on worker threads, in order for each turn; returns how to end that."""
        return self._scheduler.listen(listener)

    # -- asking

    def ask(
        self,
        text: str,
        *,
        conversation_id: str | None = None,
        model: str | ModelRef | None = None,
        parent_id: str | EllipsisType | None = ...,
        system: str | None = None,
        params: Mapping[str, object] | None = None,
        images: Sequence[Image] = (),
        image_data: Mapping[str, bytes] = _NOTHING,
    ) -> StartedTurn:
        """Put a question, in a new conversation if none is given; it is on disk when this returns.

        `parent_id` is the message that it follows: `...` is the last one of the shown branch, None the root (the first
        question is edited). `params` are added to those of the conversation. `image_data` are the bytes, by digest, of
        those images that the history does not have yet.
        Raises ModelUnknown, StoreError; then nothing was asked.
        """
        question = sanitize(nfc(text))
        conversation = self._history.conversation(conversation_id) if conversation_id is not None else None
        if conversation_id is not None and conversation is None:
            raise StoreError(_("There is no such conversation"))
        resolved = self._planner.resolve(
            model or (conversation.model if conversation else "") or self.config.default_model
        )
        name = str(resolved.ref)
        if conversation is None:
            prompt = self.config.system if system is None else system
            conversation = self._history.create_conversation(
                title=title_of(question), model=name, system=system_prompt(prompt, self.config.prompts)
            )
        else:
            changed: dict[str, object] = {} if conversation.model == name else {"model": name}
            if system is not None and system != conversation.system:
                changed["system"] = system_prompt(system, self.config.prompts)
            if not conversation.title and conversation.leaf_id is None:
                changed["title"] = title_of(question)
            if changed:
                self._history.update_conversation(conversation.id, **changed)
        if params:
            self._history.update_conversation(conversation.id, params={**conversation.params, **params})
        parent = conversation.leaf_id if isinstance(parent_id, EllipsisType) else parent_id
        message = self._history.add_message(
            conversation.id, Role.USER, question, parent_id=parent, images=images, image_data=image_data
        )
        return self._submit_answer(message, name)

    def retry(self, answer_id: str, *, model: str | ModelRef | None = None) -> StartedTurn:
        """Answer the same question once more, beside the old answer. Raises ModelUnknown, StoreError."""
        old = self._require_answer(answer_id)
        question = self._history.message(old.parent_id) if old.parent_id is not None else None
        if question is None:
            raise StoreError(_("The question of this answer no longer exists"))
        name = str(self._planner.resolve(model or old.model or self.config.default_model).ref)
        return self._submit_answer(question, name)

    def resume(self, answer_id: str) -> StartedTurn:
        """Let an answer that was cut, stopped or too long go on in its place. Raises StoreError, ModelUnknown.

        StoreBusy: another holytui is at it. Does nothing when it is on its way already.
        """
        if (started := self._scheduler.started(answer_id)) is not None:
            return started
        message = self._require_answer(answer_id)
        self._planner.resolve(message.model or self.config.default_model)
        adopt_imported_text(self._history, message, self._new_id, self._clock.wall())
        self._history.set_state(message.id, AnswerState.QUEUED)
        return self._scheduler.submit(message, message.parent_id or "", by_user=True)

    def undo_seams(self, answer_id: str) -> None:
        """Put back all that was cut away where a resumed answer was joined; each seam is then shown.

        Nothing was thrown away, so nothing is guessed; the text of a restart is left as it is. Raises StoreError.
        """
        message = self._require_answer(answer_id)
        sides = []
        for attempt in self._history.attempts(answer_id):
            undone = attempt
            if (
                attempt.join is not Join.RESTART
                and attempt.cut != HIDDEN
                and (attempt.cut or attempt.keep >= 0 or attempt.end >= 0)
            ):
                undone = replace(attempt, join=Join.MARKED, cut=0, keep=-1, end=-1)
                self._history.update_attempt(undone)
            sides.append((undone, self._history.raw_text(attempt.id, DeltaKind.CONTENT)))
        self._history.finish(replace(message, text=assemble(sides), seams=seams(sides)))

    def _submit_answer(self, question: Message, model: str) -> StartedTurn:
        answer = self._history.add_message(
            question.conversation_id,
            Role.ASSISTANT,
            "",
            parent_id=question.id,
            model=model,
            state=AnswerState.QUEUED,
        )
        return self._scheduler.submit(answer, question.id, by_user=False)

    def _require_answer(self, answer_id: str) -> Message:
        message = self._history.message(answer_id)
        if message is None or message.role is not Role.ASSISTANT:
            raise StoreError(_("That answer does not exist"))
        return message

    # -- while they are on their way

    def stop(self, turn_id: str, problem: Problem | None = None) -> None:
        """Stop an answer; what has come is kept. Its `Stopped` follows within 100 ms. With a problem it ends
        interrupted for that reason, and can go on."""
        self._scheduler.stop(turn_id, problem)

    def withdraw(self, turn_id: str) -> Withdrawn | None:
        """Take a question back that waits in line and never went out: it is no part of the history any more. None if
        its answer began, or has a part already. Raises StoreError; then it waits as before."""
        live = self._scheduler.withdraw(turn_id)
        if live is None:
            return None
        try:
            message = self._require_answer(live.message.id)
            question = self._history.message(message.parent_id) if message.parent_id is not None else None
            if question is None or message.text or message.reasoning or self._history.attempts(message.id):
                self._scheduler.requeue(live)
                return None
            return Withdrawn(question, self._history.withdraw(message.id))
        except StoreError:
            self._scheduler.requeue(live)
            raise

    def stop_all(self, problem: Problem | None = None) -> None:
        """Stop every answer. With a problem they end interrupted for that reason, and can go on."""
        self._scheduler.stop_all(problem)

    def retry_now(self, turn_id: str) -> None:
        """Do not wait any longer for a retry or for the network: try now."""
        self._scheduler.retry_now(turn_id)

    def active(self) -> Mapping[str, Snapshot]:
        """The answers on their way, by message id."""
        return self._scheduler.active()

    def live_text(self, answer_id: str) -> tuple[str, str] | None:
        """Text and reasoning of an answer on its way, as listeners know them; None if it is not on its way here."""
        return self._scheduler.live_text(answer_id)

    def store_trouble(self, problem: Problem | None) -> None:
        """For the history to call from its own thread: tell all answers' listeners that the journal has trouble."""
        self._scheduler.store_trouble(problem)

    def close(self, timeout: float = 2.0) -> None:
        """Stop all answers, keep their texts, let go of connections and of the guide; at most `timeout` seconds."""
        self._scheduler.close(timeout)
        self._client.close()
        self._planner.close()
