"""Exact resume: an interrupted answer is read on from the stream that its server keeps."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from holytui.config.schema import Api, Recover
from holytui.engine.events import Finished, Interrupted, Stopped
from holytui.engine.resume.strategy import ResumeProfile, resume_profile_key
from holytui.faults import Fault
from holytui.models import AnswerState, DeltaKind, Join, Message, StreamKind, Usage
from holytui.secret import Secret
from holytui.store.sqlite.history import SqliteHistory
from holytui.wire.client import ChatClient
from holytui.wire.request import Endpoint
from tests.engine.bench import QUICK, Bench
from tests.keeping_server import NO_SUCH_PATH, OFFSET_LOST, KeepingServer, body_of
from tests.servers import Peer, whole

TEXT = 'Trời đất ơi 🙂🇻🇳 – "a\\b"\r\nmột câu trả lời đủ dài để bị cắt, several times over; ' * 4
SHOWN = TEXT.replace("\r\n", "\n")
BODY = body_of(TEXT, 3, "Nghĩ 🤔 trước đã")


def bench(folder: Path, server: KeepingServer, reattach: bool | None = True, **fields: object) -> Bench:
    made = Bench(folder, server.base_url, **fields)  # type: ignore[arg-type]  # each test knows its fields
    provider = replace(made.config.providers["local"], reattach=reattach)
    made.engine.config = made.config = replace(made.config, providers={"local": provider})
    return made


def profile(made: Bench, server: KeepingServer) -> str:
    return made.history.recall(resume_profile_key(server.base_url, "model")) or ""


def check_whole(made: Bench, message: Message) -> None:
    """It is one answer, with the figures of one request."""
    assert (message.text, message.reasoning) == (SHOWN, "Nghĩ 🤔 trước đã")
    assert (message.state, message.seams, message.begun_again) == (AnswerState.COMPLETE, (), False)
    assert message.usage == Usage(5, 7)
    assert made.history.streams.find(message.id) is None


def random_cuts() -> list[list[int]]:
    chance = random.Random(8)
    cuts = [
        [0],
        [1, 0],
        [len(BODY) - 1],
        [BODY.index("ơi".encode()) + 1],
        [BODY.index(b"\\\\")],
        [BODY.index(b"\\r") + 2],
    ]
    return [*cuts, *([chance.randrange(3000) for _ in range(chance.randrange(1, 4))] for _ in range(12))]


@pytest.mark.parametrize("cuts", random_cuts(), ids=str)
def test_an_answer_cut_at_any_byte_is_read_on_exactly_with_one_request(tmp_path: Path, cuts: list[int]) -> None:
    with KeepingServer(BODY, cuts) as server, bench(tmp_path, server) as made:
        message, end, _ = made.ask()
        assert isinstance(end, Finished)
        check_whole(made, message)
        assert server.calls == ["POST", *["GET"] * (message.attempts - 1)]
        rows = made.history.attempts(message.id)
        assert [row.resumed_by for row in rows] == ["", *["reattach"] * (len(rows) - 1)]
        assert {row.join for row in rows[1:]} <= {Join.EXACT}
        assert "".join(made.history.raw_text(row.id, DeltaKind.CONTENT) for row in rows) == SHOWN


def test_a_server_that_is_seen_to_keep_streams_is_remembered(tmp_path: Path) -> None:
    with KeepingServer(BODY, [300]) as server, bench(tmp_path, server) as made:
        made.ask()
        assert ResumeProfile.parse(profile(made, server)).streams is True


def test_a_server_that_names_itself_gets_the_header_from_the_second_request_on(tmp_path: Path) -> None:
    with KeepingServer(BODY) as server, bench(tmp_path, server, None) as made:
        made.ask()
        made.ask()
        first, second = server.ids("POST")
        assert (first, bool(second)) == ("", True)


def test_streams_of_the_responses_api_are_not_kept(tmp_path: Path) -> None:
    with KeepingServer(BODY) as server, bench(tmp_path, server) as made:
        provider = replace(made.config.providers["local"], api=Api.RESPONSES)
        made.engine.config = replace(made.config, providers={"local": provider})
        made.ask()
        assert server.ids("POST") == [""]


def test_another_server_is_asked_as_before(tmp_path: Path) -> None:
    with KeepingServer(BODY, server="nginx") as server, bench(tmp_path, server, None) as made:
        made.ask()
        made.ask()
        assert server.ids("POST") == ["", ""]
        assert profile(made, server) == ""


@pytest.mark.parametrize(
    ("refusal", "learnt", "released"),
    [
        (b"", "", 0),
        (whole("404 Not Found", NO_SUCH_PATH), "forgets", 0),
        (whole("400 Bad Request", OFFSET_LOST), "", 1),
        (whole("200 OK", b"<html>sign in</html>", "text/html"), "", 1),
    ],
    ids=["forgotten", "never-supported", "offset-lost", "portal"],
)
def test_without_its_stream_the_answer_is_continued_as_before(
    tmp_path: Path, refusal: bytes, learnt: str, released: int
) -> None:
    cut = 4000
    with (
        KeepingServer(BODY, [cut], refusal=refusal) as server,
        bench(tmp_path, server, recover=Recover.RESTART) as made,
    ):
        if not refusal:
            server.refusal = whole("404 Not Found", {"error": {"message": "Stream not found or expired"}})
        message, end, _ = made.ask()
        assert isinstance(end, Finished)
        assert message.text == SHOWN
        assert [call for call in server.calls if call != "DELETE"] == ["POST", "GET", "POST"]
        assert ResumeProfile.parse(profile(made, server)).streams is (False if learnt else None)
        if released:
            server.wait_for_requests(4)
            assert server.ids("DELETE") == server.ids("POST")[:1]
        assert message.usage == replace(Usage(5, 7), output=message.usage.output if message.usage else 0, at_least=True)


def test_a_stream_with_another_text_is_not_joined(tmp_path: Path) -> None:
    class Other(KeepingServer):
        def _send(self, peer: Peer, body: bytes) -> bool:
            return super()._send(peer, body if len(body) == len(BODY) else body_of("Something else", 3))

    with Other(BODY, [4000]) as server, bench(tmp_path, server, recover=Recover.RESTART) as made:
        message, _, _ = made.ask()
        assert message.text == SHOWN
        assert [call for call in server.calls if call != "DELETE"] == ["POST", "GET", "POST"]


def interrupted(folder: Path, server: KeepingServer) -> Message:
    """An answer that a first process left interrupted."""
    with bench(folder, server, stream=replace(QUICK, max_retries=0)) as made:
        message, end, _ = made.ask()
    assert isinstance(end, Interrupted)
    return message


@pytest.mark.parametrize("cut", [*range(700, 715), BODY.index(b'"stop"')])
def test_a_new_process_reads_on_too(tmp_path: Path, cut: int) -> None:
    with KeepingServer(BODY, [cut]) as server:
        left = interrupted(tmp_path, server)
        assert SHOWN.startswith(left.text)
        with bench(tmp_path, server) as made:
            made.end_of(made.engine.resume(left.id))
            check_whole(made, made.message(left.id))
        assert server.calls == ["POST", "GET"]


ASKING = """
import sys, threading
from dataclasses import replace
from pathlib import Path
from tests.engine.bench import QUICK, Bench
made = Bench(Path(sys.argv[1]), sys.argv[2], stream=replace(QUICK, idle_timeout=30, token_timeout=30))
made.engine.config = replace(made.config, providers={"local": replace(made.config.providers["local"], reattach=True)})
turn = made.engine.ask("why?")
made.wait_until(lambda _events: len(made.text_of(turn.answer_id)) > 60)
made.history.flush()
print(turn.answer_id, flush=True)
threading.Event().wait(30)
"""


def test_after_a_kill_the_next_process_receives_what_was_generated_meanwhile(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ASKING, str(tmp_path)]
    with KeepingServer(BODY, hold_after=6000) as server:
        process = subprocess.Popen([*command, server.base_url], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        answer_id = process.stdout.readline().strip()
        process.kill()
        process.communicate()
        server.hold_after = None
        with bench(tmp_path, server) as made:
            (left,) = made.history.unfinished()
            assert (left.id, left.state) == (answer_id, AnswerState.INTERRUPTED)
            assert 60 < len(left.text) < len(SHOWN)
            made.end_of(made.engine.resume(answer_id))
            check_whole(made, made.message(answer_id))
        assert server.calls == ["POST", "GET"]
        offset = int(server.requests[-1].target.rpartition("from=")[2])
        assert 0 < offset <= 6000


def test_a_stop_ends_the_stream_at_the_server(tmp_path: Path) -> None:
    with (
        KeepingServer(BODY, hold_after=4000) as server,
        bench(tmp_path, server, stream=replace(QUICK, idle_timeout=9)) as made,
    ):
        turn = made.engine.ask("why?")
        made.wait_until(lambda _events: len(made.text_of(turn.answer_id)) > 20)
        made.engine.stop(turn.turn_id)
        assert isinstance(made.end_of(turn), Stopped)
        server.wait_for_requests(2)
        assert server.ids("DELETE") == server.ids("POST")
        assert not server.kept


def test_asking_again_and_deleting_end_the_stream_of_an_interrupted_answer(tmp_path: Path) -> None:
    with (
        KeepingServer(BODY, [900, 900, 900]) as server,
        bench(tmp_path, server, stream=replace(QUICK, max_retries=0)) as made,
    ):
        first, _, _ = made.ask()
        again = made.engine.retry(first.id)
        made.end_of(again)
        server.wait_for_requests(3)
        assert server.ids("DELETE") == server.ids("POST")[:1]
        made.history.delete_conversation(first.conversation_id)
        made.engine.release_streams()
        server.wait_for_requests(4)
        assert server.ids("DELETE") == server.ids("POST")


def test_the_next_question_ends_the_stream_of_an_interrupted_answer(tmp_path: Path) -> None:
    with (
        KeepingServer(BODY, [900]) as server,
        bench(tmp_path, server, stream=replace(QUICK, max_retries=0)) as made,
    ):
        first, _, _ = made.ask()
        made.ask(conversation_id=first.conversation_id)
        server.wait_for_requests(3)
        assert server.ids("DELETE") == server.ids("POST")[:1]


def test_a_question_elsewhere_leaves_the_stream_of_an_interrupted_answer(tmp_path: Path) -> None:
    with (
        KeepingServer(BODY, [900]) as server,
        bench(tmp_path, server, stream=replace(QUICK, max_retries=0)) as made,
    ):
        first, _, _ = made.ask()
        made.ask()
        assert made.history.streams.find(first.id) is not None
        assert server.ids("DELETE") == []


def test_a_released_answer_is_resumed_by_a_new_request(tmp_path: Path) -> None:
    with (
        KeepingServer(BODY, [4000]) as server,
        bench(tmp_path, server, stream=replace(QUICK, max_retries=0), recover=Recover.RESTART) as made,
    ):
        first, _, _ = made.ask()
        assert made.engine.release(first.id)
        assert not made.engine.release(first.id)
        made.end_of(made.engine.resume(first.id))
        assert made.message(first.id).text == SHOWN
        assert [call for call in server.calls if call != "DELETE"] == ["POST", "POST"]


class DeafOnce(ChatClient):
    """Its first request to end a stream fails."""

    def __init__(self) -> None:
        super().__init__()
        self.tried = threading.Event()

    def release(
        self,
        endpoint: Endpoint,
        key: Secret | None,
        stream_id: str,
        timeout: float,
        kind: StreamKind = StreamKind.BYTES,
    ) -> Fault | None:
        if not self.tried.is_set():
            self.tried.set()
            from holytui.faults import FaultKind

            return Fault(FaultKind.UNREACHABLE)
        return super().release(endpoint, key, stream_id, timeout, kind)


def test_an_end_that_cannot_be_sent_is_sent_when_the_server_is_reached_again(tmp_path: Path) -> None:
    deaf = DeafOnce()
    with (
        KeepingServer(BODY, [900]) as server,
        bench(tmp_path, server, stream=replace(QUICK, max_retries=0), client=deaf) as made,
    ):
        message, _, _ = made.ask()
        made.history.streams.release_interrupted(message.id)
        made.engine.release_streams()
        assert deaf.tried.wait(5)
        assert made.history.streams.released()
        server.cuts = []
        made.ask()
        server.wait_for_requests(3)
        assert server.ids("DELETE") == server.ids("POST")[:1]


def test_an_end_that_was_not_sent_is_sent_by_the_next_process(tmp_path: Path) -> None:
    with KeepingServer(BODY, [900]) as server:
        left = interrupted(tmp_path, server)
        history = SqliteHistory(tmp_path / "history.db")
        history.delete_conversation(left.conversation_id)
        history.close()
        with bench(tmp_path, server) as made:
            made.engine.release_streams()
            server.wait_for_requests(2)
            assert server.ids("DELETE") == server.ids("POST")
