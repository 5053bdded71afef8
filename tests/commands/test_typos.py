from __future__ import annotations

import argparse
import importlib
import io
import sys

import pytest

from holytui.cli import COMMANDS, main
from holytui.commands import typos

screen = importlib.import_module("holytui.commands.screen")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["histroy", "list"], "history"),
        (["History"], "history"),
        (["hist"], "history"),
        (["hsitroy"], "history"),
        (["modles"], "models"),
        (["model"], "models"),
        (["aks", "hello"], "ask"),
        (["chekc"], "check"),
        (["cnofig", "show"], "config"),
        (["histroy list"], ""),
        (["hello"], ""),
        (["hi"], ""),
        (["what", "now"], ""),
        (["histroy", "of", "Rome"], ""),
        ([], ""),
    ],
)
def test_a_word_near_a_command_is_a_slip(words: list[str], command: str) -> None:
    assert typos.intended_command(words, COMMANDS) == command


@pytest.mark.parametrize("words", [["histroy", "list"], ["--plain", "histroy", "list"], ["histroy", "--json", "list"]])
def test_a_script_that_misspells_a_command_sends_nothing(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "no command “histroy”; did you mean `holytui history`?" in err
    assert err.endswith("Nothing was sent. To ask a model: holytui ask -- histroy list\n")


@pytest.mark.parametrize(
    ("typed", "words", "status"),
    [
        ("n\n", ["histroy", "list"], 2),
        ("", ["histroy"], 2),
        ("y\n", ["histroy", "list"], 0),
        ("", ["--", "histroy"], 0),
        ("", ["-m", "ask", "hello there"], 0),
        ("", ["--", "check"], 0),
    ],
)
def test_a_person_is_asked(typed: str, words: list[str], status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    asked: list[list[str]] = []

    def run(options: argparse.Namespace) -> int:
        asked.append(options.prompt)
        return 0

    monkeypatch.setattr(sys, "stdin", Tty(typed))
    monkeypatch.setattr(screen, "run", run)
    assert main(words) == status
    assert asked == ([[word for word in words if word not in ("--", "-m", "ask")]] if status == 0 else [])


def test_an_option_s_value_is_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(options: argparse.Namespace) -> int:
        assert (options.model, options.prompt) == ("ask", ["ask"])
        return 7

    monkeypatch.setattr("holytui.commands.ask.command.run", run)
    assert main(["-m", "ask", "ask", "ask"]) == 7
