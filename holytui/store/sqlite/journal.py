"""Attempts and their raw texts: the current text of an answer, its end, and copies of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import itemgetter

from holytui.hints import sentences
from holytui.i18n import _
from holytui.ids import new_id
from holytui.models import AnswerState, Attempt, Conversation, DeltaKind, Message, Problem, Usage
from holytui.store.assembly import assemble, assemble_reasoning, seams
from holytui.store.sqlite import answer_stats, conversations, damaged_tables, lease, messages
from holytui.store.sqlite.row_mapping import ATTEMPT, attempt_from, attempt_row
from holytui.store.sqlite.row_reader import as_text
from holytui.store.sqlite.writer import PendingDelta

_MERGED = 1 << 20
"""Characters of a merged row."""
_FINAL = frozenset(state.value for state in AnswerState if state.final)


def save_attempt(connection: sqlite3.Connection, attempt: Attempt) -> None:
    """Insert or update an attempt."""
    names = [name.strip() for name in ATTEMPT.split(",")]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    connection.execute(
        f"INSERT INTO attempt ({ATTEMPT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        f" ON CONFLICT (id) DO UPDATE SET {changes}",
        attempt_row(attempt),
    )


def attempts(connection: sqlite3.Connection, message_id: str) -> list[Attempt]:
    """Return an answer's attempts, in order."""
    found = map(attempt_from, damaged_tables.read_rows(connection, ATTEMPT, "attempt", "message_id = ?", (message_id,)))
    return sorted(found, key=lambda attempt: (attempt.number, attempt.started_at, attempt.id))


def raw_text(
    connection: sqlite3.Connection, attempt_id: str, kind: DeltaKind, pending: Sequence[PendingDelta] = ()
) -> str:
    """Return all text of an attempt. `pending` must have been taken before the view of `connection` began."""
    found = damaged_tables.read_rows(
        connection, "seq, text", "delta", "attempt_id = ? AND kind = ?", (attempt_id, kind.value)
    )
    rows = sorted(((seq if isinstance(seq, int) else 0, text) for seq, text in found), key=itemgetter(0))
    # deltas are committed in order: those missing in the view have a greater `seq` than all in it
    seen = rows[-1][0] if rows else -1
    late = (d.text for d in pending if d.attempt_id == attempt_id and d.kind is kind and d.seq > seen)
    return "".join([*(as_text(text) for _seq, text in rows), *late])


def as_of_now(connection: sqlite3.Connection, message: Message, pending: Sequence[PendingDelta] = ()) -> Message:
    """Return the message with its journalled text, if it is in progress."""
    if message.state.final:
        return message
    tried = attempts(connection, message.id)
    content = [(attempt, raw_text(connection, attempt.id, DeltaKind.CONTENT, pending)) for attempt in tried]
    reasoning = [(attempt, raw_text(connection, attempt.id, DeltaKind.REASONING, pending)) for attempt in tried]
    if not any(raw for _attempt, raw in (*content, *reasoning)):
        return message
    return replace(message, text=assemble(content), reasoning=assemble_reasoning(reasoning), seams=seams(content))


def merge(connection: sqlite3.Connection, message_id: str) -> None:
    """Merge the journal to one row per attempt and kind; of a long text, to rows of some megabyte."""
    found = connection.execute(
        "SELECT attempt_id, kind FROM delta WHERE attempt_id IN (SELECT id FROM attempt WHERE message_id = ?)"
        " GROUP BY attempt_id, kind HAVING count(*) > 1",
        (message_id,),
    ).fetchall()
    for attempt_id, kind in found:
        rows = connection.execute(
            "SELECT rowid, length(text) FROM delta WHERE attempt_id = ? AND kind = ? ORDER BY seq", (attempt_id, kind)
        ).fetchall()
        for part in _parts(rows):
            _merge_rows(connection, part)


def _parts(rows: Sequence[tuple[int, int]]) -> Iterator[Sequence[int]]:
    """Groups of rows to be merged, from the number and length of each."""
    part: list[int] = []
    size = 0
    for number, length in rows:
        if part and size + length > _MERGED:
            yield part
            part, size = [], 0
        part.append(number)
        size += length
    yield part


