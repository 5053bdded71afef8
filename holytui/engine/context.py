"""The request context for a branch of a conversation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from holytui.engine.usage import estimate_tokens, image_tokens
from holytui.images import data_url
from holytui.models import AnswerState, Image, Message, Role, Usage
from holytui.wire.request import ChatMessage, Content

LoadImage: TypeAlias = Callable[[Image], bytes | None]
"""Loads the bytes of an image; None if they are lost."""
_Part: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Context:
    """The messages to send, with their size."""

    messages: tuple[ChatMessage, ...]
    tokens: int
    """Estimated."""
    left_out: int = 0
    """Images of the branch that are not sent."""


def context_for(branch: Sequence[Message], system: str, load_image: LoadImage | None) -> Context:
    """Build the system prompt and the branch, which ends with the question.

    `load_image` is None for a model without image input. Failed and empty answers are left out, and reasoning is never
    sent. Questions that then follow one another are merged, as many servers require alternating roles.
    """
    out = [ChatMessage(Role.SYSTEM, system)] if system.strip() else []
    tokens, left_out = (estimate_tokens(system) + 4 if out else 0), 0
    for message in branch:
        if _is_omitted(message):
            continue
        rendered = _render(message, load_image)
        tokens += rendered.tokens + 4
        left_out += rendered.left_out
        last = out[-1] if out else None
        if last is not None and last.role is message.role:
            out[-1] = ChatMessage(message.role, _concatenate(last.content, rendered.content))
        else:
            out.append(ChatMessage(message.role, rendered.content))
    return Context(tuple(out), tokens, left_out)


def _is_omitted(message: Message) -> bool:
    failed = message.role is Role.ASSISTANT and message.state is AnswerState.FAILED
    return failed or not (message.text.strip() or message.images)


@dataclass(frozen=True, slots=True)
class _RenderedMessage:
    content: Content
    tokens: int
    left_out: int = 0


def _render(message: Message, load_image: LoadImage | None) -> _RenderedMessage:
    """Content of a message: parts if images are sent.

    Plain text otherwise, as many servers accept nothing else.
    """
    if not message.images:
        return _RenderedMessage(message.text, estimate_tokens(message.text))
    parts: list[str | _Part] = [message.text] if message.text.strip() else []
    tokens, left_out = 0, 0
    for image in message.images:
        data = load_image(image) if load_image is not None else None
        if data is None:
            # in English, which models follow best
            why = "this model sees no images" if load_image is None else "its data was lost"
            parts.append(f"[image {image.name} left out: {why}]")
            left_out += 1
            continue
        if len(message.images) > 1:
            parts.append(f"{image.name}:")  # so that the question can refer to one of them
        parts.append({"type": "image_url", "image_url": {"url": data_url(image, data)}})
        tokens += image_tokens(image)
    texts = [part for part in parts if isinstance(part, str)]
    content = "\n\n".join(texts) if len(texts) == len(parts) else tuple(map(_part, parts))
    return _RenderedMessage(content, tokens + sum(map(estimate_tokens, texts)), left_out)


def _part(part: str | _Part) -> _Part:
    return {"type": "text", "text": part} if isinstance(part, str) else part


def _concatenate(one: Content, other: Content) -> Content:
    if isinstance(one, str) and isinstance(other, str):
        return f"{one}\n\n{other}"
    return (*_parts(one), *_parts(other))


def _parts(content: Content) -> Sequence[_Part]:
    return [_part(content)] if isinstance(content, str) else content


def estimate_context(branch: Sequence[Message], reported: Mapping[str, Usage], *, vision: bool) -> int:
    """Estimate the tokens of the next request.

    Counts the usage `reported` (by message id) for the last answer that has one, and estimates the messages after it;
    without one, estimates all. `vision`: images are sent.
    """
    for index in range(len(branch) - 1, -1, -1):
        usage = reported.get(branch[index].id)
        if usage is not None:
            return usage.context_tokens + _estimated(branch[index + 1 :], vision=vision)
    return _estimated(branch, vision=vision)


def _estimated(branch: Sequence[Message], *, vision: bool) -> int:
    return context_for(branch, "", _no_data if vision else None).tokens


def _no_data(_image: Image) -> bytes:
    """An estimate needs only the size of an image in pixels."""
    return b""


def system_prompt(text: str, prompts: Mapping[str, str]) -> str:
    """The saved prompt named by `text`, or `text` itself."""
    return prompts.get(text.strip(), text)
