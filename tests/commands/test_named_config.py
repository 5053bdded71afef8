"""A configuration file that the user named and that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from holytui.cli import main
from holytui.commands import exit_status


@pytest.mark.parametrize("words", [["ask", "hi"], ["models"], ["config", "show"], ["--plain"], []])
@pytest.mark.parametrize("by_variable", [False, True])
def test_it_is_refused_before_anything_is_done(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    by_variable: bool,
) -> None:
    file = str(tmp_path / "none.toml")
    if by_variable:
        monkeypatch.setenv("HOLYTUI_CONFIG", file)
    assert main([*words, *([] if by_variable else ["--config", file])]) == exit_status.USAGE
    assert file in capsys.readouterr().err


@pytest.mark.parametrize("words", [["config", "path"], ["config", "init"]])
def test_a_first_one_may_be_made_and_named(tmp_path: Path, words: list[str]) -> None:
    assert main([*words, "--config", str(tmp_path / "none.toml")]) == exit_status.OK
