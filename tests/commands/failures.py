"""Ways to fail, each with what the user sees and what helps, and a set-up that makes it happen.

`docs/troubleshooting.md` has the same table. "…" stands for any text.
"""

from __future__ import annotations

import errno
import io
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from holytui.cli import main
from holytui.credentials import command, system_keyring
from holytui.store.sqlite import schema
from holytui.store.sqlite.file import HistoryFile
from holytui.store.sqlite.history import SqliteHistory
from tests.commands.test_plain import chatting
from tests.servers import FIN, READ, Peer, ScriptedServer, Step, answer, delta, event, sse_head, whole
from tests.store.test_write_problems import Faulty

KEY = "sk-test-0123456789abcdef"
FROM_VARIABLE = 'api_key_env = "TEST_KEY"\n'
_STREAM = "max_delay = 0.01\nmax_retries = 1\noffline_limit = 0.2\n"


@dataclass(slots=True)
class World:
    """What can be set up, and the ways to use holytui in it; each returns what the user sees."""

    folder: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    stack: ExitStack
    language: str = "en"

    def server(self, *script: Step) -> ScriptedServer:
        """Start a server."""
        return self.stack.enter_context(ScriptedServer(list(script)))

    def chat(self, base_url: str, provider: str = FROM_VARIABLE) -> str:
        """Ask in plain mode, which names commands instead of keys."""
        with chatting(self.folder, base_url, key=provider, more=_STREAM) as chat:
            chat.out.wait_for("\n> ")
            chat.type("hello")
            chat.out.wait_for("\n> ", 2)
            return chat.printed

    def answered(self, *script: Step, root: bool = False) -> str:
        """Ask a server in plain mode; `root`: the address has no path."""
        url = self.server(READ, *script).base_url
        return self.chat(url.removesuffix("/v1") if root else url)

    def refused(self, status: str, code: str, message: str, **headers: str) -> str:
        """Ask a server that answers with an error object."""
        return self.answered(whole(status, {"error": {"message": message, "code": code}}, **headers))

    def page(self, status: str, title: str) -> str:
        """Ask a server that answers with a web page."""
        return self.answered(whole(status, f"<html><title>{title}</title></html>".encode(), "text/html"))

    def run(self, *arguments: str, config: str = "") -> str:
        """Run a command with its own configuration file, or without a file if there is no text for one."""
        file = self.folder / "config.toml"
        if config:
            file.write_text(config)
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
        main([*arguments[:1], "--lang", self.language, *arguments[1:]])
        out, err = self.capture.readouterr()
        return out + err


def closed_port() -> int:
    """A port on which nobody listens."""
    with ScriptedServer([READ]) as gone:
        return gone.port


# -- set-ups


def _without_key(world: World) -> str:
    world.patch.delenv("TEST_KEY", raising=False)
    return world.chat("http://127.0.0.1:9/v1")


def _with_key(text: str) -> Callable[[World], str]:
    def fail(world: World) -> str:
        world.patch.setenv("TEST_KEY", text)
        return world.chat("http://127.0.0.1:9/v1")

    return fail


def _key_file(*, exists: bool, mode: int = 0o600, denied: bool = False) -> Callable[[World], str]:
    def fail(world: World) -> str:
        file = world.folder / "secret.key"
        if exists:
            file.write_text(KEY)
            file.chmod(mode)
        if denied:
            original = os.open

            def refuse(path: object, *args: int, **options: int) -> int:
                if str(path) == str(file):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
                return original(path, *args, **options)  # type: ignore[arg-type]  # passed on

            world.patch.setattr(os, "open", refuse)
        return world.chat("http://127.0.0.1:9/v1", f'api_key_file = "{file}"\n')

    return fail


def _key_command(*argv: str) -> Callable[[World], str]:
    def fail(world: World) -> str:
        world.patch.setattr(command, "COMMAND_SECONDS", 0.2)
        words = ", ".join(f'"{word}"' for word in argv)
        return world.chat("http://127.0.0.1:9/v1", f"api_key_command = [{words}]\n")

    return fail


