from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holytui.config.schema import Config
from tests.ui.house import House

Build = Callable[..., House]


@pytest.fixture
def build_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Builds houses over one history in an empty folder, which is the working folder too."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    built: list[House] = []

    def build(config: Config | None = None, **options: object) -> House:
        built.append(House(tmp_path, config, **options))  # type: ignore[arg-type]  # passed on
        return built[-1]

    yield build
    for house in built:
        house.close()


@pytest.fixture
def house(build_house: Build) -> House:
    """holytui with the guide alone."""
    return build_house()
