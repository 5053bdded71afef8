from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.cutting_proxy import Cut, CuttingProxy, How
from tests.servers import READ, STALL, ScriptedServer, whole

REQUEST = b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n"
RESPONSE = whole("200 OK", bytes(range(256)) * 40)
WITHIN = 10.0


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer([READ, RESPONSE]) as server:
        yield server


def _asked(proxy: CuttingProxy) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", proxy.port), WITHIN)
    client.sendall(REQUEST)
    return client


def _read(client: socket.socket) -> tuple[bytes, bool]:
    """All that comes, and whether it ended by a reset."""
    got = bytearray()
    with client:
        try:
            while piece := client.recv(1000):
                got += piece
        except ConnectionResetError:
            return bytes(got), True
    return bytes(got), False


def test_without_a_plan_all_passes_both_ways(server: ScriptedServer) -> None:
    with CuttingProxy(("127.0.0.1", server.port)) as proxy:
        assert _read(_asked(proxy)) == (RESPONSE, False)
        assert server.wait_for_requests(1)[0].target == "/v1/models"
    assert [(one.passed, one.cut) for one in proxy.connections] == [(len(RESPONSE), False)]


@pytest.mark.parametrize("after", [0, 1, 100, len(RESPONSE)])
def test_fin_comes_after_exactly_so_many_bytes(server: ScriptedServer, after: int) -> None:
    with CuttingProxy(("127.0.0.1", server.port), {0: Cut(after)}) as proxy:
        assert _read(_asked(proxy)) == (RESPONSE[:after], False)
    assert [(one.passed, one.cut) for one in proxy.connections] == [(after, True)]


@pytest.mark.parametrize("after", [0, 1, 100, len(RESPONSE)])
def test_a_reset_comes_after_exactly_so_many_bytes(server: ScriptedServer, after: int) -> None:
    with CuttingProxy(("127.0.0.1", server.port), {0: Cut(after, How.RST)}) as proxy:
        assert _read(_asked(proxy)) == (RESPONSE[:after], True)
    assert [(one.passed, one.cut) for one in proxy.connections] == [(after, True)]


def test_a_response_shorter_than_its_cut_passes_whole(server: ScriptedServer) -> None:
    with CuttingProxy(("127.0.0.1", server.port), {0: Cut(len(RESPONSE) + 1, How.RST)}) as proxy:
        assert _read(_asked(proxy)) == (RESPONSE, False)
    assert not proxy.connections[0].cut


def test_only_the_planned_connections_are_cut(server: ScriptedServer) -> None:
    with CuttingProxy(("127.0.0.1", server.port), {1: Cut(7)}) as proxy:
        assert [len(_read(_asked(proxy))[0]) for _ in range(3)] == [len(RESPONSE), 7, len(RESPONSE)]


def test_a_connection_without_a_request_is_not_counted(server: ScriptedServer) -> None:
    with CuttingProxy(("127.0.0.1", server.port), {0: Cut(7)}) as proxy:
        socket.create_connection(("127.0.0.1", proxy.port), WITHIN).close()
        assert len(_read(_asked(proxy))[0]) == 7
    assert len(proxy.connections) == 1


def test_a_cut_ends_the_request_at_the_server_too() -> None:
    with (
        ScriptedServer([READ, RESPONSE, STALL]) as server,
        CuttingProxy(("127.0.0.1", server.port), {0: Cut(9)}) as proxy,
        _asked(proxy) as client,
    ):
        assert client.recv(100, socket.MSG_WAITALL) == RESPONSE[:9]
        assert server.peers[0].gone.wait(WITHIN)  # while the client has not closed its side


def test_a_stalled_response_stays_open_until_the_client_closes() -> None:
    with (
        ScriptedServer([READ, RESPONSE, STALL]) as server,
        CuttingProxy(("127.0.0.1", server.port), {0: Cut(9, How.STALL)}) as proxy,
    ):
        client = _asked(proxy)
        assert client.recv(9, socket.MSG_WAITALL) == RESPONSE[:9]
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert not server.peers[0].gone.is_set()
        client.close()
        assert server.peers[0].gone.wait(WITHIN)


def test_a_client_that_hangs_up_is_gone_for_the_server() -> None:
    with ScriptedServer([READ, RESPONSE, STALL]) as server, CuttingProxy(("127.0.0.1", server.port)) as proxy:
        client = _asked(proxy)
        assert client.recv(1)
        client.close()
        assert server.peers[0].gone.wait(WITHIN)


def test_a_client_of_an_upstream_that_is_gone_is_hung_up_on(server: ScriptedServer) -> None:
    server.shut()
    with CuttingProxy(("127.0.0.1", server.port)) as proxy:
        with contextlib.suppress(ConnectionError):
            assert _read(_asked(proxy))[0] == b""
        # and whoever comes when restored is served
        server.open()
        assert _read(_asked(proxy)) == (RESPONSE, False)


def test_closing_ends_every_connection_and_thread() -> None:
    before = set(threading.enumerate())
    with ScriptedServer([READ, RESPONSE, STALL]) as server:
        proxy = CuttingProxy(("127.0.0.1", server.port), {1: Cut(9, How.STALL)})
        idle, stalled = _asked(proxy), _asked(proxy)
        silent = socket.create_connection(("127.0.0.1", proxy.port), WITHIN)
        server.wait_for_requests(2)
        proxy.close()
        proxy.close()
        for client in (idle, stalled, silent):
            _read(client)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", proxy.port), WITHIN)
    assert set(threading.enumerate()) == before


def test_closing_ends_a_send_whose_client_does_not_read() -> None:
    big = whole("200 OK", bytes(20_000_000))
    with ScriptedServer([READ, big, STALL]) as server:
        proxy = CuttingProxy(("127.0.0.1", server.port), patience=300)
        with _asked(proxy) as client:
            assert client.recv(1)
            closing = threading.Thread(target=proxy.close, daemon=True)
            closing.start()
            closing.join(WITHIN)
            assert not closing.is_alive()
