from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType

import pytest

from holytui.bootstrap import Services
from holytui.config.schema import Config, Provider, Ui
from holytui.credentials.keyring import KeyRings
from holytui.engine.engine import Engine
from holytui.engine.titles import TitleGenerator
from holytui.keymap import build_keymap
from holytui.models import Role
from holytui.store.sqlite.history import SqliteHistory
from holytui.wire.client import ChatClient
from tests.servers import READ, RST, ScriptedServer, Step, answer, whole

QUESTION = "How do I print in Python?"


def services_for(folder: Path, base_url: str, *, on: bool = True) -> Services:
    providers = MappingProxyType({"lab": Provider("lab", base_url)})
    config = Config(providers=providers, ui=Ui(model_titles=on))
    history, client, keyrings = SqliteHistory.open(folder / "history.db"), ChatClient(), KeyRings()
    return Services(
        config, build_keymap({}), history, Engine(config, history, client, keyrings.ring_for), client, keyrings, ()
    )


def talk(services: Services, model: str = "lab/one") -> str:
    conversation = services.history.create_conversation(title=QUESTION, model=model)
    asked = services.history.add_message(conversation.id, Role.USER, QUESTION, parent_id=None)
    services.history.add_message(conversation.id, Role.ASSISTANT, "With print.", parent_id=asked.id, model=model)
    return conversation.id


def named(services: Services, conversation_id: str, done: Callable[[], None] = lambda: None) -> str:
    titles = TitleGenerator(services.config, services.history, services.keyrings, services.client)
    if titles.is_due(conversation_id):
        titles.start(conversation_id, done).join(10)
    found = services.history.conversation(conversation_id)
    assert found is not None
    return found.title


@pytest.mark.parametrize(
    "said", ["Printing in Python", '"Printing in Python"\n', "\n**Printing in Python.**", "Title: Printing in Python"]
)
def test_the_model_names_a_conversation_after_its_first_answer(tmp_path: Path, said: str) -> None:
    told = threading.Event()
    with ScriptedServer([READ, *answer(said)]) as server, services_for(tmp_path, server.base_url) as services:
        assert named(services, talk(services), told.set) == "Printing in Python"
        assert told.is_set()
        assert "With print." in server.requests[0].json["messages"][0]["content"]


def test_it_is_off_unless_it_was_turned_on(tmp_path: Path) -> None:
    with ScriptedServer([READ]) as server, services_for(tmp_path, server.base_url, on=False) as services:
        assert named(services, talk(services)) == QUESTION
        assert server.requests == []


BAD: Sequence[Sequence[Step]] = (
    [READ, whole("500 Oops", {"error": {"message": "no"}})],
    [READ, RST],
    [READ, *answer("half a ti", finish=None, done=False)],
    [READ, *answer("")],
)


@pytest.mark.parametrize("script", BAD)
def test_a_request_that_fails_changes_nothing(tmp_path: Path, script: Sequence[Step]) -> None:
    with ScriptedServer(script) as server, services_for(tmp_path, server.base_url) as services:
        assert named(services, talk(services)) == QUESTION


def test_a_conversation_that_somebody_named_or_that_went_on_is_left_alone(tmp_path: Path) -> None:
    with ScriptedServer([READ]) as server, services_for(tmp_path, server.base_url) as services:
        one, two = talk(services), talk(services)
        services.history.update_conversation(one, title="Mine")
        leaf = services.history.branch(two)[-1].id
        services.history.add_message(two, Role.USER, "And?", parent_id=leaf)
        assert named(services, one) == "Mine"
        assert named(services, two) == QUESTION
        assert named(services, talk(services, "guide/guide")) == QUESTION
        assert server.requests == []
