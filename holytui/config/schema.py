"""Dataclasses of the configuration, with all defaults; `config.example.toml` is tested against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType


class Recover(StrEnum):
    """How an interrupted answer is completed."""

    AUTO = "auto"
    """The best way that the endpoint is known to support: prefill, else instruct, else restart."""
    PREFILL = "prefill"
    INSTRUCT = "instruct"
    RESTART = "restart"
    ASK = "ask"
    """Keep the text and wait for the user."""


class Api(StrEnum):
    """API by which a model is asked."""

    CHAT = "chat"
    """`POST /chat/completions`."""
    RESPONSES = "responses"
    """`POST /responses`."""


@dataclass(frozen=True, slots=True)
class Price:
    """Price per million tokens, in the user's currency."""

    input: float
    output: float
    cached: float | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a provider."""

    name: str
    context: int | None = None
    """Size of the context in tokens, for the display of its use."""
    price: Price | None = None
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Sent unchanged with each request (`temperature`, `max_tokens`, …)."""
    vision: bool = False
    recover: Recover | None = None
    api: Api | None = None
    """None: that of the provider."""


@dataclass(frozen=True, slots=True)
class OAuth:
    """Settings of OAuth refresh tokens (RFC 6749 section 6)."""

    token_url: str
    client_id: str
    refresh_token_file: str = ""
    refresh_token_command: tuple[str, ...] = ()
    client_secret_env: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """One OpenAI-compatible endpoint."""

    name: str
    base_url: str
    api_key_env: str = ""
    api_key_env_file: str = ""
    """File of `NAME=value` lines in which `api_key_env` is looked up first; read again when a key is refused."""
    api_key_command: tuple[str, ...] = ()
    api_key_file: str = ""
    api_key: str = field(default="", repr=False)
    oauth: OAuth | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    public_headers: tuple[str, ...] = ()
    """Names of `headers` whose values are not secret and may be shown."""
    proxy: str = field(default="", repr=False)
    ca_file: str = ""
    allow_insecure: bool = False
    """Allow sending a key over plain http to another machine."""
    chat_path: str = "/chat/completions"
    api: Api = Api.CHAT
    reattach: bool | None = None
    """Have the server keep streams, to reattach to an interrupted answer; None: as its preset or `Server` header says.
    """
    recover: Recover | None = None
    models: Mapping[str, Model] = field(default_factory=lambda: MappingProxyType({}))
    blocked: str = ""
    """Reason why nothing may be sent to it; empty if it is usable.

    Set if a setting of its connection is invalid, as a proxy, for example, must not be dropped silently.
    """


@dataclass(frozen=True, slots=True)
class Stream:
    """`[stream]`: timeouts and retries of requests. Times in seconds."""

    max_retries: int = 3
    """Consecutive attempts without progress (64 new characters) before the answer is left interrupted."""
    max_attempts: int = 10
    """Total attempts for one answer."""
    retry_delay: float = 1.0
    """Delay before the first retry; doubles each time, ±20 %, up to `max_delay`."""
    max_delay: float = 30.0
    max_retry_after: float = 120.0
    """Longest wait requested by a server that is obeyed; a longer one ends the answer with a notice."""
    connect_timeout: float = 10.0
    idle_timeout: float = 60.0
    """Longest time without a byte."""
    first_token_timeout: float = 300.0
    token_timeout: float = 90.0
    """Longest time without a token after the first one, keep-alives ignored."""
    offline_limit: float = 0.0
    """Longest wait for an unreachable endpoint (0: unlimited). Waiting does not use up retries."""
    max_answer_bytes: int = 4_000_000
    """Text (UTF-8, with reasoning) after which an answer is left interrupted. Continuing it allows as much again."""
    recover: Recover = Recover.AUTO
    finish_after_hangup: float = 600.0
    """Longest time to keep receiving after the terminal is closed (0: stop at once)."""


@dataclass(frozen=True, slots=True)
class Ui:
    """`[ui]`: how the screen looks and behaves."""

    theme: str = ""
    """Empty: `holytui-dark`, or `holytui-16` on a terminal with 16 colours."""
    language: str = ""
    """`en` or `vi`; empty: from the locale."""
    mouse: bool = False
    sidebar: bool = True
    text_width: int = 100
    """Maximum width of text in columns; 0: no limit. Code and tables may be wider."""
    enter: str = "send"
    """Action of Enter in the prompt: `send` or `newline` (then Alt+Enter sends)."""
    resume_on_start: str = "ask"
    """Whether to continue interrupted answers at startup: `ask`, `always`, `never`. Unsent questions are sent unless
    `never`."""
    notify: str = "off"
    """Notification when an answer ends in an unfocused terminal: `off`, `bell`, `osc9` (desktop notification)."""
    model_titles: bool = False
    """Let the model title each conversation, with one more request."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration. Invalid parts of the file have defaults (see `load.Loaded.problems`)."""

    default_model: str = "guide/guide"
    providers: Mapping[str, Provider] = field(default_factory=lambda: MappingProxyType({}))
    stream: Stream = field(default_factory=Stream)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Action id to the keys that replace its defaults; an empty tuple removes them."""
    ui: Ui = field(default_factory=Ui)
    prompts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """System prompts by name."""
    system: str = ""
    """The system prompt of new conversations: a text, or the name of one of `prompts`."""
    log_level: str = "warning"
    """Level of the log file: `off`, `error`, `warning`, `info` (each turn and request) or `debug`."""
    source: Path | None = None
    """The file that was read; None for defaults only."""
    blocked: str = ""
    """Reason why no provider but the guide may be used: the file or its providers are unreadable. Empty if usable."""
