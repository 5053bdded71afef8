"""`holytui ask` before servers that end an answer oddly: what it writes, tells and exits with, in text and in JSON."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.store.sqlite.history import SqliteHistory
from tests.ptys import Terminal
from tests.servers import FIN, READ, Script, ScriptedServer, Step, answer, delta, event, sse_head

CUT = "The first way is to take the lock before"
OTHER = "Another answer altogether: keep one writer thread, give it a queue, and let nobody else touch the file."
REST = "Sure thing! Here is what else one could say of it."
TOOL = event(delta(tool_calls=[{"index": 0, "id": "t", "type": "function", "function": {"name": "f"}}]))


@dataclass(frozen=True)
class Case:
    """A server, and what is to come of it."""

    name: str
    scripts: Sequence[Script]
    status: int
    out: str
    words: tuple[str, ...] = ()
    doubts: list[str] = field(default_factory=list)
    last: dict[str, object] = field(default_factory=dict)
    """Further values of the last JSON line."""
    recover: str = "auto"


def _ends(*pieces: bytes, finish: str | None = "stop") -> list[Step]:
    return [READ, sse_head(), *pieces, event(delta(finish=finish)), event("[DONE]")]


def _cut(text: str) -> list[Step]:
    return [READ, sse_head(), event(delta(text)), FIN]


LIMIT = "The answer was truncated by a length limit. max_tokens in params of the model sets the limit.\n"
CASES = [
    Case("whole", [[READ, *answer("Whole.")]], 0, "Whole.\n", last={"finish_reason": "stop", "state": "complete"}),
    Case("length", [[READ, *answer("Half a sent", finish="length")]], 4, "Half a sent\n", (LIMIT,), ["length"]),
    Case("max_tokens", [[READ, *answer("Half a sent", finish="MAX_TOKENS")]], 4, "Half a sent\n", (LIMIT,), ["length"]),
    Case(
        "filtered",
        [[READ, *answer("One mixes", finish="content_filter")]],
        4,
        "One mixes\n",
        ("The server's content filter ended the answer\n",),
        ["content_filter"],
        {"finish_reason": "content_filter", "state": "complete"},
    ),
    Case(
        "filtered whole",
        [[READ, *answer(finish="content_filter")]],
        4,
        "",
        ("content filter", "The model sent an empty answer"),
        ["content_filter", "empty"],
    ),
    Case("empty", [[READ, *answer()]], 4, "", ("The model sent an empty answer",), ["empty"]),
    Case("blank", [[READ, *answer(" \n")]], 4, " \n", ("The model sent an empty answer",), ["empty"]),
    Case(
        "reasoning only",
        [_ends(event(delta(reasoning_content="Let me think.")))],
        4,
        "",
        ("The model sent its reasoning, but no answer",),
        ["reasoning_only"],
    ),
    Case(
        "text, then tools",
        [_ends(event(delta("I look it up.")), TOOL, finish="tool_calls")],
        4,
        "I look it up.\n",
        ("then called tools", "Ask the model to answer without tools."),
        ["tool_calls"],
    ),
    Case(
        "text, then tools, and a stop",
        [_ends(event(delta("I look it up.")), TOOL)],
        4,
        "I look it up.\n",
        ("then called tools",),
        ["tool_calls"],
        {"finish_reason": "tool_calls"},
    ),
    Case("tools only", [_ends(TOOL)], 1, "", ("called tools", "without tools."), [], {"state": "failed"}),
    Case(
        "unknown reason",
        [[READ, *answer("Half a sent", finish="insufficient_system_resource")]],
        4,
        "Half a sent\n",
        ("for an unknown reason: insufficient_system_resource. It may not be complete.",),
        ["unknown_reason"],
    ),
    Case("no reason", [[READ, *answer("Whole.", finish=None)]], 0, "Whole.\n", last={"finish_reason": ""}),
    Case(
        "marked seam",
        [_cut(CUT), [READ, *answer(REST, " It is so. It is so.", " [END]")]],
        4,
        f"{CUT}{REST} It is so. It is so.\n",
        ("at a seam, after “The first way is to take the lock before”", "Both sides: holytui history show --attempts "),
        ["seam"],
        {"seams": [len(CUT)], "attempts": 2},
        "instruct",
    ),
    Case(
        "begun again",
        [_cut(CUT), [READ, *answer(OTHER)]],
        4,
        f"{CUT}\n",
        ("the output ends with the text", "Both answers: holytui history show --attempts "),
        ["begun_again"],
        {"seams": [], "attempts": 2, "state": "complete"},
        "restart",
    ),
    Case(
        "interrupted",
        [_cut(CUT), [READ, sse_head(), FIN]],
        3,
        f"{CUT}\n",
        ("The text so far is kept.",),
        [],
        {"state": "interrupted", "finish_reason": "", "seams": []},
    ),
    Case("refusal", [_ends(event(delta(refusal="I cannot help.")))], 0, "I cannot help.\n"),
]


def _arguments(folder: Path, server: ScriptedServer, recover: str) -> list[str]:
    """For a configuration of its own."""
    config = folder / "config.toml"
    config.write_text(
        f'default_model = "test/model"\n[providers.test]\nbase_url = "{server.base_url}"\n'
        f'[stream]\nretry_delay = 0.01\nmax_retries = 2\nrecover = "{recover}"\n'
    )
    return ["--config", str(config), "ask", "hello"]


def _begun(
    folder: Path, server: ScriptedServer, recover: str, *options: str, stdout: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "holytui", *_arguments(folder, server, recover), *options]
    env = os.environ | {"HOLYTUI_DATA_DIR": str(folder / "data")}
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=env)


NAMES_A_KEY = re.compile(r"(?<![-\w])F\d{1,2}\b|\b[Pp]ress\b")
"""The name of a key of the screen. A message's id may have a group such as `-f2c2-`, which is none."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_end_is_told(case: Case, tmp_path: Path) -> None:
    with ScriptedServer(*case.scripts) as server, _begun(tmp_path, server, case.recover) as process:
        out, err = process.communicate(timeout=50)
    told = err.decode()
    assert (process.returncode, out.decode()) == (case.status, case.out), told
    assert [words for words in case.words if words not in told] == []
    assert case.words or not told
    assert not NAMES_A_KEY.search(told), "there are no keys here"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_end_is_told_in_json(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    with ScriptedServer(*case.scripts) as server:
        status = main([*_arguments(tmp_path, server, case.recover), "--json"])
    assert status == case.status
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["doubts"] == case.doubts
    assert {"event", "attempts", "usage", "state", "finish_reason", "seams", "doubts"} <= set(last)
    assert {key: last[key] for key in case.last} == case.last


# -- an answer that begins again


def _begun_again() -> ScriptedServer:
    return ScriptedServer(_cut(CUT), [READ, *answer(OTHER)])


@pytest.mark.parametrize("arguments", [["--whole"], ["--no-save"]])
def test_what_waits_for_the_end_is_the_answer_alone(arguments: list[str], tmp_path: Path) -> None:
    with _begun_again() as server, _begun(tmp_path, server, "restart", *arguments) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out.decode()) == (4, OTHER + "\n")
    assert "The answer started again" in err.decode()
    assert ("history show" in err.decode()) == ("--no-save" not in arguments), "there is none to show it"


