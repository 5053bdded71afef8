"""Plain mode: the session with the engine behind it, what is printed, and the program in pipes and in a terminal."""

from __future__ import annotations

import io
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from holytui.attachments.files import Chosen
from holytui.bootstrap import Services, open_services
from holytui.commands.plain.file_offer import OfferReply, parse_reply
from holytui.commands.plain.input import (
    InputEnded,
    LineJoiner,
    LineReader,
    LineTyped,
    PlainCommand,
    UnknownPlainCommand,
    parse,
)
from holytui.commands.plain.printer import PlainPrinter
from holytui.commands.plain.session import PlainSession, SessionEvent, SignalReceived
from holytui.config.load import read_config
from holytui.config.schema import Config, Provider
from holytui.engine import events as ev
from holytui.engine.ending import Ending
from holytui.errors import HolytuiError, ModelUnknown, TerminalError
from holytui.faults import Fault, FaultKind
from holytui.models import AnswerState, Join, ModelRef, Problem, Role, Usage
from holytui.store.sqlite.history import SqliteHistory
from tests.ptys import Terminal
from tests.servers import READ, STALL, Peer, ScriptedServer, Step, answer, delta, event, sse_head, whole

PATIENCE = 15.0


class Output(io.StringIO):
    """What was printed, and a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()

    def write(self, text: str) -> int:
        with self._changed:
            count = super().write(text)
            self._changed.notify_all()
            return count

    def wait_for(self, words: str, times: int = 1) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self.getvalue().count(words) >= times, PATIENCE):
                raise AssertionError(f"waited for {words!r}; printed was:\n{self.getvalue()}")


class Chat:
    """A session in a thread, and a person before it."""

    def __init__(self, services: Services, *, interactive: bool = True, model: str = "") -> None:
        self.services = services
        self.out = Output()
        self.now = 0.0
        self.copied: list[str] = []
        self.connected: tuple[Config, ModelRef] | None = None
        """The result of the dialogue of `/connect`."""
        self.pending: list[SessionEvent] = []
        """Put into the inbox while the terminal's input is thrown away, as its reader may do."""
        self._inbox: queue.SimpleQueue[SessionEvent] = queue.SimpleQueue()
        self.session = PlainSession(
            services,
            PlainPrinter(self.out, prompts=interactive),
            self._inbox,
            self._copy,
            interactive=interactive,
            model=model,
            clock=lambda: self.now,
            discard=self._discard,
            connect=lambda: self.connected,
        )
        self.status: int | None = None
        self._thread: threading.Thread | None = None

    def _copy(self, text: str) -> str:
        if text == "uncopiable":
            raise TerminalError("No way took it")
        self.copied.append(text)
        return f"{len(text)} bytes sent to the terminal"

    def _discard(self) -> bool:
        while self.pending:
            self._inbox.put(self.pending.pop(0))
        return False

    def start(self, conversation: str = "", question: str = "", files: Sequence[Chosen] = ()) -> None:
        def work() -> None:
            self.status = self.session.run(conversation, question, files)

        self._thread = threading.Thread(target=work)
        self._thread.start()

    def type(self, *lines: str) -> None:
        for line in lines:
            self._inbox.put(LineTyped(line))

    def signal(self, number: int) -> None:
        self._inbox.put(SignalReceived(number))

    def end_input(self) -> None:
        self._inbox.put(InputEnded())

    def wait_end(self) -> int:
        assert self._thread is not None
        self._thread.join(PATIENCE)
        assert self.status is not None, self.out.getvalue()
        return self.status

    @property
    def printed(self) -> str:
        return self.out.getvalue()

    def close(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            self.type("/quit")
            self._thread.join(PATIENCE)


@contextmanager
def chatting(
    tmp_path: Path, base_url: str = "", *, interactive: bool = True, start: bool = True, more: str = "", key: str = ""
) -> Iterator[Chat]:
    file = tmp_path / "config.toml"
    file.write_text(
        f'default_model = "test/model"\n[providers.test]\nbase_url = "{base_url or "http://127.0.0.1:9/v1"}"\n{key}'
        f"[stream]\nretry_delay = 0.01\n{more}"
    )
    config, keys, problems = read_config(file)
    with open_services(config, keys, problems) as services:
        chat = Chat(services, interactive=interactive)
        if start:
            chat.start()
        try:
            yield chat
        finally:
            chat.close()


def _state(chat: Chat) -> AnswerState:
    (conversation,) = chat.services.history.conversations()
    return chat.services.history.branch(conversation.id)[-1].state


# -- what is typed


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("hello", "hello"),
        ("/stop", PlainCommand("stop")),
        ("/STOP ", PlainCommand("stop")),
        ("/model  a/b ", PlainCommand("model", "a/b")),
        ("//etc/passwd?", "/etc/passwd?"),
        ("/retri", UnknownPlainCommand("/retri", "retry")),
        ("/", UnknownPlainCommand("/", "")),
        ("/stop\nnow", "/stop\nnow"),
    ],
)
def test_a_line_is_a_command_or_a_question(text: str, meaning: object) -> None:
    assert parse(text) == meaning


