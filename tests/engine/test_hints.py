"""Hints for where the screen's keys are not."""

from __future__ import annotations

import re

import pytest
from holytui.engine.hints import with_commands, with_keys, without_keys

from holytui.engine.problems import problem_for, too_long_a_wait
from holytui.faults import Fault, FaultKind

_CODES = ("", "insufficient_quota", "context_length_exceeded", "content_filter", "rate_limit", "overloaded")
_STATUSES = (None, 400, 401, 402, 403, 404, 405, 408, 413, 418, 422, 429, 500, 501, 503, 529)
FAULTS = [Fault(kind) for kind in FaultKind] + [
    Fault(FaultKind.STATUS, "no", status, code) for status in _STATUSES for code in _CODES
]
_KEY = re.compile(r"\bF\d+\b|\bpress\b", re.IGNORECASE)


@pytest.mark.parametrize("change", [without_keys, with_commands])
def test_no_hint_names_a_key_that_is_not_there(change: object) -> None:
    assert callable(change)
    for fault in FAULTS:
        hints = [problem_for(fault, host="h", kept=5, retries=2).hint, too_long_a_wait(fault, host="h", kept=0).hint]
        assert [found for found in map(change, hints) if _KEY.search(found)] == []


@pytest.mark.parametrize(
    ("hint", "keys", "shown"),
    [
        ("Press c to go on.", {}, "Press c to go on."),
        ("Press c to go on.", {"message.resume": "x"}, "Press x to go on."),
        ("Nhấn c để đi tiếp.", {"message.resume": "Ctrl+T"}, "Nhấn Ctrl+T để đi tiếp."),
        (
            "Top it up, then press c to go on; or press F2 for another model.",
            {"message.resume": "F2", "model.pick": "c"},
            "Top it up, then press F2 to go on; or press c for another model.",
        ),
        ("Press r to retry, or F2 for another model.", {"model.pick": ""}, "Press r to retry."),
        ("Text is kept. Press c to go on.", {"message.resume": ""}, "Text is kept."),
        ("In c and r nothing is a key.", {"message.resume": "x"}, "In c and r nothing is a key."),
    ],
)
def test_hints_name_the_keys_in_force(hint: str, keys: dict[str, str], shown: str) -> None:
    assert with_keys(hint, keys) == shown


@pytest.mark.parametrize(
    ("hint", "without", "with_"),
    [
        ("Check the network.", "Check the network.", "Check the network."),
        ("Press c to go on.", "", "Type /continue to go on."),
        (
            "Check variable X, then press r to retry.",
            "Check variable X.",
            "Check variable X, then type /retry to retry.",
        ),
        (
            "Top it up, then press c to go on; or press F2 for another model.",
            "Top it up.",
            "Top it up, then type /continue to go on; or type /model NAME for another model.",
        ),
        (
            "Press c to go on; idle_timeout in [stream] sets how long to wait.",
            "idle_timeout in [stream] sets how long to wait.",
            "Type /continue to go on; idle_timeout in [stream] sets how long to wait.",
        ),
        ("What has come is kept. Press e to edit the question.", "What has come is kept.", "What has come is kept."),
        ("Nhấn c để đi tiếp.", "", "Gõ /continue để đi tiếp."),
        (
            "Hãy kiểm tra biến X rồi nhấn r để thử lại.",
            "Hãy kiểm tra biến X.",
            "Hãy kiểm tra biến X rồi gõ /retry để thử lại.",
        ),
        ("", "", ""),
    ],
)
def test_keys_become_commands_or_nothing(hint: str, without: str, with_: str) -> None:
    assert (without_keys(hint), with_commands(hint)) == (without, with_)
