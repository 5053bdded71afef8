"""Each failure tells what happened and what helps, in English and Vietnamese, and is documented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from holytui import i18n
from holytui.guide.server import GuideServer
from tests.commands.failures import FAILURES, KEY, Failure, World

DOCUMENT = Path(__file__).parents[2] / "docs" / "troubleshooting.md"


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: Path
) -> Iterator[World]:
    monkeypatch.setenv("TEST_KEY", KEY)
    defaults = GuideServer.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "pace", 0.0)  # instead of the pace of a model
    with ExitStack() as stack:
        yield World(tmp_path, monkeypatch, capsys, stack)


def pattern(text: str) -> str:
    """A regular expression for a text in which "…" stands for any text."""
    return ".*?".join(re.escape(part) for part in text.split("…"))


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_a_failure_names_what_helps_in_both_languages(world: World, failure: Failure) -> None:
    i18n.set_language("en")
    english = " ".join(failure.fail(world).split())
    assert re.search(f"{pattern(failure.shown)}.*?{pattern(failure.helps)}", english), english
    assert KEY not in english
    i18n.set_language("vi")
    world.language = "vi"
    vietnamese = " ".join(failure.fail(world).split())
    assert re.search("[ạảấầậắặẹếềệịọốộớợụứựỷ]", vietnamese), vietnamese
    for part in f"{failure.shown}…{failure.helps}".split("…"):
        if part.count(" ") > 2:
            assert part not in vietnamese


def test_the_table_is_long_and_in_the_document() -> None:
    assert len({failure.name for failure in FAILURES}) == len(FAILURES) >= 28
    document = DOCUMENT.read_text("utf-8")
    for failure in FAILURES:
        assert f"| {failure.shown} | {failure.helps} |" in document
