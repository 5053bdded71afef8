"""What the wire's tests share: one request, one endpoint, and reading an attempt to its end."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from holytui.models import DeltaKind, Role
from holytui.secret import Secret
from holytui.wire.client import ChatClient
from holytui.wire.events import End, Piece, WireEvent
from holytui.wire.request import ChatMessage, ChatRequest, Endpoint, Timeouts
from holytui.wire.transport.attempt import AttemptStream
from tests.servers import Peer, Step

KEY = Secret("sk-test-0123456789")
REQUEST = ChatRequest("gpt-4", (ChatMessage(Role.USER, "chào"),), {"temperature": 0.5})
PATIENT = Timeouts(connect=5, idle=5, first_token=5, token=5)


def endpoint(base_url: str, **fields: object) -> Endpoint:
    return Endpoint("test", base_url, **fields)  # type: ignore[arg-type]  # each test knows its fields


@contextmanager
def opened(
    client: ChatClient, where: Endpoint, timeouts: Timeouts = PATIENT, key: Secret | None = KEY
) -> Iterator[AttemptStream]:
    """An attempt that has ended, thread and all, when the block has."""
    with client.open(where, key, REQUEST, timeouts) as stream:
        yield stream
    assert stream.join(5), "the attempt's thread did not end"


def read(
    client: ChatClient, base_url: str, timeouts: Timeouts = PATIENT, key: Secret | None = KEY, **fields: object
) -> tuple[str, End, list[WireEvent]]:
    """The content, the end and all events of one attempt."""
    with opened(client, endpoint(base_url, **fields), timeouts, key) as stream:
        events: list[WireEvent] = []
        while not stream.ended:
            # In ticks, as a test's clock may run faster than the one that waits.
            if event := stream.wait(0.05):
                events.append(event)
        assert stream.join(5), "the attempt's thread did not end"
    end = events[-1]
    assert isinstance(end, End)
    assert not any(isinstance(event, End) for event in events[:-1])
    return content(events), end, events


def content(events: list[WireEvent]) -> str:
    return "".join(e.text for e in events if isinstance(e, Piece) and e.kind is DeltaKind.CONTENT)


def self_signed(file: Path) -> Path:
    """Write a self-signed certificate for 127.0.0.1, with its key, to `file`."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl to make a certificate")
    key = file.with_suffix(".key")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    command = [openssl, "req", "-x509", *curve, *name, "-keyout", str(key), "-out", str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    file.write_bytes(file.read_bytes() + key.read_bytes())
    return file


def tls(
    certificate: Path, clients: Path | None = None, version: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
) -> Step:
    """The handshake of a TLS server; with `clients`, it requires a client certificate of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.maximum_version = version
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)

    def shake(peer: Peer) -> None:
        try:
            peer.sock = context.wrap_socket(peer.sock, server_side=True)
        except ssl.SSLError as exc:
            raise ConnectionError("the client did not like the certificate") from exc

    return shake
