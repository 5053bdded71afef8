"""Statistics of answers in a narrow table, so that sums do not read any text.

A row is written per answer that was requested. Copies are not counted: a variant that keeps an older text, a forked
branch and an import cost nothing here. An imported answer counts in its own conversation only.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from itertools import pairwise

from holytui.models import REATTACHED, AnswerState, Message, Role, Usage
from holytui.store.json_values import problem_from, usage_from
from holytui.store.sqlite.row_mapping import Row, storable
from holytui.store.sqlite.row_reader import RowReader, as_text
from holytui.store.values import AnswerStats, UsageTotal

TABLES = (
    """CREATE TABLE figure (
        message_id TEXT PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE, at REAL NOT NULL, model TEXT NOT NULL,
        requests INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, cached INTEGER NOT NULL,
        at_least INTEGER NOT NULL, estimated INTEGER NOT NULL, own INTEGER NOT NULL, cost REAL)""",
    "CREATE INDEX figure_at ON figure (at)",
)


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the table for a file that has none."""
    for statement in TABLES:
        connection.execute(statement)


def add_cost(connection: sqlite3.Connection) -> None:
    """Add the column for reported costs to the table of a file that has none; no answer of it has one."""
    if "cost" not in {name for _cid, name, *_rest in connection.execute("PRAGMA table_info (figure)")}:
        connection.execute("ALTER TABLE figure ADD COLUMN cost REAL")


def record(connection: sqlite3.Connection, message: Message, *, own: bool) -> None:
    """Write the statistics of an answer that ended, or was imported (not `own`).

    An answer that was never requested gets no row. An imported answer becomes own with the first request made here.
    """
    requests, silent = connection.execute(
        "SELECT count(*), coalesce(max(status BETWEEN 200 AND 299 AND usage IS NULL), 0) FROM attempt"
        " WHERE message_id = ?",
        (message.id,),
    ).fetchone()
    known = message.usage is not None or message.duration_s is not None
    if message.role is not Role.ASSISTANT or not (requests if own else known):
        return
    # interrupted by a kill: text arrived, but no usage
    unknown = bool(silent or message.text or message.reasoning) and own
    usage = message.usage or Usage(at_least=unknown)
    connection.execute(
        """INSERT INTO figure (message_id, at, model, requests, input, output, cached, at_least, estimated, own,
                cost)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (message_id) DO UPDATE SET model = excluded.model, requests = excluded.requests,
            input = excluded.input, output = excluded.output, cached = excluded.cached,
            at_least = excluded.at_least, estimated = excluded.estimated, cost = excluded.cost,
            own = own OR (excluded.own AND excluded.requests > requests)""",
        (
            *(message.id, message.created_at, storable(message.model), max(1, requests)),
            *(usage.input, usage.output, usage.cached, usage.at_least, usage.estimated, own, usage.cost),
        ),
    )


def fill(connection: sqlite3.Connection) -> None:
    """Write rows for the answers of a file that had no such table."""
    # a kept variant is a millisecond older than the continued answer: see journal.copy_as_variant
    rows = connection.execute(
        """SELECT message.id, conversation_id, created_at, model, state, text <> '' OR reasoning <> '', usage,
            duration_s FROM message WHERE role = 'assistant' AND state IN ('complete', 'stopped', 'failed',
            'interrupted') AND EXISTS (SELECT 1 FROM attempt WHERE attempt.message_id = message.id)
            AND NOT EXISTS (SELECT 1 FROM message AS twin WHERE twin.parent_id = message.parent_id
                AND twin.role = message.role AND twin.created_at - 0.001 = message.created_at)
            ORDER BY rowid"""
    ).fetchall()
    # answers of a forked branch equal the originals, including their time to the microsecond
    originals = {(row[2], row[3], row[4], row[6], row[7]): row for row in reversed(rows)}
    for id_, conversation_id, created_at, model, state, has_text, usage, duration_s in originals.values():
        text = "…" if has_text else ""
        answer = Message(
            *(as_text(id_), as_text(conversation_id), None, Role.ASSISTANT, text),
            *(RowReader((created_at,)).number("created_at"), "", as_text(model), AnswerState(state)),
            usage=RowReader((usage,)).parsed("usage", usage_from, None),
            duration_s=RowReader((duration_s,)).maybe_number("duration_s"),
        )
        record(connection, answer, own=True)


