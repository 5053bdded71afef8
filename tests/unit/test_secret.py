from __future__ import annotations

import copy
import json
import logging
import pickle
from pathlib import Path

import pyperclip
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.config.load import load
from holytui.credentials import command as key_command
from holytui.secret import Secret, child_environment, scrub, withhold_variables
from holytui.terminal import clipboard, editor


def test_a_secret_shows_itself_on_request_only() -> None:
    secret = Secret("sk-hush-hush")
    assert secret.reveal() == "sk-hush-hush"
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r}", f"{[secret]}", "%s" % secret):  # noqa: UP031 - old formatting too
        assert "hush" not in shown


def test_a_secret_is_not_written_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("sk-hush-hush")
    with pytest.raises(TypeError, match="not to be pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    logging.getLogger("x").warning("key %s %r", secret, secret)
    assert "hush" not in caplog.text


def test_secrets_are_equal_by_what_they_hold() -> None:
    assert Secret("sk-one-one") == Secret("sk-one-one") != Secret("sk-two-two")
    assert Secret("sk-one-one") != "sk-one-one"
    assert len({Secret("sk-one-one"), Secret("sk-one-one")}) == 1
    assert Secret("x")
    assert not Secret("")


def test_no_known_secret_is_left_in_a_text() -> None:
    Secret("sk-abcdef")
    Secret("sk-abcdef-longer")
    assert scrub("a sk-abcdef b sk-abcdef-longer c") == "a ••• b ••• c"


def test_a_placeholder_that_is_no_key_masks_nothing() -> None:
    Secret("none")
    Secret("")
    assert scrub("there is none") == "there is none"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="xyz", min_size=6, max_size=12), st.text(max_size=20), st.text(max_size=20))
def test_a_secret_is_found_wherever_it_stands(key: str, before: str, after: str) -> None:
    Secret(key)
    assert key not in scrub(before + key + after)


def test_a_program_gets_the_variables_with_keys_only_that_its_command_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holytui.secret._variables", set())
    environ = {"WORK_KEY": "sk-1", "WORK_KEY_2": "sk-2", "VAULT_TOKEN": "t", "PATH": "/bin"}
    withhold_variables(["WORK_KEY", "WORK_KEY_2", "", "NOT_SET"])
    assert child_environment((), environ) == {"VAULT_TOKEN": "t", "PATH": "/bin"}
    command = ("sh", "-c", "decrypt $WORK_KEY")
    assert child_environment(command, environ) == {"WORK_KEY": "sk-1", "VAULT_TOKEN": "t", "PATH": "/bin"}


def test_no_program_inherits_a_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each kind of program once: key command, editor, tmux, and the clipboard's through pyperclip."""
    monkeypatch.setattr("holytui.secret._variables", set())
    file = tmp_path / "config.toml"
    file.write_text("[providers.work]\nbase_url = 'https://x/v1'\napi_key_env = 'WORK_KEY'\n")
    for name in ("WORK_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "sk-0123456789")
    load(tmp_path / "none")
    assert "OPENAI_API_KEY" not in child_environment()
    load(file)
    tool = tmp_path / "xclip"
    tool.write_text(f"#!/bin/sh\nenv >> '{tmp_path}/seen'\n")
    tool.chmod(0o755)
    key_command.run_command((str(tool),), 5.0)
    editor.run_in_terminal((str(tool),))
    clipboard.run_command((str(tool),), b"")
    clipboard._KEYLESS.Popen([str(tool)]).wait()
    clipboard._KEYLESS.call([str(tool)])
    seen = (tmp_path / "seen").read_text()
    assert seen.count("\nHOME=") + seen.startswith("HOME=") == 5
    assert "sk-0123456789" not in seen


def test_the_clipboard_s_programs_are_started_without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(pyperclip, "copy", lambda _text: seen.append(pyperclip.subprocess))
    monkeypatch.setattr(pyperclip, "subprocess", None)
    clipboard._pyperclip("x")
    assert seen == [clipboard._KEYLESS]
