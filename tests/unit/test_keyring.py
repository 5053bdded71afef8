from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from holytui.config.schema import Provider
from holytui.credentials.command import run_command
from holytui.credentials.keyring import RENEWAL_MARGIN, KeyRing, KeyRings
from holytui.errors import KeyUnavailable
from holytui.secret import Secret, scrub

KEY = "sk-the-first-key"
OTHER = "sk-the-other-key"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def printing(*outputs: str, code: int = 0, stderr: str = "") -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """A fake command that prints each of `outputs` in turn, the last one for ever."""
    left = list(outputs)

    def run(argv: Sequence[str], seconds: float) -> subprocess.CompletedProcess[bytes]:
        output = left.pop(0) if len(left) > 1 else left[0]
        return subprocess.CompletedProcess(list(argv), code, output.encode(), stderr.encode())

    return run


def raising(exc: Exception) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    def run(argv: Sequence[str], seconds: float) -> subprocess.CompletedProcess[bytes]:
        raise exc

    return run


def provider(**fields: Any) -> Provider:
    return Provider("work", "https://work.example/v1", **fields)


def ring_of_command(*outputs: str, clock: Clock | None = None, **more: Any) -> KeyRing:
    return KeyRing(provider(api_key_command=("vault", "get")), run=printing(*outputs, **more), clock=clock or Clock())


