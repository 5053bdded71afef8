"""`holytui ask` as a script uses it: a process with pipes, over a real connection."""

from __future__ import annotations

import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from holytui.models import AnswerState, Role
from holytui.store.sqlite.history import SqliteHistory
from tests.servers import DONE, FIN, READ, STALL, ScriptedServer, answer, delta, event, sse_head

KEY = "sk-test-0123456789abcdef"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def _config(tmp_path: Path, base_url: str, more: str = "") -> Path:
    file = tmp_path / "config.toml"
    file.write_text(
        f'default_model = "test/model"\n[providers.test]\nbase_url = "{base_url}"\napi_key_env = "TEST_KEY"\n'
        f"[stream]\nretry_delay = 0.01\nmax_retries = 2\noffline_limit = 1\n{more}"
    )
    return file


@contextmanager
def _started(
    tmp_path: Path, *arguments: str, config: Path | None = None, stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """The command, running; killed if the test leaves it so."""
    env = os.environ | {"HOLYTUI_DATA_DIR": str(tmp_path / "data"), "TEST_KEY": KEY}
    command = [sys.executable, "-m", "holytui", *(["--config", str(config)] if config else []), "ask", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=stdin, stdout=pipe, stderr=pipe, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


def _out(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    return process.stdout.fileno()


def _run(tmp_path: Path, *arguments: str, config: Path | None = None, piped: str | None = None) -> tuple[int, str, str]:
    stdin = subprocess.DEVNULL if piped is None else subprocess.PIPE
    with _started(tmp_path, *arguments, config=config, stdin=stdin) as process:
        out, err = process.communicate(piped.encode() if piped is not None else None, timeout=30)
        return process.returncode, out.decode(), err.decode()


def test_what_is_piped_in_is_the_question_and_the_guide_answers(tmp_path: Path) -> None:
    status, out, err = _run(tmp_path, piped="what does Esc do?\n")
    assert (status, err) == (0, "")
    assert "Esc" in out
    assert "not a language model" in out


def test_what_is_piped_in_follows_the_words_of_the_command_line(tmp_path: Path) -> None:
    with ScriptedServer([READ, *answer("ok")]) as server:
        status, out, _ = _run(tmp_path, "Sum up:", config=_config(tmp_path, server.base_url), piped="line\nline\n")
    assert (status, out) == (0, "ok\n")
    assert server.requests[0].json["messages"][-1]["content"] == "Sum up:\n\nline\nline"


def test_no_question_is_a_usage_error(tmp_path: Path) -> None:
    status, out, err = _run(tmp_path)
    assert (status, out) == (2, "")
    assert "no question" in err


def test_an_unknown_model_is_a_usage_error_that_names_the_nearest(tmp_path: Path) -> None:
    status, _, err = _run(tmp_path, "-m", "holyshep/gpt-4o", "hello")
    assert status == 2
    assert "holysheep" in err
    assert "Traceback" not in err


def test_a_refusal_exits_1_and_says_where_the_key_is(tmp_path: Path) -> None:
    body = b'{"error": {"message": "Incorrect API key provided: ' + KEY.encode() + b'", "code": "invalid_api_key"}}'
    refusal = b"HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )
    with ScriptedServer([READ, refusal]) as server:
        status, out, err = _run(tmp_path, "hello", config=_config(tmp_path, server.base_url))
    assert (status, out) == (1, "")
    assert "TEST_KEY" in err
    assert KEY not in err


def test_a_server_that_stops_midway_exits_3_with_the_partial_text(tmp_path: Path) -> None:
    gate = threading.Event()
    with (
        ScriptedServer([READ, sse_head(), event(delta("Half an ans")), gate, FIN]) as server,
        _started(tmp_path, "hello", config=_config(tmp_path, server.base_url)) as process,
    ):
        first = os.read(_out(process), 100)
        server.shut()
        gate.set()
        rest, err = process.communicate(timeout=30)
    assert process.returncode == 3
    assert (first + rest).decode() == "Half an ans\n"
    assert "offline" in err.decode()


def test_json_lines_end_with_usage_and_attempts(tmp_path: Path) -> None:
    with ScriptedServer([READ, sse_head(), event(delta("He")), FIN], [READ, *answer("llo")]) as server:
        config = _config(tmp_path, server.base_url, 'recover = "restart"\n')
        status, out, err = _run(tmp_path, "--json", "hello", config=config)
    lines = [json.loads(line) for line in out.splitlines()]
    assert (status, err) == (4, ""), "it started again"
    assert lines[0] == {"event": "delta", "text": "He"}
    assert lines[-1]["event"] == "finished"
    assert lines[-1]["attempts"] == 2
    assert set(lines[-1]["usage"]) >= {"input", "output", "at_least", "estimated"}


def test_ctrl_c_stops_with_130_and_keeps_the_text(tmp_path: Path, data: Path) -> None:
    with (
        ScriptedServer([READ, sse_head(), event(delta("so far")), STALL]) as server,
        _started(tmp_path, "hello", config=_config(tmp_path, server.base_url)) as process,
    ):
        assert os.read(_out(process), 100) == b"so far"
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=10)
    assert (process.returncode, rest) == (130, b"\n")
    assert b"Traceback" not in err
    with SqliteHistory.open(data / "history.db") as history:
        branch = history.branch(history.conversations()[0].id)
    assert [(message.text, message.state) for message in branch[1:]] == [("so far", AnswerState.STOPPED)]


def test_no_save_leaves_nothing_behind(tmp_path: Path, data: Path) -> None:
    with ScriptedServer([READ, *answer("ok")]) as server:
        status, out, _ = _run(tmp_path, "--no-save", "hello", config=_config(tmp_path, server.base_url))
    assert (status, out) == (0, "ok\n")
    assert not data.exists()


def test_a_conversation_is_gone_on_with_by_the_beginning_of_its_id(tmp_path: Path, data: Path) -> None:
    with ScriptedServer([READ, *answer("one")], [READ, *answer("two")]) as server:
        config = _config(tmp_path, server.base_url)
        _run(tmp_path, "first", config=config)
        with SqliteHistory.open(data / "history.db") as history:
            (conversation,) = history.conversations()
        status, out, _ = _run(tmp_path, "-c", conversation.id[:13], "-s", "Be brief.", "second", config=config)
    assert (status, out) == (0, "two\n")
    sent = [(message["role"], message["content"]) for message in server.requests[1].json["messages"]]
    assert sent == [("system", "Be brief."), ("user", "first"), ("assistant", "one"), ("user", "second")]


def test_data_after_done_is_not_shown(tmp_path: Path) -> None:
    with ScriptedServer([READ, sse_head(), event(delta("end", finish="stop")), DONE, event(delta("more"))]) as server:
        status, out, _ = _run(tmp_path, "hello", config=_config(tmp_path, server.base_url))
    assert (status, out) == (0, "end\n")


def _killed_while_streaming(tmp_path: Path, after: float) -> tuple[bytes, int]:
    """What `ask` had printed when it was killed, `after` seconds from its first text; and how much of that is old."""
    seen = b""
    moments: list[tuple[float, int]] = []
    with _started(tmp_path, "count to 2000") as process:
        kill_at = time.monotonic() + 30
        while (left := kill_at - time.monotonic()) > 0:
            if select.select([_out(process)], [], [], left)[0]:
                piece = os.read(_out(process), 4096)
                assert piece, "the answer is not to end before the kill"
                kill_at = kill_at if seen else time.monotonic() + after
                seen += piece
                moments.append((time.monotonic(), len(seen)))
        process.kill()
        killed = time.monotonic()
    # on a busy machine the reader of the pipe may itself be late: half as much again
    return seen, max((length for at, length in moments if at <= killed - 0.375), default=0)


@pytest.mark.parametrize("kills", [4, pytest.param(40, marks=[pytest.mark.long, pytest.mark.timeout(300)])])
def test_kills_at_random_moments_lose_nothing_older_than_a_quarter_second(
    kills: int, tmp_path: Path, data: Path
) -> None:
    chance = random.Random(20)
    for _ in range(kills):
        seen, settled = _killed_while_streaming(tmp_path, chance.uniform(0.05, 0.9))
        with SqliteHistory.open(data / "history.db") as history:
            (cut,) = history.unfinished()
            question = history.message(cut.parent_id or "")
        assert cut.state is AnswerState.INTERRUPTED
        assert cut.text.encode()[:settled] == seen[:settled]
        assert question is not None
        assert (question.role, question.text) == (Role.USER, "count to 2000")


def test_neither_help_nor_version_imports_anything_heavy() -> None:
    code = "import sys; sys.argv = ['holytui', '--version']\nfrom holytui.cli import main\n"
    code += "try:\n    main()\nexcept SystemExit:\n    print(sorted(m for m in sys.modules if '.' not in m))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert re.match(r"holytui \d+\.\d+\.\d+\n", out)
    for heavy in ("textual", "rich", "httpx", "sqlite3", "asyncio"):
        assert f"'{heavy}'" not in out
