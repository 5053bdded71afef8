"""The public interface of the engine: ask, retry, resume, stop; events out.

Each answer runs on its own thread, one at a time per conversation.
"""

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
from holytui.engine.runtime.stream_releaser import StreamReleaser
from holytui.engine.runtime.turn_options import TurnOptions
from holytui.engine.spending import SpendingLimits, Spent
from holytui.errors import StoreError
from holytui.i18n import _
from holytui.models import HIDDEN, AnswerState, DeltaKind, Image, Join, Message, ModelRef, Problem, Role
from holytui.store.assembly import assemble, seams
from holytui.store.history import History
from holytui.text import nfc, sanitize, title_of

__all__ = ["Engine", "Listener", "Snapshot", "StartedTurn"]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A question withdrawn from the queue."""

    question: Message
    removed: bool
    """It was deleted from the history; False if it has other answers."""


_NOTHING: Mapping[str, bytes] = MappingProxyType({})
_DEFAULT_OPTIONS = TurnOptions()


class Engine:
    """Asks questions and controls their answers.

    All methods are thread-safe. They write to the history and may block, except `listen`, `stop`, `stop_all`,
    `retry_now`, `active`, `live_text` and `store_trouble`.
    """

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
        """`guide` creates the server of the built-in guide, which is started on first use.

        `random` is uniform in [0, 1). `probe_scale` is a factor on the waits between probes of an unreachable endpoint.
        """
        self.config = config
        """May be replaced; answers that start later use the new one."""
        self._history = history
        self._client = client
        self._clock = clock or SystemClock()
        self._new_id = new_id
        self._planner = TurnPlanner(lambda: self.config, history, keyring_for, guide, probe_scale=probe_scale)
        self._releaser = StreamReleaser(history, client, self._planner.server_of)
        self._limits = SpendingLimits(lambda: self.config, history, self._clock)
        self._scheduler = Scheduler(
            self._planner,
            history,
            client,
            clock=self._clock,
            random=random,
            new_id=new_id,
            releaser=self._releaser,
            limits=self._limits,
        )

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event; return a function that unsubscribes.

        It is called on worker threads, in order for each turn.
        """
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
        over_limit: bool = False,
        answer_schema: Mapping[str, object] | None = None,
    ) -> StartedTurn:
        """Ask a question, in a new conversation if none is given; it is on disk when this returns.

        `parent_id` is the message it follows: `...` is the last one of the shown branch, None the root (the first
        question is edited). `params` are added to those of the conversation; None as a value removes one. `image_data`
        maps digests to the bytes of images that the history does not have yet. `over_limit`: it is
        sent even if a limit of spending is reached. `answer_schema` is a JSON schema for this answer alone.

        Raises ModelUnknown, StoreError; nothing was asked then.
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
            merged = {name: value for name, value in {**conversation.params, **params}.items() if value is not None}
            self._history.update_conversation(conversation.id, params=merged)
        parent = conversation.leaf_id if isinstance(parent_id, EllipsisType) else parent_id
        if parent is not None:
            self.release(parent)  # the conversation goes on without the rest
        message = self._history.add_message(
            conversation.id, Role.USER, question, parent_id=parent, images=images, image_data=image_data
        )
        return self._submit_answer(message, name, TurnOptions(False, over_limit, answer_schema))

    def retry(self, answer_id: str, *, model: str | ModelRef | None = None) -> StartedTurn:
        """Answer the same question again, as a variant. Raises ModelUnknown, StoreError."""
        old = self._require_answer(answer_id)
        question = self._history.message(old.parent_id) if old.parent_id is not None else None
        if question is None:
            raise StoreError(_("The question of this answer no longer exists"))
        name = str(self._planner.resolve(model or old.model or self.config.default_model).ref)
        self.release(answer_id)
        return self._submit_answer(question, name)

    def resume(self, answer_id: str, *, over_limit: bool = False) -> StartedTurn:
        """Resume an interrupted, stopped, failed or truncated answer in place. An active answer is left as it is.

        `over_limit`: an answer that was held by a limit of spending is requested.

        Raises ModelUnknown, StoreError; StoreBusy if another holytui is writing the answer.
        """
        if (started := self._scheduler.started(answer_id)) is not None:
            return started
        message = self._require_answer(answer_id)
        self._planner.resolve(message.model or self.config.default_model)
        adopt_imported_text(self._history, message, self._new_id, self._clock.wall())
        self._history.set_state(message.id, AnswerState.QUEUED)
        return self._scheduler.submit(message, message.parent_id or "", TurnOptions(True, over_limit))

    def release(self, answer_id: str) -> bool:
        """Have the server stop generating an interrupted answer that nobody waits for; whether it may be doing so.

        The answer can still be resumed, by a new request. Raises StoreError.
        """
        streams = self._history.streams
        # reading first: most answers have no stream, and writing waits for the disk
        released = streams.find(answer_id) is not None and streams.release_interrupted(answer_id)
        if released:
            self._releaser.run()
        return released

    def spent(self, conversation_id: str) -> tuple[Spent, ...]:
        """What counts towards each limit of spending that is set. Raises StoreError."""
        return self._limits.spent(conversation_id)

    def release_streams(self) -> None:
        """Have servers end the streams of deleted answers, and those that an earlier process could not. Returns at
        once."""
        self._releaser.run()

    def undo_seams(self, answer_id: str) -> None:
        """Restore the text removed at the seams of a resumed answer, and mark each seam.

        The raw text of all attempts is stored, so this is exact; a restarted text is not changed. Raises StoreError.
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

    def _submit_answer(self, question: Message, model: str, options: TurnOptions = _DEFAULT_OPTIONS) -> StartedTurn:
        answer = self._history.add_message(
            question.conversation_id,
            Role.ASSISTANT,
            "",
            parent_id=question.id,
            model=model,
            state=AnswerState.QUEUED,
        )
        return self._scheduler.submit(answer, question.id, options)

    def _require_answer(self, answer_id: str) -> Message:
        message = self._history.message(answer_id)
        if message is None or message.role is not Role.ASSISTANT:
            raise StoreError(_("That answer does not exist"))
        return message

    # -- active answers

    def stop(self, turn_id: str, problem: Problem | None = None) -> None:
        """Stop an answer and keep its text; `Stopped` follows within 100 ms.

        With a problem it ends interrupted and can be resumed.
        """
        self._scheduler.stop(turn_id, problem)

    def withdraw(self, turn_id: str) -> Withdrawn | None:
        """Withdraw a queued question whose request was never sent, and delete it from the history.

        None if its answer has started or has content. Raises StoreError, and the question stays queued.
        """
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
        """Stop every answer. With a problem they end interrupted and can be resumed."""
        self._scheduler.stop_all(problem)

    def retry_now(self, turn_id: str) -> None:
        """Retry now instead of waiting for a retry or the network."""
        self._scheduler.retry_now(turn_id)

    def active(self) -> Mapping[str, Snapshot]:
        """Active answers by message id."""
        return self._scheduler.active()

    def live_text(self, answer_id: str) -> tuple[str, str] | None:
        """Text and reasoning of an active answer as listeners know them; None if it is not active here."""
        return self._scheduler.live_text(answer_id)

    def store_trouble(self, problem: Problem | None) -> None:
        """Report a problem of the journal (None: resolved) to all answers' listeners.

        The history calls this on its own thread.
        """
        self._scheduler.store_trouble(problem)

    def close(self, timeout: float = 2.0) -> None:
        """Stop all answers, keep their text, close connections and the guide; wait at most `timeout` seconds."""
        self._scheduler.close(timeout)
        self._releaser.close()
        self._client.close()
        self._planner.close()