def key_file(path: Path, text: str = KEY, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def failure(ring: KeyRing) -> KeyUnavailable:
    with pytest.raises(KeyUnavailable) as caught:
        ring.get()
    shown = "".join(traceback.format_exception(caught.value)) + repr(ring) + ring.describe()
    assert KEY not in shown
    return caught.value


# -- no source


def test_a_provider_without_a_source_has_no_key() -> None:
    ring = KeyRing(provider())
    assert ring.get() is None
    assert ring.describe() == "no key"
    assert not ring.supplied_by_command


def test_a_refusal_without_a_source_says_what_to_set() -> None:
    with pytest.raises(KeyUnavailable, match=r"requires a key.*Set api_key_env") as caught:
        KeyRing(provider()).refresh(None)
    assert "[providers.work]" in caught.value.hint


# -- environment


def test_a_key_comes_from_the_environment() -> None:
    ring = KeyRing(provider(api_key_env="WORK_KEY"), environ={"WORK_KEY": f" {KEY}\n"})
    assert ring.get() == Secret(KEY)
    assert ring.describe() == "environment variable WORK_KEY"
    assert scrub(f"said {KEY}") == "said •••"


@pytest.mark.parametrize("environ", [{}, {"WORK_KEY": ""}, {"WORK_KEY": " "}])
def test_a_variable_that_is_not_set_is_named_with_what_to_do(environ: dict[str, str]) -> None:
    exc = failure(KeyRing(provider(api_key_env="WORK_KEY"), environ=environ))
    assert exc.title == ("WORK_KEY is set, but empty" if environ else "WORK_KEY is not set")
    assert exc.hint == "Set it in the shell (export WORK_KEY=…) and start holytui again"


def test_the_same_variable_again_is_no_new_key() -> None:
    ring = KeyRing(provider(api_key_env="WORK_KEY"), environ={"WORK_KEY": KEY})
    with pytest.raises(KeyUnavailable, match="its source has no other") as caught:
        ring.refresh(ring.get())
    assert caught.value.hint == "Set WORK_KEY to a new key and start holytui again"


@pytest.mark.parametrize(
    "line",
    [
        f"WORK_KEY={KEY}",
        f"export WORK_KEY={KEY}",
        f"  WORK_KEY = {KEY}  # mine",
        f'WORK_KEY="{KEY}" # mine',
        f"WORK_KEY='{KEY}'",
        f"WORK_KEY={OTHER}\nWORK_KEY={KEY}",
        f"\ufeffWORK_KEY={KEY}\r\nMY_WORK_KEY={OTHER}\r\nWORK_KEY_2={OTHER}\r\n#WORK_KEY={OTHER}",
    ],
)
def test_a_file_of_variables_goes_before_the_environment(tmp_path: Path, line: str) -> None:
    file = key_file(tmp_path / "env", line)
    ring = KeyRing(provider(api_key_env="WORK_KEY", api_key_env_file=str(file)), environ={"WORK_KEY": OTHER})
    assert ring.get() == Secret(KEY)
    assert ring.describe() == f"variable WORK_KEY in {file}, else in the environment"


def test_a_file_of_variables_is_read_again_when_the_key_is_refused(tmp_path: Path) -> None:
    file = key_file(tmp_path / "env", f"WORK_KEY={KEY}")
    ring = KeyRing(provider(api_key_env="WORK_KEY", api_key_env_file=str(file)), environ={})
    first = ring.get()
    with pytest.raises(KeyUnavailable) as caught:
        ring.refresh(first)
    assert caught.value.hint == f"Put a new key into {file} as WORK_KEY=…"
    file.write_text(f"WORK_KEY={OTHER}")
    assert ring.refresh(first) == ring.get() == Secret(OTHER)


def test_without_the_file_of_variables_the_environment_counts(tmp_path: Path) -> None:
    fields = {"api_key_env": "WORK_KEY", "api_key_env_file": str(tmp_path / "none")}
    assert KeyRing(provider(**fields), environ={"WORK_KEY": KEY}).get() == Secret(KEY)
    exc = failure(KeyRing(provider(**fields), environ={}))
    assert exc.title == f"WORK_KEY is set neither in {tmp_path / 'none'} nor in the environment"


@pytest.mark.parametrize("content", [None, b"WORK_KEY=\xff"])
def test_a_file_of_variables_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "env"
    if content is None:
        file.mkdir()
    else:
        key_file(file).write_bytes(content)
    exc = failure(KeyRing(provider(api_key_env="WORK_KEY", api_key_env_file=str(file)), environ={}))
    assert exc.title.startswith(str(file))


# -- configuration


def test_a_key_comes_from_the_configuration() -> None:
    ring = KeyRing(provider(api_key=KEY))
    key = ring.get()
    assert key == Secret(KEY)
    with pytest.raises(KeyUnavailable) as caught:
        ring.refresh(key)
    assert caught.value.hint == "Put a new key there: api_key of [providers.work] in the configuration"


@pytest.mark.parametrize("text", [f"{KEY} x", f"{KEY}\nx", "clé", "•••"])
def test_a_key_that_cannot_stand_in_a_header_is_refused(text: str) -> None:
    exc = failure(KeyRing(provider(api_key=text)))
    assert "spaces or invalid characters" in exc.title


# -- file


def test_a_key_comes_from_a_private_file_also_through_a_link(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(key_file(tmp_path / "key", f"\ufeff{KEY}\r\n"))
    ring = KeyRing(provider(api_key_file=str(link)))
    assert ring.get() == Secret(KEY)
    assert ring.describe() == f"file {link}"


def test_a_file_is_read_again_when_its_key_is_refused(tmp_path: Path) -> None:
    file = key_file(tmp_path / "key")
    ring = KeyRing(provider(api_key_file=str(file)))
    first = ring.get()
    with pytest.raises(KeyUnavailable) as caught:
        ring.refresh(first)
    assert caught.value.hint == f"Put a new key into {file}"
    key_file(file, OTHER)
    assert ring.refresh(first) == Secret(OTHER)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_file_that_others_can_open_is_refused_with_the_fix(tmp_path: Path, mode: int) -> None:
    file = key_file(tmp_path / "a key", mode=mode)
    fields: dict[str, str]
    for fields in ({"api_key_file": str(file)}, {"api_key_env": "WORK_KEY", "api_key_env_file": str(file)}):
        exc = failure(KeyRing(provider(**fields), environ={"WORK_KEY": OTHER}))
        assert exc.title == f"{file} holds a key and can be read or changed by others"
        assert exc.hint == f"Run: chmod 600 '{file}'"


def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    file = key_file(tmp_path / "key")

    def fstat(handle: int) -> os.stat_result:
        about = list(os.fstat(handle))
        about[4] = os.getuid() + 1
        return os.stat_result(about)

    exc = failure(KeyRing(provider(api_key_file=str(file)), fstat=fstat))
    assert exc.title == f"{file} belongs to another user"
    assert exc.hint == f"Run: chown {os.getuid()} {file}"


def test_a_pipe_in_place_of_the_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key", 0o600)
    exc = failure(KeyRing(provider(api_key_file=str(tmp_path / "key"))))
    assert exc.title == f"{tmp_path / 'key'} is not a file"


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    assert "is not a file" in failure(KeyRing(provider(api_key_file=str(tmp_path)))).title


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "is not a text file")]
)
def test_a_file_without_a_key_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    file = key_file(tmp_path / "key")
    file.write_bytes(content)
    assert said in failure(KeyRing(provider(api_key_file=str(file)))).title


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    exc = failure(KeyRing(provider(api_key_file=str(tmp_path / "none"))))
    assert exc.title == f"{tmp_path / 'none'} cannot be read: No such file or directory"


