"""A text goes from the server's events through journal, export and import, and is the same at the end."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from holytui.models import AnswerState, DeltaKind
from holytui.store.sqlite.history import SqliteHistory
from holytui.store.transfer.transfer import Format, export, import_from
from holytui.wire.events import Piece
from holytui.wire.response.chunks import ChunkReader
from holytui.wire.response.sse import SSEDecoder
from tests.servers import delta, event
from tests.store.samples import ask

texts = st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from("\n\t\u2028\u2029\u202e\u200f\ufeff"))


@settings(max_examples=15, deadline=None)
@given(texts, texts, st.integers(1, 7))
@example("a\u2028b", "\ufeff\u061c\U000e0041\u2069", 1)
def test_what_the_server_sent_is_what_is_kept_exported_and_imported(text: str, reasoning: str, size: int) -> None:
    decoder, reader = SSEDecoder(), ChunkReader()
    sent = [event(delta(reasoning_content=reasoning[at : at + size])) for at in range(0, len(reasoning), size)]
    sent += [event(delta(text[at : at + size])) for at in range(0, len(text), size)]
    with (
        TemporaryDirectory() as folder,
        SqliteHistory(Path(folder, "one.db")) as history,
        SqliteHistory(Path(folder, "other.db")) as other,
    ):
        asked = ask(history, "Why?" + text)
        pieces = [piece for data in sent for one in decoder.feed(data) for piece in reader.read(one)]
        for piece in pieces + reader.close():
            assert isinstance(piece, Piece)
            history.journal(asked.attempt.id, piece.kind, piece.text)
        raw = tuple(history.raw_text(asked.attempt.id, kind) for kind in (DeltaKind.CONTENT, DeltaKind.REASONING))
        assert raw == (text, reasoning)
        history.finish(replace(asked.answer, text=text, reasoning=reasoning, state=AnswerState.COMPLETE))
        for form in (Format.JSON, Format.JSONL):
            out = io.StringIO()
            export(history, [asked.conversation_id], form, out)
            entry = json.loads(out.getvalue())
            told = (entry[0] if form is Format.JSON else entry)["messages"]
            assert [message["text"] for message in told] == ["Why?" + text, text]
            import_from(other, io.StringIO(out.getvalue()))
            question, answer = other.branch(asked.conversation_id)
            assert (question.text, answer.text, answer.reasoning) == ("Why?" + text, text, reasoning)
        page = io.StringIO()
        export(history, [asked.conversation_id], Format.MARKDOWN, page)
        assert text.rstrip("\n") in page.getvalue()
