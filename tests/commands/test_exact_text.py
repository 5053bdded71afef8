"""Text with characters that cannot be seen: as it came in pipes, files and requests; signs on a terminal and a page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.commands.output import json_line
from holytui.models import AnswerState
from holytui.store.sqlite.history import SqliteHistory
from holytui.text import INVISIBLE, visible
from tests.ptys import Terminal
from tests.servers import FIN, READ, ScriptedServer, Step, answer, delta, event, sse_head
from tests.store.samples import ask

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
TEXT = (
    f"\ufeffone\u2028two\u2029שלום\u200f \u202eevil\u202c \u2067x\u2069 co\u00adop {ENGLAND} \U000e0041\U000e0042 .end"
)
SIGNS = ("<U+FEFF>one", "<U+200F>", "<U+202E>evil<U+202C>", "<U+2067>x<U+2069>", "co-op", "<U+E0041><U+E0042> .end")


class Tty:
    """Stands for a terminal."""

    def isatty(self) -> bool:
        return True


def _env(tmp_path: Path) -> dict[str, str]:
    return {"HOLYTUI_DATA_DIR": str(tmp_path / "data"), "TEST_KEY": "sk-test-0123456789abcdef", "PYTHONUTF8": "1"}


def _config(tmp_path: Path, server: ScriptedServer) -> str:
    file = tmp_path / "config.toml"
    file.write_text(
        f'default_model = "test/model"\n[providers.test]\nbase_url = "{server.base_url}"\napi_key_env = "TEST_KEY"\n'
        'recover = "prefill"\n[stream]\nretry_delay = 0.01\n'
    )
    return str(file)


def _ask(tmp_path: Path, server: ScriptedServer, *words: str) -> str:
    command = [sys.executable, "-m", "holytui", "--config", _config(tmp_path, server), "ask", *words]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=os.environ | _env(tmp_path), timeout=50, check=True
    )
    return done.stdout.decode()


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a conversation in whose title, question and answer such characters are."""
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    with SqliteHistory(tmp_path / "data" / "history.db") as history:
        asked = ask(history, f"Q {TEXT}")
        history.update_conversation(asked.conversation_id, title=f"T {TEXT}")
        history.finish(replace(asked.answer, text=f"A {TEXT}", state=AnswerState.COMPLETE))
        return asked.conversation_id


def test_a_pipe_gets_what_the_server_sent_and_the_server_gets_it_back(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer(*TEXT)], [READ, *answer("ok")]) as server:
        assert _ask(tmp_path, server, f"ask {TEXT}") == TEXT + "\n"
        with SqliteHistory(tmp_path / "data" / "history.db") as history:
            found = history.conversations()[0].id
        _ask(tmp_path, server, "-c", found, "again")
    contents = [message["content"] for message in server.requests[1].json["messages"]]
    assert contents == [f"ask {TEXT}", TEXT, "again"]


def test_json_lines_hold_what_the_server_sent(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer(*TEXT)]) as server:
        lines = _ask(tmp_path, server, "--json", "ask").split("\n")
    told = [json.loads(line) for line in lines if line]
    assert "".join(line["text"] for line in told if line["event"] == "delta") == TEXT


def test_a_prefill_is_the_text_that_came(tmp_path: Path) -> None:
    cut: list[Step] = [READ, sse_head(), event(delta(TEXT)), FIN]
    with ScriptedServer(cut, [READ, *answer(" The rest.")]) as server:
        assert _ask(tmp_path, server, "ask") == f"{TEXT} The rest.\n"
    assert server.requests[1].json["messages"][-1]["content"] == TEXT


