"""Input of one request: endpoint, messages and timeouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import urlsplit

from holytui.config.schema import Api
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


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Address and connection settings of a provider."""

    provider: str
    base_url: str
    chat_path: str = "/chat/completions"
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    proxy: str = field(default="", repr=False)
    ca_file: str = ""
    allow_insecure: bool = False
    api: Api = Api.CHAT

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
        return self.base_url.rstrip("/") + self.path

    @property
    def host(self) -> str:
        """Host and port, without user and password."""
        return sanitize_line(urlsplit(self.base_url).netloc.rpartition("@")[2])


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one attempt, in seconds except the last. `config.schema.Stream` documents each."""

    connect: float = 10.0
    idle: float = 60.0
    first_token: float = 300.0
    token: float = 90.0
    answer_bytes: int = 4_000_000
    """Bytes of text as UTF-8."""
