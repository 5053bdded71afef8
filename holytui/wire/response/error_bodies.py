"""Error objects and error pages of servers, parsed into a `Fault`. Texts are bounded, sanitised and free of secrets.

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

MAX_WAIT = 366 * 86_400.0
"""Seconds to which a requested wait is limited; an unbounded number can be neither shown nor waited for."""

_MAX_MESSAGE = 500
_MAX_SCANNED = 64 * 1024
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s?")


def clean(text: str, limit: int = _MAX_MESSAGE) -> str:
    """Return `text` as one sanitised line of at most `limit` characters, with secrets masked."""
    line = sanitize_line(scrub(text[:_MAX_SCANNED]))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def as_object(value: object) -> Object:
    """Return `value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return `value` if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def find_error(payload: Object) -> object:
    """Return the error object or text of a payload; None if there is none.

    Forms: `error` (object or text), `choices[0].error`, `x_groq.error`, `type: "error"`, `object: "error"`,
    and a payload without `choices` that has `detail`, or `message` with `code` or `status`.
    """
    if payload.get("error"):
        return payload["error"]
    for choice in as_list(payload.get("choices"))[:1]:
        if found := as_object(choice).get("error"):
            return found
    if found := as_object(payload.get("x_groq")).get("error"):
        return found
    if payload.get("type") == "error" or payload.get("object") == "error":
        return payload
    if "choices" not in payload and (
        payload.get("detail") or (payload.get("message") and (payload.get("code") or payload.get("status")))
    ):
        return payload
    return None


def error_fault(error: object, kind: FaultKind = FaultKind.IN_BAND, status: int | None = None) -> Fault:
    """Return the fault that an error object or text describes; `status` is the HTTP status, if there was one."""
    reported = as_object(error)
    if not reported:
        return Fault(kind, clean(_message(error)), status)
    code = reported.get("code")
    number = next((n for n in map(_http_status, (code, *map(reported.get, _STATUS_NAMES))) if n is not None), None)
    names = (code, reported.get("type"), reported.get("status"), reported.get("native_finish_reason"))
    name = next((n for n in names if isinstance(n, str) and n and n != "error" and not n.isdigit()), "")
    return Fault(
        kind,
        clean(_message(reported)),
        number if status is None else status,
        clean(name, 100),
        _retry_after(reported),
        clean(_param(reported), 100),
    )


def body_fault(body: bytes, kind: FaultKind, status: int | None = None) -> Fault:
    """Return the fault that the body of an error response describes: JSON, a web page or text."""
    payload = parse_json(body)
    first = as_list(payload)[0] if as_list(payload) else payload  # Gemini puts its error object into a list
    if as_object(first):
        return error_fault(find_error(as_object(first)) or first, kind, status)
    text = body[:_MAX_SCANNED].decode(errors="replace")
    return Fault(kind, page_title(text) if is_markup(body) else clean(text), status)


def is_markup(body: bytes) -> bool:
    """Whether the body begins like HTML or XML."""
    return body[:256].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def page_title(text: str) -> str:
    """Return the title of a web page; empty if it has none."""
    found = _TITLE.search(text)
    return clean(html.unescape(found[1])) if found else ""


def parse_json(data: bytes | str) -> object:
    """Return `data` parsed as JSON; None if it is invalid or nested too deeply."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


_STATUS_NAMES = ("status", "status_code", "statusCode", "http_status")
_MESSAGE_NAMES = ("message", "msg", "detail", "error", "error_description", "reason", "title")


def _http_status(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 3:
        value = int(value)
    return value if isinstance(value, int) and 300 <= value <= 599 else None


def _message(error: object, depth: int = 4) -> str:
    """Return the message in an error, at any depth of nesting."""
    match error:
        case str():
            return error
        case dict():
            words = next((w for name in _MESSAGE_NAMES if depth and (w := _message(error.get(name), depth - 1))), "")
            raw = as_object(error.get("metadata")).get("raw")  # OpenRouter: the message of the provider behind it
            return f"{words}: {raw}" if isinstance(raw, str) and raw else words
        case list() if error and depth:
            return _message(error[0], depth - 1)
        case _:
            return ""


def _param(error: Object, depth: int = 4) -> str:
    """Return the refused parameter: OpenAI's `param`, or the `loc` of a validation error (FastAPI, Mistral)."""
    if isinstance(param := error.get("param"), str):
        return param
    for name in ("detail", "message"):
        value = error.get(name)
        if isinstance(value, dict):
            return _param(value, depth - 1) if depth else ""
        for item in as_list(value)[:1]:
            where = [str(part) for part in as_list(as_object(item).get("loc"))]
            return ".".join(where[1:] if where[:1] == ["body"] else where)
    return ""


def _retry_after(error: Object) -> float | None:
    """Return the seconds to wait that the error object names (OpenRouter, Gemini's RetryInfo, others)."""
    places = [error, as_object(error.get("metadata")), *map(as_object, as_list(error.get("details")))]
    for place in places:
        for name, unit in (("retry_after_ms", 0.001), ("retry_after", 1.0), ("retryDelay", 1.0)):
            found = _SECONDS.fullmatch(str(place.get(name)))
            if found:
                return min(float(found[1]) * unit, MAX_WAIT)
    return None
