from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holytui.config.schema import Config
from tests.ui.app_harness import AppHarness

Build = Callable[..., AppHarness]


@pytest.fixture
def build_harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Creates harnesses over one history in an empty folder, which is also the working directory."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    built: list[AppHarness] = []

    def build(config: Config | None = None, **options: object) -> AppHarness:
        built.append(AppHarness(tmp_path, config, **options))  # type: ignore[arg-type]  # passed on
        return built[-1]

    yield build
    for harness in built:
        harness.close()


@pytest.fixture
def harness(build_harness: Build) -> AppHarness:
    """A harness whose only provider is the guide."""
    return build_harness()
