"""Dataclasses of the configuration, with all defaults; `config.example.toml` is tested against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

AUTO_THEME = "auto"
"""The value of `ui.theme` that follows the background of the terminal."""


class Recover(StrEnum):
    """How an interrupted answer is completed."""

    AUTO = "auto"
    """The best way that the endpoint is known to support: prefill, else instruct, else restart."""
    PREFILL = "prefill"
    """The server continues the text."""
    INSTRUCT = "instruct"
    """The model is asked to continue."""
    RESTART = "restart"
    """The question is asked again; the interrupted answer is kept as a variant."""
    ASK = "ask"
    """Keep the text and wait for the user."""


class Api(StrEnum):
    """API by which a model is asked."""

    AUTO = "auto"
    """Chat completions; if they are refused with a reference to the Responses API, that one from then on."""
    CHAT = "chat"
    """`POST /chat/completions`."""
    RESPONSES = "responses"
    """`POST /responses`."""


class EffortFormat(StrEnum):
    """Request parameters for each level of reasoning effort."""

    REASONING_EFFORT = "reasoning_effort"
    """`reasoning_effort` (OpenAI and most others); `none` for off. The Responses API gets `reasoning.effort`."""
    REASONING = "reasoning"
    """`reasoning = { effort }` (OpenRouter); `none` for off."""
    THINKING = "thinking"
    """`thinking = { type, budget_tokens }` (Anthropic)."""
    THINKING_TYPE = "thinking_type"
    """`thinking = { type }` and `reasoning_effort` (DeepSeek, GLM)."""
    ENABLE_THINKING = "enable_thinking"
    """`enable_thinking` and `thinking_budget` (Qwen at Alibaba Cloud)."""
    CHAT_TEMPLATE = "chat_template"
    """`chat_template_kwargs = { enable_thinking, reasoning_effort }` (llama.cpp, vLLM, SGLang)."""
    NONE = "none"
    """No parameter: the effort cannot be set."""


class Leave(StrEnum):
    """What of the chat stays in the terminal after the full screen has closed."""

    ANSWER = "answer"
    """The last answer."""
    CONVERSATION = "conversation"
    """The shown branch."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Price:
    """Price per million tokens, in the user's currency."""

    input: float
    """Price of a million tokens of the question."""
    output: float
    """Price of a million tokens of the answer."""
    cached: float | None = None
    """Price of a million tokens that the provider had cached; by default that of `input`."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a provider."""

    name: str
    """Name at the provider."""
    context: int | None = None
    """Size of the context in tokens, for the display of its use."""
    price: Price | None = None
    """Price of its tokens, for the display of cost."""
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Sent unchanged with each request (`temperature`, `max_tokens`, …)."""
    vision: bool = False
    """The model accepts images."""
    recover: Recover | None = None
    """Overrides the provider's `recover`."""
    api: Api | None = None
    """Overrides the provider\'s `api`."""
    effort_format: EffortFormat | None = None
    """Overrides the provider's `effort_format`."""
    background: bool | None = None
    """Overrides the provider\'s `background`."""


