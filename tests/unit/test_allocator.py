"""Large blocks are given back once an answer is large, and only then."""

from __future__ import annotations

from typing import Any

import pytest

from holytui.engine.runtime import recorder
from holytui.models import DeltaKind


class NoHistory:
    def journal(self, attempt_id: str, kind: DeltaKind, text: str, mark: object) -> None:
        """Nothing is kept."""


def test_only_a_large_answer_changes_the_allocator(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(recorder, "give_back_large_blocks", lambda: asked.append(0))
    history: Any = NoHistory()
    records = recorder.Recorder(history, lambda _problem: None)
    for _ in range(10):
        records.journal("a", DeltaKind.CONTENT, "x" * 100_000)
    assert not asked
    records.journal("a", DeltaKind.CONTENT, "x")
    assert asked


@pytest.mark.parametrize(("length", "steps"), [(1_000_000, ["stored"]), (1_000_001, ["trimmed", "stored"])])
def test_memory_is_given_back_before_the_end_of_a_large_answer_is_stored(
    length: int, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    class Ends(NoHistory):
        def finish(self, message: object) -> None:
            done.append("stored")

    monkeypatch.setattr(recorder, "give_back_large_blocks", lambda: None)
    monkeypatch.setattr(recorder, "trim", lambda: done.append("trimmed"))
    history: Any = Ends()
    records = recorder.Recorder(history, lambda _problem: None)
    records.journal("a", DeltaKind.CONTENT, "x" * length)
    message: Any = object()
    records.finish(message)
    assert done == steps
