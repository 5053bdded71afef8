"""Nothing that others wrote, be it an argument, a variable or a stored text, can do anything to the terminal."""

from __future__ import annotations

import argparse
import ast
import io
import logging
import re
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

import holytui
from holytui.cli import main
from holytui.commands import check, output
from holytui.errors import HolytuiError
from holytui.models import AnswerState
from holytui.secret import Secret
from holytui.store.sqlite.history import SqliteHistory
from tests.store.samples import CONTENT, ask

EVIL = "a\x1b]52;c;QQ==\x07\x9b31m\u202eb\r\n\udc9bc"
NAME = EVIL.replace("\r\n", "")
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]")
LINE = "\r\x1b[K"
"""What holytui itself writes before a line that it rewrites."""


class Tty(io.StringIO):
    """A terminal as far as it is asked."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError("it has none")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Sequence[str]], str]:
    """Run a command in this process with terminals for its outputs; what it wrote to them."""
    monkeypatch.setattr(check, "terminal_sequences", _Nowhere)
    monkeypatch.setenv("NO_COLOR", "1")  # what was found is else in bold
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))

    def run(words: Sequence[str]) -> str:
        out = Tty()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", out)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
            patch.setattr(sys, "excepthook", sys.excepthook)
            try:
                main(words)
            except SystemExit:
                pass
            except Exception:  # noqa: BLE001 - as the interpreter does at the end of a process
                sys.excepthook(*sys.exc_info())
        return out.getvalue().replace(LINE, "")

    return run


@pytest.fixture
def evil_history(tmp_path: Path) -> Path:
    """A history from elsewhere: its rows were not written by holytui."""
    file = tmp_path / "data" / "history.db"
    with SqliteHistory(file) as history:
        asked = ask(history, "question")
        history.journal(asked.attempt.id, CONTENT, "x")
        history.finish(replace(asked.answer, text="word", state=AnswerState.COMPLETE))
    with sqlite3.connect(file) as db:
        db.execute("UPDATE conversation SET title = ?, model = ?, id = id", (NAME[:-2], NAME[:-2]))
        db.execute("UPDATE message SET text = text || ?, model = ?, finish_reason = ?", [f"word {NAME[:-2]}"] * 3)
    db.close()
    return file


CONFIG = ["--config", f"/nowhere/{NAME}"]
COMMANDS = [
    ["models", EVIL],
    ["models", f"--{EVIL}"],
    ["models", *CONFIG],
    ["config", EVIL],
    ["config", "path", *CONFIG],
    ["config", "init", *CONFIG],
    ["config", "show", *CONFIG],
    ["check", "-m", "nobody/x", *CONFIG],
    ["check", "-m", EVIL],
    ["check", "-m", f"openai/{EVIL}", "--config", "/dev/null", EVIL],
    ["check", f"--mod{EVIL}"],
    ["ask", "-m", EVIL, "hi"],
    ["ask", "-m", f"nobody/{EVIL}", "hi"],
    ["ask", "-c", EVIL, "hi"],
    ["ask", "--bad", EVIL],
    ["history", EVIL],
    ["history", "import", f"/nowhere/{NAME}"],
    ["history", "import", "/dev/null"],
    ["history", "export", "-o", f"/nowhere/{NAME}"],
    ["history", "export", "--format", EVIL],
    ["history", "export", EVIL],
    ["history", "show", EVIL],
    ["history", "search", EVIL],
    ["history", "search", "-n", EVIL, "x"],
    ["history", "delete", "--before", EVIL],
    ["history", "delete", EVIL, "-y"],
    ["history", "restore", EVIL],
    ["--lang", EVIL, "models"],
    ["--plain", "-c", EVIL],
    ["--plain", "-m", EVIL],
    ["--bad", EVIL],
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words).replace(EVIL, "X").replace(NAME, "N"))
def test_no_argument_reaches_the_terminal_raw(words: list[str], told: Callable[[Sequence[str]], str]) -> None:
    shown = told(words)
    assert RAW.findall(shown) == []


@pytest.mark.parametrize("name", ["HOLYTUI_CONFIG", "HOLYTUI_DATA_DIR", "HOME", "XDG_RUNTIME_DIR", "HOLYTUI_LANG"])
def test_no_variable_reaches_the_terminal_raw(
    name: str, told: Callable[[Sequence[str]], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / NAME.replace("\udc9b", "")
    folder.mkdir()
    monkeypatch.delenv("HOLYTUI_DATA_DIR")
    monkeypatch.setenv(name, str(folder / "x"))
    for words in (["config", "path"], ["config", "init"], ["check", "-m", "nobody/nothing"], ["check", "--clipboard"]):
        shown = told(words)
        assert shown
        assert RAW.findall(shown) == []
    assert RAW.findall(told(["history", "list"])) == []


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["list", "--json"],
        ["search", "word"],
        ["search", "--json", "word"],
        ["export"],
        ["export", "--format", "json"],
        ["export", "--format", "jsonl"],
        ["export", "--format", "html"],
    ],
    ids=" ".join,
)
def test_no_row_of_a_history_from_elsewhere_reaches_the_terminal_raw(
    words: list[str], told: Callable[[Sequence[str]], str], evil_history: Path
) -> None:
    shown = told(["history", *words])
    assert "word" in shown or words[0] == "list"
    assert RAW.findall(shown) == []


def test_one_is_shown_and_deleted_without_its_controls(
    told: Callable[[Sequence[str]], str], evil_history: Path
) -> None:
    with SqliteHistory(evil_history) as history:
        (one,) = history.conversations()
    for words in (["show", "--attempts", one.id], ["delete", "-y", one.id], ["list", "--deleted"], ["restore", one.id]):
        assert RAW.findall(told(["history", *words])) == []


def test_an_imported_file_is_named_without_its_controls(told: Callable[[Sequence[str]], str], tmp_path: Path) -> None:
    file = tmp_path / NAME.replace("\udc9b", "")
    file.write_text('{"title": "x"}\n{"id": "\\u001b[31m", "title": "\\u009b31m", "messages": [{"role": 1}]}\n')
    assert RAW.findall(told(["history", "import", str(file)])) == []


def test_no_word_of_a_configuration_reaches_the_terminal_raw(
    told: Callable[[Sequence[str]], str], tmp_path: Path
) -> None:
    file = tmp_path / NAME
    evil = '"\\u001b]0;x\\u0007\\u009b\\u202e"'
    file.write_text(
        f"default_model = {evil}\n{evil} = 1\n[ui]\ntheme = {evil}\nlanguage = {evil}\n[keys]\n{evil} = {evil}\n"
        f"[prompts]\n{evil} = {evil}\n[providers.{evil}]\nbase_url = {evil}\n[providers.x]\nbase_url = 'http://x'\n"
        f"ca_file = {evil}\napi_key_command = [{evil}]\n[providers.x.models.{evil}]\n{evil} = 1\n[providers.y]\n"
        f"base_url = {evil}\n"
    )
    for words in (
        ["config", "show"],
        ["check", "-m", "x/y"],
        ["models"],
        ["models", "--json"],
        ["ask", "-m", "x/y", "q"],
    ):
        shown = told([*words, "--config", str(file)])
        assert RAW.findall(shown) == []
        assert "u202e" in shown.lower() or "U+202E" in shown


def test_a_defect_is_told_without_controls(
    told: Callable[[Sequence[str]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_options: argparse.Namespace) -> int:
        raise RuntimeError(EVIL)

    monkeypatch.setattr("holytui.commands.models.run", fail)
    shown = told(["models"])
    assert "RuntimeError: a" in shown
    assert RAW.findall(shown) == []


def test_the_log_is_told_without_controls_and_keys(
    told: Callable[[Sequence[str]], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Secret("sk-hush-0123456789").reveal()

    def run(_options: argparse.Namespace) -> int:
        monkeypatch.setattr(logging.getLogger("holytui"), "propagate", False)  # pytest's own handlers are elsewhere
        logging.getLogger("holytui.x").warning("bad %s", EVIL + key)
        return 0

    monkeypatch.setattr(logging, "lastResort", None)
    monkeypatch.setattr("holytui.commands.models.run", run)
    shown = told(["models"])
    assert shown.startswith("holytui: bad a")
    assert key not in shown
    assert RAW.findall(shown) == []


def test_an_error_cannot_begin_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_to_stderr(HolytuiError("no “x\nholytui: all is well”"))
    assert capsys.readouterr().err.count("\n") == 1


def test_a_path_for_a_program_is_exact(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["config", "path", "--config", f"/nowhere/{NAME}"]) == 0
    assert capfdbinary.readouterr().out == f"/nowhere/{NAME}\n".encode("utf-8", "surrogateescape")


def test_a_character_that_the_output_has_not_is_no_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii", write_through=True))
    output.print_line("“đ”")
    assert raw.getvalue() == b"???\n"


class _Nowhere(nullcontext[None]):
    """`sequences` where there is no terminal."""


# -- nothing writes but `output`


PACKAGE = Path(holytui.__file__).parent
WRITERS = {"commands/output.py", "commands/history/sync.py", "terminal/editor.py"}
"""The second speaks a protocol with another holytui; the third lends the terminal's ordinary screen to one text."""
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}


