"""The attacks of `benchmarks.attack.hostile`, each for a few blocks: every one ends in a clear state, with its text."""

from __future__ import annotations

import threading
from itertools import islice

import pytest

from benchmarks.attack.hostile import ATTACKS, KEPT, redirect
from holytui.faults import FaultKind
from holytui.wire.client import ChatClient
from holytui.wire.events import End, Verdict, WireEvent
from holytui.wire.request import Timeouts
from tests.servers import READ, STALL, Peer, ScriptedServer
from tests.wire.harness import content, endpoint, opened, read

_BLOCKS = 30
_MOST_BYTES = 1 << 18
_LATE = {FaultKind.IDLE, FaultKind.NO_TOKEN}
_BROKEN = {FaultKind.GARBLED, FaultKind.CLOSED}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_in_a_clear_state_and_what_came_before_it_is_kept(name: str) -> None:
    attack, sent, now = ATTACKS[name], threading.Event(), [0.0]

    def blocks(peer: Peer) -> None:
        for block in islice(attack.blocks(), _BLOCKS):
            if isinstance(block, bytes):
                peer.sock.sendall(block)
        sent.set()

    client = ChatClient(clock=lambda: now[0])
    patient = Timeouts(connect=60, idle=3, first_token=6, token=5, answer_bytes=_MOST_BYTES)
    with ScriptedServer([READ, blocks, STALL]) as server:
        events: list[WireEvent] = []
        with opened(client, endpoint(server.base_url), patient) as stream:
            while not stream.ended:
                if (event := stream.wait(0.01)) is not None:
                    events.append(event)
                elif sent.is_set() and (content(events) or not attack.keeps):
                    now[0] += 2
        assert len(server.requests) == 1
    client.close()
    text, end = content(events), events[-1]
    assert isinstance(end, End)
    assert text.startswith(KEPT if attack.keeps else "")
    assert attack.keeps or not text
    if attack.complete:
        assert end.verdict is Verdict.COMPLETE
    elif name == "100,000 pieces of a tool call":
        assert end.tool_calls or end.fault is not None
    else:
        assert end.verdict in (Verdict.CUT, Verdict.FAULT)
        assert end.fault is not None
        assert end.fault.kind in _LATE | _BROKEN | {FaultKind.TOO_LONG, FaultKind.ENCODED}


def test_a_redirect_to_itself_is_asked_once(client: ChatClient) -> None:
    with ScriptedServer([READ, lambda peer: redirect(peer.sock), STALL]) as server:
        _, end, _ = read(client, server.base_url)
        assert len(server.requests) == 1
    assert end.fault is not None
    assert (end.fault.kind, end.fault.status) == (FaultKind.STATUS, 307)