def test_a_line_that_ends_in_a_backslash_goes_on_in_the_next() -> None:
    lines = LineJoiner()
    assert [lines.add("one\\"), lines.open] == [None, True]
    assert [lines.add("two\\"), lines.open] == [None, True]
    assert [lines.add("three"), lines.open] == ["one\ntwo\nthree", False]
    assert lines.add("left\\") is None
    assert lines.close() == "left"
    assert lines.close() is None


def test_lines_are_read_whole_however_their_bytes_come() -> None:
    reading, writing = os.pipe()
    got: queue.SimpleQueue[LineTyped | InputEnded] = queue.SimpleQueue()
    thread = LineReader(reading, got.put).start()
    for piece in ("mộ".encode()[:2], "mộ".encode()[2:] + b"t\r\nha", b"i\n\nba"):
        os.write(writing, piece)
    os.close(writing)
    thread.join(PATIENCE)
    os.close(reading)
    assert [got.get(timeout=1) for _ in range(5)] == [*map(LineTyped, ("một", "hai", "", "ba")), InputEnded()]


# -- what is printed


def _told(*events: ev.TurnEvent) -> str:
    out = io.StringIO()
    printer = PlainPrinter(out, prompts=False, clock=lambda: 100.0)
    for each in events:
        printer.event(each)
    return out.getvalue()


RESET = Fault(FaultKind.RESET)
WHOLE = Ending(AnswerState.COMPLETE, "stop", "Whole.")
CUT_SHORT = replace(WHOLE, finish_reason="length")


@pytest.mark.parametrize(
    ("ending", "printed"),
    [
        (WHOLE, ""),
        (
            replace(WHOLE, finish_reason="length"),
            "-- The answer was truncated by a length limit. "
            "Type /continue to get the rest. max_tokens in params of the model sets the limit.\n",
        ),
        (replace(WHOLE, finish_reason="content_filter"), "-- The server's content filter ended the answer.\n"),
        (replace(WHOLE, text=""), "-- The model sent an empty answer. Type /retry to ask again.\n"),
        (replace(WHOLE, text="", reasoning="Hm."), "-- The model sent its reasoning, but no answer. Type /retry to"),
        (
            replace(WHOLE, finish_reason="tool_calls"),
            "-- The model then called tools, which holytui does not support. Ask",
        ),
        (replace(WHOLE, finish_reason="odd"), "-- The server ended the answer for an unknown reason: odd. It may not"),
        (
            replace(WHOLE, seams=(3,)),
            "-- The parts may not fit exactly at a seam, after “Who”. "
            "Both sides: holytui history show --attempts 0190\n",
        ),
        (
            replace(WHOLE, begun_again=True),
            "-- The answer started again; the interrupted one is kept as a variant. "
            "Both answers: holytui history show --attempts 0190\n",
        ),
    ],
)
def test_each_doubt_is_said_without_the_keys_of_the_screen(ending: Ending, printed: str) -> None:
    out = io.StringIO()
    PlainPrinter(out, prompts=False).doubts(ending, "0190")
    assert out.getvalue().startswith(printed)
    assert bool(out.getvalue()) == bool(printed)
    assert not re.search(r"(?<![-\w])F\d{1,2}\b|\b[Pp]ress\b", out.getvalue())


def test_a_doubtful_end_is_said_and_is_said_again_when_its_conversation_is_opened(tmp_path: Path) -> None:
    with (
        ScriptedServer([READ, *answer("Half a sent", finish="length")]) as server,
        chatting(tmp_path, server.base_url, interactive=False) as chat,
    ):
        chat.type("hello")
        chat.out.wait_for("truncated by a length limit. Type /continue")
        chat.type("/open 1")
        chat.out.wait_for("truncated by a length limit. Type /continue", 2)
        chat.end_input()
        assert chat.wait_end() == 4


