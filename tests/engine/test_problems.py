from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.engine.turn.problems import duration, excessive_wait, internal, key_unavailable, only_tools, problem_for
from holytui.faults import Fault, FaultKind
from holytui.secret import Secret

WORDS = ("", "insufficient_quota", "rate_limit_exceeded", "overloaded_error", "invalid_api_key", "content_filter", "x")


@given(
    st.sampled_from(FaultKind), st.none() | st.integers(300, 599), st.sampled_from(WORDS), st.integers(0, 3), st.text()
)
def test_every_fault_has_a_title_and_a_hint(
    kind: FaultKind, status: int | None, code: str, retries: int, said: str
) -> None:
    problem = problem_for(Fault(kind, said, status, code), host="api.example", kept=5, retries=retries)
    assert problem.title
    assert problem.hint
    assert "\n" not in problem.title


@pytest.mark.parametrize("kind", list(FaultKind))
@pytest.mark.parametrize("code", WORDS)
def test_no_status_is_made_up(kind: FaultKind, code: str) -> None:
    problem = problem_for(Fault(kind, code=code), host="api.example", retries=1, kept=1)
    assert not re.search(r"\d{3}", problem.title + problem.hint)


def test_what_was_kept_is_said_when_something_was() -> None:
    fault = Fault(FaultKind.RESET)
    assert "kept" in problem_for(fault, kept=1).hint
    assert "kept" not in problem_for(fault).hint


def test_a_refused_key_names_the_place_to_mend_it() -> None:
    place = "environment variable SOME_KEY"
    problem = problem_for(Fault(FaultKind.STATUS, status=401), host="h", key_place=place)
    assert place in problem.hint


def test_what_a_server_said_is_shown_without_any_key_in_it() -> None:
    Secret("sk-very-secret-key")
    problem = problem_for(Fault(FaultKind.STATUS, "Incorrect key sk-very-secret-key\x1b[0m", 401), host="h")
    assert "sk-very" not in problem.title
    assert "\x1b" not in problem.title
    assert "Incorrect key" in problem.title


@pytest.mark.parametrize(
    ("status", "message", "named"),
    [
        (404, "This model is only supported in v1/responses and not in v1/chat/completions.", True),
        (
            400,
            "Tools are not supported in /v1/chat/completions. Please use /v1/responses instead.",
            True,
        ),
        (404, "POST /v1/responses not found", False),
        (400, "this model does not support the Responses API", False),
    ],
)
def test_a_model_that_needs_the_other_api_names_the_setting(status: int, message: str, named: bool) -> None:
    problem = problem_for(Fault(FaultKind.STATUS, message, status), host="h")
    assert ('api = "responses"' in problem.hint) is named


def test_a_long_message_is_cut() -> None:
    assert len(problem_for(Fault(FaultKind.STATUS, "x" * 5000, 500), host="h").title) < 500


def test_too_long_a_wait_says_how_long() -> None:
    fault = Fault(FaultKind.STATUS, status=429, retry_after=600.0)
    assert "10 minutes" in excessive_wait(fault, host="h", kept=0).title


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (45, "45 seconds"), (120, "2 minutes"), (7200, "2 hours"), (3600, "60 minutes")],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_other_problems_have_words() -> None:
    assert internal("KeyError: 'x'", 1).fault is not None
    assert key_unavailable("no key", "set it", 0).hint == "set it"
    assert "h" in only_tools("h").title