def _merge_rows(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Merge rows of one attempt and kind into the last one."""
    if len(numbers) == 1:
        return
    texts = (connection.execute("SELECT text FROM delta WHERE rowid = ?", (number,)).fetchone() for number in numbers)
    whole = "".join(as_text(text) for (text,) in texts)
    connection.executemany("DELETE FROM delta WHERE rowid = ?", [(number,) for number in numbers[:-1]])
    connection.execute("UPDATE delta SET text = ? WHERE rowid = ?", (whole, numbers[-1]))


def end(connection: sqlite3.Connection, message: Message, now: float, *, fts: bool) -> None:
    """Store the end of an answer: row, statistics, search text, journal; release its lease."""
    messages.save_end(connection, message, fts=fts)
    answer_stats.record(connection, message, own=True)
    messages.touch(connection, message.conversation_id, now)
    merge(connection, message.id)
    lease.release(connection, message.id)


def interrupt(connection: sqlite3.Connection, message: Message, now: float, *, fts: bool) -> Message:
    """Mark an answer whose process died as interrupted, with all committed text."""
    tried = attempts(connection, message.id)
    cut = replace(
        as_of_now(connection, message),
        state=AnswerState.INTERRUPTED,
        problem=_ended(asked=bool(tried)),
        usage=_usage(tried),
        attempts=len(tried),
    )
    end(connection, cut, now, fts=fts)
    return cut


def _ended(*, asked: bool) -> Problem:
    if asked:
        hint = sentences(_("All text that had arrived is kept."), _("{Press:message.resume} to get the rest."))
        return Problem(_("holytui ended before this answer did"), hint)
    return Problem(_("holytui ended before this question was sent"), _("{Press:message.resume} to send it."))


def _usage(tried: Sequence[Attempt]) -> Usage | None:
    known = [attempt.usage for attempt in tried if attempt.usage]
    if not known:
        return None
    total = sum(known, Usage())
    return replace(total, at_least=total.at_least or len(known) < len(tried))


def copy_as_variant(connection: sqlite3.Connection, message_id: str, *, fts: bool) -> str:
    """Insert a final sibling with the same text, reasoning and attempts; return its id."""
    original = messages.need(connection, message_id)
    now = as_of_now(connection, original)
    copy = replace(
        now,
        id=new_id(),
        # a millisecond older, so that the newest leaf stays the answer that continues
        created_at=original.created_at - 0.001,
        state=original.state if original.state.final else AnswerState.INTERRUPTED,
    )
    _insert_copy(connection, message_id, copy, fts=fts)
    return copy.id


def copy_branch(connection: sqlite3.Connection, message: Message, new: Conversation, *, fts: bool) -> None:
    """Insert `new` with a copy of the branch down to `message`, attempts and replaced variants included."""
    conversations.insert(connection, replace(new, leaf_id=None), fts=fts)
    parent = leaf = None
    for original in messages.branch(connection, message.conversation_id, message.id):
        cut = _replaced_by(connection, original) if original.begun_again else []
        for one in (*cut, original):
            now = as_of_now(connection, one)
            state = one.state if one.state.final else AnswerState.INTERRUPTED
            copy = replace(now, id=new_id(), conversation_id=new.id, parent_id=parent, state=state)
            _insert_copy(connection, one.id, copy, fts=fts)
            leaf = copy.id
        parent = leaf
    if leaf is not None:
        messages.show(connection, new.id, leaf, new.updated_at)


def _replaced_by(connection: sqlite3.Connection, message: Message) -> list[Message]:
    """The variants that `copy_as_variant` kept when this answer was restarted."""
    older = (one for one in messages.variants(connection, message.id) if one.id != message.id)
    return [one for one in older if abs(message.created_at - one.created_at - 0.001) < 0.0005]


def _insert_copy(connection: sqlite3.Connection, original_id: str, copy: Message, *, fts: bool) -> None:
    """Insert `copy` with the attempts and raw texts of the original."""
    messages.insert(connection, copy, fts=fts)
    for attempt in attempts(connection, original_id):
        twin = replace(attempt, id=new_id(), message_id=copy.id)
        save_attempt(connection, twin)
        connection.execute(
            "INSERT INTO delta (attempt_id, kind, seq, text) SELECT ?, kind, seq, text FROM delta WHERE attempt_id = ?",
            (twin.id, attempt.id),
        )
    merge(connection, copy.id)
