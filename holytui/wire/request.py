"""Input of one request: endpoint, messages and timeouts."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import urlencode, urlsplit

from holytui.config.schema import Api
from holytui.config.urls import UnixAddress, unix_address
from holytui.models import Role, StreamKind, StreamPosition
from holytui.text import sanitize_line

Content: TypeAlias = str | Sequence[Mapping[str, object]]
"""Text, or a list of content parts (`text`, `image_url`) as in the OpenAI API."""

_RESPONSES_PATH = "/responses"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the request."""

    role: Role
    content: Content = field(repr=False)
    """Left out of the repr, and so of logs: texts are private and images are large."""
    extra: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Additional fields of this message, such as `{"prefix": True}`."""


STREAM_ID_HEADER = "X-Conversation-Id"
"""llama.cpp keeps the stream of a request with this header; its value names the stream."""


@dataclass(frozen=True, slots=True)
class Reattach:
    """Read a kept stream again from `position`, and continue with its rest."""

    stream_id: str = field(repr=False)
    position: StreamPosition
    content: str = field(repr=False)
    """Content received after `position`; the stream must begin with it, and it is not reported again."""
    reasoning: str = field(repr=False)
    """The same of the reasoning."""
    kind: StreamKind = StreamKind.BYTES
    content_before: str = field(default="", repr=False)
    """Content before `position`, with which whole texts are compared; only for events."""
    reasoning_before: str = field(default="", repr=False)
    """The same of the reasoning."""
    whole: bool = False
    """Fetch the answer as one object instead of its events."""
    gap: bool = False
    """Events were missing after `position` before. If they are again, the server does not number all of them."""


@dataclass(frozen=True, slots=True)
class OptionalParams:
    """Parameters without which a request is sent again if the server refuses them."""

    name: str
    """Stands for them in the set of refused options and in notices, such as `effort=high`."""
    params: Mapping[str, object]
    instead: str = field(default="", repr=False)
    """Text added to the last question where they are left out."""
    names: tuple[str, ...] = ()
    """Names in messages of a server that refuses them; by default those of their fields."""

    def refusal(self, base_url: str, model: str) -> str:
        """Return the entry of a set of refused options that stands for them."""
        return f"{base_url}#{model}#{self.name}"

    @property
    def field_names(self) -> frozenset[str]:
        """Names by which a server refuses them: `names`, or those of all fields, also in nested objects."""
        return frozenset(self.names) if self.names else frozenset(_field_names(self.params)) - _COMMON_NAMES


_COMMON_NAMES = frozenset({"type"})
"""Fields that any error object may have."""
_OTHER_NAMES = MappingProxyType({"reasoning_effort": "reasoning.effort"})
"""Names of fields in the Responses API."""


def _field_names(params: Mapping[str, object]) -> Iterator[str]:
    for name, value in params.items():
        yield name
        if name in _OTHER_NAMES:
            yield _OTHER_NAMES[name]
        if isinstance(value, Mapping):
            yield from _field_names(value)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Body of `POST /chat/completions`, without `stream` and `stream_options`, which the client adds.

    That of `POST /responses` is built from it, see `responses_request`.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Additional top-level fields, sent unchanged."""
    stream_id: str = field(default="", repr=False)
    """Ask the server to keep the stream under this name; empty: not asked."""
    background: bool = False
    """Ask the Responses API to store the answer and to generate it on when the connection is lost."""
    reattach: Reattach | None = None
    """Read this stream instead of sending the request."""
    optional: tuple[OptionalParams, ...] = ()
    """Further fields, which are left out if the server refuses them."""
    prefilled: bool = False
    """The last message is to be continued: a refusal may concern that, and is not attributed to `optional`."""

    def with_optional(self, sent: Sequence[OptionalParams]) -> ChatRequest:
        """Return the request with those of `optional` that are to be sent as ordinary parameters."""
        params, messages = dict(self.params), self.messages
        for part in self.optional:
            if part in sent:
                params |= part.params
            elif part.instead:
                messages = _with_text(messages, part.instead)
        return replace(self, params=params, messages=messages, optional=())