@pytest.mark.parametrize(
    ("event_", "words"),
    [
        (ev.Queued("t"), "-- Queued"),
        (ev.ImagesLeftOut("t", 2), "-- 2 images are left out: this model does not accept images.\n"),
        (ev.Waiting("t"), "-- Waiting for the answer."),
        (ev.Retrying("t", 2, 3, 104.0, RESET), "-- Retry 2 of 3 in 4.0 s (connection reset)."),
        (ev.Offline("t", 0.0, 104.0, Fault(FaultKind.REFUSED)), "-- Offline since 00:00 (connection refused)."),
        (ev.Online("t", 12.0), "-- The connection is back after 12 s."),
        (ev.Refreshing("t"), "-- The key was refused"),
        (ev.Resuming("t", "prefill", 812), "-- Resuming after 812 characters."),
        (ev.Resuming("t", "restart", 5), "-- Asking again"),
        (ev.Joined("t", 5, Join.EXACT), "-- Resumed, exactly"),
        (ev.Joined("t", 5, Join.MARKED), "-- Resumed with a seam here"),
        (ev.Replaced("t", "anew", "", "v"), "-- The answer started again"),
        (ev.Quiet("t", 6.0, 6.0), "-- No data for 6.0 s"),
        (ev.Slow("t", 99.5), "-- The link is slow: 99 bytes a second."),
        (
            ev.StoreTrouble("t", Problem("The disk is full", "Free some space.")),
            "-- The disk is full. Free some space.",
        ),
        (ev.StoreTrouble("t", None), "-- The history can be written again"),
        (ev.Finished("t", Usage(1200, 7), 1, "stop", ending=WHOLE), "-- Complete. 1,200 tokens in, 7 out.\n"),
        (
            ev.Finished("t", Usage(5, 7, at_least=True), 2, "stop", ending=WHOLE),
            "-- Complete. At least 5 tokens in, 7 out. It took 2 r",
        ),
        (ev.Finished("t", Usage(5, 7, estimated=True), 1, "stop", ending=WHOLE), "-- Complete. About 5"),
        (
            ev.Finished("t", None, 1, "length", ending=replace(WHOLE, finish_reason="length")),
            "-- The answer has ended.\n",
        ),
        (ev.Stopped("t", None, 1), "-- Stopped; the text so far is kept."),
        (
            ev.Interrupted("t", None, 1, Problem("Cut", "{Press:message.resume} to get the rest.")),
            "-- Cut. Type /continue to get the rest.\n",
        ),
        (
            ev.Failed("t", None, 1, Problem("No", "{Press:model.pick} for another model.")),
            "-- No. Type /model NAME for another",
        ),
    ],
)
def test_each_state_is_said_in_words_on_a_line_of_its_own(event_: ev.TurnEvent, words: str) -> None:
    printed = _told(ev.Delta("t", "half an ans"), event_)
    assert printed.startswith(f"half an ans\n{words}")
    assert "\x1b" not in printed


def test_a_state_that_lasts_is_said_once() -> None:
    offline = [ev.Offline("t", 0.0, 100.0 + due, RESET) for due in range(5)]
    assert _told(*offline, ev.Connecting("t", 2, "h"), *offline).count("-- Offline") == 1
    assert _told(*offline, ev.Online("t", 3.0), *offline).count("-- Offline") == 2
    quiet = [ev.Quiet("t", float(time_), float(time_)) for time_ in range(5, 9)]
    assert _told(*quiet, ev.Delta("t", "x"), *quiet).count("-- No data") == 2
    assert _told(*[ev.Reasoning("t", "hm")] * 3).count("reasoning") == 1
    assert _told(ev.Slow("t", 9.0), ev.Slow("t", 8.0), ev.Slow("t", None), ev.Slow("t", 9.0)).count("slow") == 2


def test_pieces_of_an_answer_are_printed_as_they_are() -> None:
    assert _told(ev.Delta("t", "Hel"), ev.Delta("t", "lo **you**\n"), ev.Stopped("t", None, 1)).startswith(
        "Hello **you**\n-- Stopped"
    )


# -- a conversation


def test_a_question_is_answered_and_the_prompt_comes_back(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer("Hel", "lo")]) as server, chatting(tmp_path, server.base_url) as chat:
        chat.out.wait_for("> ")
        chat.type("hi")
        chat.out.wait_for("-- Complete. 5 tokens in, 7 out.\n> ")
        assert "> -- Waiting for the answer.\nHello\n-- Complete" in chat.printed
        assert server.requests[0].json["messages"] == [{"role": "user", "content": "hi"}]


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("SECRET\n")


@pytest.mark.parametrize("line", ["yes", "yy", "ok", "/y", "//y", "y @a.txt", "1"])
def test_nothing_but_y_sends_a_file(line: str) -> None:
    assert parse_reply(line) is OfferReply.UNCLEAR


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize(("typed", "sent"), [("y", True), (" Y ", True), ("", False)])
def test_a_file_that_a_line_names_is_sent_if_the_user_agrees(tmp_path: Path, typed: str, sent: bool) -> None:
    with ScriptedServer([READ, *answer("Hello")]) as server, chatting(tmp_path, server.base_url) as chat:
        chat.type("read @a.txt")
        chat.out.wait_for("/stop sends nothing.\n> ")
        assert f"-- The question names files:\n-- a.txt · 7 B · {tmp_path / 'a.txt'}\n-- Send it?" in chat.printed
        assert not server.requests
        Path("a.txt").write_text("LATER\n")  # what was listed is sent
        chat.type(typed)
        chat.out.wait_for("Complete")
        content = server.requests[0].json["messages"][0]["content"]
        assert content == ("read @a.txt\n\na.txt:\n\n```txt\nSECRET\n```" if sent else "read @a.txt")
        assert ("-- Attached: a.txt" in chat.printed) is sent


