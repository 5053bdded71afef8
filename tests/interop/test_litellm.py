from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.conftest import Proxy
from tests.interop.setup_server import ANSWER
from tests.ptys import Terminal

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]


def _config(tmp_path: Path, proxy: Proxy) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(
        f'default_model = "lite/mock"\n[providers.lite]\nbase_url = "{proxy.base_url}"\n'
        'api_key_env = "LITE_KEY"\n[providers.lite.models.mock]\nprice = { input = 1.0, output = 2.0 }\n'
    )
    return file


def _ask(tmp_path: Path, proxy: Proxy, key: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"LITE_KEY": key, "HOLYTUI_DATA_DIR": str(tmp_path / "data")}
    return subprocess.run(
        [sys.executable, "-m", "holytui", "--config", str(_config(tmp_path, proxy)), "ask", *arguments, "Hello"],
        capture_output=True,
        text=True,
        env=env,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def test_the_answer_is_exact_to_the_character(tmp_path: Path, proxy: Proxy) -> None:
    done = _ask(tmp_path, proxy, proxy.key)
    assert (done.returncode, done.stdout) == (0, ANSWER + "\n"), done.stderr


def test_the_usage_comes_through(tmp_path: Path, proxy: Proxy) -> None:
    done = _ask(tmp_path, proxy, proxy.key, "--json")
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["event"] == "finished"
    assert last["usage"]["output"] > 0
    assert not last["usage"]["estimated"]
    assert last["attempts"] == 1


def test_a_wrong_key_is_explained_and_shown_nowhere(tmp_path: Path, proxy: Proxy) -> None:
    wrong = "sk-wrong-" + "0" * 40
    done = _ask(tmp_path, proxy, wrong)
    assert done.returncode == 1
    assert "LITE_KEY" in done.stderr
    assert wrong not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_model_is_named(tmp_path: Path, proxy: Proxy) -> None:
    done = _ask(tmp_path, proxy, proxy.key, "-m", "lite/nothing-of-this-name")
    assert done.returncode == 1
    assert done.stderr.startswith("holytui: ")
    assert "Traceback" not in done.stderr


def test_the_screen_shows_the_answer_and_its_usage(
    tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITE_KEY", proxy.key)
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    with Terminal.holytui("--config", str(_config(tmp_path, proxy))) as terminal:
        terminal.wait_for("Ask anything")
        terminal.type("Hello\r")
        terminal.wait_for("The end.")
        terminal.wait_until(lambda: "ready" in terminal.screen.display[-1])
        assert "Tiếng Việt có dấu" in terminal.text
        assert "print('exact to the byte')" in terminal.text
        assert "↑" in terminal.screen.display[-1]
        assert "~" not in terminal.screen.display[-1]


def test_the_screen_explains_a_wrong_key(tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITE_KEY", "sk-wrong-" + "0" * 40)
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    with Terminal.holytui("--config", str(_config(tmp_path, proxy)), cols=140) as terminal:
        terminal.wait_for("Ask anything")
        terminal.type("Hello\r")
        terminal.wait_for("LITE_KEY")
        assert "sk-wrong" not in terminal.text
        assert "Traceback" not in terminal.text
