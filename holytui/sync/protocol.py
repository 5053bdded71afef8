"""The protocol of a sync over a connection: one end asks, the other answers line by line.

The answering end first sends a greeting with its protocol version, host and vector. Each request is an object whose
`do` names it; the reply is an object, `{"error": …}` after which the connection ends.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from holytui import __version__
from holytui.errors import HolytuiError, SyncError
from holytui.i18n import _
from holytui.store.replica.clock import MAX_CLOCK, Vector
from holytui.store.replica.codec import cursor_from_json, cursor_json, from_json, to_json, vector_from_json
from holytui.store.replica.records import Applied, Batch, Digest, TransferCursor
from holytui.sync.channel import JSON, Channel
from holytui.text import sanitize_line

if TYPE_CHECKING:
    from holytui.store.history import History, Replica

VERSION = 1
OLDEST = 1
"""The oldest version that this one understands."""
_MARK = "sync"
_MAX_NOISE = 1 << 16
"""Bytes that a login shell may print before the greeting."""
_MAX_ROUND = 10_000
"""Digests in one request."""


def replica_of(history: History) -> Replica:
    """Return the exchange of changes of a history. Raises SyncError if it has none."""
    if history.replica is None:
        raise SyncError(_("This kind of history cannot be synchronized"))
    return history.replica


# -- the answering end


def serve(history: History, channel: Channel) -> None:
    """Answer requests until the other end closes the connection. Raises SyncError, StoreError after reporting it."""
    replica = replica_of(history)
    own = next(host for host in replica.hosts() if host.is_self)
    greeting = {"holytui": _MARK, "protocol": VERSION, "oldest": OLDEST, "version": __version__}
    channel.send({**greeting, "host": own.id, "name": own.name, "vector": dict(replica.vector())})
    server = _Server(history, replica)
    try:
        while (request := channel.receive()) is not None:
            try:
                reply = server.reply(request)
            except (KeyError, TypeError, ValueError) as exc:
                raise SyncError(_("The request is not understood: {reason}").format(reason=exc)) from exc
            channel.send(reply)
    except HolytuiError as error:
        channel.send({"error": str(error)})
        raise


class _Server:
    """Answers one connection."""

    def __init__(self, history: History, replica: Replica) -> None:
        self._history = history
        self._replica = replica
        self._images: Mapping[str, bytes] = {}
        """The images of the last part that was sent."""

    def reply(self, request: JSON) -> JSON:
        """Carry out a request. Raises KeyError, TypeError, ValueError for a malformed one."""
        match request["do"]:
            case "changes":
                cursor = None if request["cursor"] is None else cursor_from_json(request["cursor"])
                batch = self._replica.changes(vector_from_json(request["since"]), cursor)
                self._images = batch.image_data
                return {"batch": to_json(replace(batch, image_data={})), "images": list(batch.image_data)}
            case "image":
                return {"data": b64encode(self._images[request["digest"]]).decode("ascii")}
            case "lacking":
                return {"lacking": lacking(self._history, _digests(request["digests"]))}
            case "apply":
                done = self._replica.apply(from_json(request["batch"]))
                return {"conversations": done.conversations, "messages": done.messages}
            case "digest":
                found = self._replica.digest(*_bounds(request))
                return {"count": found.count, "hash": found.hash}
            case "range":
                return {"cursor": cursor_json(self._replica.range(*_bounds(request)))}
        raise ValueError("do")


def lacking(history: History, digests: Iterable[str]) -> list[str]:
    """Return those images whose bytes the history does not have."""
    return [digest for digest in dict.fromkeys(digests) if history.image(digest) is None]


def _bounds(request: JSON) -> tuple[int, int]:
    low, high = request["low"], request["high"]
    if not (isinstance(low, int) and isinstance(high, int) and 0 < low <= high <= MAX_CLOCK):
        raise ValueError("range")
    return low, high


def _digests(value: object) -> Sequence[str]:
    if not isinstance(value, list) or len(value) > _MAX_ROUND or not all(isinstance(each, str) for each in value):
        raise TypeError("digests")
    return value


# -- the asking end


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the answering end says of itself."""

    host: str
    """Id of its history."""
    name: str
    vector: Vector


