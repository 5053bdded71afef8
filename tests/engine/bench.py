"""An engine over a real history and real sockets, with waits short enough for tests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from holytui.config.schema import Api, Config, Model, Provider, Recover, Stream
from holytui.engine.engine import Engine, StartedTurn
from holytui.engine.events import Ended, TurnEvent
from holytui.engine.ports import Client, Keys
from holytui.models import Message
from holytui.secret import Secret
from holytui.store.sqlite.history import SqliteHistory
from holytui.wire.client import ChatClient
from tests.servers import Peer, Step, chunk, chunked_head, delta, event, usage

QUICK = Stream(
    retry_delay=0.01,
    max_delay=0.02,
    max_retry_after=0.5,
    connect_timeout=2.0,
    idle_timeout=0.15,
    first_token_timeout=0.25,
    token_timeout=0.25,
)
PATIENCE = 10.0


class FixedKeys:
    """Keys from a list: `refresh` gives the next one."""

    def __init__(self, *keys: str, by_command: bool = False) -> None:
        self.keys = [Secret(key) for key in keys]
        self.supplied_by_command = by_command
        self.refreshes = 0

    def get(self) -> Secret | None:
        return self.keys[0] if self.keys else None

    def refresh(self, refused: Secret | None) -> Secret:
        from holytui.errors import KeyUnavailable

        self.refreshes += 1
        if len(self.keys) < 2:
            raise KeyUnavailable("the key was refused", "put another one into the test")
        self.keys.pop(0)
        return self.keys[0]

    def describe(self) -> str:
        return "the test"


class Bench:
    """Ask `local/model` at `base_url`, hear all events, wait for ends."""

    def __init__(
        self,
        folder: Path,
        base_url: str,
        *,
        stream: Stream = QUICK,
        recover: Recover = Recover.PREFILL,
        keys: Keys | None = None,
        client: Client | None = None,
        params: dict[str, object] | None = None,
        api: Api = Api.CHAT,
        history: SqliteHistory | None = None,
    ) -> None:
        """`local/eyes` is the same model, which sees images."""
        blind = Model("model", params=params or {}, recover=recover)
        models = {"model": blind, "eyes": replace(blind, name="eyes", vision=True)}
        provider = Provider("local", base_url, models=models, api=api)
        self.config = Config("local/model", {"local": provider}, stream)
        self.history = history or SqliteHistory(folder / "history.db")
        self.events: list[TurnEvent] = []
        self.patience = PATIENCE
        self._changed = threading.Condition()
        self.engine = Engine(
            self.config,
            self.history,
            client or ChatClient(),
            lambda _provider: keys or FixedKeys(),
            random=lambda: 0.5,
            probe_scale=0.02,
        )
        self.engine.listen(self._hear)

    def _hear(self, event: TurnEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_until(self, condition: Callable[[list[TurnEvent]], bool]) -> None:
        """Wait until the events so far fulfil `condition`."""
        with self._changed:
            if not self._changed.wait_for(lambda: condition(self.events), self.patience):
                raise TimeoutError([str(event)[:120] for event in self.events[-20:]])

    def heard(self, *kinds: type[TurnEvent]) -> None:
        """Wait for an event of one of these kinds."""
        self.wait_until(lambda events: any(isinstance(event, kinds) for event in events))

    def end_of(self, turn: StartedTurn) -> Ended:
        """The last event of a turn, waited for."""
        self.wait_until(lambda events: any(isinstance(e, Ended) and e.turn_id == turn.turn_id for e in events))
        return next(e for e in self.events if isinstance(e, Ended) and e.turn_id == turn.turn_id)

    def ask(self, text: str = "why?", **more: Any) -> tuple[Message, Ended, float]:
        """The answer's message, the last event, and the seconds that it took."""
        began = time.monotonic()
        turn = self.engine.ask(text, **more)
        end = self.end_of(turn)
        return self.message(turn.answer_id), end, time.monotonic() - began

    def message(self, message_id: str) -> Message:
        """A message that is there."""
        found = self.history.message(message_id)
        assert found is not None
        return found

    def text_of(self, answer_id: str) -> str:
        """An answer's text: as listeners know it while it is active, else as it is stored."""
        live = self.engine.live_text(answer_id)
        return live[0] if live is not None else self.message(answer_id).text

    def of(self, *kinds: type[TurnEvent]) -> list[TurnEvent]:
        """The events of these kinds."""
        return [event for event in self.events if isinstance(event, kinds)]

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.engine.close(5.0)
        self.history.close()


def asked(peer: Peer) -> dict[str, Any]:
    """The last request that came on this connection."""
    mine = [request for request in peer.server.requests if request.connection == peer.number]
    body: dict[str, Any] = json.loads(mine[-1].body)
    return body


def prefix_length(peer: Peer) -> int:
    """Length of the prefill of the request on this connection."""
    last = asked(peer)["messages"][-1]
    return len(last["content"]) if last["role"] == "assistant" else 0


def going_on(text: str, until: int | None = None, *, head: bool = True) -> Callable[[Peer], None]:
    """Send `text` from where the request's prefill ends up to `until`, in pieces as tokens come, in chunks."""

    def send(peer: Peer) -> None:
        if head:
            peer.sock.sendall(chunked_head())
        rest = text[prefix_length(peer) : until]
        for i in range(0, len(rest), 5):
            peer.sock.sendall(chunk(event(delta(rest[i : i + 5]))))

    return send


def to_the_end(text: str) -> Sequence[Step]:
    """A whole answer, or the rest of one."""
    from tests.servers import DONE, READ

    tail = event(delta(finish="stop")) + event(usage()) + DONE
    return [READ, going_on(text), chunk(tail), chunk(b"")]
