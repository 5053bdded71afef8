from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.models import AnswerState, Attempt, DeltaKind, Join
from holytui.store.assembly import assemble, assemble_reasoning, seams
from holytui.store.sqlite import journal
from holytui.store.sqlite.writer import PendingDelta, Timing, merged
from tests.store.conftest import Opener
from tests.store.samples import CONTENT, REASONING, ask, attempt_for

NEVER = Timing(batch=3600.0)
TEXTS = st.text("abc đ\n", max_size=12)
ATTEMPTS = st.lists(
    st.tuples(
        st.builds(
            Attempt,
            st.just("a"),
            st.just("m"),
            st.integers(1, 9),
            st.just(0.0),
            join=st.sampled_from(Join),
            keep=st.integers(-1, 20),
            cut=st.integers(0, 6),
        ),
        TEXTS,
    ),
    max_size=6,
)


def rows_of(path: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT attempt_id, kind, text FROM delta ORDER BY attempt_id, kind, seq").fetchall()


def test_a_read_sees_what_was_journalled_and_not_yet_committed(opener: Opener, path: Path) -> None:
    history = opener(timing=NEVER)
    asked = ask(history)
    for piece in ("Tiế", "ng ", "Việt"):
        history.journal(asked.attempt.id, CONTENT, piece)
    history.journal(asked.attempt.id, REASONING, "hm")
    assert rows_of(path) == []
    found = history.message(asked.answer.id)
    assert found is not None
    assert (found.text, found.reasoning) == ("Tiếng Việt", "hm")
    assert history.branch(asked.conversation_id)[-1] == found
    assert history.variants(asked.answer.id) == [found]
    assert history.raw_text(asked.attempt.id, CONTENT) == "Tiếng Việt"


def test_a_flush_commits_one_row_per_attempt_and_kind(opener: Opener, path: Path) -> None:
    history = opener(timing=NEVER)
    asked = ask(history)
    for piece in "abc":
        history.journal(asked.attempt.id, CONTENT, piece)
        history.journal(asked.attempt.id, REASONING, piece.upper())
    history.journal(asked.attempt.id, CONTENT, "")
    history.flush()
    assert rows_of(path) == [(asked.attempt.id, "content", "abc"), (asked.attempt.id, "reasoning", "ABC")]


def test_a_long_text_is_merged_in_parts(opener: Opener, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_MERGED", 4)
    history = opener(timing=NEVER)
    asked = ask(history)
    for piece in ("a", "bc", "đ", "f", "ghijkl", "m", "nopq"):
        history.journal(asked.attempt.id, CONTENT, piece)
        history.flush()
    history.finish(replace(asked.answer, text="abcđfghijklmnopq", state=AnswerState.COMPLETE))
    assert [text for _attempt, _kind, text in rows_of(path)] == ["abcđ", "f", "ghijkl", "m", "nopq"]
    assert history.raw_text(asked.attempt.id, CONTENT) == "abcđfghijklmnopq"


def test_a_delta_is_committed_without_being_asked(opener: Opener, path: Path) -> None:
    history, other = opener(timing=Timing(batch=0.001)), opener()
    asked = ask(history)
    other.version()
    history.journal(asked.attempt.id, CONTENT, "by itself")
    before = other.version()
    while not (rows := rows_of(path)):
        other.version()
    assert rows == [(asked.attempt.id, "content", "by itself")]
    assert other.version() >= before
    assert Timing().batch < 0.25  # the promise, which a commit is part of


def test_the_end_merges_the_journal_and_keeps_both_raw_sides(opener: Opener, path: Path) -> None:
    history = opener()
    asked = ask(history)
    for piece in "abc":
        history.journal(asked.attempt.id, CONTENT, piece)
        history.flush()
    second = attempt_for(asked.answer.id, 2, Join.OVERLAP, cut=1)
    history.begin_attempt(second)
    for piece in "cde":
        history.journal(second.id, CONTENT, piece)
        history.flush()
    assert len(rows_of(path)) == 6
    now = history.message(asked.answer.id)
    assert now is not None
    assert now.text == "abcde"
    history.finish(replace(now, state=AnswerState.COMPLETE))
    assert rows_of(path) == [(asked.attempt.id, "content", "abc"), (second.id, "content", "cde")]
    assert history.message(asked.answer.id) == replace(now, state=AnswerState.COMPLETE)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from(DeltaKind), TEXTS), max_size=20))
def test_merging_a_batch_keeps_every_text_in_order(batch: list[tuple[str, DeltaKind, str]]) -> None:
    deltas = [PendingDelta(number, *each) for number, each in enumerate(batch)]
    rows = merged(deltas)
    assert len({row[:2] for row in rows}) == len(rows)
    for attempt_id, kind, seq, text in rows:
        own = [delta for delta in deltas if (delta.attempt_id, delta.kind.value) == (attempt_id, kind)]
        assert text == "".join(delta.text for delta in own)
        assert seq == own[-1].seq
    assert sum(len(row[3]) for row in rows) == sum(len(each[2]) for each in batch)


@settings(max_examples=100, deadline=None)
@given(ATTEMPTS)
def test_assembled_text_ends_with_the_last_attempt_and_holds_its_seams(pieces: list[tuple[Attempt, str]]) -> None:
    text = assemble(pieces)
    if pieces:
        attempt, raw = pieces[-1]
        assert text.endswith(raw[attempt.cut :])
        before = assemble(pieces[:-1])
        kept = before if attempt.keep < 0 else before[: attempt.keep]
        assert text == kept + raw[attempt.cut :]
    marks = seams(pieces)
    assert all(0 <= mark <= len(text) for mark in marks)
    assert list(marks) == sorted(marks)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, max_size=6))
def test_plain_attempts_are_joined_end_to_end(texts: list[str]) -> None:
    pieces = [(Attempt("a", "m", number, 0.0), text) for number, text in enumerate(texts)]
    assert assemble(pieces) == assemble_reasoning(pieces) == "".join(texts)
    assert seams(pieces) == ()


@settings(max_examples=60, deadline=None)
@given(ATTEMPTS, TEXTS)
def test_a_restart_drops_what_was_before(pieces: list[tuple[Attempt, str]], text: str) -> None:
    again = [*pieces, (Attempt("a", "m", 9, 0.0, join=Join.RESTART, keep=0), text)]
    assert assemble(again) == assemble_reasoning(again) == text
    assert seams(again) == ()