@pytest.mark.usefixtures("secret")
def test_a_pipe_attaches_nothing_and_is_not_asked(tmp_path: Path) -> None:
    with (
        ScriptedServer([READ, *answer("Hello")]) as server,
        chatting(tmp_path, server.base_url, interactive=False) as chat,
    ):
        chat.type("read @a.txt")
        chat.out.wait_for("Complete")
        assert server.requests[0].json["messages"][0]["content"] == "read @a.txt"
        assert "names files" not in chat.printed


@pytest.mark.usefixtures("secret")
def test_lines_that_came_before_the_prompt_are_no_answer_and_are_dropped(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer("Hello")]) as server, chatting(tmp_path, server.base_url, start=False) as chat:
        chat.type("read @a.txt", "y", "next")
        chat.pending = [LineTyped("y")]
        chat.start()
        chat.out.wait_for("dropped; they do not answer it.\n> ")
        chat.pending = [LineTyped("y")]
        chat.type("perhaps")
        chat.out.wait_for("dropped; they do not answer it.\n> ", 2)
        assert not server.requests
        chat.type("")
        chat.out.wait_for("Complete")
        assert [request.json["messages"][-1]["content"] for request in server.requests] == ["read @a.txt"]


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize("question", ["read it", "//read it"])
def test_the_files_of_the_command_line_go_out_with_its_question(tmp_path: Path, question: str) -> None:
    chosen = [Chosen("a.txt", str(tmp_path / "a.txt"))]
    with (
        ScriptedServer([READ, *answer("Hello")]) as server,
        chatting(tmp_path, server.base_url, start=False) as chat,
    ):
        chat.start(question=question, files=chosen)
        chat.out.wait_for("Complete")
    assert "SECRET" in server.requests[0].json["messages"][0]["content"]


@pytest.mark.usefixtures("secret")
def test_a_question_that_names_files_waits_for_the_answer_before_it(tmp_path: Path) -> None:
    gate = threading.Event()
    first: list[Step] = [READ, sse_head(), event(delta("one")), gate, event(delta(finish="stop")), event("[DONE]")]
    with ScriptedServer(first) as server, chatting(tmp_path, server.base_url) as chat:
        chat.type("hi")
        chat.out.wait_for("one")
        chat.type("read @a.txt", "/help")
        chat.out.wait_for("this list")
        assert "names files" not in chat.printed
        gate.set()
        chat.out.wait_for("/stop sends nothing.\n> ")


@pytest.mark.usefixtures("secret")
def test_a_question_that_names_files_can_be_withdrawn(tmp_path: Path) -> None:
    with ScriptedServer() as server, chatting(tmp_path, server.base_url) as chat:
        chat.type("read @a.txt")
        chat.out.wait_for("/stop sends nothing.\n> ")
        chat.type("/stop")
        chat.out.wait_for("-- The question was not sent.\n> ")
        chat.type("read @a.txt")
        chat.out.wait_for("/stop sends nothing.\n> ", 2)
        chat.signal(signal.SIGINT)
        chat.out.wait_for("-- The question was not sent.\n> ", 2)
        chat.pending = [SignalReceived(signal.SIGINT)]
        chat.type("read @a.txt")
        chat.out.wait_for("-- The question was not sent.\n> ", 3)
        chat.type("read @a.txt")
        chat.out.wait_for("/stop sends nothing.\n> ", 3)
        chat.type("/quit")
        assert chat.wait_end() == 0
        assert not server.requests


def test_a_line_typed_meanwhile_is_asked_next_and_shown_with_its_answer(tmp_path: Path) -> None:
    gate = threading.Event()
    first: list[Step] = [READ, sse_head(), event(delta("one")), gate, event(delta(finish="stop")), event("[DONE]")]
    with ScriptedServer(first, [READ, *answer("two")]) as server, chatting(tmp_path, server.base_url) as chat:
        chat.type("first")
        chat.out.wait_for("one")
        chat.type("", "second")
        chat.out.wait_for("-- Queued")
        gate.set()
        chat.out.wait_for("two")
        assert "> second\n" in chat.printed
        assert [each["content"] for each in server.wait_for_requests(2)[1].json["messages"]] == [
            "first",
            "one",
            "second",
        ]


