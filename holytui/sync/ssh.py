"""A connection to `holytui history sync --serve` on another host by the system's own `ssh`.

Keys, passwords, host keys, aliases and jump hosts are ssh's own affair.
"""

from __future__ import annotations

import shlex
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

from holytui.errors import SyncError
from holytui.i18n import _
from holytui.secret import child_environment
from holytui.sync.address import SshAddress
from holytui.sync.channel import Channel
from holytui.sync.protocol import NoGreeting, RemoteReplica
from holytui.text import sanitize_line

_MAX_STDERR_LINE = 2_000
_KEPT_LINES = 20
_END_TIMEOUT = 5.0
"""Seconds for ssh to end after its input was closed."""
_SSH_FAILED, _NOT_FOUND, _USAGE = 255, 127, 2
"""Exit statuses: of ssh itself, of a shell, and of a holytui that does not know the command."""

StderrListener = Callable[[str], None]
"""Gets each line of the other side's stderr, already sanitised; called from another thread."""


def command_line(address: SshAddress, command: str, *, interactive: bool, program: str = "ssh") -> list[str]:
    """Return the arguments of ssh. `command` starts holytui there; empty for the usual places."""
    options = ["-T", "-C", "-o", "ClearAllForwardings=yes", "-o", "ServerAliveInterval=15"]
    if not interactive:
        options += ["-o", "BatchMode=yes"]
    if address.port is not None:
        options += ["-p", str(address.port)]
    return [program, *options, "--", address.destination, remote_command(address.path, command)]


def remote_command(path: str, command: str) -> str:
    """Return the line for the other side's login shell, which may be any."""
    words = f"history sync --serve{' -- ' + shlex.quote(path) if path else ''}"
    if command:
        return f"{command} {words}"
    script = (
        f'if command -v holytui >/dev/null 2>&1; then exec holytui {words}; fi; exec "$HOME/.local/bin/holytui" {words}'
    )
    return f"exec sh -c {shlex.quote(script)}"


@contextmanager
def connect(
    address: SshAddress,
    command: str,
    *,
    interactive: bool,
    on_stderr: StderrListener = lambda _line: None,
    program: str = "ssh",
) -> Iterator[tuple[RemoteReplica, Channel]]:
    """Connect for one `with` statement, and end ssh at its end.

    `interactive`: ssh may ask for passwords and about host keys on the terminal. Raises SyncError.
    """
    arguments = command_line(address, command, interactive=interactive, program=program)
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=not interactive,
            env=child_environment(),
        )
    except OSError as exc:
        raise SyncError(
            _("ssh could not be started: {reason}").format(reason=exc.strerror or exc), _("Install OpenSSH's client.")
        ) from exc
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    stderr = threading.Thread(target=_pass_on, args=(process.stderr, last, on_stderr), daemon=True)
    stderr.start()
    try:
        channel = Channel(cast("BinaryIO", process.stdout), cast("BinaryIO", process.stdin))
        try:
            remote = RemoteReplica(channel, address.host)
        except NoGreeting as error:
            status = _end(process)
            stderr.join(_END_TIMEOUT)
            raise _explained(error, address.host, status, last) from error
        yield remote, channel
    finally:
        _end(process)
        stderr.join(_END_TIMEOUT)
        for stream in (process.stdout, process.stderr):
            if stream is not None and not stderr.is_alive():
                stream.close()


def _end(process: subprocess.Popen[bytes]) -> int:
    with suppress(OSError, ValueError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        return process.wait(_END_TIMEOUT)
    except BaseException as exc:
        process.kill()
        process.wait()
        if not isinstance(exc, subprocess.TimeoutExpired):
            raise
        return process.returncode


def _pass_on(stream: BinaryIO, last: deque[str], listener: StderrListener) -> None:
    with suppress(OSError, ValueError):
        while line := stream.readline(_MAX_STDERR_LINE):
            text = sanitize_line(line.decode("utf-8", "replace").rstrip("\r\n"))
            if text.strip():
                last.append(text)
                listener(text)


def _explained(error: NoGreeting, host: str, status: int, last: Sequence[str]) -> SyncError:
    reason = last[-1] if last else ""
    if status == _SSH_FAILED:
        return SyncError(
            _("{host} was not reached by ssh: {reason}").format(host=host, reason=reason)
            if reason
            else _("{host} was not reached by ssh").format(host=host),
            _("`ssh {host}` in a terminal shows more.").format(host=host),
        )
    if status == _NOT_FOUND:
        return SyncError(
            _("holytui was not found on {host}").format(host=host),
            _("Install it there, or set `command` under [sync] to its path there."),
        )
    if status == _USAGE:
        return SyncError(
            _("holytui on {host} is too old to sync with this one").format(host=host),
            _("Upgrade holytui on {host}.").format(host=host),
        )
    return SyncError(f"{error.title}: {reason}" if reason else error.title, error.hint)
