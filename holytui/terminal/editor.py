"""The user's editor and pager, and printing to the terminal. Callers suspend the app (`App.suspend`) meanwhile."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from holytui.errors import TerminalError
from holytui.i18n import _
from holytui.secret import child_environment
from holytui.text import sanitize, visible

_TAKES_LINE = frozenset({"nano", "vi", "vim", "nvim", "emacs", "emacsclient", "micro", "kak", "joe", "ne"})
"""Editors that accept `+LINE` before the file."""

Run = Callable[[Sequence[str]], int]
"""Runs a command in the terminal and returns its exit status. Raises OSError when it cannot start."""


def run_in_terminal(command: Sequence[str]) -> int:
    """Run `command` in this terminal."""
    return subprocess.run(command, check=False, env=child_environment()).returncode


def _command(environ: Mapping[str, str], names: Sequence[str], fallbacks: Sequence[str]) -> list[str]:
    """Return the command in the first variable of `names` that is set, else the first installed fallback."""
    for name in names:
        text = environ.get(name, "").strip()
        if not text:
            continue
        try:
            command = shlex.split(text)
        except ValueError as error:
            raise TerminalError(
                _("{name} is not a valid command: {value}").format(name=name, value=text),
                _("Check its quotation marks."),
            ) from error
        return command
    for program in fallbacks:
        if shutil.which(program, path=environ.get("PATH")):
            return [program]
    raise TerminalError(
        _("No suitable program is installed"),
        _("Set {name} to the program to use.").format(name=names[-1]),
    )


def _with_file(text: str, command: list[str], run: Run, folder: Path | None) -> str:
    """Run `command` on a private file with `text` in `folder`; return the file's content afterwards."""
    handle, name = tempfile.mkstemp(prefix="holytui-", suffix=".md", dir=folder)  # mode 0600
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        try:
            status = run([*command, name])
        except OSError as error:
            raise TerminalError(
                _("{program} could not be started: {reason}").format(program=command[0], reason=error.strerror),
                _("Your text is unchanged."),
            ) from error
        if status != 0:
            raise TerminalError(
                _("{program} ended with status {status}").format(program=command[0], status=status),
                _("Your text is unchanged."),
            )
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise TerminalError(_("The text could not be passed on: {reason}").format(reason=error.strerror)) from error
    finally:
        path.unlink(missing_ok=True)


def edit_text(
    text: str,
    run: Run = run_in_terminal,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Let the user edit `text` in `$VISUAL` or `$EDITOR`; return the result, sanitised.

    The file for it is in `folder`, by default that of the system for temporary files. A newline that the
    editor added at the end is removed. Raises TerminalError when there is no editor, or it failed.
    """
    command = _command(os.environ if environ is None else environ, ("VISUAL", "EDITOR"), ("nano", "vi", "vim"))
    edited = sanitize(_with_file(text, command, run, folder))
    return edited if text.endswith("\n") else edited.removesuffix("\n")


def edit_file(
    file: Path, line: int | None, run: Run = run_in_terminal, environ: Mapping[str, str] | None = None
) -> None:
    """Let the user edit `file` in `$VISUAL` or `$EDITOR`, at `line` where the editor is known to accept one.

    Raises TerminalError when there is no editor, or it failed.
    """
    command = _command(os.environ if environ is None else environ, ("VISUAL", "EDITOR"), ("nano", "vi", "vim"))
    at = [f"+{line}"] if line is not None and Path(command[0]).name in _TAKES_LINE else []
    try:
        status = run([*command, *at, str(file)])
    except OSError as error:
        raise TerminalError(
            _("{program} could not be started: {reason}").format(program=command[0], reason=error.strerror)
        ) from error
    if status != 0:
        raise TerminalError(_("{program} ended with status {status}").format(program=command[0], status=status))


def page_text(
    text: str,
    run: Run = run_in_terminal,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> None:
    """Show `text` in `$PAGER`, from a file in `folder`. Raises TerminalError when there is no pager, or it failed."""
    command = _command(os.environ if environ is None else environ, ("PAGER",), ("less", "more"))
    _with_file(visible(text), command, run, folder)


def print_text(text: str, out: TextIO | None = None, keys: TextIO | None = None) -> None:
    """Write `text` to the terminal's normal screen, where it can be selected, and wait for Enter.

    Raises TerminalError when the terminal cannot be written or read.
    """
    out, keys = out or sys.__stdout__, keys or sys.__stdin__
    if out is None or keys is None:
        raise TerminalError(_("There is no terminal to print to"))
    prompt = _("{key} returns to holytui").format(key="Enter")
    try:
        out.write(f"{visible(text).rstrip()}\n\n{prompt} ")
        out.flush()
        keys.readline()
    except OSError as error:
        raise TerminalError(_("The text could not be passed on: {reason}").format(reason=error.strerror)) from error
