"""Presets of well-known providers: address, key variable, and how they continue an interrupted answer.

Sources are each provider's documentation or code: Mistral `prefix` (OpenAPI, AssistantMessage); DeepSeek
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

from holytui.config.schema import EffortFormat, Provider

GUIDE = "guide"
"""Name of the built-in guide: always available, not configurable, with an address known only at run time."""


class Prefill(StrEnum):
    """Whether a server continues an assistant message at the end of the request."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """To be tried and learnt; depends on the model or the server behind a gateway."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """Additions to a request that make the server continue its last message, an assistant message."""

    prefill: Prefill = Prefill.UNKNOWN
    message: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Additional fields of that message."""
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Additional fields of the request."""
    base_url: str = ""
    """Base URL to use instead of the provider's."""
    echoes: bool | None = None
    """Whether the answer repeats the sent text first; None: unknown, detected from the stream."""
    strips: bool = False
    """The server refuses trailing white space, so it is not sent."""
    keeps_streams: bool = False
    """The server keeps the stream of a request with `X-Conversation-Id` (llama.cpp's README-dev)."""


_UNKNOWN = Continuation()
_TRAILING = Continuation(Prefill.YES)
_STRIPPED = Continuation(Prefill.YES, strips=True)
_FLAGS: Mapping[str, object] = MappingProxyType({"continue_final_message": True, "add_generation_prompt": False})
_FLAGGED = Continuation(Prefill.YES, params=_FLAGS)
NO_CONTINUATION = Continuation(Prefill.NO)
"""A trailing assistant message is a finished turn, as always in the Responses API."""
_PREFIX: Mapping[str, object] = MappingProxyType({"prefix": True})

PREFILL_FORMS: Mapping[str, Continuation] = MappingProxyType(
    {"flags": replace(_UNKNOWN, params=_FLAGS), "trailing": _UNKNOWN, "prefix": replace(_UNKNOWN, message=_PREFIX)}
)
"""Forms of a prefill request to try with unknown servers, by name, the most likely first."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A well-known provider."""

    name: str
    title: str
    base_url: str
    key_env: str = ""
    """Environment variable of its key; empty if it needs none."""
    port: int | None = None
    """Default loopback port of a local server."""
    continuation: Continuation = _UNKNOWN
    obfuscates: bool = False
    """It pads the events of a stream with random text (`include_obfuscation`), unless asked not to."""
    effort: EffortFormat = EffortFormat.REASONING_EFFORT
    """Format of the parameter for the reasoning effort (`config.effort`)."""
    limit_param: str = "max_tokens"
    """Parameter that limits the tokens of an answer, accepted by all of its models."""

    def provider(self) -> Provider:
        """Return the provider as if configured by name only."""
        return Provider(self.name, self.base_url, api_key_env=self.key_env)


def _local(
    name: str,
    title: str,
    port: int,
    continuation: Continuation,
    effort: EffortFormat = EffortFormat.REASONING_EFFORT,
) -> Preset:
    return Preset(name, title, f"http://127.0.0.1:{port}/v1", port=port, continuation=continuation, effort=effort)


_ALL = (
    Preset("holysheep", "HolySheep AI", "https://api.holysheep.ai/v1", "HOLYSHEEP_API_KEY"),
    Preset(
        *("openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        continuation=NO_CONTINUATION,
        obfuscates=True,
        limit_param="max_completion_tokens",
    ),
    Preset(
        *("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        effort=EffortFormat.REASONING,
    ),
    Preset(
        "deepseek",
        "DeepSeek",
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
        continuation=Continuation(Prefill.YES, message=_PREFIX, base_url="https://api.deepseek.com/beta"),
        effort=EffortFormat.THINKING_TYPE,
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
    Preset(
        *("anthropic", "Anthropic", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"),
        continuation=_STRIPPED,
        effort=EffortFormat.THINKING,
    ),
    _local("ollama", "Ollama", 11434, _UNKNOWN),
    _local("llamacpp", "llama.cpp", 8080, replace(_FLAGGED, keeps_streams=True), EffortFormat.CHAT_TEMPLATE),
    _local("lmstudio", "LM Studio", 1234, _UNKNOWN),
    _local("vllm", "vLLM", 8000, _FLAGGED, EffortFormat.CHAT_TEMPLATE),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})

_CLAUDE = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")


def preset_of(provider: Provider) -> Preset | None:
    """Return the preset of `provider`: matched by host, or by name for local servers."""
    named = PRESETS.get(provider.name)
    if named is not None and named.port is not None:
        return named
    host = urlsplit(provider.base_url).hostname
    return next((one for one in _ALL if one.port is None and urlsplit(one.base_url).hostname == host), None)


def continuation(provider: Provider, model: str) -> Continuation:
    """Return how `provider` continues an interrupted answer of `model`; `Prefill.UNKNOWN` if it must be tried."""
    if provider.name == GUIDE:
        return replace(_TRAILING, keeps_streams=model == "reattach")
    claude = _CLAUDE.search(model)
    if claude is not None and (int(claude[1]), int(claude[2] or 0)) >= (4, 6):
        return NO_CONTINUATION  # also behind gateways, as the model itself refuses
    preset = preset_of(provider)
    known = preset.continuation if preset is not None else _UNKNOWN
    return replace(known, strips=True) if claude is not None else known