# -- command


def test_a_key_is_the_first_line_that_a_command_prints() -> None:
    ring = ring_of_command(f"\n{KEY}\nuser: me\n")
    assert ring.get() == Secret(KEY)
    assert ring.describe() == "command vault"
    assert ring.supplied_by_command


def test_a_command_is_asked_once_until_its_key_is_refused() -> None:
    ring = ring_of_command(KEY, OTHER)
    first = ring.get()
    assert ring.get() == first == Secret(KEY)
    assert ring.refresh(first) == ring.get() == Secret(OTHER)
    with pytest.raises(KeyUnavailable) as caught:
        ring.refresh(Secret(OTHER))
    assert caught.value.hint == "Make vault print a new key"


@pytest.mark.parametrize(
    "until", ["1970-01-12T13:48:20Z", "1970-01-12T13:48:20", "1970-01-12T14:48:20+01:00", 1_000_100]
)
def test_a_key_is_renewed_shortly_before_it_ends(until: str | int) -> None:
    clock = Clock()
    shown = f'"{until}"' if isinstance(until, str) else str(until)
    ring = ring_of_command(f'{{"api_key": "{KEY}", "expires_at": {shown}}}', OTHER, clock=clock)
    assert ring.get() == Secret(KEY)
    clock.now = 1_000_100 - RENEWAL_MARGIN - 1
    assert ring.get() == Secret(KEY)
    clock.now = 1_000_100 - RENEWAL_MARGIN
    assert ring.get() == Secret(OTHER)


def test_a_key_that_could_not_be_renewed_early_is_used_to_its_end() -> None:
    clock = Clock()
    ring = ring_of_command(f'{{"api_key": "{KEY}", "expires_at": 1000100}}', "", clock=clock)
    ring.get()
    clock.now = 1_000_099
    assert ring.get() == Secret(KEY)
    clock.now = 1_000_100
    assert failure(ring).title == "Command vault printed nothing"


@pytest.mark.parametrize(
    "output",
    [f'{{"key": "{KEY}"}}', f'{{"api_key": "{KEY}"', '{"api_key": ""}', '{"api_key": 5}', "{" * 60_000],
    ids=["no key", "cut", "empty", "number", "deep"],
)
def test_json_without_a_key_is_told_without_repeating_it(output: str) -> None:
    exc = failure(ring_of_command(output))
    assert exc.title == "vault printed no key"
    assert '{"api_key"' in exc.hint


@pytest.mark.parametrize("until", ['"tomorrow"', "true", "1e300", f'"{KEY}"', "[]"])
def test_an_end_that_is_no_time_is_told_without_repeating_it(until: str) -> None:
    exc = failure(ring_of_command(f'{{"api_key": "{OTHER}", "expires_at": {until}}}'))
    assert exc.title == "vault printed an expires_at that is not a time"


