"""The system keyring, through the optional package `keyring`.

The package is used in a process of its own: D-Bus and locked keyrings may block for ever, and a thread that waits for
them could not be ended.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from holytui.credentials.command import COMMAND_SECONDS, Run, command_output
from holytui.credentials.sources import Key, validate_key
from holytui.errors import KeyUnavailable
from holytui.i18n import _
from holytui.secret import Secret, child_environment

SERVICE = "holytui"
PROBE_SECONDS = 4.0
_GET = f"import keyring, sys; print(keyring.get_password({SERVICE!r}, sys.argv[1]) or '')"
_SET = f"import keyring, sys; keyring.set_password({SERVICE!r}, sys.argv[1], sys.stdin.read())"
_PROBE = "import keyring; ring = keyring.get_keyring(); print(ring.priority >= 1)"
"""Keyrings that store text unencrypted, or nothing, have a priority below 1."""

Feed = Callable[[list[str], bytes, float], int]
"""Runs a command with an input and a time limit in seconds; returns its exit status. Raises like `subprocess.run`."""


@dataclass(frozen=True, slots=True)
class KeyringSource:
    """An entry of the system keyring."""

    name: str
    run: Run
    by_command: ClassVar[bool] = False

    def fetch(self) -> Key:
        try:
            output = command_output(_command(_GET, self.name), self.run)
        except KeyUnavailable as error:
            stuck = isinstance(error.__context__, subprocess.TimeoutExpired)
            locked = _("It may be locked: unlock it on the desktop, then try again")
            hint = unavailable() or (locked if stuck else self.remedy())
            raise KeyUnavailable(_("The system keyring gave no key for {name}").format(name=self.name), hint) from None
        return Key(validate_key(output.splitlines()[0], self.describe()))

    def describe(self) -> str:
        return _("system keyring, entry {name}").format(name=self.name)

    def remedy(self) -> str:
        return _("Connect {name} again, with a new key").format(name=self.name)


def unavailable() -> str:
    """Return why the system keyring cannot be used at all; empty if it may be. Does not block."""
    from importlib.util import find_spec

    if find_spec("keyring") is None:
        return _('The system keyring needs the package keyring: pip install "holytui[keyring]"')
    return ""


def probe(run: Run) -> str:
    """Return why no key can be stored in the system keyring; empty if it can. Blocks for 4 s at most."""
    if reason := unavailable():
        return reason
    absent = _("There is no system keyring here, as is usual over SSH")
    try:
        done = run(_command(_PROBE), PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        return _("The system keyring did not answer within {seconds} s").format(seconds=f"{PROBE_SECONDS:g}")
    except OSError:
        return absent
    return "" if done.returncode == 0 and done.stdout.strip() == b"True" else absent


def store(name: str, key: Secret, feed: Feed | None = None) -> None:
    """Store `key` under `name`. Blocks for 10 s at most. Raises KeyUnavailable."""
    title = _("The system keyring did not store the key")
    try:
        status = (feed or _feed)(_command(_SET, name), key.reveal().encode(), COMMAND_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        raise KeyUnavailable(title, _("Keep the key in a file instead")) from None
    if status:
        raise KeyUnavailable(title, unavailable() or _("Keep the key in a file instead"))


def _command(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def _feed(argv: list[str], text: bytes, seconds: float) -> int:
    done = subprocess.run(
        argv,
        input=text,
        timeout=seconds,
        env=child_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
    )
    return done.returncode