def _with_text(messages: tuple[ChatMessage, ...], text: str) -> tuple[ChatMessage, ...]:
    """Return the messages with `text` at the end of the last question."""
    index = next((i for i in range(len(messages) - 1, -1, -1) if messages[i].role is Role.USER), None)
    if index is None:
        return (*messages, ChatMessage(Role.USER, text))
    content = messages[index].content
    longer: Content = f"{content}\n\n{text}" if isinstance(content, str) else (*content, {"type": "text", "text": text})
    return (*messages[:index], replace(messages[index], content=longer), *messages[index + 1 :])


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Address and connection settings of a provider."""

    provider: str
    base_url: str
    chat_path: str = "/chat/completions"
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    proxy: str = field(default="", repr=False)
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    allow_insecure: bool = False
    api: Api = Api.CHAT
    obfuscates: bool = False
    """The server pads its events with random text unless it is asked not to."""

    @property
    def path(self) -> str:
        """Path of requests for answers, below that of `base_url`. The query of `chat_path` applies to both APIs."""
        return self.path_of(self.api)

    def path_of(self, api: Api) -> str:
        """`path` of one API."""
        if api is not Api.RESPONSES:
            return "/" + self.chat_path.lstrip("/")
        return _RESPONSES_PATH + "".join(self.chat_path.partition("?")[1:])

    @property
    def url(self) -> str:
        """URL of requests for answers."""
        return self._with_query(self._root + self.path)

    @property
    def models_url(self) -> str:
        """URL of the list of models."""
        return self._with_query(self._root + "/models")

    def stream_url(self, query: Mapping[str, str]) -> str:
        """Return the URL of a kept stream, with `query`."""
        return self._with_query(self._root.removesuffix("/v1") + "/v1/stream", query)

    def answer_url(self, part: str, query: Mapping[str, str] = MappingProxyType({})) -> str:
        """Return the URL of a stored answer of the Responses API: that of requests, with `part` after its path."""
        path, _, own = self.path_of(Api.RESPONSES).partition("?")
        return self._with_query(self._root + path + part + (f"?{own}" if own else ""), query)

    def _with_query(self, address: str, query: Mapping[str, str] = MappingProxyType({})) -> str:
        """Return `address` with `query` and the parameters of `self.query`."""
        added = urlencode({**query, **self.query})
        return address + ("&" if "?" in address else "?") + added if added else address

    @property
    def unix(self) -> UnixAddress | None:
        """The Unix socket on which the server listens, if it is one."""
        return unix_address(self.base_url)

    @property
    def _root(self) -> str:
        unix = self.unix
        return (self.base_url if unix is None else unix.http_url).rstrip("/")

    @property
    def host(self) -> str:
        """Host and port, without user and password; or the path of the Unix socket."""
        if (unix := self.unix) is not None:
            return sanitize_line(unix.socket)
        return sanitize_line(urlsplit(self.base_url).netloc.rpartition("@")[2])


class StreamOption(StrEnum):
    """An option in `stream_options` of a request, which a server may refuse."""

    INCLUDE_USAGE = "include_usage"
    """True: the usage is reported at the end of the stream. The Responses API does so unasked."""
    INCLUDE_OBFUSCATION = "include_obfuscation"
    """False: events are not padded with random text."""

    def refusal(self, base_url: str) -> str:
        """Return the entry of a set of refused options that stands for this one at `base_url`."""
        return base_url if self is StreamOption.INCLUDE_USAGE else f"{base_url}#{self}"


def stream_options(endpoint: Endpoint, refused: Container[str]) -> list[StreamOption]:
    """Return the options to send to `endpoint`; the last one is to be dropped first if they are refused."""
    sent = {
        StreamOption.INCLUDE_USAGE: endpoint.api is not Api.RESPONSES,
        StreamOption.INCLUDE_OBFUSCATION: endpoint.obfuscates,
    }
    return [option for option, wanted in sent.items() if wanted and option.refusal(endpoint.base_url) not in refused]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one attempt, in seconds except the last. `config.schema.Stream` documents each."""

    connect: float = 10.0
    idle: float = 60.0
    first_token: float = 300.0
    token: float = 90.0
    answer_bytes: int = 4_000_000
    """Bytes of text as UTF-8."""