@dataclass(frozen=True, slots=True)
class OAuth:
    """Settings of OAuth refresh tokens (RFC 6749 section 6)."""

    token_url: str
    """Address that returns access tokens."""
    client_id: str
    """Id of the client."""
    refresh_token_file: str = ""
    """File with the refresh token, mode 0600; a new token is written back."""
    refresh_token_command: tuple[str, ...] = ()
    """Program that prints the refresh token."""
    client_secret_env: str = ""
    """Environment variable of the client's secret."""
    scope: str = ""
    """Requested scope."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One OpenAI-compatible endpoint."""

    name: str
    """Name in `provider/model`."""
    base_url: str
    """Address before `chat_path`; most end in `/v1`. `http+unix:///run/llm.sock` for a Unix socket."""
    api_key_env: str = ""
    """Environment variable of the key."""
    api_key_env_file: str = ""
    """File of `NAME=value` lines in which `api_key_env` is looked up first; read again when a key is refused."""
    api_key_command: tuple[str, ...] = ()
    """Program that prints the key, or JSON with `api_key` and `expires_at`."""
    api_key_file: str = ""
    """File with nothing but the key, mode 0600."""
    api_key_keyring: str = ""
    """Name of the key in the system keyring, under the service `holytui`."""
    api_key: str = field(default="", repr=False)
    """The key itself; then the configuration must have mode 0600."""
    oauth: OAuth | None = None
    """Renewal of the key by OAuth 2.0."""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Additional headers of each request."""
    public_headers: tuple[str, ...] = ()
    """Names of `headers` whose values are not secret and may be shown."""
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Additional query parameters of each request."""
    proxy: str = field(default="", repr=False)
    """Proxy, `http://`, `https://` or `socks5h://`; by default that of the environment. `none`: no proxy."""
    ca_file: str = ""
    """Certificates of authorities to trust, in PEM."""
    client_cert: str = ""
    """Certificate for servers that ask for one, in PEM, with its intermediate certificates."""
    client_key: str = ""
    """Private key of `client_cert`, in PEM without a passphrase; by default in the same file."""
    allow_insecure: bool = False
    """Allow sending a key over plain http to another machine."""
    chat_path: str = "/chat/completions"
    """Path after `base_url`; may end in a query."""
    effort_format: EffortFormat | None = None
    """Parameters for the effort of reasoning. By default as its preset says, else `reasoning_effort`."""
    effort_params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Parameters of a level of effort (`off`, `low`, `medium`, `high`), in place of those of `effort_format`."""
    api: Api = Api.AUTO
    """`chat` (chat completions), `responses` (the Responses API), or `auto`: the second where the first is refused."""
    background: bool = False
    """Have the Responses API generate answers on when the connection is lost, so that they are read on exactly. The
    provider stores each answer for some minutes."""
    reattach: bool | None = None
    """The server keeps the stream of an interrupted answer (llama.cpp). By default as its preset or its header say."""
    recover: Recover | None = None
    """Overrides `recover` of `[stream]`."""
    connect_timeout: float | None = None
    """Overrides `connect_timeout` of `[stream]`, as the next three override theirs."""
    idle_timeout: float | None = None
    """Longest time without a byte, in seconds."""
    first_token_timeout: float | None = None
    """Longest time until the answer begins, in seconds."""
    token_timeout: float | None = None
    """Longest time without a token after the first one, in seconds."""
    models: Mapping[str, Model] = field(default_factory=lambda: MappingProxyType({}))
    """Models in the list, by name. Others can be used as well."""
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
    """Longest delay between retries."""
    max_retry_after: float = 120.0
    """Longest wait requested by a server that is obeyed; a longer one ends the answer with a notice."""
    connect_timeout: float = 10.0
    """Longest time until the connection is open."""
    idle_timeout: float = 60.0
    """Longest time without a byte."""
    first_token_timeout: float = 300.0
    """Longest time until the answer begins."""
    token_timeout: float = 90.0
    """Longest time without a token after the first one, keep-alives ignored."""
    offline_limit: float = 0.0
    """Longest wait for an unreachable endpoint (0: unlimited). Waiting does not use up retries."""
    max_answer_bytes: int = 10_000_000
    """Text (UTF-8, with reasoning) after which an answer is left interrupted. Continuing it allows as much again."""
    recover: Recover = Recover.AUTO
    """How an interrupted answer is completed."""
    finish_after_hangup: float = 600.0
    """Longest time to keep receiving after the terminal is closed (0: stop at once)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`[limits]`: limits of spending, in the currency of the prices. 0: no limit."""

    per_day: float = 0.0
    """Cost of the answers of a day (local time) from which no further question is sent; a warning at 80 %."""
    per_conversation: float = 0.0
    """Cost of the answers of a conversation from which no further question is sent; a warning at 80 %."""
    per_answer_tokens: int = 0
    """Tokens of an answer, with reasoning and all its requests, after which it is left interrupted. Continuing it
    allows as many again."""


@dataclass(frozen=True, slots=True)
class Ui:
    """`[ui]`: how the screen looks and behaves."""

    theme: str = ""
    """Name of a theme, or `auto`: follows the background of the terminal. Empty: `holytui-dark`, or `holytui-16` on a
    terminal with 16 colours."""
    theme_dark: str = ""
    """Theme of `auto` on a dark background, or while it is unknown. Empty: as with an empty `theme`."""
    theme_light: str = ""
    """Theme of `auto` on a light background. Empty: `holytui-light`, or `holytui-16` on a terminal with 16 colours."""
    language: str = ""
    """`en` or `vi`; empty: from the locale."""
    mouse: bool = False
    """Use the mouse; false leaves the terminal's own selection as it is."""
    sidebar: bool = True
    """Show the list of conversations."""
    text_width: int = 100
    """Maximum width of text in columns; 0: no limit. Code and tables may be wider."""
    enter: str = "send"
    """`send`: the key of `prompt.send` sends; `newline`: it inserts a new line, and the key of `prompt.newline`
    sends."""
    editing: str = "plain"
    """`vim`: the prompt has Vim's insert, normal and visual mode; `plain`: it has none."""
    resume_on_start: str = "ask"
    """Whether to continue interrupted answers at startup: `ask`, `always`, `never`. Unsent questions are sent unless
    `never`."""
    notify: str = "off"
    """Notification when an answer ends in an unfocused terminal: `off`, `bell`, `osc9` (desktop notification)."""
    leave: Leave = Leave.ANSWER
    """What stays in the terminal after quitting: the last `answer`, the `conversation` or `nothing`. Of a long text the
    end (64 KiB, 256 KiB); never with `--no-save`."""
    model_titles: bool = False
    """Let the model title each conversation, with one more request."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """`[history]`: sharing the history with other machines."""

    share: str = field(default="", repr=False)
    """Database that shares the history between machines, `postgresql://user@host/database` or `service=name`; empty:
    none."""
    share_password_command: tuple[str, ...] = ()
    """Program that prints the password of the database; by default that of the address, PGPASSWORD or `~/.pgpass`."""
    share_tls: str = ""
    """TLS of its connection: `verify-full`, `verify-ca`, `require` or `disable`. Empty: `verify-full`, but not for a
    database on this machine."""


@dataclass(frozen=True, slots=True)
class Sync:
    """`[sync]`: one history on several machines."""

    targets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Addresses by name: `ssh://USER@HOST:PORT/PATH`, or a folder."""
    every: int = 0
    """Minutes between syncs with all targets while the screen is open, the first at its start (0: never)."""
    command: str = ""
    """Command that starts holytui on the other machine; empty: `holytui`, or else `~/.local/bin/holytui`."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration. Invalid parts of the file have defaults (see `load.Loaded.problems`)."""

    default_model: str = "guide/guide"
    """Model of new conversations, as `provider/model`."""
    providers: Mapping[str, Provider] = field(default_factory=lambda: MappingProxyType({}))
    """Providers by name."""
    stream: Stream = field(default_factory=Stream)
    """Timeouts and retries."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Action id to the keys that replace its defaults; an empty tuple removes them."""
    ui: Ui = field(default_factory=Ui)
    """The screen."""
    history: Sharing = field(default_factory=Sharing)
    """Sharing of the history."""
    limits: Limits = field(default_factory=Limits)
    """Limits of spending."""
    prompts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """System prompts by name."""
    sync: Sync = field(default_factory=Sync)
    """The exchange with other machines."""
    system: str = ""
    """The system prompt of new conversations: a text, or the name of one of `prompts`."""
    log_level: str = "warning"
    """Level of the log file: `off`, `error`, `warning`, `info` (each turn and request) or `debug`."""
    source: Path | None = None
    """The file that was read; None for defaults only."""
    blocked: str = ""
    """Reason why no provider but the guide may be used: the file or its providers are unreadable. Empty if usable."""
