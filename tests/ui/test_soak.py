"""The soak of `benchmarks.soak` in short: what an answer takes is given back when it has ended."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.soak import play, samples
from benchmarks.soak.samples import Sample
from tests.ui.app_harness import AppHarness, run_app

_BATCH = 10


async def _rest(player: play.Player) -> tuple[Sample, Counter[str]]:
    """What is held in a new conversation, in which nothing happens, after a dialog was closed."""
    await play.look_at_help(player)
    await player.act("chat.new")
    await player.settle()
    return samples.take(0, 0.0), samples.alive()


async def test_thirty_answers_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with play.served() as base_url:
        harness = AppHarness(tmp_path, play.config(base_url))
        try:
            async with run_app(harness) as driver:
                player = play.Player(driver.pilot, harness)
                found = []
                for batch in range(3):
                    for number in range(batch * _BATCH + 1, (batch + 1) * _BATCH + 1):
                        await play.ask(player, number)
                    found.append(await _rest(player))
                before = found[0][1] + Counter(dict.fromkeys(samples.COUNTED, samples.SLACK))
                await player.wait_until(lambda: samples.alive() <= before)  # a dialog is removed after it closed
            assert play.wrong(harness.history) == []
        finally:
            harness.close()
    early, late = found[0][0], found[-1][0]
    assert late.descriptors <= early.descriptors + samples.SLACK
    assert late.threads <= early.threads + samples.SLACK
    assert late.tasks <= early.tasks + samples.SLACK


def test_growth_is_told_and_what_is_flat_is_not() -> None:
    flat = [Sample(count, 0.0, 80.0 + count % 300 / 300, 21, 6, 20, 60) for count in range(100, 5_001, 100)]
    assert samples.growing(flat) == []
    leaking = [Sample(one.answers, 0.0, one.memory + one.answers * 0.004, 21, 6, 20, 60) for one in flat]
    assert "memory grows by 4" in samples.growing(leaking)[0]
    files = [*flat[:-1], Sample(5_000, 0.0, 80.0, 40, 6, 20, 500)]
    assert [sentence.split(":")[0] for sentence in samples.growing(files)] == ["descriptors", "objects"]
    assert samples.growing(flat[:3]) == ["too few answers to tell"]
