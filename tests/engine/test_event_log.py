from __future__ import annotations

import logging

import pytest

from holytui.engine import events as ev
from holytui.engine.event_log import log_event
from holytui.faults import Fault, FaultKind
from holytui.models import Usage

TEXT = "the words of the answer"


def test_events_are_logged_without_texts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "holytui")
    refused = Fault(FaultKind.STATUS, TEXT, status=429)
    for event in (
        ev.Queued("t"),
        ev.Connecting("t", 1, "api.example.org"),
        ev.Waiting("t"),
        ev.Delta("t", TEXT),
        ev.Reasoning("t", TEXT),
        ev.Retrying("t", 1, 3, 9.0, refused),
        ev.Resuming("t", "prefill", 40),
        ev.Replaced("t", TEXT, "", ""),
        ev.UsageKnown("t", Usage(12, 34)),
        ev.Finished("t", Usage(12, 34), 2, "stop"),
    ):
        log_event(event)
    assert TEXT not in caplog.text
    assert [record.getMessage() for record in caplog.records] == [
        "turn t: request 1 to api.example.org",
        "turn t: accepted",
        "turn t: retry 1 of 3 after status, status 429",
        "turn t: resuming by prefill, 40 characters received",
        "turn t: replaced by 23 characters",
        "turn t: 12 tokens in, 34 out",
        "turn t: finished",
    ]


def test_nothing_is_formatted_while_the_level_is_higher(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "holytui")
    log_event(ev.Waiting("t"))
    assert caplog.records == []