def _locked_keyring(world: World) -> str:
    world.patch.setattr(command, "COMMAND_SECONDS", 0.2)
    world.patch.setattr(system_keyring, "unavailable", lambda: "")
    world.patch.setattr(system_keyring, "_GET", "import time; time.sleep(60)")
    return world.chat("http://127.0.0.1:9/v1", 'api_key_keyring = "test"\n')


def _unknown_name(world: World) -> str:
    def fail(*_args: object, **_options: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    world.patch.setattr(socket, "getaddrinfo", fail)
    return world.chat("http://model.example/v1", "")


def _https_to_plain(world: World) -> str:
    server = world.server(b"HTTP/1.1 400 Bad Request\r\n\r\n", FIN)
    return world.chat(server.base_url.replace("http:", "https:"))


def _certificate(folder: Path, start: str, end: str, name: str) -> Path:
    """A self-signed certificate and its key in one file, valid in a time of openssl's form, `YYYYMMDDHHMMSSZ`."""
    key, request, cert = folder / "tls.key", folder / "tls.csr", folder / "tls.pem"
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01\n")
    (folder / "ca.conf").write_text(
        f"[ca]\ndefault_ca=own\n[own]\ndatabase={folder}/index.txt\nserial={folder}/serial\nnew_certs_dir={folder}\n"
        f"default_md=sha256\npolicy=any\nx509_extensions=names\n[any]\ncommonName=supplied\n"
        f"[names]\nsubjectAltName={name}\nbasicConstraints=CA:true\n"
    )
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    times = ["-startdate", start, "-enddate", end]
    for words in (
        ["req", *curve, "-subj", "/CN=test", "-keyout", str(key), "-out", str(request)],
        [
            *["ca", "-batch", "-notext", "-selfsign", "-config"],
            str(folder / "ca.conf"),
            "-in",
            str(request),
            "-keyfile",
            str(key),
            *times,
            "-out",
            str(cert),
        ],
    ):
        subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=30)
    cert.write_bytes(cert.read_bytes() + key.read_bytes())
    return cert


def _tls(
    start: str = "20200101000000Z", end: str = "20990101000000Z", name: str = "IP:127.0.0.1", *, trusted: bool = True
) -> Callable[[World], str]:
    def fail(world: World) -> str:
        folder = world.folder / f"tls-{world.language}"
        folder.mkdir()
        file = _certificate(folder, start, end, name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)

        def shake(peer: Peer) -> None:
            try:
                peer.sock = context.wrap_socket(peer.sock, server_side=True)
            except ssl.SSLError as exc:
                raise ConnectionError("the client refused the certificate") from exc

        url = world.server(shake, READ).base_url.replace("http:", "https:")
        return world.chat(url, FROM_VARIABLE + (f'ca_file = "{file}"\n' if trusted else ""))

    return fail


def _proxy(status: str) -> Callable[[World], str]:
    def fail(world: World) -> str:
        port = world.server(READ, whole(status, b"", "text/html")).port if status else closed_port()
        return world.chat("https://model.example/v1", f'{FROM_VARIABLE}proxy = "http://127.0.0.1:{port}"\n')

    return fail


def _redirect(world: World) -> str:
    location = "https://127.0.0.1:8443/v1/chat/completions"
    return world.answered(whole("301 Moved Permanently", b"", "text/html", location=location))


def _empty_list(world: World) -> str:
    url = world.server(READ, whole("200 OK", {"data": []})).base_url
    return world.run("connect", "--plain", "--base-url", url, config="# mine\n")


def _connect_read_only(world: World) -> str:
    file = "/proc/self/config.toml"
    world.patch.setattr("holytui.commands.connect.require_named_file", lambda _file: None)
    models = whole("200 OK", {"data": [{"id": "only"}]})

    def serve(peer: Peer) -> None:
        while peer.read():
            get = peer.server.requests[-1].method == "GET"
            peer.sock.sendall(models if get else sse_head() + event(delta("1, 2", finish="stop")) + event("[DONE]"))
            if not get:
                return

    url = world.server(serve).base_url
    return world.run("connect", "--plain", "--base-url", url, "--config", file)


