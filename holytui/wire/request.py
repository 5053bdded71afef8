"""What one request needs: where it goes, what it says, how long it may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import urlsplit

from holytui.models import Role
from holytui.text import sanitize_line

Content: TypeAlias = str | Sequence[Mapping[str, object]]
"""A text, or a list of parts (`text`, `image_url`) as in the OpenAI API."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message as the server sees it."""

    role: Role
    content: Content = field(repr=False)
    """Not in its repr, and so in no log: texts are private, and images are megabytes."""
    extra: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Further fields of this message, such as `{"prefix": True}`."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """The body of `POST /chat/completions`; `stream` and `stream_options` are the client's to add."""

    model: str
    messages: tuple[ChatMessage, ...]
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Further top-level fields, as they are."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests of a provider go. `learn_key` names it in what is remembered of endpoints."""

    provider: str
    base_url: str
    chat_path: str = "/chat/completions"
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    proxy: str = field(default="", repr=False)
    ca_file: str = ""
    allow_insecure: bool = False

    @property
    def chat_url(self) -> str:
        """The address of chat completions."""
        return self.base_url.rstrip("/") + "/" + self.chat_path.lstrip("/")

    @property
    def host(self) -> str:
        """Host and port, without what some people put before them."""
        return sanitize_line(urlsplit(self.base_url).netloc.rpartition("@")[2])


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The limits of one attempt, in seconds but for the last; see `config.schema.Stream` for what each means."""

    connect: float = 10.0
    idle: float = 60.0
    first_token: float = 300.0
    token: float = 90.0
    answer_bytes: int = 4_000_000
    """Text, as UTF-8."""
