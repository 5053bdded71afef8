"""The system keyring, in a process of its own that is ended when it hangs."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Sequence

import pytest

from holytui.config.schema import Provider
from holytui.credentials import system_keyring
from holytui.credentials.command import Run
from holytui.credentials.keyring import KeyRing
from holytui.errors import KeyUnavailable
from holytui.secret import Secret

KEY = "cr_0123456789abcdef"


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())


def printing(text: bytes, status: int = 0) -> Run:
    return lambda argv, _seconds: subprocess.CompletedProcess(list(argv), status, text, b"")


def hanging(argv: Sequence[str], seconds: float) -> subprocess.CompletedProcess[bytes]:
    raise subprocess.TimeoutExpired(list(argv), seconds)


def test_a_key_is_read_by_its_name() -> None:
    ring = KeyRing(Provider("x", "https://x", api_key_keyring="sheep"), run=printing(KEY.encode() + b"\n"))
    assert ring.get() == Secret(KEY)
    assert "entry sheep" in ring.describe()


def test_a_missing_entry_is_told() -> None:
    ring = KeyRing(Provider("x", "https://x", api_key_keyring="sheep"), run=printing(b"\n"))
    with pytest.raises(KeyUnavailable, match="gave no key for sheep"):
        ring.get()


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (printing(b"True\n"), ""),
        (printing(b"False\n"), "as is usual over SSH"),
        (printing(b"", 1), "as is usual over SSH"),
        (hanging, "did not answer within 4 s"),
    ],
)
def test_whether_it_can_be_used(run: Run, reason: str) -> None:
    found = system_keyring.probe(run)
    assert found == reason if not reason else reason in found


def test_without_the_package_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert "holytui[keyring]" in system_keyring.probe(hanging)


def test_a_key_is_stored_by_the_input_and_never_in_an_argument() -> None:
    fed: list[tuple[list[str], bytes]] = []

    def feed(argv: list[str], text: bytes, _seconds: float) -> int:
        fed.append((argv, text))
        return 0

    system_keyring.store("sheep", Secret(KEY), feed)
    assert fed[0][1] == KEY.encode()
    assert KEY not in " ".join(fed[0][0])
    with pytest.raises(KeyUnavailable, match="did not store"):
        system_keyring.store("sheep", Secret(KEY), lambda *_args: 1)
