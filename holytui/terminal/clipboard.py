"""Copying to the clipboard of the user's machine: text goes to the terminal by OSC 52, and to a file.

OSC 52 has no reply, so no message says "copied". Over SSH the clipboard programs of this machine (xclip, pbcopy) reach
the wrong clipboard and are not run. `copy_text` runs programs: call it on a thread.
"""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

from holytui.errors import TerminalError
from holytui.i18n import _, ngettext
from holytui.paths import private_dir, write_private
from holytui.secret import child_environment
from holytui.terminal.environ import is_ssh

MAX_BYTES = 1 << 20
"""The longest sequence that is sent to a terminal; it is the limit of tmux."""
MOSH_MAX_BYTES = 16 * 1024
"""mosh truncates longer sequences (counted in base64) silently."""
_SCREEN_CHUNK = 700  # GNU screen keeps 768 bytes of a string
_TIMEOUT = 1.0

Run = Callable[[Sequence[str], bytes], bytes]
"""Runs a command with the input and returns its output. Raises OSError or subprocess.SubprocessError."""


class CopyMethod(StrEnum):
    """A method of copying."""

    COMMAND = "command"
    TMUX = "tmux"
    TERMINAL = "terminal"
    SYSTEM = "system"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class CopyReport:
    """The result of copying a text."""

    methods: tuple[CopyMethod, ...]
    """The methods that did not fail; whether the text arrived cannot be known."""
    size: int
    """Bytes of the text in UTF-8."""
    file: Path | None
    """The file with the text; None if it could not be written."""
    warnings: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The result in one line, for the user."""
        size = ngettext("{count} byte", "{count} bytes", self.size).format(count=self.size)
        if CopyMethod.SYSTEM in self.methods or CopyMethod.COMMAND in self.methods:
            return _("{size} passed to the clipboard program").format(size=size)
        if CopyMethod.TERMINAL in self.methods or CopyMethod.TMUX in self.methods:
            return _("{size} sent to the terminal").format(size=size)
        return _("{size} written to {file}").format(size=size, file=self.file)


def run_command(command: Sequence[str], data: bytes) -> bytes:
    """Run `command` with `data` as its input, for at most a second."""
    return subprocess.run(
        command, input=data, capture_output=True, timeout=_TIMEOUT, check=True, env=child_environment()
    ).stdout


def osc52(text: str) -> bytes:
    """Return the OSC 52 sequence for `text` (xterm); all terminals support the selection `c`."""
    return b"\x1b]52;c;" + base64.b64encode(text.encode("utf-8", "replace")) + b"\a"


def wrap_for_screen(sequence: bytes) -> bytes:
    """Wrap `sequence` for GNU screen, in pieces that it does not truncate."""
    pieces = (sequence[at : at + _SCREEN_CHUNK] for at in range(0, len(sequence), _SCREEN_CHUNK))
    return b"".join(b"\x1bP" + piece + b"\x1b\\" for piece in pieces)


def copy_text(
    text: str,
    *,
    environ: Mapping[str, str],
    send: Callable[[bytes], None] | None,
    file: Path | None,
    command: Sequence[str] = (),
    run: Run = run_command,
    system: Callable[[str], None] | None = None,
) -> CopyReport:
    """Copy `text` by every method that may reach the user's clipboard, and to `file`.

    `send` writes a sequence to the terminal (None: no terminal supports it); `command` is the user's own program and,
    if given, the only method besides the file; `system` copies to the clipboard of this machine. Raises TerminalError
    when every method fails.
    """
    size = len(text.encode("utf-8", "replace"))
    methods: list[CopyMethod] = []
    warnings: list[str] = []
    if command:
        if _feed(run, command, text, warnings):
            methods.append(CopyMethod.COMMAND)
    else:
        if not is_ssh(environ) and _system(system or _pyperclip, text):
            methods.append(CopyMethod.SYSTEM)
        elif environ.get("TMUX") and _feed(run, ("tmux", "load-buffer", "-w", "-"), text, []):
            methods.append(CopyMethod.TMUX)
        if send is not None and _send(text, environ, send, warnings):
            methods.append(CopyMethod.TERMINAL)
    written = _write_file(text, file, warnings)
    if written is not None:
        methods.append(CopyMethod.FILE)
    if not methods:
        raise TerminalError(_("The text could not be copied"), " ".join(warnings))
    return CopyReport(tuple(methods), size, written, tuple(warnings))


def _send(text: str, environ: Mapping[str, str], send: Callable[[bytes], None], warnings: list[str]) -> bool:
    sequence = osc52(text)
    if len(sequence) > MAX_BYTES:
        warnings.append(_("too long for the terminal: it takes at most 1 MiB"))
        return False
    if len(sequence) > MOSH_MAX_BYTES:
        warnings.append(_("mosh passes on only the first 12 KB; some terminals truncate it too"))
    send(wrap_for_screen(sequence) if environ.get("STY") and not environ.get("TMUX") else sequence)
    return True


def _feed(run: Run, command: Sequence[str], text: str, warnings: list[str]) -> bool:
    try:
        run(command, text.encode("utf-8", "replace"))
    except (OSError, subprocess.SubprocessError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        warnings.append(_("{program} failed: {reason}").format(program=command[0], reason=reason))
        return False
    return True


def _system(copy: Callable[[str], None], text: str) -> bool:
    try:
        copy(text)
    except (RuntimeError, OSError, subprocess.SubprocessError):
        return False  # this machine has no clipboard; the terminal is next
    return True


def _pyperclip(text: str) -> None:
    import pyperclip

    pyperclip.subprocess = _KEYLESS  # else it starts programs with the whole environment
    pyperclip.copy(text)  # its PyperclipException is a RuntimeError


class _Keyless(ModuleType):
    """The part of `subprocess` that pyperclip uses, with an environment without keys."""

    PIPE = subprocess.PIPE

    @staticmethod
    def Popen(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:  # noqa: N802 - named as in `subprocess`
        return subprocess.Popen(command, env=child_environment(), **options)

    @staticmethod
    def call(command: Sequence[str], **options: Any) -> int:
        return subprocess.call(command, env=child_environment(), **options)

    @staticmethod
    def check_call(command: Sequence[str], **options: Any) -> int:
        return subprocess.check_call(command, env=child_environment(), **options)


_KEYLESS = _Keyless("subprocess")


def _write_file(text: str, file: Path | None, warnings: list[str]) -> Path | None:
    if file is None:
        return None
    try:
        private_dir(file.parent)
        write_private(file, text.encode("utf-8", "replace"))
    except OSError as error:
        warnings.append(_("{file} could not be written: {reason}").format(file=file, reason=error.strerror))
        return None
    return file


def diagnose(environ: Mapping[str, str], run: Run = run_command) -> list[str]:
    """Return the obstacles between here and the terminal's clipboard, each with its remedy; empty if there are none."""
    if environ.get("TMUX"):
        return _diagnose_tmux(run)
    if environ.get("STY"):
        return [_("GNU screen passes copied text on only to a terminal that accepts OSC 52; tmux shows more.")]
    if environ.get("TERM_PROGRAM") == "Apple_Terminal":
        return [_("macOS Terminal does not accept text from programs over SSH. Other terminals do.")]
    return []


def _diagnose_tmux(run: Run) -> list[str]:
    obstacles: list[str] = []
    try:
        version = run(("tmux", "-V"), b"").decode("utf-8", "replace").strip()
        clipboard = run(("tmux", "show-options", "-gsv", "set-clipboard"), b"").decode("utf-8", "replace").strip()
        features = run(("tmux", "show-options", "-gsv", "terminal-features"), b"").decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError):
        return [_("tmux does not reply, so its settings are unknown.")]
    number = re.search(r"(\d+)\.(\d+)", version)
    sends_osc52 = number is None or (int(number[1]), int(number[2])) >= (3, 2)
    if not sends_osc52:
        obstacles.append(
            _("{version} cannot pass text to the terminal by itself; version 3.2 can.").format(version=version)
        )
    if clipboard == "off":
        obstacles.append(_("tmux keeps copied text to itself: set -s set-clipboard on"))
    elif clipboard == "external" and not sends_osc52:
        obstacles.append(_("tmux ignores text that programs copy: set -s set-clipboard on"))
    if sends_osc52 and "clipboard" not in features:
        obstacles.append(
            _("tmux does not know that the terminal has a clipboard: set -as terminal-features ',*:clipboard'")
        )
    return obstacles
