"""Answers in progress: the host that receives one adds its text in parts, other hosts read them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from holytui.models import Message
from holytui.store.postgres.connection import translated
from holytui.store.postgres.rows import live_messages, live_payload
from holytui.store.replica.records import Host

if TYPE_CHECKING:
    from psycopg import Connection

LIVE = "live"
"""Kind of notifications: an answer in progress has changed."""
_DEAD = 60
"""Seconds without a heartbeat after which an answer in progress counts as abandoned."""


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """An answer in progress on another host."""

    host: str
    """Name of the host that receives it."""
    question: Message
    answer: Message
    """Without text."""


@dataclass(frozen=True, slots=True)
class LiveText:
    """The text of an answer in progress, as far as it was read."""

    seq: int = 0
    """The number of the last part."""
    text: str = field(default="", repr=False)
    reasoning: str = field(default="", repr=False)


class LiveTable:
    """The tables `answer` and `delta`. Methods raise SharingFailed and block on the network."""

    def __init__(self, connection: Connection[tuple[Any, ...]], notify: Callable[[str], object]) -> None:
        """`notify` sends the other hosts a notification of the given kind."""
        self._db = connection
        self._notify = notify

    def begin(self, question: Message, answer: Message, here: Host) -> None:
        """Show an answer in progress to other hosts, without text; also if it began anew."""
        with translated(), self._db.pipeline(), self._db.transaction():
            self._db.execute(
                """INSERT INTO host (id, name) VALUES (%s, %s)
                    ON CONFLICT (owner, id) DO UPDATE SET name = excluded.name""",
                (here.id, here.name),
            )
            self._db.execute("DELETE FROM delta WHERE owner = current_user AND message_id = %s", (answer.id,))
            self._db.execute(
                """INSERT INTO answer (message_id, conversation_id, host, payload, beat) VALUES (%s, %s, %s, %s, now())
                    ON CONFLICT (owner, message_id) DO UPDATE
                    SET host = excluded.host, payload = excluded.payload, beat = excluded.beat""",
                (answer.id, answer.conversation_id, here.id, live_payload(question, answer)),
            )
            self._notify(LIVE)

    def add(self, message_id: str, part: LiveText) -> None:
        """Add a part, with its number and its text alone."""
        with translated(), self._db.pipeline(), self._db.transaction():
            self._db.execute(
                "INSERT INTO delta (message_id, seq, payload) VALUES (%s, %s, %s)",
                (message_id, part.seq, json.dumps([part.text, part.reasoning])),
            )
            self._beat([message_id])
            self._notify(LIVE)

    def beat(self, message_ids: Sequence[str]) -> None:
        """Write a heartbeat of answers in progress."""
        with translated():
            self._beat(message_ids)

    def _beat(self, message_ids: Sequence[str]) -> None:
        self._db.execute(
            "UPDATE answer SET beat = now() WHERE owner = current_user AND message_id = ANY(%s)", (list(message_ids),)
        )

    def end(self, message_ids: Sequence[str]) -> None:
        """Remove answers that are no longer in progress."""
        with translated(), self._db.pipeline(), self._db.transaction():
            self.remove(message_ids)
            self._notify(LIVE)

    def remove(self, message_ids: Sequence[str]) -> None:
        """Remove answers, within a transaction of the caller."""
        if message_ids:
            values = (list(message_ids),)
            self._db.execute("DELETE FROM delta WHERE owner = current_user AND message_id = ANY(%s)", values)
            self._db.execute("DELETE FROM answer WHERE owner = current_user AND message_id = ANY(%s)", values)

    def answers(self, here: Host) -> Sequence[LiveAnswer]:
        """Return the answers in progress on other hosts than `here`, with a recent heartbeat."""
        with translated():
            found = self._db.execute(
                """SELECT host.name, payload FROM answer JOIN host ON host.owner = answer.owner AND host.id = host
                    WHERE answer.owner = current_user AND host.id <> %s AND beat > now() - make_interval(secs => %s)
                    ORDER BY message_id""",
                (here.id, _DEAD),
            ).fetchall()
        return [LiveAnswer(str(name), *live_messages(payload)) for name, payload in found]

    def text(self, message_id: str, known: LiveText) -> LiveText:
        """Return `known` with the parts that came after it, or the whole text if that began anew."""
        with translated():
            found = self._db.execute(
                """SELECT seq, payload FROM delta
                    WHERE owner = current_user AND message_id = %s AND seq >= %s ORDER BY seq""",
                (message_id, known.seq),
            ).fetchall()
        if found and found[0][0] == known.seq:
            found = found[1:]
        else:
            known = LiveText()
        parts = [json.loads(payload) for _seq, payload in found]
        text, reasoning = ("".join(part[index] for part in parts) for index in (0, 1))
        return LiveText(int(found[-1][0]) if found else known.seq, known.text + text, known.reasoning + reasoning)