def last_answers(connection: sqlite3.Connection, limit: int, conversation_id: str | None) -> list[AnswerStats]:
    """Return the last answers, oldest first: the own ones, or all of one conversation."""
    where, values = ("own", ()) if conversation_id is None else ("conversation_id = ?", (conversation_id,))
    rows = connection.execute(
        f"""SELECT figure.at, figure.model, state, finish_reason, problem, usage, requests, first_token_s, duration_s,
                {_STREAMED}, {_REATTACHED}
            FROM figure JOIN message ON message.id = figure.message_id WHERE {where}
            ORDER BY figure.at DESC, figure.message_id DESC LIMIT ?""",
        (*values, limit),
    )
    return [_answered(row) for row in rows][::-1]


def _answered(row: Row) -> AnswerStats:
    v = RowReader(row)
    at, model, state = v.number("at"), v.text("model"), v.member("state", AnswerState, AnswerState.INTERRUPTED)
    finish_reason = v.text("finish_reason")
    trouble = v.parsed("problem", problem_from, None)
    fault = trouble.fault if trouble is not None else None
    return AnswerStats(
        *(at, model, state, finish_reason, fault, v.parsed("usage", usage_from, None), v.integer("requests", 1)),
        *(v.maybe_number("first_token_s"), v.maybe_number("duration_s"), v.maybe_number("streamed_s")),
        v.integer("reattached"),
    )


def usage_totals(
    connection: sqlite3.Connection, bounds: Sequence[float], conversation_id: str | None
) -> list[UsageTotal]:
    """Sum usage by model between neighbouring `bounds`, of own answers or of one conversation."""
    spans = list(pairwise(bounds))
    if not spans:
        return []
    where, values = ("own", ()) if conversation_id is None else (_OF_CONVERSATION, (conversation_id,))
    # total() and not sum(): the numbers of an imported file may be so large that a sum of integers fails
    rows = connection.execute(
        f"""WITH span (number, start, stop) AS (VALUES {", ".join(["(?, ?, ?)"] * len(spans))})
            SELECT number, model, count(*), total(input), total(output), total(cached), max(at_least), max(estimated),
                total(requests), sum(cost), total(input) FILTER (WHERE cost IS NULL),
                total(output) FILTER (WHERE cost IS NULL), total(cached) FILTER (WHERE cost IS NULL)
            FROM span CROSS JOIN figure ON at >= start AND at < stop WHERE {where}
            GROUP BY number, model ORDER BY number, model""",
        (*(value for number, span in enumerate(spans) for value in (number, *span)), *values),
    )
    return [
        UsageTotal(
            *(number, as_text(model), answers),
            Usage(
                *(_sum(input_), _sum(output), _sum(cached), 0, 0, cost if _is_cost(cost) else None),
                *(bool(at_least), bool(estimated)),
            ),
            max(answers, _sum(requests)),
            _without_cost(cost, rest),
        )
        for number, model, answers, input_, output, cached, at_least, estimated, requests, cost, *rest in rows
    ]


def _without_cost(cost: object, sums: Sequence[float]) -> Usage | None:
    input_, output, cached = map(_sum, sums)
    return Usage(input_, output, cached) if _is_cost(cost) and (input_ or output) else None


def _is_cost(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value) and value >= 0


def _sum(total: float) -> int:
    return int(total) if math.isfinite(total) else 0


_OF_CONVERSATION = "message_id IN (SELECT id FROM message WHERE conversation_id = ?)"
_REATTACHED = f"""(SELECT count(*) FROM attempt WHERE attempt.message_id = message.id
    AND attempt.resumed_by = '{REATTACHED}')"""
# the usage of a kept stream is that of its last attempt, and its text that of all
# the clock may have been set back; requests without usage count only if none has any
_STREAMED = f"""(SELECT coalesce(sum(CASE WHEN attempt.usage IS NOT NULL AND NOT again THEN took END), sum(took)) FROM (
    SELECT attempt.usage, {_REATTACHED} AS again, max(0.0, ended_at - first_token_at) AS took FROM attempt
    WHERE attempt.message_id = message.id AND first_token_at IS NOT NULL AND ended_at IS NOT NULL) AS attempt)"""