@pytest.mark.parametrize(
    ("run", "title"),
    [
        (raising(FileNotFoundError(2, "x")), "Command vault was not found"),
        (raising(PermissionError(13, "Permission denied")), "Command vault cannot be run: Permission denied"),
        (
            raising(subprocess.TimeoutExpired(["vault", KEY], 10, output=KEY.encode())),
            "Command vault did not finish within 10 s",
        ),
        (printing("", code=1), "Command vault failed (exit 1)"),
        (printing(""), "Command vault printed nothing"),
        (printing(" \n"), "Command vault printed nothing"),
    ],
)
def test_a_command_that_fails_is_told(run: Any, title: str) -> None:
    exc = failure(KeyRing(provider(api_key_command=("vault", "get", KEY)), run=run))
    assert exc.title == title
    assert exc.hint


def test_what_a_failing_command_complained_is_the_hint_made_safe() -> None:
    exc = failure(ring_of_command(f"key {KEY}", code=2, stderr=f"\n\x1b[31mno entry for {KEY}\nmore\n"))
    assert exc.title == "Command vault failed (exit 2)"
    assert exc.hint == "␛[31mno entry for •••"


def test_a_real_command_has_no_input_and_no_terminal() -> None:
    script = (
        "import os, sys\n"
        "assert sys.stdin.read() == ''\n"
        "assert os.getsid(0) == os.getpid()\n"
        f"sys.stderr.write('noise'); print({KEY!r})"
    )
    ring = KeyRing(provider(api_key_command=(sys.executable, "-c", script)))
    assert ring.get() == Secret(KEY)


def test_a_real_command_that_is_not_there_is_told() -> None:
    exc = failure(KeyRing(provider(api_key_command=("holytui-no-such-command",))))
    assert exc.title == "Command holytui-no-such-command was not found"


def test_a_command_that_hangs_is_ended_with_its_children() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run_command(["sh", "-c", "sleep 30 & sleep 30"], 0.2)


# -- several callers


def test_threads_that_were_all_refused_ask_the_source_once() -> None:
    asked: list[str] = []
    entered, go_on = threading.Event(), threading.Event()

    def run(argv: Sequence[str], seconds: float) -> subprocess.CompletedProcess[bytes]:
        asked.append("")
        if len(asked) > 1:
            entered.set()
            assert go_on.wait(5)
        return subprocess.CompletedProcess(list(argv), 0, (KEY if len(asked) == 1 else OTHER).encode(), b"")

    ring = KeyRing(provider(api_key_command=("vault",)), run=run)
    refused = ring.get()
    got: list[Secret] = []
    threads = [threading.Thread(target=lambda: got.append(ring.refresh(refused))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert entered.wait(5)
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert got == [Secret(OTHER)] * 4
    assert len(asked) == 2


def test_a_first_key_is_asked_for_once_by_all() -> None:
    asked: list[str] = []
    entered, go_on = threading.Event(), threading.Event()

    def run(argv: Sequence[str], seconds: float) -> subprocess.CompletedProcess[bytes]:
        asked.append("")
        entered.set()
        assert go_on.wait(5)
        return subprocess.CompletedProcess(list(argv), 0, KEY.encode(), b"")

    ring = KeyRing(provider(api_key_command=("vault",)), run=run)
    threads = [threading.Thread(target=ring.get) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert entered.wait(5)
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert len(asked) == 1


def test_a_refusal_does_not_spoil_the_next_try() -> None:
    ring = ring_of_command(KEY, KEY, OTHER)
    first = ring.get()
    with pytest.raises(KeyUnavailable):
        ring.refresh(first)
    assert ring.get() == Secret(OTHER)


def test_a_provider_has_one_ring_until_its_configuration_changes() -> None:
    rings = KeyRings()
    ring = rings.ring_for(provider(api_key=KEY))
    assert rings.ring_for(provider(api_key=KEY)) is ring
    assert rings.ring_for(provider(api_key=OTHER)) is not ring


def test_nothing_of_a_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ring = ring_of_command(KEY, OTHER)
    ring.refresh(ring.get())
    assert KEY not in caplog.text
    assert OTHER not in caplog.text


def test_the_http_client_is_not_loaded_for_keys_that_need_none() -> None:
    script = "import sys, holytui.credentials.keyring, holytui.providers.resolve; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
