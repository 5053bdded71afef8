"""Answers of llama.cpp that are cut on their way, and how they come home."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.cutting_proxy import Cut, CuttingProxy, How
from tests.interop.conftest import Proxy

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

# questions that even this model answers with little doubt, so that the same answer comes every time
DAYS = "List the days of the week as a Markdown list."
CODE = "Write a Python function add(a, b) that returns the sum. Only the code."
VIETNAMESE = "Kể tên bảy ngày trong tuần bằng tiếng Việt, mỗi ngày một dòng."

# without the server's cache, which changes the numbers and so now and then a word
_PARAMS = "{ temperature = 0, seed = 7, max_tokens = 80, cache_prompt = false }"
_KEY = "HOLYTUI_TEST_LITELLM"


@dataclass(frozen=True, slots=True)
class Answer:
    """What `holytui ask` said."""

    status: int
    text: str
    """The answer as it is at the end."""
    events: list[str]


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer that was not cut."""

    text: str
    size: int
    """Bytes of the response that brought it."""

    def cut(self, share: float, how: How = How.FIN) -> Cut:
        """A cut after this share of the response."""
        return Cut(int(self.size * share), how)


Uninterrupted: TypeAlias = Callable[[str], Whole]


def _config(
    tmp_path: Path, provider: str, base_url: str, model: str, recover: str, api: str = "chat", *, reattach: bool = False
) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(
        f'default_model = "{provider}/{model}"\n[stream]\nretry_delay = 0.01\nrecover = "{recover}"\n'
        f'[providers.{provider}]\nbase_url = "{base_url}"\napi_key_env = "{_KEY}"\n'
        f'api = "{api}"\nreattach = {str(reattach).lower()}\n'
        f"[providers.{provider}.models.{model}]\nparams = {_PARAMS}\n"
    )
    return file


def _holytui(tmp_path: Path, key: str, config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"HOLYTUI_DATA_DIR": str(tmp_path / "data"), _KEY: key}
    command = [sys.executable, "-m", "holytui", "--config", str(config), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=600, stdin=subprocess.DEVNULL)


def _ask(
    tmp_path: Path,
    base_url: str,
    question: str,
    *,
    provider: str = "llamacpp",
    model: str = "qwen",
    recover: str = "auto",
    key: str = "unused",
    api: str = "chat",
    reattach: bool = False,
) -> Answer:
    config = _config(tmp_path, provider, base_url, model, recover, api, reattach=reattach)
    done = _holytui(tmp_path, key, config, "ask", "--json", question)
    text = ""
    events = [json.loads(line) for line in done.stdout.splitlines()]
    for event in events:
        if event["event"] == "delta":
            text += event["text"]
        elif event["event"] == "replaced":
            text = event["text"]
    return Answer(done.returncode, text, [event["event"] for event in events])


@pytest.fixture(scope="module")
def known() -> dict[str, Whole]:
    """Answers that came whole, by their questions."""
    return {}


@pytest.fixture
def uninterrupted(tmp_path: Path, llama_port: int, known: dict[str, Whole]) -> Uninterrupted:
    """The answer to a question as it comes when nothing is cut; asked for once."""

    def answer(question: str) -> Whole:
        if question not in known:
            with CuttingProxy(("127.0.0.1", llama_port)) as line:
                whole = _ask(tmp_path, line.base_url, question)
            assert (whole.status, whole.events[-1]) == (0, "finished")
            known[question] = Whole(whole.text, line.connections[0].passed)
        return known[question]

    return answer


@pytest.mark.parametrize(
    ("question", "share", "how"),
    [
        pytest.param(DAYS, 0.25, How.FIN, id="days-25-fin"),
        pytest.param(DAYS, 0.5, How.RST, id="days-50-rst"),
        pytest.param(DAYS, 0.8, How.FIN, id="days-80-fin"),
        pytest.param(CODE, 0.4, How.RST, id="code-40-rst"),
        pytest.param(CODE, 0.65, How.FIN, id="code-65-fin"),
        pytest.param(VIETNAMESE, 0.35, How.FIN, id="vietnamese-35-fin"),
        pytest.param(VIETNAMESE, 0.7, How.RST, id="vietnamese-70-rst"),
    ],
)
def test_a_cut_answer_ends_as_if_it_had_not_been_cut(
    tmp_path: Path, llama_port: int, uninterrupted: Uninterrupted, question: str, share: float, how: How
) -> None:
    whole = uninterrupted(question)
    with CuttingProxy(("127.0.0.1", llama_port), {0: whole.cut(share, how)}) as line:
        answer = _ask(tmp_path, line.base_url, question)
    assert line.connections[0].cut
    assert len(line.connections) > 1
    assert (answer.status, answer.text) == (0, whole.text)


def test_an_answer_that_is_cut_twice_ends_as_if_it_had_not_been_cut(
    tmp_path: Path, llama_port: int, uninterrupted: Uninterrupted
) -> None:
    whole = uninterrupted(VIETNAMESE)
    with CuttingProxy(("127.0.0.1", llama_port), {0: whole.cut(0.3, How.RST), 1: whole.cut(0.3)}) as line:
        answer = _ask(tmp_path, line.base_url, VIETNAMESE)
    assert [one.cut for one in line.connections[:2]] == [True, True]
    assert (answer.status, answer.text) == (0, whole.text)


