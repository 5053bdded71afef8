"""The configuration as values. Defaults stand here and nowhere else; `config.example.toml` is tested against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType


class Recover(StrEnum):
    """How a cut answer is brought home."""

    AUTO = "auto"
    """By what the endpoint was learnt to do: prefill, else instruct, else restart."""
    PREFILL = "prefill"
    INSTRUCT = "instruct"
    RESTART = "restart"
    ASK = "ask"
    """Not by itself: keep the text and wait for the user."""


@dataclass(frozen=True, slots=True)
class Price:
    """Per million tokens, in the user's currency."""

    input: float
    output: float
    cached: float | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a provider."""

    name: str
    context: int | None = None
    """Tokens of context, for the gauge."""
    price: Price | None = None
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Sent with each request as they are (`temperature`, `max_tokens`, …)."""
    vision: bool = False
    recover: Recover | None = None


@dataclass(frozen=True, slots=True)
class OAuth:
    """Where a new access token comes from (RFC 6749 section 6)."""

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
    """A file of `NAME=value` lines in which `api_key_env` is looked up first; read again when a key is refused."""
    api_key_command: tuple[str, ...] = ()
    api_key_file: str = ""
    api_key: str = field(default="", repr=False)
    oauth: OAuth | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    public_headers: tuple[str, ...] = ()
    """Names of `headers` whose values are no secrets, and so are shown."""
    proxy: str = field(default="", repr=False)
    ca_file: str = ""
    allow_insecure: bool = False
    """A key may be sent over plain http to a host that is not this machine."""
    chat_path: str = "/chat/completions"
    recover: Recover | None = None
    models: Mapping[str, Model] = field(default_factory=lambda: MappingProxyType({}))
    stopped: str = ""
    """Why nothing may be sent to it: a setting of its connection was not understood, and what was meant by it, such as
    a proxy, must not be left out without the user's knowing. Empty: it can be asked."""


@dataclass(frozen=True, slots=True)
class Stream:
    """`[stream]`: how patient and how stubborn a request is. Times in seconds."""

    max_retries: int = 3
    """Attempts in a row without progress (64 new characters) before the answer is left interrupted."""
    max_attempts: int = 10
    """Attempts in all for one answer."""
    retry_delay: float = 1.0
    """Wait before the first retry; doubles each time, ±20 %, at most `max_delay`."""
    max_delay: float = 30.0
    max_retry_after: float = 120.0
    """A server that asks for a longer wait is told about instead of waited for."""
    connect_timeout: float = 10.0
    idle_timeout: float = 60.0
    """Without any byte."""
    first_token_timeout: float = 300.0
    token_timeout: float = 90.0
    """Without a token once they flow, whatever keep-alives say."""
    offline_limit: float = 0.0
    """Waiting for an endpoint that is gone is given up after this long (0: never; nothing is spent by waiting)."""
    max_answer_bytes: int = 4_000_000
    """Text (as UTF-8, reasoning included) after which an answer is left interrupted, with all that came. Asking for
    it to go on allows as much again."""
    recover: Recover = Recover.AUTO
    finish_after_hangup: float = 600.0
    """When the terminal is gone: go on receiving for at most this long (0: stop at once)."""


@dataclass(frozen=True, slots=True)
class Ui:
    """`[ui]`: how the screen looks and behaves."""

    theme: str = ""
    """Empty: what suits the terminal, `holytui-dark` or with 16 colours `holytui-16`."""
    language: str = ""
    """`en` or `vi`; empty: as the locale says."""
    mouse: bool = False
    sidebar: bool = True
    text_width: int = 100
    """Columns that lines of text have at most; 0: as many as there are. Code and tables may be wider."""
    enter: str = "send"
    """What Enter does in the prompt: `send` or `newline` (then Alt+Enter sends)."""
    resume_on_start: str = "ask"
    """What to do with answers that a kill cut: `ask`, `always`, `never`. Questions that never went out go out at the
    start, unless it is `never`."""
    notify: str = "off"
    """When an answer ends and its reader may be elsewhere: `off`, `bell`, `osc9` (a desktop notice)."""
    model_titles: bool = False
    """Let the model name a conversation (one more request each)."""


@dataclass(frozen=True, slots=True)
class Config:
    """All of it, usable even where parts of the file were not (see `load.Loaded.problems`)."""

    default_model: str = "guide/guide"
    providers: Mapping[str, Provider] = field(default_factory=lambda: MappingProxyType({}))
    stream: Stream = field(default_factory=Stream)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Binding id to the keys that replace its default ones; an empty tuple takes the key away."""
    ui: Ui = field(default_factory=Ui)
    prompts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """A library of system prompts by name."""
    system: str = ""
    """The system prompt of new conversations: a text, or the name of one of `prompts`."""
    log_level: str = "warning"
    """Of the log file: `off`, `error`, `warning`, `info` (each turn and request) or `debug`."""
    source: Path | None = None
    """The file it came from; None: defaults only."""
    stopped: str = ""
    """Why no provider may be asked, other than the guide: the file or its providers could not be read."""
