"""Well-known providers: their address, key variable, and how they let a cut answer go on.

How each continues is from its own documentation or code: Mistral `prefix` (OpenAPI, AssistantMessage); DeepSeek
`prefix` on its beta address (guide "Chat Prefix Completion"); vLLM `continue_final_message`, which excludes
`add_generation_prompt` (serving protocol); llama.cpp the same since May 2026 (pull request 23089), before that it
continues any trailing assistant message and ignores the two fields (server flag `prefill_assistant`, on by default);
Claude continues up to 4.5, refuses a text that ends in white space, and answers 400 since 4.6; OpenAI takes a
trailing assistant message as a finished turn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import urlsplit

from holytui.config.schema import Provider

GUIDE = "guide"
"""The provider that is always there and in no file: the built-in guide, whose address is known at run time only."""


class Prefill(StrEnum):
    """Whether a server continues an assistant message at the end of the request."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """To be tried and learnt; it depends on the model or on what is behind a gateway."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """What a request needs so that the server goes on with the text of its last, assistant, message."""

    prefill: Prefill = Prefill.UNKNOWN
    message: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Further fields of that message."""
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Further fields of the request."""
    base_url: str = ""
    """Where to send it, if not to the provider's `base_url`."""
    echoes: bool | None = None
    """Whether the answer begins with the text that was sent; None: not known, the stream shows it."""
    strips: bool = False
    """The server refuses a text that ends in white space: it is sent without it."""


_UNKNOWN = Continuation()
_TRAILING = Continuation(Prefill.YES)
_STRIPPED = Continuation(Prefill.YES, strips=True)
_FLAGS: Mapping[str, object] = MappingProxyType({"continue_final_message": True, "add_generation_prompt": False})
_FLAGGED = Continuation(Prefill.YES, params=_FLAGS)
_NONE = Continuation(Prefill.NO)
_PREFIX: Mapping[str, object] = MappingProxyType({"prefix": True})

PREFILL_FORMS: Mapping[str, Continuation] = MappingProxyType(
    {"flags": replace(_UNKNOWN, params=_FLAGS), "trailing": _UNKNOWN, "prefix": replace(_UNKNOWN, message=_PREFIX)}
)
"""The forms of a request that are tried where nobody knows how a server continues a text, by name, the likeliest
first."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One well-known provider."""

    name: str
    title: str
    base_url: str
    key_env: str = ""
    """The environment variable that holds its key; empty: it needs none."""
    port: int | None = None
    """The loopback port on which it usually listens, for servers on this machine."""
    continuation: Continuation = _UNKNOWN

    def provider(self) -> Provider:
        """The provider as if it had been configured with nothing but its name."""
        return Provider(self.name, self.base_url, api_key_env=self.key_env)


def _local(name: str, title: str, port: int, continuation: Continuation) -> Preset:
    return Preset(name, title, f"http://127.0.0.1:{port}/v1", port=port, continuation=continuation)


_ALL = (
    Preset("holysheep", "HolySheep AI", "https://api.holysheep.ai/v1", "HOLYSHEEP_API_KEY"),
    Preset("openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY", continuation=_NONE),
    Preset("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    Preset(
        "deepseek",
        "DeepSeek",
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
        continuation=Continuation(Prefill.YES, message=_PREFIX, base_url="https://api.deepseek.com/beta"),
    ),
    Preset(
        "mistral",
        "Mistral",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        continuation=Continuation(Prefill.YES, message=_PREFIX, echoes=True),
    ),
    Preset("groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    Preset("gemini", "Google Gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    Preset("anthropic", "Anthropic", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", continuation=_STRIPPED),
    _local("ollama", "Ollama", 11434, _UNKNOWN),
    _local("llamacpp", "llama.cpp", 8080, _FLAGGED),
    _local("lmstudio", "LM Studio", 1234, _UNKNOWN),
    _local("vllm", "vLLM", 8000, _FLAGGED),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})

_CLAUDE = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")


def preset_of(provider: Provider) -> Preset | None:
    """The well-known server behind `provider`: by its host, or by its name for servers that people run themselves."""
    named = PRESETS.get(provider.name)
    if named is not None and named.port is not None:
        return named
    host = urlsplit(provider.base_url).hostname
    return next((one for one in _ALL if one.port is None and urlsplit(one.base_url).hostname == host), None)


def continuation(provider: Provider, model: str) -> Continuation:
    """How `provider` continues a cut answer of `model`; `Prefill.UNKNOWN` where nobody can know before trying."""
    if provider.name == GUIDE:
        return _TRAILING
    claude = _CLAUDE.search(model)
    if claude is not None and (int(claude[1]), int(claude[2] or 0)) >= (4, 6):
        return _NONE  # also behind gateways: the model itself refuses
    preset = preset_of(provider)
    known = preset.continuation if preset is not None else _UNKNOWN
    return replace(known, strips=True) if claude is not None else known
