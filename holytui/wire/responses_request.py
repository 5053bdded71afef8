"""Body of `POST /responses`, built from the request for a chat completion."""

from __future__ import annotations

from collections.abc import Mapping

from holytui.models import Role
from holytui.wire.request import ChatMessage, ChatRequest, Content

_RENAMED = {"max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens"}
_NESTED = {"reasoning_effort": ("reasoning", "effort"), "verbosity": ("text", "verbosity")}
"""Parameters of chat completions that belong into an object here."""


def responses_body(request: ChatRequest) -> dict[str, object]:
    """Return the body of a streamed answer.

    Parameters that this API names differently are renamed, unless they are set by their own name too; all others are
    sent unchanged. The server does not store the answer, unless a parameter `store` or the background mode asks for it.
    """
    body: dict[str, object] = {"model": request.model, "store": False, **_params(request.params)}
    system = [_text(message.content) for message in request.messages if message.role is Role.SYSTEM]
    if system:
        body["instructions"] = "\n\n".join(system)
    body["input"] = [_item(message) for message in request.messages if message.role is not Role.SYSTEM]
    body["stream"] = True
    if request.background:
        body |= {"background": True, "store": True}
    return body


def token_limit(request: ChatRequest) -> int | None:
    """Return the tokens to which the request limits the answer; None without a limit."""
    limit = _params(request.params).get("max_output_tokens")
    return limit if isinstance(limit, int) else None


def _params(params: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters by their names in this API; those already named so take precedence."""
    renamed: dict[str, object] = {}
    sent: dict[str, object] = {}
    for name, value in params.items():
        if name in _RENAMED:
            renamed[_RENAMED[name]] = value
        elif name in _NESTED:
            outer, inner = _NESTED[name]
            _put(renamed, outer, {inner: value})
        elif name == "response_format":
            _put(renamed, "text", {"format": _format(value)})
        else:
            sent[name] = value
    for name, value in sent.items():
        _put(renamed, name, value)
    return renamed


def _put(body: dict[str, object], name: str, value: object) -> None:
    """Set a field; objects are merged."""
    before = body.get(name)
    body[name] = {**before, **value} if isinstance(before, Mapping) and isinstance(value, Mapping) else value


def _format(value: object) -> object:
    """Return a `response_format` with the fields of its schema at the top, as this API has them."""
    if not isinstance(value, Mapping) or not isinstance(schema := value.get("json_schema"), Mapping):
        return value
    return {**{name: field for name, field in value.items() if name != "json_schema"}, **schema}


def _item(message: ChatMessage) -> dict[str, object]:
    # The list form of the content with a `type`, as llama.cpp accepts no text of the assistant in another form.
    assistant = message.role is Role.ASSISTANT
    content = [_output(text) for text in _texts(message.content)] if assistant else _input(message.content)
    return {"type": "message", "role": message.role, "content": content}


def _output(text: str) -> dict[str, object]:
    return {"type": "output_text", "text": text, "annotations": []}


def _input(content: Content) -> list[dict[str, object]]:
    if isinstance(content, str):
        return [{"type": "input_text", "text": content}]
    return [_input_part(part) for part in content]


def _input_part(part: Mapping[str, object]) -> dict[str, object]:
    match part:
        case {"type": "text", "text": text}:
            return {"type": "input_text", "text": text}
        case {"type": "image_url", "image_url": {"url": url}}:
            return {"type": "input_image", "detail": "auto", "image_url": url}
        case _:
            return dict(part)


def _texts(content: Content) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [str(part["text"]) for part in content if "text" in part]


def _text(content: Content) -> str:
    return "\n\n".join(_texts(content))