def _screen(term: str, *, terminal: bool) -> Callable[[World], str]:
    def fail(world: World) -> str:
        world.patch.setenv("TERM", term)
        stdin = io.TextIOWrapper(io.BytesIO(b""))
        stdin.isatty = lambda: terminal  # type: ignore[method-assign]
        world.patch.setattr(sys, "stdin", stdin)
        world.patch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
        main(["--lang", world.language])
        out, err = world.capture.readouterr()
        return out + err

    return fail


def _history(damage: Callable[[World, Path], None]) -> Callable[[World], str]:
    def fail(world: World) -> str:
        folder = world.folder / f"data-{world.language}"
        world.patch.setenv("HOLYTUI_DATA_DIR", str(folder))
        folder.mkdir(mode=0o700)
        damage(world, folder / "history.db")
        return world.run("ask", "hello")

    return fail


def _full_disk(world: World) -> str:
    faulty = Faulty()
    defaults = HistoryFile.__init__.__kwdefaults__
    assert defaults is not None
    world.patch.setitem(defaults, "connector", faulty)

    def fill(_peer: Peer) -> None:
        faulty.code = sqlite3.SQLITE_FULL

    url = world.server(READ, fill, *answer("all of ", "the text")).base_url
    with chatting(world.folder, url) as chat:
        chat.out.wait_for("\n> ")
        chat.type("hello")
        assert faulty.failed.wait(10)
        chat.out.wait_for("\n> ", 2)
        assert "all of the text" in chat.printed
        faulty.code = 0
        return chat.printed


