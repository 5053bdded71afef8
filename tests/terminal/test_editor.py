from __future__ import annotations

import io
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from holytui.errors import TerminalError
from holytui.terminal.editor import edit_text, page_text, print_text, run_in_terminal
from holytui.terminal.environ import is_ssh, prepare_environment


class Editor:
    def __init__(self, writes: str | None = None, status: int = 0) -> None:
        self.writes = writes
        self.status = status
        self.command: list[str] = []
        self.mode = 0
        self.saw = ""

    def __call__(self, command: Sequence[str]) -> int:
        self.command = list(command)
        path = Path(command[-1])
        self.saw = path.read_text()
        self.mode = stat.S_IMODE(path.stat().st_mode)
        if self.writes is not None:
            path.write_text(self.writes)
        return self.status

    @property
    def file(self) -> Path:
        return Path(self.command[-1])


def test_the_editor_gets_a_private_file_that_is_gone_afterwards() -> None:
    editor = Editor("mới\n")
    assert edit_text("cũ", editor, {"EDITOR": "vi"}) == "mới"
    assert editor.saw == "cũ"
    assert editor.mode == 0o600
    assert editor.file.suffix == ".md"
    assert not editor.file.exists()


def test_visual_comes_before_editor_and_keeps_its_options() -> None:
    editor = Editor()
    edit_text("x", editor, {"VISUAL": "code --wait '--user-data-dir=/a b'", "EDITOR": "vi"})
    assert editor.command[:-1] == ["code", "--wait", "--user-data-dir=/a b"]


def test_what_comes_back_is_made_safe() -> None:
    assert edit_text("x", Editor("a\x1b[31mb\n"), {"EDITOR": "vi"}) == "a␛[31mb"


@pytest.mark.parametrize("status", [1, -9])
def test_a_failed_editor_changes_nothing_and_leaves_no_file(status: int) -> None:
    editor = Editor("other", status)
    with pytest.raises(TerminalError):
        edit_text("x", editor, {"EDITOR": "vi"})
    assert not editor.file.exists()


def test_an_editor_that_is_not_there_is_an_error() -> None:
    with pytest.raises(TerminalError, match="no-such-editor"):
        edit_text("x", run_in_terminal, {"EDITOR": "no-such-editor"})


def test_an_editor_that_cannot_be_understood_is_an_error() -> None:
    with pytest.raises(TerminalError, match="VISUAL"):
        edit_text("x", Editor(), {"VISUAL": "vi 'open"})


def test_without_any_editor_it_says_which_variable_helps() -> None:
    with pytest.raises(TerminalError) as caught:
        edit_text("x", Editor(), {"PATH": ""})
    assert "EDITOR" in caught.value.hint


def test_the_pager_gets_safe_text() -> None:
    pager = Editor()
    page_text("a\x1b]0;title\x07", pager, {"PAGER": "less -R"})
    assert pager.command[:-1] == ["less", "-R"]
    assert pager.saw == "a␛]0;title␇"


def test_a_text_is_printed_safe_and_stays_until_enter() -> None:
    out, keys = io.StringIO(), io.StringIO("\nnot read")
    print_text("one\x1b]0;title\x07\ntwo\n\n", out, keys)
    assert out.getvalue() == "one␛]0;title␇\ntwo\n\nEnter returns to holytui "
    assert keys.read() == "not read"


def test_a_terminal_that_is_gone_cannot_be_printed_to() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(5, "Input/output error")

    with pytest.raises(TerminalError, match="Input/output error"):
        print_text("x", Gone(), io.StringIO())


def test_the_environment_is_set_only_where_the_user_has_not() -> None:
    environ = {"TEXTUAL_FPS": "10", "TEXTUAL_DISABLE_KITTY_KEY": ""}
    prepare_environment(environ, over_ssh=True)
    assert environ["TEXTUAL_FPS"] == "10"
    assert environ["TEXTUAL_DISABLE_KITTY_KEY"] == ""
    assert environ["TEXTUAL_ANIMATIONS"] == "none"
    assert environ["TEXTUAL_SMOOTH_SCROLL"] == "0"


def test_a_local_terminal_keeps_its_animations() -> None:
    environ: dict[str, str] = {}
    prepare_environment(environ)
    assert "TEXTUAL_ANIMATIONS" not in environ
    assert environ["TEXTUAL_DISABLE_KITTY_KEY"] == "1"
    assert is_ssh({"SSH_TTY": "/dev/pts/1"})
    assert not is_ssh({})


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"STY": "1.tty", "COLORTERM": "truecolor"}, "256"),
        ({"STY": "1.tty", "COLORTERM": "truecolor", "TEXTUAL_COLOR_SYSTEM": "standard"}, "standard"),
        ({"STY": "1.tty"}, None),
        ({"COLORTERM": "truecolor"}, None),
    ],
)
def test_gnu_screen_gets_no_colours_that_it_takes_for_attributes(environ: dict[str, str], depth: str | None) -> None:
    prepare_environment(environ)
    assert environ.get("TEXTUAL_COLOR_SYSTEM") == depth
