"""A server that repeats what it was sent does not bring a secret of the configuration into any output."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from holytui.cli import main
from tests.servers import READ, Peer, ScriptedServer, whole

CANARIES = ("hush-team-header", "hush-path-query", "hush-key-0123", "hush-option-01")


def _echo(peer: Peer) -> None:
    request = peer.server.requests[-1]
    said = f"{request.target} {sorted(request.headers.items())} hush-option-01"
    peer.sock.sendall(whole("400 Bad Request", {"error": {"message": said}}))


def test_no_secret_comes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    file = tmp_path / "config.toml"
    with ScriptedServer([READ, _echo]) as server:
        file.write_text(
            f'default_model = "test/model"\n[providers.test]\nbase_url = "{server.base_url}"\n'
            'api_key_command = ["sh", "-c", "echo hush-key-0123", "--secret=hush-option-01"]\n'
            'headers = { "X-Team" = "hush-team-header" }\nchat_path = "/chat?code=hush-path-query"\n'
        )
        file.chmod(0o600)
        common = ["--config", str(file)]
        assert main(["ask", *common, "hello"]) == 1
        assert server.requests
        seen = str([(one.target, one.headers) for one in server.requests])
        assert "hush-team-header" in seen
        assert "hush-path-query" in seen
        main(["ask", *common, "--json", "hello"])
        main(["check", *common])
        main(["config", "show", *common])
        main(["history", "export", "--format", "json"])
        main(["history", "export", "--format", "html"])
        main(["history", "search", "hush"])
    out, err = capsys.readouterr()
    assert "•••" in err
    assert [canary for canary in CANARIES if canary in out + err] == []
    stored = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir())
    assert [canary for canary in CANARIES if canary.encode() in stored] == []