def _make_newer(_world: World, file: Path) -> None:
    SqliteHistory.open(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()


def _damage(_world: World, file: Path) -> None:
    file.write_bytes(b"no database at all" * 500)


def _no_folder(world: World, _file: Path) -> None:
    world.patch.setenv("HOLYTUI_DATA_DIR", "/proc/nobody")


# -- the table


@dataclass(frozen=True, slots=True)
class Failure:
    """A row of the table; `shown` and `helps` are in the order in which they are shown."""

    name: str
    shown: str
    helps: str
    fail: Callable[[World], str]


FAILURES: tuple[Failure, ...] = (
    Failure(
        "wrong key",
        "… refused the key, and its source has no other: …",
        "Set … to a new key and start holytui again",
        lambda world: world.refused("401 Unauthorized", "invalid_api_key", "Incorrect API key provided"),
    ),
    Failure("no key", "… is not set", "Set it in the shell (export …) and start holytui again", _without_key),
    Failure(
        "blank key", "… is set, but empty", "Set it in the shell (export …) and start holytui again", _with_key(" \n")
    ),
    Failure(
        "key in quotes",
        "The key from … begins with a quotation mark",
        "Remove the quotation marks around it",
        _with_key(f'"{KEY}"'),
    ),
    Failure(
        "key with a space",
        "The key from … contains spaces or invalid characters",
        "Copy it again: the whole key and nothing else",
        _with_key("Bearer sk-0123456789"),
    ),
    Failure(
        "no key file",
        "… cannot be read: No such file or directory",
        "Check the path in the configuration, and the permissions of the file",
        _key_file(exists=False),
    ),
    Failure(
        "unreadable key file",
        "… cannot be read: Permission denied",
        "Check the path in the configuration, and the permissions of the file",
        _key_file(exists=True, denied=True),
    ),
    Failure(
        "open key file",
        "… holds a key and can be read or changed by others",
        "Run: chmod 600 …",
        _key_file(exists=True, mode=0o644),
    ),
    Failure(
        "key command fails",
        "Command … failed (exit …)",
        "Check the command in the configuration",
        _key_command("false"),
    ),
    Failure(
        "no key command",
        "Command … was not found",
        "Check the command in the configuration",
        _key_command("no-such-program"),
    ),
    Failure(
        "slow key command",
        "Command … did not finish within … s",
        "It cannot ask for input: unlock the password store in another terminal, then try again",
        _key_command("sleep", "60"),
    ),
    Failure(
        "locked keyring",
        "The system keyring gave no key for …",
        "It may be locked: unlock it on the desktop, then try again",
        _locked_keyring,
    ),
    Failure(
        "unknown name",
        "The name … was not found",
        "Check the network, and base_url in the configuration.",
        _unknown_name,
    ),
    Failure(
        "closed port",
        "… refused the connection",
        "Is the server running? Check base_url in the configuration.",
        lambda world: world.chat(f"http://127.0.0.1:{closed_port()}/v1"),
    ),
    Failure(
        "http for https",
        "… requires an encrypted connection",
        'Try base_url = "https://…".',
        lambda world: world.answered(b"\x15\x03\x01\x00\x02\x02\x46", FIN),
    ),
    Failure(
        "https for http", "… does not support TLS, which https requires", 'Try base_url = "http://…".', _https_to_plain
    ),
    Failure(
        "key in clear text",
        "The key was not sent to …, because the connection is not encrypted",
        "Use https in base_url, or set allow_insecure = true for the provider to send it anyway.",
        lambda world: world.chat("http://192.0.2.1/v1"),
    ),
    Failure(
        "self-signed certificate",
        "The connection to … is not trusted: self-signed certificate",
        "If you trust this server, set ca_file of the provider to its certificate, or your company's.",
        _tls(trusted=False),
    ),
    Failure(
        "expired certificate",
        "The connection to … is not trusted: certificate has expired",
        "If the clock of this machine is right, the server needs a new certificate.",
        _tls(end="20200102000000Z"),
    ),
    Failure(
        "wrong clock",
        "The connection to … is not trusted: certificate is not yet valid",
        "The clock of this machine may be wrong: compare it with the output of `date -u`.",
        _tls("20980101000000Z"),
    ),
    Failure(
        "certificate of another host",
        "The connection to … is not trusted: … mismatch, …",
        "Check the host name in base_url: the certificate is for another one.",
        _tls(name="DNS:other.example"),
    ),
    Failure(
        "closed proxy",
        "The proxy … refused the connection",
        "Is it running? Check the provider's proxy setting and HTTPS_PROXY.",
        _proxy(""),
    ),
    Failure(
        "proxy with a password",
        "The proxy … requires a user name and password",
        "Put them into the provider's proxy setting or HTTPS_PROXY: http://user:password@host:port.",
        _proxy("407 Proxy Authentication Required"),
    ),
    Failure(
        "proxy refuses",
        "The proxy … did not let the request through",
        "Check the provider's proxy setting and HTTPS_PROXY.",
        _proxy("403 Forbidden"),
    ),
    Failure("redirect", "… answered with status 301: …", 'Set base_url = "…" in the configuration.', _redirect),
    Failure(
        "missing path",
        "… does not have this model or address: 404 page not found",
        'Try base_url = "…/v1".',
        lambda world: world.answered(whole("404 Not Found", b"404 page not found", "text/plain"), root=True),
    ),
    Failure(
        "unknown model",
        "… does not have this model or address: …",
        "Check the model's name, base_url and api in the configuration. … /model NAME to choose another model.",
        lambda world: world.refused("404 Not Found", "model_not_found", "The model 'x' does not exist"),
    ),
    Failure(
        "no credit",
        "The account at … has no credit left",
        "Top it up. … /continue to get the rest after that.",
        lambda world: world.refused("402 Payment Required", "insufficient_quota", "Insufficient credits"),
    ),
    Failure(
        "busy",
        "… asks to wait … before the next request",
        "… /continue to get the rest after that time. … /model NAME to choose another model.",
        lambda world: world.refused("429 Too Many Requests", "rate_limit_exceeded", "slow down", retry_after="3600"),
    ),
    Failure(
        "other region",
        "… does not serve the country of this connection",
        "Connect from another place, or through a proxy (proxy of the provider).",
        lambda world: world.refused(
            "403 Forbidden", "unsupported_country_region_territory", "Country, region, or territory not supported"
        ),
    ),
    Failure(
        "forbidden",
        "… does not allow this with your key",
        "Check what the key may do and whether it may use this model.",
        lambda world: world.refused("403 Forbidden", "", "not for you"),
    ),
    Failure(
        "captive portal",
        "… sent something that is not an answer, such as a web page",
        "Does this network ask you to sign in? Otherwise check base_url in the configuration. … /retry to try again.",
        lambda world: world.page("200 OK", "Sign in"),
    ),
    Failure(
        "bad gateway",
        "The gateway of … got no answer from the server behind it",
        "If that server is yours, is it running? … /continue to try once more.",
        lambda world: world.page("502 Bad Gateway", "502 Bad Gateway"),
    ),
    Failure(
        "overloaded",
        "… is overloaded",
        "… /continue to get the rest in a while. … /model NAME to choose another model.",
        lambda world: world.page("503 Service Unavailable", "503"),
    ),
    Failure(
        "long conversation",
        "The conversation is too long for this model",
        "Shorten the question. … /new to start a new conversation. … /model NAME to choose a model with more context.",
        lambda world: world.refused(
            "400 Bad Request", "context_length_exceeded", "maximum context length is 4096 tokens"
        ),
    ),
    Failure(
        "cut answer",
        "… ended the connection before the answer was complete",
        "The text so far is kept. … /continue to get the rest.",
        lambda world: world.answered(sse_head(), event(delta("Half")), FIN),
    ),
    Failure("empty list of models", "the list is empty", "Type the name of a model. … Use --model NAME", _empty_list),
    Failure(
        "read-only configuration",
        "… cannot be written: …",
        "Check the permissions of its folder, or name another file with --config",
        _connect_read_only,
    ),
    Failure(
        "broken TOML",
        "config.toml:2:9: a text needs quotes",
        "not asked: the configuration cannot be read, so its model is unknown",
        lambda world: world.run(
            "ask", "--config", str(world.folder / "config.toml"), "hello", config="[ui]\ntheme = dark\n"
        ),
    ),
    Failure(
        "misspelt setting",
        "config.toml:2: ui.them: unknown key",
        'did you mean "theme"?',
        lambda world: world.run(
            "ask", "--config", str(world.folder / "config.toml"), "hello", config='[ui]\nthem = "dark"\n'
        ),
    ),
    Failure(
        "no configuration file",
        "The file … does not exist",
        "It was named by --config or HOLYTUI_CONFIG.",
        lambda world: world.run("ask", "--config", str(world.folder / "none.toml"), "hello"),
    ),
    Failure(
        "unknown provider",
        'No provider "…" is configured',
        'Did you mean "…"?',
        lambda world: world.run("ask", "-m", "opnai/gpt-4o", "hello"),
    ),
    Failure(
        "dumb terminal",
        "This terminal cannot show a full screen (TERM is dumb)",
        "For plain lines use: holytui --plain",
        _screen("dumb", terminal=True),
    ),
    Failure(
        "no terminal",
        "The full screen needs a terminal",
        "In a pipe or script use: holytui ask “your question”",
        _screen("xterm", terminal=False),
    ),
    Failure(
        "read-only history",
        "This history is temporary and is lost when holytui ends",
        "Free some space, check the permissions, or choose another folder with HOLYTUI_DATA_DIR.",
        _history(_no_folder),
    ),
    Failure(
        "damaged history",
        "The history was damaged. The damaged file is kept as …",
        "… messages were recovered.",
        _history(_damage),
    ),
    Failure(
        "newer history",
        "The history was written by a newer holytui",
        "Update holytui, or choose another folder with HOLYTUI_DATA_DIR.",
        _history(_make_newer),
    ),
    Failure("full disk", "The disk is full", "Free some space; new text is kept in memory until then.", _full_disk),
)
