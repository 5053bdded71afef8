"""Runner for the user's programs that print a key or token: without input, time-limited, away from the terminal."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress

from holytui.errors import KeyUnavailable
from holytui.i18n import _
from holytui.secret import Secret, child_environment, scrub
from holytui.text import sanitize_line

COMMAND_SECONDS = 10.0
_MAX_BYTES = 65_536  # bytes; larger than any key

Run = Callable[[Sequence[str], float], subprocess.CompletedProcess[bytes]]
"""Runs a command (arguments, timeout in seconds); raises like `subprocess.run`."""


def command_output(argv: Sequence[str], run: Run) -> str:
    """Return the output of `argv`, stripped and not empty. Raises KeyUnavailable."""
    name = program_name(argv)
    try:
        done = run(argv, COMMAND_SECONDS)
    except FileNotFoundError as exc:
        raise KeyUnavailable(_("Command {command} was not found").format(command=name), _check_command()) from exc
    except OSError as exc:
        reason = sanitize_line(exc.strerror or type(exc).__name__)
        title = _("Command {command} cannot be run: {reason}").format(command=name, reason=reason)
        raise KeyUnavailable(title, _check_command()) from exc
    except subprocess.TimeoutExpired:
        title = _("Command {command} did not finish within {seconds} s").format(
            command=name, seconds=f"{COMMAND_SECONDS:g}"
        )
        hint = _("It cannot ask for input: unlock the password store in another terminal, then try again")
        raise KeyUnavailable(title, hint) from None  # the exception contains the output so far
    output = done.stdout[:_MAX_BYTES].decode("utf-8", "replace").strip()
    if done.returncode != 0:
        for word in output.split():
            Secret(word)  # a key printed despite the failure must not appear in the error from stderr
        title = _("Command {command} failed (exit {code})").format(command=name, code=done.returncode)
        raise KeyUnavailable(title, _first_line(done.stderr) or _check_command())
    if not output:
        raise KeyUnavailable(
            _("Command {command} printed nothing").format(command=name), _first_line(done.stderr) or _check_command()
        )
    return output


def run_command(argv: Sequence[str], seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Run `argv` without input and in its own session, so that it can neither prompt nor draw on the terminal.

    It gets only those key variables that its arguments name.
    """
    with subprocess.Popen(
        argv,
        env=child_environment(argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except BaseException:
            # and its children: one that keeps the pipe open would block this thread
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(list(argv), process.returncode, out, err)


def _first_line(stderr: bytes) -> str:
    """Return the first line of stderr, sanitised and scrubbed."""
    text = stderr[:_MAX_BYTES].decode("utf-8", "replace").strip()
    return scrub(sanitize_line(text.splitlines()[0]))[:200] if text else ""


def program_name(argv: Sequence[str]) -> str:
    """Return the name of the program, without its arguments, which may hold secrets."""
    return sanitize_line(argv[0])


def _check_command() -> str:
    return _("Check the command in the configuration")
