"""The seeds of each fuzz target, and every input that ever broke one, without a fuzzer."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tests.fuzz import TARGETS

_FOUND = sorted(path for path in (Path(__file__).parent / "found").glob("*/*") if path.is_file())


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_break_nothing(name: str) -> None:
    target = import_module(f"tests.fuzz.{name}")
    for seed in target.seeds():
        target.check(seed)


@pytest.mark.parametrize("path", _FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_stays_mended(path: Path) -> None:
    import_module(f"tests.fuzz.{path.parent.name}").check(path.read_bytes())
