"""Half an hour of simulated use, in which every frame shows the same as the bytes of Textual's own driver."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from random import Random

import pytest

from holytui.engine.runtime import publisher
from holytui.ui.transcript import live_answers
from tests.terminal.terminal_comparison import DEPTHS, RecordingHarness, TerminalComparator
from tests.terminal.tmux_pane import TMUX, TmuxPane, differences
from tests.terminal.usage_script import Clock, ScriptedModel, SimulatedUser, play
from tests.ui.app_harness import config_with, run_app

HALF_AN_HOUR = 1800.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(live_answers, "time", clock)
    monkeypatch.setattr(publisher, "INTERVAL", 0.0)
    return clock


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ScriptedModel]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    model = ScriptedModel()
    yield model
    model.server.close()


@dataclass
class ComparisonRun:
    """What a run is made of."""

    model: ScriptedModel
    clock: Clock
    folder: Path

    async def show(
        self, comparator: TerminalComparator, seconds: float, kinds: Sequence[str] = (), length: int = 10_000
    ) -> None:
        harness = RecordingHarness(self.folder, config_with(self.model.server.base_url))
        harness.on_update = comparator.show
        try:
            async with run_app(harness) as driver:
                user = SimulatedUser(driver, self.model, comparator, self.clock, Random(1))
                await play(user, seconds, kinds, length)
        finally:
            harness.close()
            comparator.close()


@pytest.fixture
def run(model: ScriptedModel, clock: Clock, tmp_path: Path) -> ComparisonRun:
    return ComparisonRun(model, clock, tmp_path)


@pytest.mark.parametrize(
    ("depth", "kinds"),
    [
        ("truecolor", ("cjk", "emoji", "table")),
        pytest.param("256", ("table", "python"), marks=pytest.mark.long),
        pytest.param("standard", ("prose_vi", "log"), marks=pytest.mark.long),
    ],
)
async def test_a_short_use_shows_what_textuals_own_bytes_show(
    depth: str, kinds: Sequence[str], run: ComparisonRun
) -> None:
    comparator = TerminalComparator(depth, dropped=(0.0, 0.5))
    await run.show(comparator, 20, kinds, 500)
    assert comparator.frames > 150
    assert comparator.pauses >= 2
    assert comparator.bytes[f"{depth} full without 0%"] < comparator.stock_bytes / 5


if TMUX is not None:

    async def test_in_a_real_tmux_it_looks_the_same_too(run: ComparisonRun, tmp_path: Path) -> None:
        comparator = TerminalComparator("truecolor", ["tmux"])
        comparator.kept = []
        await run.show(comparator, 15, ("cjk", "table"), 500)
        name = comparator.terminals[0].name
        takes = comparator.kept
        size = takes[0].size
        with TmuxPane(tmp_path / "stock", size) as stock, TmuxPane(tmp_path / "ours", size) as ours:
            for at in range(0, len(takes), 20):
                for _, group in groupby(takes[at : at + 20], key=lambda take: take.size):
                    batch = list(group)
                    if batch[0].size != size:
                        size = batch[0].size
                        stock.resize(size)
                        ours.resize(size)
                    stock.write("".join(take.stock for take in batch), f"stop {at}")
                    ours.write("".join(take.ours[name] for take in batch), f"stop {at}")
                    assert not differences(stock, ours, batch[-1].doubtful), f"after frame {at + 20}"


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("depth", DEPTHS)
async def test_half_an_hour_of_use_shows_what_textuals_own_bytes_show(
    depth: str, run: ComparisonRun, capsys: pytest.CaptureFixture[str]
) -> None:
    comparator = TerminalComparator(depth, dropped=(0.0, 0.5))
    await run.show(comparator, HALF_AN_HOUR)
    lines = [f"{depth}: {comparator.frames:,} frames, {comparator.pauses} looks at the whole screen"]
    lines += [f"  {name:34}{count:12,} bytes" for name, count in comparator.bytes.items()]
    lines.append(f"  {'Textual':34}{comparator.stock_bytes:12,} bytes")
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