def _writes(tree: ast.AST, *, is_command: bool) -> list[int]:
    """The lines on which something is written to a terminal, or might be."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("print" | "input")):
                found.append(node.lineno)
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name("sys"), attr=stream), attr="write" | "writelines" | "buffer"
            ) if stream in STREAMS:
                found.append(node.lineno)
            case ast.Call(func=ast.Attribute(attr="write" | "writelines")) if is_command:
                found.append(node.lineno)
            case ast.Call(func=ast.Attribute(attr="ArgumentParser")):
                found.append(node.lineno)
    return found


def test_the_search_for_writers_finds_them() -> None:
    source = "print(1)\nsys.stderr.write('x')\nout.write('x')\nargparse.ArgumentParser()\ninput('?')\n"
    assert sorted(_writes(ast.parse(source), is_command=True)) == [1, 2, 2, 3, 4, 5]


def test_nothing_but_the_output_writes_to_a_terminal() -> None:
    found = {}
    for file in PACKAGE.rglob("*.py"):
        name = file.relative_to(PACKAGE).as_posix()
        if name in WRITERS:
            continue
        is_command = name == "cli.py" or name.startswith("commands/")
        tree = ast.parse(file.read_text("utf-8"))
        if lines := _writes(tree, is_command=is_command):
            found[name] = lines
    assert found == {}