def test_stop_acts_at_once_and_continue_goes_on(tmp_path: Path) -> None:
    cut: list[Step] = [READ, sse_head(), event(delta("The first half of an answer that is long,")), STALL]
    with (
        ScriptedServer(cut, [READ, *answer(" and the second half.")]) as server,
        chatting(tmp_path, server.base_url, more='recover = "prefill"\n') as chat,
    ):
        chat.type("tell")
        chat.out.wait_for("long,")
        chat.type("/stop")
        chat.out.wait_for("long,\n-- Stopped; the text so far is kept. /continue")
        assert _state(chat) is AnswerState.STOPPED
        chat.type("/continue")
        chat.out.wait_for("-- Complete")
        assert "-- Resuming after 41 characters." in chat.printed
        assert "and the second half." in chat.printed
        assert _state(chat) is AnswerState.COMPLETE


def test_retry_asks_the_question_again(tmp_path: Path) -> None:
    with (
        ScriptedServer([READ, *answer("one")], [READ, *answer("two")]) as server,
        chatting(tmp_path, server.base_url) as chat,
    ):
        chat.type("/retry")
        chat.out.wait_for("-- There is no answer yet.")
        chat.type("hi")
        chat.out.wait_for("-- Complete")
        chat.type("/retry")
        chat.out.wait_for("two")
        assert server.wait_for_requests(2)[1].json["messages"] == [{"role": "user", "content": "hi"}]


def test_now_does_not_wait_for_the_retry(tmp_path: Path) -> None:
    busy = whole("429 Too Many Requests", {"error": {"message": "busy"}}, retry_after="100")
    with (
        ScriptedServer([READ, busy], [READ, *answer("at last")]) as server,
        chatting(tmp_path, server.base_url) as chat,
    ):
        chat.type("hi")
        chat.out.wait_for("-- Retry 1 of 3 in ")
        chat.type("/now")
        chat.out.wait_for("at last")


def test_a_failure_is_told_with_commands_for_keys(tmp_path: Path) -> None:
    refusal = whole("401 Unauthorized", {"error": {"message": "no"}})
    with ScriptedServer([READ, refusal]) as server, chatting(tmp_path, server.base_url) as chat:
        chat.type("hi")
        chat.out.wait_for("requires a key, and none is configured")
        chat.type("/new", "//x")
        chat.out.wait_for("requires a key", times=2)
        assert not re.search(r"[Pp]ress [a-zF]\b", chat.printed)


def test_an_unknown_command_says_so(tmp_path: Path) -> None:
    with chatting(tmp_path) as chat:
        chat.type("/retri", "/x")
        chat.out.wait_for("No command /retri. Did you mean /retry?")
        chat.out.wait_for("No command /x. /help lists them.")
        chat.type("/help", "/stop", "/now", "/copy", "/continue")
        chat.out.wait_for("-- /quit: quit holytui")
        chat.out.wait_for("-- No answer is in progress.", times=2)
        chat.out.wait_for("-- There is nothing to copy.")
        chat.out.wait_for("-- There is no interrupted answer to continue.")


def test_the_model_is_changed_for_the_next_question(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer("ok")]) as server, chatting(tmp_path, server.base_url) as chat:
        chat.type("/model nowhere/x")
        chat.out.wait_for('-- No provider "nowhere" is configured.')
        chat.type("/model", "/model test/other", "hi")
        chat.out.wait_for("-- Model: test/other")
        chat.out.wait_for("-- guide/guide")
        chat.out.wait_for("-- Complete")
        assert server.requests[0].json["model"] == "other"


def test_the_effort_is_set_for_the_next_conversation_and_for_the_open_one(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer("fine."), READ, *answer("fine."), READ, *answer("fine.")]) as server:
        with chatting(tmp_path, server.base_url) as chat:
            chat.type("/effort", "/effort hihg", "/effort high", "one")
            chat.out.wait_for("fine.", 1)
            chat.type("/effort off", "two")
            chat.out.wait_for("fine.", 2)
            chat.type("/new", "/effort", "three")
            chat.out.wait_for("fine.", 3)
        assert [request.json.get("reasoning_effort") for request in server.requests] == ["high", "none", None]
    assert 'Did you mean "high"?' in chat.printed
    assert chat.printed.count("Reasoning effort: default") == 2


def test_a_question_beyond_a_limit_is_sent_by_a_command(tmp_path: Path) -> None:
    more = "[providers.test.models.model]\nprice = { input = 0, output = 1000000 }\n[limits]\nper_conversation = 0.5\n"
    with ScriptedServer([READ, *answer("one."), READ, *answer("two.")]) as server:
        with chatting(tmp_path, server.base_url, more=more) as chat:
            chat.type("/overlimit")
            chat.out.wait_for("No question of this conversation is held by a limit.")
            chat.type("first")
            chat.out.wait_for("one.")
            chat.type("second")
            chat.out.wait_for("Type /overlimit to send it anyway.")
            assert len(server.requests) == 1
            chat.type("/overlimit")
            chat.out.wait_for("two.")
        assert server.requests[1].json["messages"][-1]["content"] == "second"


