"""`holytui check` as a whole: TLS and other faults of a connection, several providers, JSON, and the report."""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import ssl
import stat
import subprocess
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from holytui import paths
from holytui.cli import main
from holytui.config.load import load
from holytui.diagnosis.report import BugReport
from tests.commands.test_check import ANSWER, CONNECTION, WITH_KEY, Checked, Router, count
from tests.commands.test_check import _lines as lines_of
from tests.commands.test_check import checked as checked
from tests.ptys import Terminal
from tests.servers import READ, Peer, ScriptedServer, Step, whole

Check = Callable[..., Checked]


def marks(lines: dict[str, str], names: Sequence[str] = (*CONNECTION, *ANSWER)) -> str:
    return "".join(lines[name][0] for name in names)


# -- faults of a connection


def make_certificate(folder: Path, *, days: int = 30) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl to make a certificate")
    file, key = folder / "cert.pem", folder / "key.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    name = ["-subj", "/O=Example CA/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", str(days)]
    command = [openssl, "req", "-x509", *curve, *name, "-keyout", str(key), "-out", str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    file.write_bytes(file.read_bytes() + key.read_bytes())
    return file


def tls(certificate: Path, *, wants_client: bool = False) -> Step:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if wants_client:
        context.load_verify_locations(certificate)
        context.verify_mode = ssl.CERT_REQUIRED

    def shake(peer: Peer) -> None:
        try:
            peer.sock = context.wrap_socket(peer.sock, server_side=True)
            if wants_client:
                peer.sock.recv(1)
        except ssl.SSLError as exc:
            raise ConnectionError("no agreement on a certificate") from exc

    return shake


def https(server: ScriptedServer) -> str:
    return server.base_url.replace("http:", "https:")


def test_a_self_signed_certificate_fails_at_tls_with_the_next_step(checked: Check, tmp_path: Path) -> None:
    with ScriptedServer([tls(make_certificate(tmp_path))]) as server:
        status, lines = checked(https(server))
    assert status == 1
    assert marks(lines) == "✓✓✓✓✗·······"
    assert "is not trusted" in lines["TLS"]
    assert "ca_file" in lines["TLS"]


@pytest.mark.parametrize(("days", "mark"), [(30, "✓"), (5, "▲")])
def test_a_certificate_of_ca_file_is_described(checked: Check, tmp_path: Path, days: int, mark: str) -> None:
    file = make_certificate(tmp_path, days=days)
    router = Router(count(1, 40), count(23, 40))
    with ScriptedServer([tls(file), router], [tls(file), router]) as server:
        status, lines = checked(https(server), f'{WITH_KEY}\nca_file = "{file}"')
    day = (datetime.now().astimezone() + timedelta(days=days)).date()
    assert status == 0
    assert lines["TLS"].startswith(f"{mark} TLSv1.3, the certificate of 127.0.0.1:{server.port} is trusted")
    assert f"issued by Example CA, valid until {day}, checked with {file}" in lines["TLS"]


def test_an_expired_certificate_names_clock_and_operator(checked: Check, tmp_path: Path) -> None:
    file = make_expired(tmp_path)
    with ScriptedServer([tls(file)]) as server:
        status, lines = checked(https(server), f'{WITH_KEY}\nca_file = "{file}"')
    assert status == 1
    assert lines["TLS"].startswith("✗")
    assert "expired" in lines["TLS"]
    assert "the server needs a new certificate" in lines["TLS"]


def make_expired(folder: Path) -> Path:
    """A self-signed certificate that was valid in 2020, by `openssl ca`, which takes both dates."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl to make a certificate")
    ca = folder / "ca"
    ca.mkdir()
    (ca / "index.txt").touch()
    (ca / "serial").write_text("01\n")
    (ca / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=x\n[x]\ndatabase={ca}/index.txt\nserial={ca}/serial\nnew_certs_dir={ca}\ndefault_md=sha256\n"
        "policy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=IP:127.0.0.1\n"
        "basicConstraints=CA:true\n"
    )
    key, request, file = ca / "key.pem", ca / "request.pem", ca / "cert.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    ask = [openssl, "req", *curve, "-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(request)]
    dates = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]
    sign = [openssl, "ca", "-batch", "-config", str(ca / "ca.cnf"), "-selfsign", "-keyfile", str(key), *dates]
    for command in (ask, [*sign, "-notext", "-in", str(request), "-out", str(file)]):
        subprocess.run(command, check=True, capture_output=True, timeout=30)
    file.write_bytes(file.read_bytes() + key.read_bytes())
    return file


def test_a_server_that_wants_a_client_certificate_says_so(checked: Check, tmp_path: Path) -> None:
    file = make_certificate(tmp_path)
    with ScriptedServer([tls(file, wants_client=True)]) as server:
        status, lines = checked(https(server), f'{WITH_KEY}\nca_file = "{file}"')
    assert status == 1
    assert lines["TLS"].startswith("✗")
    assert "requires a client certificate" in lines["TLS"]
    assert "client_cert" in lines["TLS"]


def test_a_name_that_does_not_exist_fails_at_the_name(checked: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", fail)
    status, lines = checked("https://no-such-host.example/v1")
    assert status == 1
    assert marks(lines) == "✓✓✗·········"


def test_a_proxy_that_refuses_is_named_with_its_setting(checked: Check) -> None:
    refusal = whole("407 Proxy Authentication Required", b"", **{"Proxy-Authenticate": "Basic"})
    with ScriptedServer([READ, refusal]) as server:
        proxy = f"http://127.0.0.1:{server.port}"
        status, lines = checked("https://far.example/v1", f'{WITH_KEY}\nproxy = "{proxy}"')
    assert status == 1
    failed = next(line for line in lines.values() if line.startswith("✗"))
    assert f"127.0.0.1:{server.port}" in failed
    assert "user" in failed


def test_a_refused_key_fails_at_the_key(checked: Check) -> None:
    with ScriptedServer([READ, whole("401 Unauthorized", {"error": {"message": "no"}})]) as server:
        status, lines = checked(server.base_url)
        assert len(server.requests) == 1
    assert status == 1
    assert marks(lines) == "✓✓✓✓✓✓✗·····"
    assert "TEST_KEY" in lines["key"]


@pytest.mark.parametrize(
    ("listing", "words"),
    [
        (whole("404 Not Found", b"nothing here"), "does not list its models"),
        (whole("403 Forbidden", {"error": {"message": "missing scope"}}), "does not list its models"),
        (whole("200 OK", {"data": []}), "the list is empty"),
    ],
)
def test_a_list_that_is_missing_is_a_warning_and_the_answer_is_tried(
    checked: Check, listing: bytes, words: str
) -> None:
    with ScriptedServer([Router(count(1, 40), count(23, 40), models=listing)]) as server:
        status, lines = checked(server.base_url)
    assert status == 0
    assert marks(lines) == "✓✓✓✓✓✓✓▲✓✓✓✓"
    assert words in lines["models"]


def test_a_path_that_does_not_exist_fails_with_the_better_one(checked: Check) -> None:
    missing = whole("404 Not Found", b"nothing here")
    with ScriptedServer([Router([missing], models=missing)]) as server:
        status, lines = checked(server.base_url.removesuffix("/v1"))
    assert status == 1
    assert f'Try base_url = "{server.base_url}"' in lines["models"]
    assert lines["first token"].startswith("✗")


# -- several providers


def test_a_provider_may_be_named_alone_and_all_be_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.toml"
    with (
        ScriptedServer([Router(count(1, 40), count(23, 40))]) as one,
        ScriptedServer([Router(count(1, 40), count(23, 40))]) as two,
    ):
        file.write_text(
            f'default_model = "one/model"\n[providers.one]\nbase_url = "{one.base_url}"\n'
            f'[providers.two]\nbase_url = "{two.base_url}"\n[providers.two.models.other]\nvision = true\n'
            f'[providers.three]\nbase_url = "{two.base_url}"\n'
        )
        file.chmod(0o600)
        assert main(["check", "--config", str(file), "two"]) == 0
        assert lines_of(capsys.readouterr().out)["model"].startswith(f"✓ two/other at {two.base_url}")
        assert one.requests == []
        assert main(["check", "--config", str(file), "--all"]) == 0
        out = capsys.readouterr().out
    assert [line for line in out.splitlines() if line.startswith("Connection")] == [
        "Connection one/model",
        "Connection two/other",
        "Connection three",
    ]
    assert "three: no model is configured" in out
    assert main(["check", "--config", str(file), "three"]) == 2


# -- output for programs


def test_json_is_one_object_with_stable_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.toml"
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    file.write_text(f'default_model = "test/model"\n[providers.test]\nbase_url = "http://127.0.0.1:{port}/v1"\n')
    file.chmod(0o600)
    assert main(["check", "--lang", "vi", "--config", str(file), "--json"]) == 1
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    found = json.loads(out)
    assert list(found) == ["holytui", "ok", "checks"]
    assert found["ok"] is False
    names = {(line["group"], line["name"]): line for line in found["checks"]}
    for line in found["checks"]:
        assert {"group", "name", "status", "text", "next_step"} <= set(line) <= {*line, "model"}
        assert all(isinstance(value, str) for value in line.values())
        assert line["status"] in ("ok", "warning", "failed", "skipped")
    assert names["connection", "connection"]["status"] == "failed"
    assert names["connection", "connection"]["model"] == "test/model"
    assert names["connection", "connection"]["next_step"]
    assert names["connection", "first_token"]["status"] == "skipped"
    assert names["terminal", "terminal"]["status"] == "skipped"
    assert names["history", "permissions"]["status"] == "ok"


def test_damage_to_the_history_is_told_and_nothing_is_changed(capsys: pytest.CaptureFixture[str]) -> None:
    file = paths.history_file()
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no database" * 1000)
    assert main(["check", "guide/guide"]) == 1
    lines = lines_of(capsys.readouterr().out)
    assert lines["integrity"].startswith("✗ the file is damaged")
    assert [each.name for each in file.parent.glob("history.db*")] == ["history.db"]
    assert file.read_bytes() == b"no database" * 1000


# -- the report

SECRETS = {
    "TEST_KEY": "plain-key-value-1",
    "OTHER_API_KEY": "never-configured-77",
    "HTTPS_PROXY": "http://me:proxypass99@127.0.0.1:9",
}
IN_FILE = {
    "header": "header-secret-4",
    "query": "query-secret-5",
    "password": "urlpassword6",
    "command": "sk-abcdefghij0123456789ABCDEF",
}


def write_secret_config(tmp_path: Path, base_url: str) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(
        f'default_model = "test/model"\n[providers.test]\nbase_url = "{base_url}"\n'
        f'api_key_env = "TEST_KEY"\nchat_path = "/chat/completions?sig={IN_FILE["query"]}"\n'
        f'headers = {{ X-Team = "{IN_FILE["header"]}" }}\n'
        f'[providers.pass]\nbase_url = "{base_url}"\nproxy = "http://user:{IN_FILE["password"]}@127.0.0.1:9"\n'
        f'api_key_command = ["show", "{IN_FILE["command"]}"]\n'
    )
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("to_file", [False, True])
def test_a_report_has_no_secret_no_text_and_no_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, to_file: bool
) -> None:
    home = Path(os.environ["HOME"])
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("USER", "nguyenvana")
    monkeypatch.setattr(platform, "node", lambda: "workhost9")
    log = paths.log_file()
    log.parent.mkdir(parents=True)
    log.write_text(f"line of the log {SECRETS['TEST_KEY']} {home}/x by nguyenvana on workhost9\n")
    echo = " ".join([*SECRETS.values(), *IN_FILE.values()])
    refusal = whole("400 Bad Request", {"error": {"message": f"no: {echo} {home} nguyenvana"}})
    target = tmp_path / "report.txt"
    with ScriptedServer([Router([refusal])]) as server:
        file = write_secret_config(tmp_path, server.base_url)
        arguments = ["check", "--config", str(file), "--report", *([str(target)] if to_file else [])]
        assert main(arguments) == 1
    out = capsys.readouterr().out
    text = target.read_text() if to_file else out
    for secret in [*SECRETS.values(), *IN_FILE.values(), "proxypass99", str(home), "nguyenvana", "workhost9"]:
        assert secret not in text
    for expected in ("holytui ", "textual ", "Python ", "terminal ", "Settings", "Log", "line of the log", "~/x"):
        assert expected in text
    assert "failed  first_token" in text
    assert "api_key_env" in text
    if to_file:
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        assert main(arguments) == 2
        assert target.read_text() == text


def test_a_report_does_not_replace_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "mine.txt"
    target.write_text("mine")
    assert main(["check", "guide/guide", "--report", str(target)]) == 2
    assert "already exists" in capsys.readouterr().err
    assert target.read_text() == "mine"


def test_json_and_a_report_do_not_share_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "guide/guide", "--json", "--report"]) == 2
    assert "--report FILE" in capsys.readouterr().err


def test_words_that_contain_the_names_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: "gpu")
    report = BugReport(load(tmp_path / "none.toml").config, {"HOME": "/home/an", "USER": "an"})
    assert report.redacted("an answer of gpu-4 in /home/an/x and /home/anna by an on gpu") == (
        "USER answer of gpu-4 in ~/x and /home/anna by USER on HOST"
    )


# -- on a terminal


def test_on_a_terminal_it_is_measured_and_left_as_it_was() -> None:
    with Terminal.holytui("check", "guide/guide", cols=110, rows=60, env={"LC_ALL": "C.UTF-8"}) as terminal:
        assert terminal.wait_end(60) == 0
        text = terminal.text
    assert "✓ size          110 columns, 60 rows" in text
    assert "✓ round trip" in text
    assert "✓ history" in text
    assert "漢字" not in text, "the samples are erased"
