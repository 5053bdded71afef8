"""Copying, as far as a program at the far end of a line can: it sends the text to the terminal and keeps a file.

OSC 52 has no answer, so nobody may say "copied". Over SSH the programs of this machine (xclip, pbcopy) reach the wrong
clipboard and are not asked. Call `copy_text` on a thread: it runs programs.
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

MOST_BYTES = 1 << 20
"""The longest text that is sent to a terminal; tmux, for one, keeps no longer sequence."""
MOSH_BYTES = 16 * 1024
"""mosh cuts what is longer, in base64, without a word."""
_SCREEN_CHUNK = 700  # GNU screen keeps 768 bytes of a string
_TIMEOUT = 1.0

Run = Callable[[Sequence[str], bytes], bytes]
"""Runs a command with that input and returns its output. Raises OSError or subprocess.SubprocessError."""


class Way(StrEnum):
    """A way that a text took."""

    COMMAND = "command"
    TMUX = "tmux"
    TERMINAL = "terminal"
    SYSTEM = "system"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What was done with a text."""

    ways: tuple[Way, ...]
    """The ways that took it, as far as one can know."""
    size: int
    """Its bytes in UTF-8."""
    file: Path | None
    """Where it can be read in any case."""
    warnings: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One line for the user."""
        size = ngettext("{count} byte", "{count} bytes", self.size).format(count=self.size)
        if Way.SYSTEM in self.ways or Way.COMMAND in self.ways:
            return _("{size} given to the clipboard program").format(size=size)
        if Way.TERMINAL in self.ways or Way.TMUX in self.ways:
            return _("{size} sent to the terminal").format(size=size)
        return _("{size} written to {file}").format(size=size, file=self.file)


def run_command(command: Sequence[str], data: bytes) -> bytes:
    """Run `command` for at most a second, with `data` as its input."""
    return subprocess.run(
        command, input=data, capture_output=True, timeout=_TIMEOUT, check=True, env=child_environment()
    ).stdout


def osc52(text: str) -> bytes:
    """The sequence that asks a terminal to take `text` (xterm's OSC 52); `c;` alone is understood by all."""
    return b"\x1b]52;c;" + base64.b64encode(text.encode("utf-8", "replace")) + b"\a"


def for_screen(sequence: bytes) -> bytes:
    """`sequence` passed through GNU screen in pieces that it does not cut."""
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
    """Take `text` every way that may reach the user's clipboard, and to `file`.

    `send` writes a sequence to the terminal (None: there is none that understands it); `command` is the user's own
    program, which then is the only way besides the file; `system` copies by this machine's clipboard. Raises
    TerminalError when no way took it.
    """
    size = len(text.encode("utf-8", "replace"))
    ways: list[Way] = []
    warnings: list[str] = []
    if command:
        if _feed(run, command, text, warnings):
            ways.append(Way.COMMAND)
    else:
        if not is_ssh(environ) and _system(system or _pyperclip, text):
            ways.append(Way.SYSTEM)
        elif environ.get("TMUX") and _feed(run, ("tmux", "load-buffer", "-w", "-"), text, []):
            ways.append(Way.TMUX)
        if send is not None and _send(text, environ, send, warnings):
            ways.append(Way.TERMINAL)
    kept = _keep(text, file, warnings)
    if kept is not None:
        ways.append(Way.FILE)
    if not ways:
        raise TerminalError(_("The text could not be copied"), " ".join(warnings))
    return CopyReport(tuple(ways), size, kept, tuple(warnings))


def _send(text: str, environ: Mapping[str, str], send: Callable[[bytes], None], warnings: list[str]) -> bool:
    sequence = osc52(text)
    if len(sequence) > MOST_BYTES:
        warnings.append(_("too long for the terminal: it takes at most 1 MiB"))
        return False
    if len(sequence) > MOSH_BYTES:
        warnings.append(_("mosh keeps only the first 12 KB, and some terminals cut it too"))
    send(for_screen(sequence) if environ.get("STY") and not environ.get("TMUX") else sequence)
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
        return False  # no clipboard here; the terminal is asked next
    return True


def _pyperclip(text: str) -> None:
    import pyperclip

    pyperclip.subprocess = _KEYLESS  # it starts its programs with all of the environment
    pyperclip.copy(text)  # its PyperclipException is a RuntimeError


class _Keyless(ModuleType):
    """`subprocess` as pyperclip uses it, for programs that get no variables with keys."""

    PIPE = subprocess.PIPE

    @staticmethod
    def Popen(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:  # noqa: N802 - its name there
        return subprocess.Popen(command, env=child_environment(), **options)

    @staticmethod
    def call(command: Sequence[str], **options: Any) -> int:
        return subprocess.call(command, env=child_environment(), **options)

    @staticmethod
    def check_call(command: Sequence[str], **options: Any) -> int:
        return subprocess.check_call(command, env=child_environment(), **options)


_KEYLESS = _Keyless("subprocess")


def _keep(text: str, file: Path | None, warnings: list[str]) -> Path | None:
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
    """What on the way to the terminal keeps a copied text from arriving, and what to set; empty when all is well."""
    if environ.get("TMUX"):
        return _diagnose_tmux(run)
    if environ.get("STY"):
        return [_("GNU screen passes copied text on only to a terminal that accepts OSC 52; tmux shows more.")]
    if environ.get("TERM_PROGRAM") == "Apple_Terminal":
        return [_("macOS Terminal does not accept text from programs over SSH. Other terminals do.")]
    return []


def _diagnose_tmux(run: Run) -> list[str]:
    found: list[str] = []
    try:
        version = run(("tmux", "-V"), b"").decode("utf-8", "replace").strip()
        clipboard = run(("tmux", "show-options", "-gsv", "set-clipboard"), b"").decode("utf-8", "replace").strip()
        features = run(("tmux", "show-options", "-gsv", "terminal-features"), b"").decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError):
        return [_("tmux does not answer, so its settings are not known.")]
    number = re.search(r"(\d+)\.(\d+)", version)
    by_itself = number is None or (int(number[1]), int(number[2])) >= (3, 2)
    if not by_itself:
        found.append(_("{version} cannot hand text to the terminal by itself; 3.2 can.").format(version=version))
    if clipboard == "off":
        found.append(_("tmux keeps copied text to itself: set -s set-clipboard on"))
    elif clipboard == "external" and not by_itself:
        found.append(_("tmux ignores text that programs copy: set -s set-clipboard on"))
    if by_itself and "clipboard" not in features:
        found.append(
            _("tmux does not know that the terminal has a clipboard: set -as terminal-features ',*:clipboard'")
        )
    return found
