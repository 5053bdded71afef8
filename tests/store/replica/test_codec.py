"""Batches from another host: what is wrong with them is said, and nothing of them is taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from holytui.store.replica.codec import from_json, to_json
from holytui.store.sqlite.history import SqliteHistory
from tests.store.samples import ONE, add_rich_conversation, ask_with_images


def sample(folder: Path) -> Any:
    with SqliteHistory(folder / "history.db") as history:
        add_rich_conversation(history)
        ask_with_images(history, ONE)
        return json.loads(json.dumps(to_json(history.replica.changes({}))))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, item in inner for each in places(item, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: object) -> Any:
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return copy


@pytest.mark.parametrize("wrong", [None, [], {}, "x", 1e400, -1, True, {"a": None}])
def test_wrong_values_are_refused_or_are_values_of_the_same_kind(tmp_path: Path, wrong: object) -> None:
    whole = sample(tmp_path)
    assert to_json(from_json(whole)) is not None
    refused = 0
    for path in places(whole)[1:]:
        try:
            from_json(changed(whole, path, wrong))
        except ValueError:
            refused += 1
    assert refused > 150


def test_a_wrong_part_is_named(tmp_path: Path) -> None:
    whole = sample(tmp_path)
    for path, name in (
        (("messages", 0, "text"), "text"),
        (("messages", 0, "state"), "streaming"),
        (("conversations", 0, "fields", "title", 0), "title"),
        (("cursor", "at", 0), "clock"),
    ):
        wrong: object = "streaming" if name == "streaming" else -5
        with pytest.raises(ValueError, match="state" if name == "streaming" else name):
            from_json(changed(whole, path, wrong))
    digest = next(iter(whole["images"]))
    with pytest.raises(ValueError, match="images"):
        from_json(changed(whole, ("images", digest), "AAAA"))
