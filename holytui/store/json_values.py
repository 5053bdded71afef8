"""Problems, faults and usage as JSON, for the columns of a store and for exported conversations."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any, TypeGuard

from holytui.faults import Fault, FaultKind
from holytui.models import Problem, Usage

MAX_DEPTH = 100
"""Levels of nested JSON that are accepted; Python itself fails at some hundreds, wherever the value is used next."""
_MAX_COUNT = 1 << 62


def is_too_deep(value: object, levels: int = MAX_DEPTH) -> bool:
    """Whether a JSON value is nested in more than `levels` levels."""
    waiting = [(value, 1)]
    while waiting:
        container, level = waiting.pop()
        if isinstance(container, dict | list):
            if level > levels:
                return True
            inner = container.values() if isinstance(container, dict) else container
            waiting += [(item, level + 1) for item in inner if isinstance(item, dict | list)]
    return False


def json_object(text: str) -> dict[str, Any]:
    """Parse a JSON object of limited depth. Raises ValueError, TypeError, RecursionError."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError("no object")
    if is_too_deep(value):
        raise ValueError("too deeply nested")
    return value


def to_json(value: Fault | Problem | Usage | None) -> str | None:
    """Write a value for `problem_from`, `fault_from` or `usage_from`."""
    return None if value is None else json.dumps(asdict(value))


def problem_from(text: str | None) -> Problem | None:
    """Read a problem written by `to_json`. Raises ValueError, TypeError, KeyError for anything else."""
    return None if text is None else problem_of(json_object(text))


def problem_of(fields: dict[str, Any] | None) -> Problem | None:
    """Read a problem from JSON values. Raises as `problem_from`."""
    if fields is None:
        return None
    return Problem(_str(fields["title"]), _str(fields["hint"]), fault_of(fields["fault"]))


def fault_from(text: str | None) -> Fault | None:
    """Read a fault written by `to_json`. Raises as `problem_from`."""
    return None if text is None else fault_of(json_object(text))


def usage_from(text: str | None) -> Usage | None:
    """Read token counts written by `to_json`. Raises as `problem_from`."""
    return None if text is None else usage_of(json_object(text))


def usage_of(fields: dict[str, Any] | None) -> Usage | None:
    """Read token counts from JSON values. Raises as `problem_from`."""
    if fields is None:
        return None
    usage = Usage(**fields)
    counts: tuple[object, ...] = (usage.input, usage.output, usage.cached, usage.reasoning, usage.cache_written)
    if not all(isinstance(count, int) and not isinstance(count, bool) and 0 <= count < _MAX_COUNT for count in counts):
        raise TypeError("usage")
    cost: object = usage.cost
    if cost is not None and not (is_number(cost) and 0 <= cost < _MAX_COUNT):
        raise TypeError("cost")
    return replace(usage, at_least=bool(usage.at_least), estimated=bool(usage.estimated))


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a number, and not a bool, which is an int in Python."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def fault_of(fields: dict[str, Any] | None) -> Fault | None:
    """Read a fault from JSON values. Raises as `problem_from`."""
    if fields is None:
        return None
    fault = Fault(**{**fields, "kind": FaultKind(fields["kind"])})
    numbers: tuple[object, ...] = (fault.status, fault.retry_after)
    if not all(number is None or isinstance(number, int | float) for number in numbers):
        raise TypeError("fault")
    should_retry: object = fault.should_retry
    if not isinstance(should_retry, bool | None):
        raise TypeError("should_retry")
    return replace(fault, message=_str(fault.message), code=_str(fault.code), param=_str(fault.param))


def _str(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError("no text")
    return text
