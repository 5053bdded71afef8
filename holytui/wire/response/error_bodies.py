"""What servers say when they refuse or break off, made into a `Fault`; every text is bounded, safe and free of secrets.

The shapes are those of OpenAI, OpenRouter, Azure, vLLM, SGLang, llama.cpp, Mistral, Groq, Gemini, Anthropic,
LM Studio, FastAPI and plain web servers.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import TypeAlias

from holytui.faults import Fault, FaultKind
from holytui.secret import scrub
from holytui.text import sanitize_line

Object: TypeAlias = Mapping[str, object]

LONGEST_WAIT = 366 * 86_400.0
"""Seconds; a server that asks for more asks for this: a number without a bound can be neither shown nor waited for."""

_LONGEST = 500
_LONGEST_LOOKED_AT = 64 * 1024
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s?")


def clean(text: str, limit: int = _LONGEST) -> str:
    """One safe line of at most `limit` characters, without secrets."""
    line = sanitize_line(scrub(text[:_LONGEST_LOOKED_AT]))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def object_of(value: object) -> Object:
    """`value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[object]:
    """`value` if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def error_in(payload: Object) -> object:
    """The error that a payload is or holds, None if there is none.

    Forms: `error` (object or text), `choices[0].error`, `x_groq.error`, `type: "error"`, `object: "error"`,
    and what has no `choices` but a `detail`, or a `message` with a `code` or `status`.
    """
    if payload.get("error"):
        return payload["error"]
    for choice in list_of(payload.get("choices"))[:1]:
        if found := object_of(choice).get("error"):
            return found
    if found := object_of(payload.get("x_groq")).get("error"):
        return found
    if payload.get("type") == "error" or payload.get("object") == "error":
        return payload
    if "choices" not in payload and (
        payload.get("detail") or (payload.get("message") and (payload.get("code") or payload.get("status")))
    ):
        return payload
    return None


def error_fault(error: object, kind: FaultKind = FaultKind.IN_BAND, status: int | None = None) -> Fault:
    """The fault that an error object (or text) tells; `status` is what HTTP said, if it said it."""
    told = object_of(error)
    if not told:
        return Fault(kind, clean(_words(error)), status)
    code = told.get("code")
    number = next((n for n in map(_http_status, (code, *map(told.get, _STATUS_NAMES))) if n is not None), None)
    names = (code, told.get("type"), told.get("status"), told.get("native_finish_reason"))
    name = next((n for n in names if isinstance(n, str) and n and n != "error" and not n.isdigit()), "")
    return Fault(
        kind,
        clean(_words(told)),
        number if status is None else status,
        clean(name, 100),
        _wait_told(told),
        clean(_param(told), 100),
    )


def body_fault(body: bytes, kind: FaultKind, status: int | None = None) -> Fault:
    """The fault that the body of a refusal tells, whatever it is: JSON, a web page or text."""
    payload = parse(body)
    first = list_of(payload)[0] if list_of(payload) else payload  # Gemini puts its error object into a list
    if object_of(first):
        return error_fault(error_in(object_of(first)) or first, kind, status)
    text = body[:_LONGEST_LOOKED_AT].decode(errors="replace")
    return Fault(kind, page_title(text) if is_page(body) else clean(text), status)


def is_page(body: bytes) -> bool:
    """The body begins as markup does: a web page, not an answer."""
    return body[:256].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def page_title(text: str) -> str:
    """The title of a web page; empty if it has none."""
    found = _TITLE.search(text)
    return clean(html.unescape(found[1])) if found else ""


def parse(data: bytes | str) -> object:
    """`data` as JSON; None if it is not, or nested beyond measure."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


_STATUS_NAMES = ("status", "status_code", "statusCode", "http_status")
_WORD_NAMES = ("message", "msg", "detail", "error", "error_description", "reason", "title")


def _http_status(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 3:
        value = int(value)
    return value if isinstance(value, int) and 300 <= value <= 599 else None


def _words(error: object, depth: int = 4) -> str:
    """The sentence in an error, however deep it is wrapped."""
    match error:
        case str():
            return error
        case dict():
            words = next((w for name in _WORD_NAMES if depth and (w := _words(error.get(name), depth - 1))), "")
            raw = object_of(error.get("metadata")).get("raw")  # OpenRouter: what the provider behind it said
            return f"{words}: {raw}" if isinstance(raw, str) and raw else words
        case list() if error and depth:
            return _words(error[0], depth - 1)
        case _:
            return ""


def _param(error: Object, depth: int = 4) -> str:
    """The parameter that was refused: OpenAI's `param`, or the `loc` of a validation error (FastAPI, Mistral)."""
    if isinstance(param := error.get("param"), str):
        return param
    for name in ("detail", "message"):
        value = error.get(name)
        if isinstance(value, dict):
            return _param(value, depth - 1) if depth else ""
        for item in list_of(value)[:1]:
            where = [str(part) for part in list_of(object_of(item).get("loc"))]
            return ".".join(where[1:] if where[:1] == ["body"] else where)
    return ""


def _wait_told(error: Object) -> float | None:
    """Seconds to wait, where the error object itself tells them (OpenRouter, Gemini's RetryInfo, others)."""
    places = [error, object_of(error.get("metadata")), *map(object_of, list_of(error.get("details")))]
    for place in places:
        for name, unit in (("retry_after_ms", 0.001), ("retry_after", 1.0), ("retryDelay", 1.0)):
            found = _SECONDS.fullmatch(str(place.get(name)))
            if found:
                return min(float(found[1]) * unit, LONGEST_WAIT)
    return None
