from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from holytui import paths
from holytui.config.schema import OAuth, Provider
from holytui.credentials.keyring import RENEWAL_MARGIN, KeyRing
from holytui.errors import KeyUnavailable
from holytui.secret import Secret

REFRESH = "refresh-token-one"
ROTATED = "refresh-token-two"
ACCESS = "access-token-one"
NEXT = "access-token-two"
URL = "https://login.example/oauth/token"


class Server:
    """A token server that gives its answers in turn, the last one for ever."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.forms: list[dict[str, str]] = []
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.forms.append({name: value[0] for name, value in parse_qs(request.content.decode()).items()})
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def token(access: str = ACCESS, **more: object) -> httpx.Response:
    return httpx.Response(200, json={"access_token": access, "token_type": "Bearer", **more})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "refresh"
    path.write_text(REFRESH + "\n")
    path.chmod(0o600)
    return path


def ring(
    server: Callable[[httpx.Request], httpx.Response], file: Path | None = None, url: str = URL, **more: Any
) -> KeyRing:
    known = {name: more.pop(name) for name in ("environ", "clock", "run") if name in more}
    oauth = OAuth(url, "holytui", refresh_token_file=str(file) if file else "", **more)
    provider = Provider("work", "https://work.example/v1", oauth=oauth)
    return KeyRing(provider, transport=httpx.MockTransport(server), **known)


def failure(ring: KeyRing) -> KeyUnavailable:
    with pytest.raises(KeyUnavailable) as caught:
        ring.get()
    shown = "".join(traceback.format_exception(caught.value)) + repr(ring) + ring.describe()
    assert REFRESH not in shown
    assert ACCESS not in shown
    return caught.value


def test_an_access_token_is_traded_for_the_refresh_token(file: Path) -> None:
    server = Server(token())
    keys = ring(server, file, scope="chat", client_secret_env="SECRET", environ={"SECRET": "client-hush"})
    assert keys.get() == Secret(ACCESS)
    assert server.forms == [
        {
            "grant_type": "refresh_token",
            "refresh_token": REFRESH,
            "client_id": "holytui",
            "client_secret": "client-hush",
            "scope": "chat",
        }
    ]
    request = server.requests[0]
    assert (request.method, str(request.url)) == ("POST", URL)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert keys.describe() == f"OAuth at login.example, with the refresh token from {file}"
    assert keys.supplied_by_command


@pytest.mark.parametrize("seconds", [3600, 3600.0, "3600"])
def test_an_access_token_is_renewed_shortly_before_it_ends(file: Path, seconds: object) -> None:
    now = [1000.0]
    keys = ring(Server(token(expires_in=seconds), token(NEXT)), file, clock=lambda: now[0])
    assert keys.get() == Secret(ACCESS)
    now[0] += 3600 - RENEWAL_MARGIN - 1
    assert keys.get() == Secret(ACCESS)
    now[0] += 1
    assert keys.get() == Secret(NEXT)


@pytest.mark.parametrize("seconds", [None, 0, -5, "soon", "nan", "inf", {}])
def test_without_a_usable_end_a_token_lasts_until_it_is_refused(file: Path, seconds: object) -> None:
    now = [1000.0]
    server = Server(token(expires_in=seconds), token(NEXT))
    keys = ring(server, file, clock=lambda: now[0])
    first = keys.get()
    now[0] += 1e9
    assert keys.get() == first
    assert keys.refresh(first) == Secret(NEXT)


def test_a_rotated_refresh_token_is_written_back_and_used(file: Path) -> None:
    server = Server(token(refresh_token=ROTATED), token(NEXT))
    keys = ring(server, file)
    first = keys.get()
    assert file.read_text() == ROTATED + "\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    keys.refresh(first)
    assert [form["refresh_token"] for form in server.forms] == [REFRESH, ROTATED]


def test_a_rotated_token_is_kept_even_if_no_access_token_came_with_it(file: Path) -> None:
    failure(ring(Server(httpx.Response(200, json={"refresh_token": ROTATED})), file))
    assert file.read_text() == ROTATED + "\n"


def test_a_link_to_the_refresh_token_stays_one(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    ring(Server(token(refresh_token=ROTATED)), link).get()
    assert link.is_symlink()
    assert file.read_text() == ROTATED + "\n"


def test_a_rotated_token_that_cannot_be_written_is_kept_in_memory(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(paths, "write_private", full)
    server = Server(token(refresh_token=ROTATED), token(NEXT))
    keys = ring(server, file)
    keys.refresh(keys.get())
    assert [form["refresh_token"] for form in server.forms] == [REFRESH, ROTATED]
    assert caplog.messages == ["the new refresh token of work was not written: No space left on device"]


def test_a_token_that_the_user_has_replaced_goes_before_the_rotated_one(file: Path) -> None:
    server = Server(token(refresh_token=ROTATED), token(NEXT))
    keys = ring(server, file)
    first = keys.get()
    file.write_text("refresh-token-new")
    keys.refresh(first)
    assert server.forms[1]["refresh_token"] == "refresh-token-new"


def test_a_command_gives_the_refresh_token_and_later_ones_live_in_memory() -> None:
    def run(argv: Sequence[str], seconds: float) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess(list(argv), 0, f"{REFRESH}\n".encode(), b"")

    server = Server(token(refresh_token=ROTATED), token(NEXT, refresh_token="refresh-token-three"), token())
    keys = ring(server, refresh_token_command=("vault", "get"), run=run)
    keys.refresh(keys.get())
    keys.refresh(Secret(NEXT))
    assert [form["refresh_token"] for form in server.forms] == [REFRESH, ROTATED, "refresh-token-three"]
    assert keys.describe() == "OAuth at login.example, with the refresh token from command vault"


def test_a_refresh_token_that_is_no_longer_valid_asks_for_a_new_login(file: Path) -> None:
    told = {"error": "invalid_grant", "error_description": f"\x1b[1m{REFRESH} is revoked"}
    exc = failure(ring(Server(httpx.Response(400, json=told)), file))
    assert exc.title == "login.example refused to renew the access token (invalid_grant, ␛[1m••• is revoked)"
    assert exc.hint == f"Log in again and put the new refresh token into {file}"
    assert not exc.transient


@pytest.mark.parametrize(
    ("answer", "said", "transient"),
    [
        (httpx.Response(401), "HTTP 401", False),
        (httpx.Response(302, headers={"Location": "https://evil.example"}), "HTTP 302", False),
        (httpx.Response(200, text="<html>"), "HTTP 200", False),
        (httpx.Response(200, json=["x"]), "HTTP 200", False),
        (httpx.Response(200, json={}), "sent no access token", False),
        (httpx.Response(200, json={"access_token": 5}), "sent no access token", False),
        (httpx.Response(200, json={"access_token": "a b"}), "spaces or invalid characters", False),
        (httpx.Response(503), "HTTP 503", True),
        (httpx.Response(429), "HTTP 429", True),
        (httpx.ConnectError("no route"), "gave no access token: no route", True),
        (httpx.ReadTimeout(""), "gave no access token: ReadTimeout", True),
    ],
)
def test_a_server_without_a_token_is_told(
    file: Path, answer: httpx.Response | Exception, said: str, transient: bool
) -> None:
    server = Server(answer)
    exc = failure(ring(server, file))
    assert said in str(exc)
    assert exc.transient is transient
    assert len(server.forms) == 1
    assert file.read_text() == REFRESH + "\n"


@pytest.mark.parametrize("url", ["http://login.example/t", "http://127.0.0.1.example/t", "ftp://x", "nonsense"])
def test_a_refresh_token_is_never_sent_in_clear_text(file: Path, url: str) -> None:
    server = Server(token())
    exc = failure(ring(server, file, url=url))
    assert exc.title == "token_url of work is not https"
    assert server.requests == []


def test_this_machine_may_be_asked_without_https(file: Path) -> None:
    assert ring(Server(token()), file, url="http://127.0.0.1:8400/t").get() == Secret(ACCESS)


def test_a_client_secret_that_is_not_set_is_told(file: Path) -> None:
    server = Server(token())
    exc = failure(ring(server, file, client_secret_env="SECRET", environ={}))
    assert exc.title == "SECRET is not set"
    assert server.requests == []


def test_a_refresh_token_that_others_can_read_is_refused(file: Path) -> None:
    file.chmod(0o644)
    assert failure(ring(Server(token()), file)).hint == f"Run: chmod 600 {file}"


def test_two_processes_do_not_trade_the_same_token_at_once(file: Path) -> None:
    # flock excludes by open file, so a second handle here stands for another process
    asked = threading.Event()

    def serve(request: httpx.Request) -> httpx.Response:
        asked.set()
        return token()

    handle = os.open(file.with_name(".refresh.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        keys = ring(serve, file)
        thread = threading.Thread(target=keys.get)
        thread.start()
        assert not asked.wait(0.2)
        file.write_text(ROTATED)
    finally:
        os.close(handle)
    thread.join(5)
    assert asked.is_set()
