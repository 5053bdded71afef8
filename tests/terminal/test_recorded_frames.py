"""Half an hour of real use, in which every frame shows what Textual's own bytes show. See `film` and `reel`."""

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
from tests.terminal.recorded_frames import DEPTHS, RecordingHouse, TerminalComparison
from tests.terminal.scripted_use import Clock, ScriptedModel, ScriptedUser, play
from tests.terminal.tmux_terminal import TMUX, TmuxTerminal, differences
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
class Film:
    """What a film is made of."""

    model: ScriptedModel
    clock: Clock
    folder: Path

    async def show(
        self, comparison: TerminalComparison, seconds: float, kinds: Sequence[str] = (), length: int = 10_000
    ) -> None:
        studio = RecordingHouse(self.folder, config_with(self.model.server.base_url))
        studio.record = comparison.show
        try:
            async with run_app(studio) as driver:
                user = ScriptedUser(driver, self.model, comparison, self.clock, Random(1))
                await play(user, seconds, kinds, length)
        finally:
            studio.close()
            comparison.close()


@pytest.fixture
def film(model: ScriptedModel, clock: Clock, tmp_path: Path) -> Film:
    return Film(model, clock, tmp_path)


@pytest.mark.parametrize(
    ("depth", "kinds"),
    [
        ("truecolor", ("cjk", "emoji", "table")),
        pytest.param("256", ("table", "python"), marks=pytest.mark.long),
        pytest.param("standard", ("prose_vi", "log"), marks=pytest.mark.long),
    ],
)
async def test_a_short_use_shows_what_textuals_own_bytes_show(depth: str, kinds: Sequence[str], film: Film) -> None:
    comparison = TerminalComparison(depth, dropped=(0.0, 0.5))
    await film.show(comparison, 20, kinds, 500)
    assert comparison.frames > 150
    assert comparison.pauses >= 2
    assert comparison.bytes[f"{depth} full without 0%"] < comparison.stock_bytes / 5


if TMUX is not None:

    async def test_in_a_real_tmux_it_looks_the_same_too(film: Film, tmp_path: Path) -> None:
        comparison = TerminalComparison("truecolor", ["tmux"])
        comparison.kept = []
        await film.show(comparison, 15, ("cjk", "table"), 500)
        name = comparison.terminals[0].name
        takes = comparison.kept
        size = takes[0].size
        with TmuxTerminal(tmp_path / "stock", size) as stock, TmuxTerminal(tmp_path / "ours", size) as ours:
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
    depth: str, film: Film, capsys: pytest.CaptureFixture[str]
) -> None:
    comparison = TerminalComparison(depth, dropped=(0.0, 0.5))
    await film.show(comparison, HALF_AN_HOUR)
    lines = [f"{depth}: {comparison.frames:,} frames, {comparison.pauses} looks at the whole screen"]
    lines += [f"  {name:34}{count:12,} bytes" for name, count in comparison.bytes.items()]
    lines.append(f"  {'Textual':34}{comparison.stock_bytes:12,} bytes")
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
