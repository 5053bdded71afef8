"""A stopped answer is ended at llama.cpp too, in every state of an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.interop import llama, stopping
from tests.interop.launch import NotStarted

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[stopping.Server]:
    if not llama.SUPPORTED:
        pytest.skip(llama.UNSUPPORTED)
    place = tmp_path_factory.mktemp("stop")  # a log of its own
    (place / "llama").symlink_to(folder / "llama")
    try:
        with stopping.running_server(place) as server:
            yield server
    except NotStarted as error:
        pytest.fail(str(error))


@pytest.mark.parametrize("state", stopping.STATES, ids=lambda state: state.__name__)
def test_the_server_is_idle_within_a_second_or_after_the_batch_of_its_prompt(
    server: stopping.Server, state: Callable[[stopping.Stage], stopping.Measured]
) -> None:
    found = stopping.measure(server, state)
    assert found.request_to_idle < 1 + found.batch
