"""Answers of a real model behind a real llama.cpp, cut at random bytes: the server's own bytes, recorded once.

`python -m benchmarks.cuts` replays 300 cuts each way.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cuts import Result, Trial, run
from benchmarks.recorder import Recorder, Recordings
from holytui.engine.resume.strategy import ResumeMode
from holytui.models import AnswerState

CUTS = 20


@pytest.fixture(scope="module", params=[ResumeMode.PREFILL, ResumeMode.INSTRUCT])
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    folder: Path = tmp_path_factory.mktemp("cuts")
    with Recorder("", Recordings()) as recorder:
        trial = Trial(recorder, folder, request.param)
        try:
            found = list(run(trial, CUTS, seed=1))
        finally:
            trial.close()
        assert not recorder.missing, "a request is not the one that was recorded: record anew, see benchmarks/cuts.py"
    return found


def test_no_answer_is_wrong_or_ends_early_in_silence(results: list[Result]) -> None:
    assert len(results) == CUTS
    bad = [result for result in results if result.verdict in ("wrong", "truncated")]
    assert not bad, bad[0]


def test_what_had_come_before_the_cut_stays(results: list[Result]) -> None:
    for result in results:
        assert result.text.startswith(result.whole[: result.cut]) or result.restarted
        assert result.state == AnswerState.COMPLETE


def test_most_answers_are_those_that_would_have_come(results: list[Result]) -> None:
    exact = [result for result in results if result.verdict == "exact"]
    asked = [result.goes_on for result in results if result.goes_on is not None]
    # by prefill as often as the server itself goes on identically; begun again, a deterministic server repeats itself
    assert len(exact) >= (sum(map(bool, asked)) - 1 if asked else CUTS * 0.9)