@pytest.mark.parametrize(
    ("question", "share"),
    [
        pytest.param(DAYS, 0.3, id="days-30"),
        pytest.param(DAYS, 0.6, id="days-60"),
        pytest.param(VIETNAMESE, 0.5, id="vietnamese-50"),
        pytest.param(VIETNAMESE, 0.8, id="vietnamese-80"),
    ],
)
def test_by_instruction_half_an_answer_is_never_passed_off_as_whole(
    tmp_path: Path, llama_port: int, uninterrupted: Uninterrupted, question: str, share: float
) -> None:
    whole = uninterrupted(question)
    with CuttingProxy(("127.0.0.1", llama_port), {0: whole.cut(share, How.RST)}) as line:
        answer = _ask(tmp_path, line.base_url, question, recover="instruct")
    assert line.connections[0].cut
    text = answer.text.rstrip()
    truncated = text != whole.text.rstrip() and whole.text.startswith(text)
    assert not (truncated and answer.status == 0), answer


@pytest.mark.parametrize("share", [0.4, 0.8])
@pytest.mark.parametrize("recover", ["auto", "prefill"])
@pytest.mark.parametrize("provider", ["lite", "vllm"])  # unknown to holytui; known for a flag that ends the echo
def test_behind_litellm_nothing_is_said_twice(
    tmp_path: Path, proxy: Proxy, uninterrupted: Uninterrupted, provider: str, recover: str, share: float
) -> None:
    whole = uninterrupted(DAYS)
    begins = whole.text[:20]
    options: dict[str, Any] = {"provider": provider, "model": "llama", "recover": recover, "key": proxy.key}
    with CuttingProxy(("127.0.0.1", proxy.port)) as line:
        assert _ask(tmp_path, line.base_url, DAYS, **options).text == whole.text
    size = line.connections[0].passed
    with CuttingProxy(("127.0.0.1", proxy.port), {0: Cut(int(size * share), How.RST)}) as line:
        answer = _ask(tmp_path, line.base_url, DAYS, **options)
    assert line.connections[0].cut
    assert answer.text.count(begins) <= 1  # by instruction the model may well go on with other words
    if recover == "prefill":
        assert (answer.status, answer.text) == (0, whole.text)


@pytest.mark.parametrize("behind", [False, True], ids=["llama", "litellm"])
def test_by_the_responses_api_a_cut_answer_that_starts_again_is_the_same(
    tmp_path: Path, llama_port: int, proxy: Proxy, behind: bool
) -> None:
    port = proxy.port if behind else llama_port
    options: dict[str, Any] = {
        "model": "llama" if behind else "qwen",
        "key": proxy.key,
        "recover": "restart",
        "api": "responses",
    }
    with CuttingProxy(("127.0.0.1", port)) as line:
        whole = _ask(tmp_path, line.base_url, DAYS, **options)
    assert (whole.status, whole.events[-1]) == (0, "finished")
    size = line.connections[0].passed
    with CuttingProxy(("127.0.0.1", port), {0: Cut(size // 2, How.RST)}) as line:
        answer = _ask(tmp_path, line.base_url, DAYS, **options)
    assert line.connections[0].cut
    assert (answer.status, answer.text) == (0, whole.text)


def test_check_finds_that_llama_goes_on_by_prefill(tmp_path: Path, llama_port: int) -> None:
    config = _config(tmp_path, "llamacpp", f"http://127.0.0.1:{llama_port}/v1", "qwen", "auto")
    done = _holytui(tmp_path, "unused", config, "check", "-m", "llamacpp/qwen")
    assert done.returncode == 0
    assert "interrupted answers continue by prefill" in done.stdout, done.stdout


def test_check_finds_that_llama_keeps_its_streams(tmp_path: Path, llama_port: int) -> None:
    config = _config(tmp_path, "llamacpp", f"http://127.0.0.1:{llama_port}/v1", "qwen", "auto", reattach=True)
    done = _holytui(tmp_path, "unused", config, "check", "-m", "llamacpp/qwen")
    assert done.returncode == 0
    assert "interrupted answers are reattached, exactly" in done.stdout, done.stdout


@pytest.mark.parametrize("seed", range(16))
def test_an_answer_cut_at_a_random_byte_is_reattached_with_one_prompt(
    tmp_path: Path, folder: Path, llama_port: int, uninterrupted: Uninterrupted, seed: int
) -> None:
    chance = random.Random(seed)
    question = chance.choice([DAYS, CODE, VIETNAMESE])
    whole = uninterrupted(question)
    how = chance.choice([How.FIN, How.RST])
    # the heads of the responses are not cut: they have less than 400 bytes
    plan = {0: Cut(chance.randrange(400, whole.size - 700), how)}
    if seed % 4 == 0:
        plan[1] = Cut(chance.randrange(400, 900), How.RST)
    before = _prompts(folder)
    with CuttingProxy(("127.0.0.1", llama_port), plan) as line:
        answer = _ask(tmp_path, line.base_url, question, reattach=True)
    assert line.connections[0].cut
    assert (answer.status, answer.text) == (0, whole.text)
    assert _prompts(folder) - before == 1
    assert "joined" not in answer.events
    assert "replaced" not in answer.events


def _prompts(folder: Path) -> int:
    """Prompts that the server has begun to evaluate, also those of requests that were cancelled."""
    return (folder / "llama.log").read_text(errors="replace").count("processing task, is_child = 0")


def test_check_finds_it_behind_litellm_too(tmp_path: Path, llama_port: int, proxy: Proxy) -> None:
    config = _config(tmp_path, "lite", proxy.base_url, "llama", "auto")
    done = _holytui(tmp_path, proxy.key, config, "check", "-m", "lite/llama")
    assert done.returncode == 0
    assert "interrupted answers continue by prefill" in done.stdout, done.stdout
