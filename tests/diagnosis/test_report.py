"""Secrets that no setting names are masked in a report too."""

from __future__ import annotations

import pytest

from holytui.config.schema import Config
from holytui.diagnosis.report import BugReport


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("old key sk-proj-0123456789abcdefABCDEF in a log", "old key ••• in a log"),
        ("https://me:hunter2@proxy.example/x", "https://proxy.example/x"),
        ("GET https://host.example/v1?sig=abc failed", "GET https://host.example/v1?••• failed"),
        ("nothing secret at 12:30", "nothing secret at 12:30"),
    ],
)
def test_secrets_of_unknown_origin_are_masked(line: str, shown: str) -> None:
    assert BugReport(Config(), {}).redacted(line) == shown