def test_a_file_gets_the_answer_alone(tmp_path: Path) -> None:
    with (
        (tmp_path / "out").open("wb") as file,
        _begun_again() as server,
        _begun(tmp_path, server, "restart", stdout=file.fileno()) as process,
    ):
        process.communicate(timeout=30)
    assert (tmp_path / "out").read_text() == OTHER + "\n"


def test_the_command_that_is_named_prints_both_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with _begun_again() as server, _begun(tmp_path, server, "restart") as process:
        _out, err = process.communicate(timeout=30)
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    command = err.decode().partition("Both answers: holytui ")[2].split()
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert f"> {CUT}\n" in shown
    assert f"> {OTHER}\n" in shown
    assert "> The answer started again" in shown


def test_a_terminal_gets_both_answers_with_a_word_between(tmp_path: Path) -> None:
    with _begun_again() as server:
        arguments = _arguments(tmp_path, server, "restart")
        env = {"HOLYTUI_DATA_DIR": str(tmp_path / "data")}
        with Terminal([sys.executable, "-m", "holytui", *arguments], env=env, cols=140) as terminal:
            assert terminal.wait_end() == 4
            text = terminal.text
    assert text.index(CUT) < text.index("the new one follows") < text.index("Another answer altogether")


def test_an_answer_that_began_again_is_known_in_the_history(tmp_path: Path) -> None:
    with _begun_again() as server, _begun(tmp_path, server, "restart") as process:
        process.communicate(timeout=30)
    with SqliteHistory.open(tmp_path / "data" / "history.db") as history:
        (conversation,) = history.conversations()
        reply = history.branch(conversation.id)[-1]
        variants = [(one.text, one.begun_again) for one in history.variants(reply.id)]
    assert (reply.text, reply.begun_again) == (OTHER, True)
    assert (CUT, False) in variants