class RemoteReplica:
    """The replica at the other end of a channel. All methods raise SyncError."""

    def __init__(self, channel: Channel, host_name: str) -> None:
        self._channel = channel
        self._where = host_name
        self.greeting = self._greet()

    def _greet(self) -> Greeting:
        start = self._channel.received
        while self._channel.received - start < _MAX_NOISE:
            line = self._channel.receive_line()
            if not line.endswith(b"\n"):
                break
            greeting = _greeting(line)
            if greeting is not None:
                return self._accepted(greeting)
        raise NoGreeting(
            _("holytui on {host} did not answer").format(host=self._where),
            _("Upgrade holytui on {host} if it is older than this one.").format(host=self._where),
        )

    def _accepted(self, greeting: JSON) -> Greeting:
        version, oldest = greeting.get("protocol"), greeting.get("oldest")
        if not isinstance(version, int) or not isinstance(oldest, int) or version < OLDEST:
            raise SyncError(
                _("holytui on {host} is too old to sync with this one").format(host=self._where),
                _("Upgrade holytui on {host}.").format(host=self._where),
            )
        if oldest > VERSION:
            raise SyncError(
                _("This holytui is too old to sync with {host}").format(host=self._where), _("Upgrade it here.")
            )
        host, name = greeting.get("host"), greeting.get("name")
        try:
            vector = vector_from_json(greeting.get("vector"))
        except ValueError as exc:
            raise self._malformed(exc) from exc
        if not isinstance(host, str) or not isinstance(name, str):
            raise self._malformed(TypeError("host"))
        return Greeting(host, name, vector)

    def changes(self, since: Vector, cursor: TransferCursor | None) -> tuple[Batch, Sequence[str]]:
        """Return the next part without the bytes of images, and the digests of those that `image` can return."""
        asked = {"do": "changes", "since": dict(since), "cursor": None if cursor is None else cursor_json(cursor)}
        reply = self._ask(asked)
        try:
            return from_json(reply["batch"]), _digests(reply["images"])
        except (KeyError, TypeError, ValueError) as exc:
            raise self._malformed(exc) from exc

    def image(self, digest: str) -> bytes:
        """Return the bytes of an image of the last part."""
        reply = self._ask({"do": "image", "digest": digest})
        try:
            data = b64decode(reply["data"], validate=True)
        except (KeyError, TypeError, ValueError) as exc:
            raise self._malformed(exc) from exc
        if hashlib.sha256(data).hexdigest() != digest:
            raise self._malformed(ValueError("image"))
        return data

    def lacking(self, digests: Iterable[str]) -> frozenset[str]:
        """Return those images that the other end lacks."""
        reply = self._ask({"do": "lacking", "digests": list(digests)})
        try:
            return frozenset(_digests(reply["lacking"]))
        except (KeyError, TypeError) as exc:
            raise self._malformed(exc) from exc

    def apply(self, batch: Batch) -> Applied:
        """Have a part merged."""
        reply = self._ask({"do": "apply", "batch": to_json(batch)})
        return Applied(self._number(reply, "conversations"), self._number(reply, "messages"))

    def digest(self, low: int, high: int) -> Digest:
        """Summarize a range of changes."""
        reply = self._ask({"do": "digest", "low": low, "high": high})
        return Digest(self._number(reply, "count"), self._number(reply, "hash"))

    def range(self, low: int, high: int) -> TransferCursor:
        """Return the cursor of a transfer of all changes in a range."""
        reply = self._ask({"do": "range", "low": low, "high": high})
        try:
            return cursor_from_json(reply["cursor"])
        except (KeyError, ValueError) as exc:
            raise self._malformed(exc) from exc

    def _ask(self, request: JSON) -> JSON:
        self._channel.send(request)
        reply = self._channel.receive()
        if reply is None:
            raise SyncError(
                _("The connection to {host} was lost").format(host=self._where),
                _("What had arrived is kept; the next sync goes on from there."),
            )
        if "error" in reply:
            words = sanitize_line(str(reply["error"]))[:500]
            raise SyncError(_("holytui on {host} reported: {reason}").format(host=self._where, reason=words))
        return reply

    def _number(self, reply: JSON, name: str) -> int:
        found = reply.get(name)
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise self._malformed(TypeError(name))
        return found

    def _malformed(self, reason: Exception) -> SyncError:
        return SyncError(
            _("holytui on {host} sent something that is not understood: {reason}").format(
                host=self._where, reason=sanitize_line(str(reason))[:200]
            )
        )


class NoGreeting(SyncError):
    """The other end closed the connection, or is no holytui that can sync."""


def _greeting(line: bytes) -> JSON | None:
    from holytui.sync.channel import decode

    try:
        value = decode(line)
    except ValueError:
        return None
    return value if value.get("holytui") == _MARK else None
