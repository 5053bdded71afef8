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
from holytui.engine.preparation import Preparation, adopt_text
from holytui.engine.workers import Listener, Snapshot, StartedTurn, Workers
from holytui.errors import StoreError
from holytui.i18n import _
from holytui.models import HIDDEN, AnswerState, DeltaKind, Image, Join, Message, ModelRef, Problem, Role
from holytui.store.history import History, assemble, seams
from holytui.text import nfc, sanitize, title_of

__all__ = ["Engine", "Listener", "Snapshot", "StartedTurn"]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A question that was taken back."""

    question: Message
    gone: bool
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
        self._preparation = Preparation(lambda: self.config, history, keyring_for, guide, probe_scale=probe_scale)
        self._workers = Workers(self._preparation, history, client, clock=self._clock, random=random, new_id=new_id)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event, on worker threads, in order for each turn; returns how to end that."""
        return self._workers.listen(listener)

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
        known = self._history.conversation(conversation_id) if conversation_id is not None else None
        if conversation_id is not None and known is None:
            raise StoreError(_("There is no such conversation"))
        resolved = self._preparation.resolve(model or (known.model if known else "") or self.config.default_model)
        name = str(resolved.ref)
        if known is None:
            prompt = self.config.system if system is None else system
            known = self._history.create_conversation(
                title=title_of(question), model=name, system=system_prompt(prompt, self.config.prompts)
            )
        else:
            changed: dict[str, object] = {} if known.model == name else {"model": name}
            if system is not None and system != known.system:
                changed["system"] = system_prompt(system, self.config.prompts)
            if not known.title and known.leaf_id is None:
                changed["title"] = title_of(question)
            if changed:
                self._history.update_conversation(known.id, **changed)
        if params:
            self._history.update_conversation(known.id, params={**known.params, **params})
        parent = known.leaf_id if isinstance(parent_id, EllipsisType) else parent_id
        asked = self._history.add_message(
            known.id, Role.USER, question, parent_id=parent, images=images, image_data=image_data
        )
        return self._answer_to(asked, name)

    def retry(self, answer_id: str, *, model: str | ModelRef | None = None) -> StartedTurn:
        """Answer the same question once more, beside the old answer. Raises ModelUnknown, StoreError."""
        old = self._need(answer_id)
        question = self._history.message(old.parent_id) if old.parent_id is not None else None
        if question is None:
            raise StoreError(_("The question of this answer no longer exists"))
        name = str(self._preparation.resolve(model or old.model or self.config.default_model).ref)
        return self._answer_to(question, name)

    def resume(self, answer_id: str) -> StartedTurn:
        """Let an answer that was cut, stopped or too long go on in its place. Raises StoreError, ModelUnknown.

        StoreBusy: another holytui is at it. Does nothing when it is on its way already.
        """
        if (started := self._workers.started(answer_id)) is not None:
            return started
        message = self._need(answer_id)
        self._preparation.resolve(message.model or self.config.default_model)
        adopt_text(self._history, message, self._new_id, self._clock.wall())
        self._history.set_state(message.id, AnswerState.QUEUED)
        return self._workers.enter(message, message.parent_id or "", by_user=True)

    def undo_seams(self, answer_id: str) -> None:
        """Put back all that was cut away where a resumed answer was joined; each seam is then shown.

        Nothing was thrown away, so nothing is guessed; the text of a restart is left as it is. Raises StoreError.
        """
        message = self._need(answer_id)
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

    def _answer_to(self, question: Message, model: str) -> StartedTurn:
        answer = self._history.add_message(
            question.conversation_id,
            Role.ASSISTANT,
            "",
            parent_id=question.id,
            model=model,
            state=AnswerState.QUEUED,
        )
        return self._workers.enter(answer, question.id, by_user=False)

    def _need(self, answer_id: str) -> Message:
        message = self._history.message(answer_id)
        if message is None or message.role is not Role.ASSISTANT:
            raise StoreError(_("That answer does not exist"))
        return message

    # -- while they are on their way

    def stop(self, turn_id: str, problem: Problem | None = None) -> None:
        """Stop an answer; what has come is kept. Its `Stopped` follows within 100 ms. With a problem it ends
        interrupted for that reason, and can go on."""
        self._workers.stop(turn_id, problem)

    def withdraw(self, turn_id: str) -> Withdrawn | None:
        """Take a question back that waits in line and never went out: it is no part of the history any more. None if
        its answer began, or has a part already. Raises StoreError; then it waits as before."""
        live = self._workers.withdraw(turn_id)
        if live is None:
            return None
        try:
            message = self._need(live.message.id)
            question = self._history.message(message.parent_id) if message.parent_id is not None else None
            if question is None or message.text or message.reasoning or self._history.attempts(message.id):
                self._workers.put_back(live)
                return None
            return Withdrawn(question, self._history.withdraw(message.id))
        except StoreError:
            self._workers.put_back(live)
            raise

    def stop_all(self, problem: Problem | None = None) -> None:
        """Stop every answer. With a problem they end interrupted for that reason, and can go on."""
        self._workers.stop_all(problem)

    def hurry(self, turn_id: str) -> None:
        """Do not wait any longer for a retry or for the network: try now."""
        self._workers.hurry(turn_id)

    def active(self) -> Mapping[str, Snapshot]:
        """The answers on their way, by message id."""
        return self._workers.active()

    def text_of(self, answer_id: str) -> str:
        """An answer's text as listeners know it; of one that has ended, from the history. Raises StoreError."""
        told = self._workers.told(answer_id)
        if told is not None:
            return told[0]
        message = self._history.message(answer_id)
        return message.text if message is not None else ""

    def told(self, answer_id: str) -> tuple[str, str] | None:
        """Text and reasoning of an answer on its way, as listeners know them; None if it is not on its way here."""
        return self._workers.told(answer_id)

    def store_trouble(self, problem: Problem | None) -> None:
        """For the history to call from its own thread: tell all answers' listeners that the journal has trouble."""
        self._workers.store_trouble(problem)

    def close(self, timeout: float = 2.0) -> None:
        """Stop all answers, keep their texts, let go of connections and of the guide; at most `timeout` seconds."""
        self._workers.close(timeout)
        self._client.close()
        self._preparation.close()
