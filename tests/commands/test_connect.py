"""`holytui connect`: by options alone, and by questions on a terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.commands import connect
from tests.commands.test_check import MODELS, Router, count
from tests.servers import Peer, ScriptedServer, whole

KEY = "cr_0123456789abcdef"
NO_LIST = whole("404 Not Found", b"nothing here")
ONE = whole("200 OK", {"data": [{"id": "only"}]})

Connect = Callable[..., tuple[int, str]]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer([Router(count(1, 40), models=MODELS)]) as running:
        yield running


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Run the command in this process, with `text` in a pipe; its status and all that it writes."""
    monkeypatch.setenv("HOLYTUI_CONFIG", "")

    def command(*arguments: str, text: str = "", terminal: bool = False) -> tuple[int, str]:
        stdin = io.StringIO(text)
        monkeypatch.setattr(sys, "stdin", stdin)
        if terminal:
            stdin.isatty = lambda: True  # type: ignore[method-assign]
            monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        file = tmp_path / "config.toml"
        file.touch()
        status = main(["connect", "--config", str(file), *arguments])
        out, err = capsys.readouterr()
        assert KEY not in out + err
        return status, out + err

    return command


def written(tmp_path: Path) -> dict[str, object]:
    return tomllib.loads((tmp_path / "config.toml").read_text())


def test_all_that_is_needed_can_be_given(run: Connect, server: ScriptedServer, tmp_path: Path) -> None:
    arguments = ("--provider", "mine", "--base-url", server.base_url, "--model", "other", "--default", "--key-stdin")
    status, out = run(*arguments, text=KEY + "\n")
    assert status == 0
    assert written(tmp_path) == {
        "default_model": "mine/other",
        "providers": {"mine": {"base_url": server.base_url, "api_key_file": "keys/mine.key", "models": {"other": {}}}},
    }
    assert (tmp_path / "keys" / "mine.key").read_text() == KEY + "\n"
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert [line.split()[1] for line in out.splitlines()[:4]] == ["host", "connection", "TLS", "HTTP"]
    assert "Written: " in out


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        ((), "No provider is named"),
        (("--provider", "holyshep"), 'Did you mean "holysheep"?'),
        (("--provider", "holysheep"), "No key is named"),
        (("--base-url", "nonsense url"), "is not an address"),
        (("--provider", "mine", "--base-url", "{url}", "--key-env", "K"), "No model is named"),
        (("--provider", "mine", "--base-url", "{url}", "--key-env", KEY), "not the key itself"),
        (("--provider", "mine", "--base-url", "{url}", "--key-file", KEY), "not the key itself"),
        (("--provider", "mine", "--base-url", "{url}", "--key-command", "'"), "A command is expected"),
    ],
)
def test_a_pipe_is_never_asked(
    run: Connect,
    server: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    missing: str,
) -> None:
    monkeypatch.setenv("K", KEY)
    monkeypatch.delenv("HOLYSHEEP_API_KEY", raising=False)
    status, out = run(*(each.format(url=server.base_url) for each in arguments))
    assert status == 2
    assert missing in out
    assert written(tmp_path) == {}


def test_the_only_model_is_taken_and_a_local_server_needs_no_key(run: Connect, tmp_path: Path) -> None:
    with ScriptedServer([Router(count(1, 40), models=ONE)]) as server:
        status, out = run("--base-url", server.base_url)
    assert status == 0
    assert "holytui -m local/only" in out
    assert written(tmp_path) == {"providers": {"local": {"base_url": server.base_url, "models": {"only": {}}}}}


@pytest.mark.parametrize("models", [whole("401 Unauthorized", {"error": {"message": f"no {KEY}"}}), NO_LIST])
def test_a_test_that_fails_changes_nothing(run: Connect, tmp_path: Path, models: bytes) -> None:
    refused = whole("401 Unauthorized", {"error": {"message": "no"}})
    with ScriptedServer([Router([refused], models=models)]) as server:
        status, out = run("--base-url", server.base_url, "--model", "m", "--key-stdin", "--yes", text=KEY)
    assert status == 1
    assert "nothing was changed" in out
    assert written(tmp_path) == {}
    assert not (tmp_path / "keys").exists()


def test_a_configured_provider_is_changed_only_with_yes(
    run: Connect, server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEW_KEY", KEY)
    before = f'[providers.mine]\nbase_url = "{server.base_url}"\napi_key_env = "OLD_KEY" # old\n'
    (tmp_path / "config.toml").write_text(before)
    arguments = ("--provider", "mine", "--key-env", "NEW_KEY", "--model", "other")
    status, out = run(*arguments)
    assert (status, (tmp_path / "config.toml").read_text()) == (2, before)
    assert "Use --yes" in out
    assert run(*arguments, "--yes")[0] == 0
    assert 'api_key_env = "NEW_KEY" # old\n' in (tmp_path / "config.toml").read_text()


def test_a_broken_file_is_named_by_its_line(run: Connect, server: ScriptedServer, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[ui]\ntheme = dark\n")
    status, out = run("--base-url", server.base_url, "--model", "other")
    assert status == 2
    assert "config.toml:2" in out
    assert server.requests == []


def wants_key_and_v1(peer: Peer) -> None:
    """Answer as a server that has its list below /v1 only, and lists nothing without a key."""
    for step in iter(peer.read, False):
        del step
        request = peer.server.requests[-1]
        if not request.target.startswith("/v1/"):
            peer.sock.sendall(NO_LIST)
        elif "authorization" not in request.headers:
            peer.sock.sendall(whole("401 Unauthorized", {"error": {"message": "no key"}}))
        elif request.method == "GET":
            peer.sock.sendall(MODELS)
        else:
            peer.sock.sendall(b"".join(step for step in count(1, 40) if isinstance(step, bytes)))


def test_a_terminal_is_asked_for_what_is_missing(run: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "find_local_servers", lambda _lister: {})
    monkeypatch.setattr("getpass.getpass", lambda _prompt: KEY)
    other = "13"
    with ScriptedServer([wants_key_and_v1]) as server:
        answers = [other, server.base_url.removesuffix("/v1"), "y", "1", "oth", "y"]
        status, out = run(text="\n".join(answers) + "\n", terminal=True)
    assert status == 0
    assert "the server asks for a key" in out
    assert " 1  HolySheep AI" in out
    assert written(tmp_path)["default_model"] == "local/other"


def test_the_end_of_the_input_changes_nothing(run: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "find_local_servers", lambda _lister: {})
    status, out = run(text="", terminal=True)
    assert status == 2
    assert "Nothing was changed" in out
    assert written(tmp_path) == {}


def test_a_script_connects_and_asks(server: ScriptedServer, tmp_path: Path) -> None:
    environ = {**os.environ, "HOME": str(tmp_path), "HOLYTUI_CONFIG": str(tmp_path / "config.toml")}
    (tmp_path / "config.toml").touch()
    words = ["connect", "--plain", "--provider", "mine", "--base-url", server.base_url, "--key-stdin", "-m", "model"]
    done = subprocess.run(
        [sys.executable, "-m", "holytui", *words, "--default"],
        input=KEY.encode(),
        capture_output=True,
        env=environ,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert b"\x1b" not in done.stdout + done.stderr
    assert KEY.encode() not in done.stdout + done.stderr
    holders = [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert holders == [tmp_path / "keys" / "mine.key"]