def test_conversations_are_listed_and_opened(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer("ok")]) as server, chatting(tmp_path, server.base_url) as chat:
        chat.type("/list")
        chat.out.wait_for("-- There are no conversations yet.")
        chat.type("alpha", "/new", "beta", "/list")
        chat.out.wait_for("-- 2. alpha, ")
        assert "-- 1. beta, " in chat.printed
        chat.type("/open 2")
        chat.out.wait_for("-- alpha: 2 messages.\n> alpha\nok\n")
        chat.type("gamma")
        chat.out.wait_for("-- Complete", times=3)
        assert [each["content"] for each in server.requests[2].json["messages"]] == ["alpha", "ok", "gamma"]
        chat.type("/open 9", "/open")
        chat.out.wait_for("-- No such conversation.", times=2)


def test_copy_takes_the_last_answer(tmp_path: Path) -> None:
    with (
        ScriptedServer([READ, *answer("ok")], [READ, *answer("uncopiable")]) as server,
        chatting(tmp_path, server.base_url) as chat,
    ):
        chat.type("hi", "/copy")
        chat.out.wait_for("-- 2 bytes sent to the terminal")
        chat.type("hi", "/copy")
        chat.out.wait_for("-- No way took it")
        assert chat.copied == ["ok"]


def test_lines_that_go_on_have_a_prompt_of_their_own(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer("ok")]) as server, chatting(tmp_path, server.base_url) as chat:
        chat.type("one\\")
        chat.out.wait_for(". ")
        chat.type("two")
        chat.out.wait_for("-- Complete")
        assert server.requests[0].json["messages"][0]["content"] == "one\ntwo"


# -- how it ends


def test_ctrl_c_stops_and_a_second_one_ends(tmp_path: Path) -> None:
    cut: list[Step] = [READ, sse_head(), event(delta("so far")), STALL]
    with ScriptedServer(cut) as server, chatting(tmp_path, server.base_url) as chat:
        chat.type("hi")
        chat.out.wait_for("so far")
        chat.signal(signal.SIGINT)
        chat.out.wait_for("-- Stopped; the text so far is kept. /continue")
        chat.signal(signal.SIGINT)
        assert chat.wait_end() == 0


def test_ctrl_c_with_nothing_on_its_way_asks_for_another(tmp_path: Path) -> None:
    with chatting(tmp_path) as chat:
        chat.signal(signal.SIGINT)
        chat.out.wait_for("-- Press Ctrl+C again")
        chat.type("/help")
        chat.out.wait_for("-- /quit")
        chat.signal(signal.SIGINT)
        chat.out.wait_for("-- Press Ctrl+C again", times=2)
        chat.signal(signal.SIGINT)
        assert chat.wait_end() == 0


def test_a_later_ctrl_c_stops_the_next_answer(tmp_path: Path) -> None:
    cut: list[Step] = [READ, sse_head(), event(delta("so far")), STALL]
    with ScriptedServer(cut) as server, chatting(tmp_path, server.base_url) as chat:
        chat.type("one", "two")
        chat.out.wait_for("so far")
        chat.signal(signal.SIGINT)
        chat.out.wait_for("so far", times=2)
        chat.now = 60.0
        chat.signal(signal.SIGINT)
        chat.out.wait_for("-- Stopped; the text so far is kept. /continue", times=2)
        assert chat.status is None