def test_a_terminal_gets_signs(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer(*TEXT)]) as server:
        arguments = ("--config", _config(tmp_path, server), "ask", "x")
        with Terminal.holytui(*arguments, env=_env(tmp_path)) as terminal:
            assert terminal.wait_end() == 0  # pyte does not know flags, so what is shown is looked for in the bytes
            while terminal.pump(0.1):
                pass
    raw = bytes(terminal.raw).decode()
    assert raw.replace("\r\n", "\n") == visible(TEXT) + "\n"
    assert ENGLAND in raw
    assert not set(raw.replace(ENGLAND, "")) & set(INVISIBLE)


def test_plain_mode_shows_signs(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer(*TEXT)]) as server:
        arguments = ("--plain", "--config", _config(tmp_path, server), "x")
        with Terminal.holytui(*arguments, env=_env(tmp_path), cols=150) as terminal:
            terminal.wait_for("-- Complete.")
            terminal.type("\x04")
            terminal.wait_end()
    raw = bytes(terminal.raw).decode()
    assert all(sign in raw for sign in SIGNS)
    assert not set(raw.replace(ENGLAND, "")) & set(INVISIBLE)


@pytest.mark.parametrize("words", [["list"], ["show"], ["search", "evil"]])
def test_the_history_is_exact_in_a_pipe_and_signs_on_a_terminal(
    words: list[str], kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["history", *words, *([kept] if words == ["show"] else [])]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "\u202eevil\u202c" in out
    if words != ["search", "evil"]:
        assert TEXT in out
    with Terminal.holytui(*arguments, env=_env(tmp_path) | {"NO_COLOR": "1"}, cols=250) as terminal:
        assert terminal.wait_end() == 0
    raw = bytes(terminal.raw).decode()
    assert "<U+202E>evil<U+202C>" in raw
    assert not set(raw.replace(ENGLAND, "")) & set(INVISIBLE)


def test_a_row_of_another_program_cannot_command_the_terminal(kept: str, tmp_path: Path) -> None:
    with SqliteHistory(tmp_path / "data" / "history.db") as history:
        history.update_conversation(kept, title="\x1b]52;c;aGk=\x07\x9b31m")
    for words in (["list"], ["show", kept], ["search", "evil"]):
        with Terminal.holytui("history", *words, env=_env(tmp_path) | {"NO_COLOR": "1"}) as terminal:
            terminal.wait_end()
        assert b"\x1b" not in bytes(terminal.raw)
        assert "\x9b" not in bytes(terminal.raw).decode()


@pytest.mark.parametrize("form", ["md", "json", "jsonl"])
def test_an_export_has_what_was_said(form: str, kept: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "export", "--format", form, kept]) == 0
    out = capsys.readouterr().out
    if form == "md":
        assert all(f"{who} {TEXT}\n" in out for who in ("Q", "A"))
        return
    found = json.loads(out)
    found = found[0] if form == "json" else found
    assert [message["text"] for message in found["messages"]] == [f"Q {TEXT}", f"A {TEXT}"]
    assert found["title"] == f"T {TEXT}"


def test_a_page_shows_signs_also_for_entities(kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SqliteHistory(tmp_path / "data" / "history.db") as history:
        asked = ask(history, "more", kept)
        history.finish(replace(asked.answer, text="&#8238;made&#x2066; `&#8238;`", state=AnswerState.COMPLETE))
    assert main(["history", "export", "--format", "html", kept]) == 0
    page = capsys.readouterr().out
    assert not set(page.replace(ENGLAND, "")) & (set(INVISIBLE) - set("\u00ad\u2028\u2029"))
    assert "&lt;U+202E&gt;made&lt;U+2066&gt;" in page
    assert page.count("&lt;U+202E&gt;evil&lt;U+202C&gt;") >= 3


def test_json_on_a_terminal_is_the_same_value_in_visible_characters() -> None:
    every = "".join(INVISIBLE) + "\x85é😀"
    line = json_line({"text": every}, Tty())  # type: ignore[arg-type]  # it is only asked what it is
    assert json.loads(line) == {"text": every}
    assert not set(line) & {*INVISIBLE, "\x85"}
    assert "é😀" in line
