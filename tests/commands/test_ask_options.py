"""The options of `holytui ask` that a script needs: over real connections, in this process."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holytui.cli import main
from holytui.commands.ask import command as ask_command
from tests.servers import READ, ScriptedServer, answer

Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server() -> Any:
    with ScriptedServer([READ, *answer("one", " two")]) as opened:
        yield opened


@pytest.fixture
def ask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, server: ScriptedServer
) -> Ask:
    """Run `holytui ask`; its status, stdout and stderr."""
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    file = tmp_path / "config.toml"

    def run(*words: str, more: str = "", stream: str = "") -> tuple[int, str, str]:
        file.write_text(
            f'default_model = "test/model"\n[providers.test]\nbase_url = "{server.base_url}"\n{more}\n'
            f"[stream]\nretry_delay = 0.01\n{stream}\n"
        )
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
        status = main(["ask", "--config", str(file), *words])
        return (status, *capsys.readouterr())

    return run


def test_the_last_line_of_json_is_enough_to_go_on(ask: Ask, server: ScriptedServer) -> None:
    last = json.loads(ask("--json", "hello")[1].splitlines()[-1])
    assert (last["model"], last["text"]) == ("test/model", "one two")
    assert ask("-c", last["conversation"], "again")[0] == 0
    assert ask("-c", last["conversation"][-8:], "again")[0] == 0
    assert ask("-c", "last", "again")[0] == 0
    assert [len(request.json["messages"]) for request in server.requests] == [1, 3, 5, 7]


def test_what_is_not_kept_has_no_conversation(ask: Ask) -> None:
    last = json.loads(ask("--json", "--no-save", "hello")[1].splitlines()[-1])
    assert (last["conversation"], last["text"]) == (None, "one two")


def test_no_conversation_is_the_last_one_of_an_empty_history(ask: Ask, server: ScriptedServer) -> None:
    status, _, err = ask("-c", "last", "hello")
    assert status == 2
    assert "There is no such conversation" in err
    assert server.requests == []


def test_parameters_are_sent_and_stay_with_the_conversation(ask: Ask, server: ScriptedServer) -> None:
    ask("-o", "temperature=0.2", "-o", "verbosity=high", "hello")
    ask("-c", "last", "--option", "temperature=1", "again")
    sent = [(each.json["temperature"], each.json["verbosity"]) for each in server.requests]
    assert sent == [(0.2, "high"), (1, "high")]


def test_the_effort_and_the_limit_have_options(ask: Ask, server: ScriptedServer) -> None:
    ask("--effort", "low", "--max-tokens", "50", "hello")
    ask("-c", "last", "again")
    ask("-c", "last", "--effort", "default", "again")
    sent = [(each.json.get("reasoning_effort"), each.json["max_tokens"]) for each in server.requests]
    assert sent == [("low", 50), ("low", 50), (None, 50)]
    assert not any("effort" in each.json for each in server.requests)


def test_a_question_beyond_a_limit_is_kept_and_has_its_own_status(ask: Ask, server: ScriptedServer) -> None:
    more = "[providers.test.models.model]\nprice = { input = 0, output = 1000000 }\n[limits]\nper_day = 2"
    assert ask("hello", more=more)[0] == 0
    status, out, err = ask("-c", "last", "again", more=more)
    assert (status, out) == (5, "")
    assert "today's limit of 2.00 is reached" in err
    assert "--over-limit sends it anyway." in err
    assert len(server.requests) == 1
    status, out, _ = ask("--json", "-c", "last", "again", more=more)
    assert (status, json.loads(out)["state"]) == (5, "interrupted")
    assert ask("--over-limit", "-c", "last", "again", more=more)[:2] == (0, "one two\n")
    assert [each["content"] for each in server.requests[1].json["messages"] if each["role"] == "user"] == [
        "hello",
        "again\n\nagain\n\nagain",
    ]


@pytest.mark.parametrize("words", [("--max-tokens", "0"), ("--max-tokens", "x"), ("--effort", "hihg")])
def test_an_impossible_limit_or_level_is_a_usage_error(
    ask: Ask, server: ScriptedServer, words: tuple[str, str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        ask(*words, "hello")
    assert ended.value.code == 2
    assert server.requests == []


def test_a_parameter_that_is_none_is_a_usage_error(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in ("temperature", "model=x"):
        with pytest.raises(SystemExit) as ended:
            ask("-o", wrong, "hello")
        assert ended.value.code == 2
    assert "“model” is set by holytui itself" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "stream", "limit"),
    [
        ((), "", ask_command.OFFLINE_LIMIT),
        ((), "offline_limit = 7", 7.0),
        (("--timeout", "0.1"), "offline_limit = 7", 0.1),
    ],
)
def test_an_endpoint_that_is_gone_is_waited_for_as_long_as_was_said(
    ask: Ask, words: tuple[str, ...], stream: str, limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def opened(config: Any, *_arguments: object, **_options: object) -> None:
        seen.append(config.stream.offline_limit)
        raise KeyboardInterrupt

    monkeypatch.setattr(ask_command, "open_services", opened)
    assert ask(*words, "hello", stream=stream)[0] == 130
    assert seen == [limit]


def test_the_wait_ends(ask: Ask, server: ScriptedServer) -> None:
    server.shut()
    status, out, err = ask("--timeout", "0.1", "hello")
    assert (status, out) == (3, "")
    assert "refused the connection" in err


@pytest.mark.parametrize("wrong", ["0", "-1", "x", "1e9", "nan"])
def test_a_wait_that_is_none_is_a_usage_error(ask: Ask, wrong: str) -> None:
    with pytest.raises(SystemExit) as ended:
        ask("--timeout", wrong, "hello")
    assert ended.value.code == 2


def test_a_variable_that_is_not_set_is_told_once_and_nothing_is_sent(ask: Ask, server: ScriptedServer) -> None:
    status, _, err = ask("hello", more='api_key_env = "NO_SUCH_KEY"')
    assert status == 1
    assert err.count("NO_SUCH_KEY is not set") == 1
    assert len(err.splitlines()) == 1
    assert server.requests == []
