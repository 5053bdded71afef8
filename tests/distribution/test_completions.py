"""Completions in real shells, with a stand-in for `holytui` that knows three models and two conversations."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from distribution.completions import completion
from distribution.files import COMPLETIONS
from tests.ptys import Terminal

STAND_IN = """#!/bin/sh
case "$*" in
*--deleted*) printf '%s\\n' 'cccc3333  2026-01-03 10:00  Gone' ;;
models) printf '%s\\n' '* guide/guide' '  ollama/llama3.2:1b' '  ollama/llama3.2:3b' ;;
history*) printf '%s\\n' 'aaaa1111  2026-01-01 10:00  A river' 'bbbb2222  2026-01-02 10:00  Two: rivers' ;;
esac
"""
BASH = """
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
word=${2##*[[:space:]:=]}
_holytui_whole_words holytui "$word" ""
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {shell: completion(shell) for shell in COMPLETIONS}


@pytest.fixture
def place(tmp_path: Path, texts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "place"
    (folder / "bin").mkdir(parents=True)
    (folder / "work" / "sub dir").mkdir(parents=True)
    (folder / "work" / "notes.md").touch()
    (folder / "site-functions").mkdir()
    stand_in = folder / "bin" / "holytui"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    for shell, text in texts.items():
        (folder / shell).write_text(text)
    (folder / "site-functions" / "_holytui").write_text(texts["zsh"])
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(folder / "work")
    return folder


def _run(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


def _need(shell: str) -> str:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    return path


@pytest.fixture(params=["bash", "fish"])
def complete(request: pytest.FixtureRequest, place: Path) -> Callable[[str], list[str]]:
    shell = _need(request.param)
    if request.param == "bash":
        return lambda line: _run(shell, "--norc", "-c", BASH, "bash", str(place / "bash"), line)
    code = f"source {place / 'fish'}; complete -C $argv[1]"
    return lambda line: [found.split("\t")[0] for found in _run(shell, "--no-config", "-c", code, line)]


def test_bash_and_fish_complete(complete: Callable[[str], list[str]], request: pytest.FixtureRequest) -> None:
    in_bash = "[bash]" in request.node.name
    assert set(complete("holytui ")) == {"ask", "connect", "check", "models", "history", "config"}
    assert set(complete("holytui --lang vi history ")) >= {"list", "show", "import"}
    assert set(complete("holytui history export --format ")) == {"md", "json", "jsonl", "html"}
    assert "--clipboard" in complete("holytui check --")
    assert complete("holytui ask -m ollama/llama3.2:") == (
        ["1b", "3b"] if in_bash else ["ollama/llama3.2:1b", "ollama/llama3.2:3b"]
    )
    assert complete("holytui -m gui") == ["guide/guide"]
    assert set(complete("holytui history show ")) == {"last", "aaaa1111", "bbbb2222"}
    assert complete("holytui history restore ") == ["cccc3333"]
    assert complete("holytui ask what is @not") == (["@notes.md"])
    assert complete("holytui ask what is no") == []
    assert complete("holytui history import not") == ["notes.md"]


def test_bash_quotes_names_with_spaces(place: Path) -> None:
    rc = place / "rc"
    rc.write_text(f"PS1='ready> '\nbind 'set enable-bracketed-paste off'\nsource {place / 'bash'}\n")
    with Terminal([_need("bash"), "--rcfile", str(rc), "-i"]) as shell:
        shell.wait_for("ready>")
        shell.type("holytui ask @sub\t")
        shell.wait_for("holytui ask @sub\\ dir/")
        shell.type("\x15holytui ask -m ollama/llama3.2:1\t")
        shell.wait_for("llama3.2:1b")
        shell.type("\x15holytui ask -m ollama/llama3.2:\t\t")
        shell.wait_for("1b  3b")
        shell.type("\x15holytui ask @no\t")
        shell.wait_for("holytui ask @notes.md")


def test_zsh_completes(place: Path) -> None:
    setup = f"PS1='ready> '; fpath=({place / 'site-functions'} $fpath); autoload -U compinit; compinit -u -D; LISTMAX=0"
    with Terminal([_need("zsh"), "-f", "-i"]) as shell:
        shell.type(f"{setup}; clear\n")
        for typed, expected in (
            ("holytui mod", "holytui models"),
            ("holytui -m oll", "holytui -m ollama/llama3.2:"),
            ("holytui history exp", "holytui history export"),
            ("holytui history show aaaa", "holytui history show aaaa1111"),
            ("holytui history restore c", "holytui history restore cccc3333"),
            ("holytui ask @su", "holytui ask @sub\\ dir/"),
            ("holytui ask what is @no", "holytui ask what is @notes.md"),
            ("holytui history delete aaaa1111 bb", "holytui history delete aaaa1111 bbbb2222"),
        ):
            shell.type(f"\x15{typed}\t")
            shell.wait_for(expected, 8)
