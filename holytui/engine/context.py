"""From a branch of a conversation to what the model is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holytui.engine.usage import estimate_tokens
from holytui.models import AnswerState, Message, Role
from holytui.wire.request import ChatMessage


def messages_for(branch: Sequence[Message], system: str) -> tuple[ChatMessage, ...]:
    """What to send: the system prompt, then the branch, which ends with the question.

    Answers that failed or are empty are left out, with them all errors; reasoning is never sent. Questions that then
    follow one another become one message, as many servers insist on the roles taking turns.
    """
    out = [ChatMessage(Role.SYSTEM, system)] if system.strip() else []
    for message in branch:
        if not message.text.strip() or (message.role is Role.ASSISTANT and message.state is AnswerState.FAILED):
            continue
        last = out[-1] if out else None
        if last is not None and last.role is message.role and isinstance(last.content, str):
            out[-1] = ChatMessage(message.role, f"{last.content}\n\n{message.text}")
        else:
            out.append(ChatMessage(message.role, message.text))
    return tuple(out)


def tokens_of(messages: Sequence[ChatMessage]) -> int:
    """An estimate of what they cost."""
    return sum(estimate_tokens(message.content) + 4 for message in messages if isinstance(message.content, str))


def system_prompt(text: str, prompts: Mapping[str, str]) -> str:
    """`text` itself, or the prompt of the library that it names."""
    return prompts.get(text.strip(), text)