def test_ctrl_d_ends_and_keeps_the_text(tmp_path: Path) -> None:
    cut: list[Step] = [READ, sse_head(), event(delta("so far")), STALL]
    with ScriptedServer(cut) as server, chatting(tmp_path, server.base_url) as chat:
        chat.type("hi")
        chat.out.wait_for("so far")
        chat.end_input()
        assert chat.wait_end() == 0
        assert chat.printed.endswith("so far\n-- Stopped; the text so far is kept.\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_the_answer_can_go_on(tmp_path: Path, number: signal.Signals) -> None:
    cut: list[Step] = [READ, sse_head(), event(delta("so far")), STALL]
    with ScriptedServer(cut) as server, chatting(tmp_path, server.base_url) as chat:
        chat.type("hi")
        chat.out.wait_for("so far")
        chat.signal(number)
        assert chat.wait_end() == 128 + number
        chat.services.engine.close()
        assert _state(chat) is AnswerState.INTERRUPTED


def test_answers_that_a_kill_cut_are_listed_and_go_on(tmp_path: Path) -> None:
    with (
        ScriptedServer([READ, *answer(" and the rest of it.")]) as server,
        chatting(tmp_path, server.base_url, start=False, more='recover = "prefill"\n') as chat,
    ):
        history = chat.services.history
        with SqliteHistory.open(Path.home() / ".local/share/holytui/history.db") as other:
            conversation = other.create_conversation(title="what was cut", model="test/model")
            asked = other.add_message(conversation.id, Role.USER, "tell", parent_id=None)
            other.add_message(conversation.id, Role.ASSISTANT, "", parent_id=asked.id, state=AnswerState.INTERRUPTED)
        cut = history.branch(conversation.id)
        chat.session._library._history = _WithCut(history, cut[-1:])  # type: ignore[assignment]
        chat.start()
        chat.out.wait_for(
            "-- 1 answer was interrupted when holytui last ended; /continue N continues it:\n-- 1. what was cut"
        )
        chat.type("/continue 2")
        chat.out.wait_for("-- There is no interrupted answer 2")
        chat.type("/continue")
        chat.out.wait_for("the rest of it.")
        assert "-- what was cut: 2 messages.\n> tell\n" in chat.printed


class _WithCut:
    """A history whose last process was killed."""

    def __init__(self, history: object, cut: object) -> None:
        self._history = history
        self._cut = cut

    def unfinished(self) -> object:
        return self._cut

    def __getattr__(self, name: str) -> object:
        return getattr(self._history, name)


def test_a_variable_that_is_not_set_is_told_before_the_first_question(tmp_path: Path) -> None:
    with chatting(tmp_path, key='api_key_env = "NO_SUCH_KEY"\n') as chat:
        chat.out.wait_for("NO_SUCH_KEY is not set. Set it in the shell")
        chat.out.wait_for("> ")


def test_no_such_conversation_or_model_is_told_before_anything_begins(tmp_path: Path) -> None:
    with chatting(tmp_path, start=False) as chat:
        with pytest.raises(HolytuiError, match="No such conversation"):
            chat.session.run("nothing")
        with pytest.raises(ModelUnknown):
            Chat(chat.services, model="nowhere/x")


def test_a_pipe_is_done_in_order_and_ends_after_the_last_answer(tmp_path: Path) -> None:
    scripts = [[READ, *answer("one")], [READ, *answer("two")]]
    with ScriptedServer(*scripts) as server, chatting(tmp_path, server.base_url, interactive=False) as chat:
        chat.type("first", "/new", "second", "/list", "third\\")
        chat.end_input()
        assert chat.wait_end() == 0
        assert [request.json["messages"][-1]["content"] for request in server.requests] == ["first", "second", "third"]
    assert re.search(
        r"> first\n.*one\n-- Complete.*> second\n.*two\n.*-- 1\. second.*> third\n", chat.printed, re.DOTALL
    )


def test_a_pipe_ends_with_the_status_of_its_last_answer(tmp_path: Path) -> None:
    with (
        ScriptedServer([READ, whole("404 Not Found", {"error": {"message": "no such model"}})]) as server,
        chatting(tmp_path, server.base_url, interactive=False) as chat,
    ):
        chat.type("hi", "/quit", "never")
        assert chat.wait_end() == 1
        assert len(server.requests) == 1


# -- the program


def _env(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"HOLYTUI_DATA_DIR": str(tmp_path / "data")}


def test_the_program_reads_a_pipe_to_its_end_without_colour_or_movement(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "holytui", "--plain", "count to 12"]
    done = subprocess.run(
        command, input="count to 3\n", capture_output=True, text=True, env=_env(tmp_path), timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "> count to 12\n" in done.stdout
    assert "11, 12\n-- Complete." in done.stdout
    assert "> count to 3\n" in done.stdout
    assert "\x1b" not in done.stdout


def test_it_imports_no_textual(tmp_path: Path) -> None:
    code = (
        "import sys; from holytui.cli import main; main(['--plain', 'count to 3'])\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] == 'textual' or name == 'holytui.ui.app'))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=_env(tmp_path), timeout=30, check=True
    )
    assert done.stdout.endswith("\n[]\n")
    assert "-- Complete" in done.stdout


def test_a_reader_that_leaves_is_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "holytui", "--plain", "count to 500"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=_env(tmp_path)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 1
        assert b"Traceback" not in process.stderr.read()


def test_a_dumb_terminal_is_told_of_plain_mode(tmp_path: Path) -> None:
    command = ["env", "TERM=dumb", sys.executable, "-m", "holytui"]
    with Terminal(command, cols=160, env={"HOLYTUI_DATA_DIR": str(tmp_path / "data")}) as terminal:
        terminal.wait_for("holytui --plain")
        assert terminal.wait_end() == 2


def test_a_conversation_in_a_real_terminal(tmp_path: Path) -> None:
    options: dict[str, object] = {"rows": 60, "env": {"HOLYTUI_DATA_DIR": str(tmp_path / "data")}}
    with Terminal.holytui("--plain", **options) as terminal:
        terminal.wait_for("lists the commands")
        terminal.type("count to 12\n")
        terminal.wait_for("11, 12")
        terminal.wait_for("-- Complete.")
        terminal.type("count to 3000\n")
        terminal.wait_for("11, 12, 13")
        terminal.type("/stop\n")
        terminal.wait_for("-- Stopped; the text so far is kept.")
        terminal.type("/continue\n")
        terminal.wait_for("-- Resumed, exactly where it was interrupted.")
        terminal.wait_for("31, 32, 33")
        terminal.type("\x03")
        terminal.wait_until(lambda: terminal.text.count("-- Stopped; the text so far is kept.") == 2)
        terminal.type("\x04")
        assert terminal.wait_end() == 0
        assert b"\x1b" not in bytes(terminal.raw)


def test_pasted_lines_send_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("secret.txt").write_text("SECRET\n")
    data = tmp_path / "data"
    with Terminal.holytui("--plain", rows=60, env={"HOLYTUI_DATA_DIR": str(data)}) as terminal:
        terminal.wait_for("lists the commands")
        terminal.type("look at @secret.txt\ny\ny")  # the beginning of a line, which Enter would complete
        terminal.wait_for("they do not answer it.")
        terminal.wait_until(lambda: terminal.text.rstrip().endswith("\n>"))
        terminal.type("\n")
        terminal.wait_until(lambda: terminal.text.rstrip().endswith("\n>") and "Waiting for" in terminal.text)
        terminal.type("\x04")
        assert terminal.wait_end() == 0
    with SqliteHistory.open(data / "history.db") as history:
        (conversation,) = history.conversations()
        assert [one.text for one in history.branch(conversation.id) if one.role is Role.USER] == ["look at @secret.txt"]


def test_a_terminal_that_hangs_up_ends_it_with_the_text_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    terminal = Terminal.holytui("--plain", "count to 3000", env={"HOLYTUI_DATA_DIR": str(data)})
    terminal.wait_for("11, 12, 13")
    os.close(terminal.fd)
    _pid, status = os.waitpid(terminal.pid, 0)
    assert os.waitstatus_to_exitcode(status) in (129, 0)
    with SqliteHistory.open(data / "history.db") as history:
        (conversation,) = history.conversations()
        last = history.branch(conversation.id)[-1]
    assert last.state in (AnswerState.INTERRUPTED, AnswerState.STOPPED)
    assert "11, 12, 13" in last.text


# -- connecting a provider


def test_connect_uses_the_new_model_and_no_line_typed_before_it(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer("from the new one")]) as server, chatting(tmp_path, start=False) as chat:
        new = Provider("new", server.base_url)
        config = replace(chat.services.config, providers=MappingProxyType({"new": new}))
        chat.connected = config, ModelRef("new", "m")
        chat.pending = [LineTyped("sk-a-key-pasted-too-early")]
        chat.start()
        chat.type("/connect")
        chat.out.wait_for("Model: new/m")
        chat.type("hello")
        chat.out.wait_for("from the new one")
        assert [request.json["model"] for request in server.requests] == ["m"]
        assert [request.json["messages"][-1]["content"] for request in server.requests] == ["hello"]


def test_connect_that_is_given_up_keeps_the_model(tmp_path: Path) -> None:
    with chatting(tmp_path) as chat:
        chat.type("/connect")
        chat.out.wait_for("No provider was connected.")
        chat.type("/quit")
        assert chat.wait_end() == 0


def test_connect_asks_nobody_in_a_pipe(tmp_path: Path) -> None:
    with chatting(tmp_path, interactive=False) as chat:
        chat.type("/connect")
        chat.out.wait_for("In a script use: holytui connect")


def test_a_newcomer_connects_in_plain_mode_and_asks(tmp_path: Path) -> None:
    models = whole("200 OK", {"data": [{"id": "only"}]})

    def serve(peer: Peer) -> None:
        while peer.read():
            if peer.server.requests[-1].method == "GET":
                peer.sock.sendall(models)
            else:
                peer.sock.sendall(b"".join(step for step in answer("an", "swer") if isinstance(step, bytes)))

    with ScriptedServer([serve]) as server, Terminal.holytui("--plain", cols=100, rows=60) as terminal:
        terminal.wait_for("/connect connects a model")
        terminal.type("/connect\r")
        terminal.wait_for("Provider (1 to")
        number = re.search(r"(\d+)  another OpenAI", terminal.text)
        assert number is not None
        terminal.type(f"{number[1]}\r")
        terminal.wait_for("Address:")
        terminal.type(f"{server.base_url}\r")
        terminal.wait_for("[y/N]", 30)
        terminal.type("y\r")
        terminal.wait_for("Model: local/only")
        terminal.type("hello\r")
        terminal.wait_for("Complete.")
        terminal.type("/connect\r")
        terminal.wait_until(lambda: terminal.text.count("Provider (1 to") == 2)
        terminal.type("\x03")
        terminal.wait_for("No provider was connected.")
        terminal.type("/quit\r")
        assert terminal.wait_end() == 0
