from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.config.schema import Stream
from holytui.engine.turn.retry import PROGRESS, Budget, FaultClass, classify, delay
from holytui.faults import Fault, FaultKind

K = FaultKind


def status(code: int, word: str = "", **more: object) -> Fault:
    return Fault(K.STATUS, status=code, code=word, **more)  # type: ignore[arg-type]


def in_band(word: str = "", code: int | None = None) -> Fault:
    return Fault(K.IN_BAND, status=code, code=word)


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        *((status(code), FaultClass.TRANSIENT) for code in (408, 409, 425, 429, 500, 502, 503, 504, 520, 529)),
        *((status(code), FaultClass.FINAL) for code in (302, 400, 402, 403, 404, 413, 422, 501)),
        (status(401), FaultClass.EXPIRED_KEY),
        (status(400, "no_db_connection"), FaultClass.EXPIRED_KEY),
        (Fault(K.STATUS, "API key not valid. Please pass a valid API key.", 400), FaultClass.EXPIRED_KEY),
        (status(429, "insufficient_quota"), FaultClass.FINAL),
        (status(429, "rate_limit_exceeded"), FaultClass.TRANSIENT),
        (status(500, "context_length_exceeded"), FaultClass.FINAL),
        (status(400, should_retry=True), FaultClass.TRANSIENT),
        (status(503, should_retry=False), FaultClass.FINAL),
        (in_band("server_error"), FaultClass.TRANSIENT),
        (in_band("rate_limit_error"), FaultClass.TRANSIENT),
        (in_band("overloaded_error"), FaultClass.TRANSIENT),
        (in_band("", 503), FaultClass.TRANSIENT),
        (in_band("", 401), FaultClass.EXPIRED_KEY),
        (in_band("invalid_api_key"), FaultClass.EXPIRED_KEY),
        (in_band("content_filter"), FaultClass.FINAL),
        (in_band("insufficient_quota", 429), FaultClass.FINAL),
        (in_band("context_length_exceeded"), FaultClass.FINAL),
        (in_band("invalid_request_error"), FaultClass.FINAL),
        (in_band("something_nobody_knows"), FaultClass.FINAL),
        (in_band(), FaultClass.TRANSIENT),
        *((Fault(kind), FaultClass.TRANSIENT) for kind in (K.CLOSED, K.RESET, K.IDLE, K.NO_TOKEN, K.GARBLED)),
        *((Fault(kind), FaultClass.OFFLINE) for kind in (K.DNS, K.REFUSED, K.UNREACHABLE, K.CONNECT_TIMEOUT)),
        (Fault(K.STALE), FaultClass.STALE_CONNECTION),
        (Fault(K.TOO_LONG), FaultClass.ANSWER_LIMIT),
        *((Fault(kind), FaultClass.FINAL) for kind in (K.TLS, K.INSECURE, K.INTERNAL, K.PROXY, K.NOT_A_STREAM)),
        (Fault(K.PROXY, status=502), FaultClass.TRANSIENT),
        (Fault(K.PROXY, status=407), FaultClass.FINAL),
    ],
)
def test_each_fault_has_its_remedy(fault: Fault, remedy: FaultClass) -> None:
    assert classify(fault) is remedy


def test_a_403_means_an_old_key_only_where_a_command_supplies_it() -> None:
    assert classify(status(403), key_by_command=True) is FaultClass.EXPIRED_KEY
    assert classify(status(403)) is FaultClass.FINAL


def test_a_web_page_in_mid_answer_is_a_portal_in_between() -> None:
    assert classify(Fault(K.NOT_A_STREAM), had_text=True) is FaultClass.TRANSIENT


@given(st.sampled_from(K), st.none() | st.integers(100, 999), st.text(max_size=20), st.booleans(), st.booleans())
def test_every_fault_has_a_remedy(kind: K, code: int | None, word: str, command: bool, text: bool) -> None:
    assert classify(Fault(kind, status=code, code=word), key_by_command=command, had_text=text) in FaultClass


STREAM = Stream(retry_delay=1.0, max_delay=30.0, max_retry_after=120.0)


@pytest.mark.parametrize(("retry", "base"), [(1, 1.0), (2, 2.0), (3, 4.0), (5, 16.0), (6, 30.0), (900, 30.0)])
def test_the_wait_doubles_with_jitter_up_to_the_limit(retry: int, base: float) -> None:
    assert delay(STREAM, retry, status(500), lambda: 0.0) == pytest.approx(base * 0.8)
    assert delay(STREAM, retry, status(500), lambda: 0.5) == pytest.approx(base)
    assert delay(STREAM, retry, status(500), lambda: 0.999) == pytest.approx(min(base * 1.2, 30.0), rel=0.01)


def test_the_wait_that_a_server_asks_for_is_kept_to() -> None:
    assert delay(STREAM, 1, status(429, retry_after=7.5), lambda: 0.0) == 7.5
    assert delay(STREAM, 1, status(429, retry_after=120.0), lambda: 0.0) == 120.0
    assert delay(STREAM, 1, status(429, retry_after=0.0), lambda: 0.5) == 1.0


def test_a_longer_wait_than_allowed_is_none() -> None:
    assert delay(STREAM, 1, status(429, retry_after=120.5), lambda: 0.0) is None


def test_the_budget_counts_retries_in_a_row() -> None:
    budget = Budget.for_stream(Stream(max_retries=2, max_attempts=10)).retried()
    assert not budget.spent
    assert budget.retried().spent


def test_progress_resets_the_row_but_not_the_total() -> None:
    budget = Budget.for_stream(Stream(max_retries=1, max_attempts=3)).retried()
    assert budget.spent
    assert budget.gained(PROGRESS - 1).spent
    once_more = budget.gained(PROGRESS - 1).gained(1)
    assert not once_more.spent
    assert once_more.retried().gained(PROGRESS).spent


def test_a_budget_of_one_attempt_allows_no_retry() -> None:
    assert Budget.for_stream(Stream(max_attempts=1)).spent
    assert Budget.for_stream(Stream(max_retries=0)).spent
