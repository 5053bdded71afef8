"""Search in titles and messages, ignoring accents and case.

Candidates are the newest texts with all words. They are ranked by frequency of the words in relation to length (BM25
without inverse document frequency: every candidate has every word); titles and newer texts get a bonus. Ranking all
matches of a common word in a large history would take too long.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from holytui.models import Role
from holytui.store.matches import excerpt, place, query_words
from holytui.store.sqlite import damaged_tables, pruned
from holytui.store.sqlite.row_mapping import storable
from holytui.store.sqlite.row_reader import RowReader
from holytui.store.values import SearchHit

_CANDIDATES = 300
_SHORTEST = 3  # the index holds runs of three characters
_LONGEST_QUERY = 400
_DAY = 86400.0


class _Found(NamedTuple):
    id: int
    conversation_id: str
    message_id: str | None
    folded: str
    score: float


def search(
    connection: sqlite3.Connection, query: str, limit: int, conversation_id: str | None, *, fts: bool, now: float
) -> Sequence[SearchHit]:
    """Return at most `limit` hits, best first; none for a query without words.

    `fts`: use the index, which must be complete; raises sqlite3.DatabaseError if it is damaged.
    """
    words = query_words(storable(query[:_LONGEST_QUERY]))
    if not words or limit < 1:
        return []
    rows = _candidates(connection, words, conversation_id, fts=fts)
    mean = sum(len(row[3]) for row in rows) / max(1, len(rows))
    found = [_Found(*row[:4], _score(words, row[3], row[2] is None, mean, (now - row[4]) / _DAY)) for row in rows]
    hidden = {id_: pruned.message_ids(connection, id_) for id_ in {each.conversation_id for each in found}}
    found = [each for each in found if each.message_id not in hidden[each.conversation_id]]
    found.sort(key=lambda each: each.score, reverse=True)
    hits = (_hit(connection, each, words) for each in found[:limit])
    return [hit for hit in hits if hit is not None]


def match_expression(words: Sequence[str]) -> str:
    """Quote words for FTS5, so that none is an operator."""
    return " AND ".join('"{}"'.format(word.replace('"', '""')) for word in words)


def _candidates(
    connection: sqlite3.Connection, words: Sequence[str], conversation_id: str | None, *, fts: bool
) -> list[tuple[int, str, str | None, str, float]]:
    indexed = [word for word in words if len(word) >= _SHORTEST and "\0" not in word]
    conditions, values = ["conversation.deleted_at IS NULL"], list[object]()
    if fts and indexed and conversation_id is None:
        source = "search JOIN search_text AS text ON text.id = search.rowid"
        order = "search.rowid"
        conditions.append("search MATCH ?")
        values.append(match_expression(indexed))
        words = [word for word in words if word not in indexed]
    else:
        source, order = "search_text AS text", "text.id"
    for word in words:
        # the text is folded already, so a plain comparison does; LIKE would do the same with more work
        conditions.append("instr(text.folded, ?) > 0")
        values.append(word)
    if conversation_id is not None:
        conditions.append("text.conversation_id = ?")
        values.append(conversation_id)
    # CROSS JOIN and LEFT JOIN keep sqlite from starting anywhere but at the index
    select = f"""SELECT text.id, text.conversation_id, text.message_id, text.folded,
            coalesce(message.created_at, conversation.updated_at)
        FROM {source} CROSS JOIN conversation ON conversation.id = text.conversation_id
        LEFT JOIN message ON message.id = text.message_id
        WHERE {" AND ".join(conditions)} ORDER BY {order} DESC LIMIT {_CANDIDATES}"""
    rows = map(RowReader, connection.execute(select, values))
    return [
        (v.integer("id"), v.text("conversation"), v.maybe_text("message"), v.text("folded"), v.number("at"))
        for v in rows
    ]


def _score(words: Sequence[str], text: str, is_title: bool, mean: float, age: float) -> float:
    length = 0.25 + 0.75 * len(text) / max(1.0, mean)
    relevance = 0.0
    for word in words:
        times = text.count(word)
        relevance += times * 2.2 / (times + 1.2 * length)
    return relevance / len(words) + 0.5 * is_title + math.exp(-max(0.0, age) / 30)


def _hit(connection: sqlite3.Connection, found: _Found, words: Sequence[str]) -> SearchHit | None:
    """None if the text is unreadable or was removed."""
    conversations = damaged_tables.read_rows(
        connection, "title, updated_at", "conversation", "id = ?", (found.conversation_id,)
    )
    if not conversations:
        return None
    conversation = RowReader(conversations[0])
    title, updated_at = conversation.text("title"), conversation.number("updated_at")
    if found.message_id is None:
        snippet, ranges = excerpt(title, found.folded, words)
        return SearchHit(found.conversation_id, None, title, snippet, ranges, None, updated_at)
    messages = damaged_tables.read_rows(connection, "text, role, created_at", "message", "id = ?", (found.message_id,))
    if not messages:
        return None
    message = RowReader(messages[0])
    text, role, created_at = (
        message.text("text"),
        message.member("role", Role, Role.ASSISTANT),
        message.number("created_at"),
    )
    snippet, ranges = excerpt(text, found.folded, words)
    places = tuple(place(text, found.folded, word) for word in words)
    return SearchHit(found.conversation_id, found.message_id, title, snippet, ranges, role, created_at, places)
