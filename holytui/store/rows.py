"""Rows to values and back; the parts that are never searched for are JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, Attempt, Conversation, Join, Message, Problem, Role, Usage

CONVERSATION = "id, title, created_at, updated_at, leaf_id, model, system, params, pinned, archived, draft, unread"
MESSAGE = (
    "id, conversation_id, parent_id, role, text, created_at, reasoning, model, state, finish_reason, problem, usage, "
    "(SELECT count(*) FROM attempt WHERE attempt.message_id = message.id), "
    "first_token_s, duration_s, reasoning_s, seams, left_out, "
    # a restart that replaced text; one of reasoning alone keeps all text, and an adopted text was resumed by nothing
    "EXISTS (SELECT 1 FROM attempt WHERE attempt.message_id = message.id"
    """ AND "join" = 'restart' AND keep = 0 AND resumed_by <> '')"""
)
ATTEMPT = (
    'id, message_id, number, started_at, first_token_at, ended_at, "join", keep, cut, "end", resumed_by, '
    "bytes_received, status, finish_reason, fault, usage"
)

Row = tuple[Any, ...]


def storable(text: str) -> str:
    """`text` as sqlite can keep it: halves of surrogate pairs, which UTF-8 cannot say, become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def conversation_from(row: Row, *, streaming: bool) -> Conversation:
    """From the columns `CONVERSATION`."""
    id_, title, created_at, updated_at, leaf_id, model, system, params, pinned, archived, draft, unread = row
    # parsing the usual empty object would take a third of the time of a long list
    settings = json.loads(params) if params != "{}" else {}
    return Conversation(
        *(id_, title, created_at, updated_at, leaf_id, model, system, settings),
        *(bool(pinned), bool(archived), draft, bool(unread), streaming),
    )


def message_from(row: Row) -> Message:
    """From the columns `MESSAGE`; without its images, which stand in a table of their own."""
    id_, conversation_id, parent_id, role, text, created_at, reasoning, model, state, *ended = row
    finish_reason, problem, usage, attempts, first_token_s, duration_s, reasoning_s, seams, left_out, again = ended
    return Message(
        *(id_, conversation_id, parent_id, Role(role), text, created_at, reasoning, model, AnswerState(state)),
        *(finish_reason, problem_from(problem), usage_from(usage), attempts),
        *(first_token_s, duration_s, reasoning_s, tuple(json.loads(seams))),
        left_out=left_out,
        begun_again=bool(again),
    )


def attempt_from(row: Row) -> Attempt:
    """From the columns `ATTEMPT`."""
    id_, message_id, number, started_at, first_token_at, ended_at, join, keep, cut, end, *told = row
    resumed_by, bytes_received, status, finish_reason, fault, usage = told
    return Attempt(
        *(id_, message_id, number, started_at, first_token_at, ended_at, Join(join), keep, cut, end),
        *(resumed_by, bytes_received, status, finish_reason, fault_from(fault), usage_from(usage)),
    )


def attempt_row(attempt: Attempt) -> Row:
    """For the columns `ATTEMPT`."""
    return (
        attempt.id,
        attempt.message_id,
        attempt.number,
        attempt.started_at,
        attempt.first_token_at,
        attempt.ended_at,
        attempt.join.value,
        attempt.keep,
        attempt.cut,
        attempt.end,
        attempt.resumed_by,
        attempt.bytes_received,
        attempt.status,
        storable(attempt.finish_reason),
        as_json(attempt.fault),
        as_json(attempt.usage),
    )


def as_json(value: Fault | Problem | Usage | None) -> str | None:
    """For `problem_from`, `fault_from` and `usage_from`."""
    return None if value is None else json.dumps(asdict(value))


def problem_from(text: str | None) -> Problem | None:
    """A problem kept by `as_json`."""
    if text is None:
        return None
    found = json.loads(text)
    return Problem(found["title"], found["hint"], _fault(found["fault"]))


def fault_from(text: str | None) -> Fault | None:
    """A fault kept by `as_json`."""
    return None if text is None else _fault(json.loads(text))


def usage_from(text: str | None) -> Usage | None:
    """Figures kept by `as_json`."""
    return None if text is None else Usage(**json.loads(text))


def _fault(found: dict[str, Any] | None) -> Fault | None:
    return None if found is None else Fault(**{**found, "kind": FaultKind(found["kind"])})
