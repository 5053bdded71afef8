from __future__ import annotations

from itertools import combinations

import pytest

from holytui.keymap import ACTIONS, BY_ID, Where, build_keymap
from holytui.ui.bindings import shown_keys
from holytui.ui.slash_commands import name_of

TAKEN = {
    "tmux": {"ctrl+b"},
    "screen": {"ctrl+a"},
    "zellij": {"ctrl+g", "ctrl+p", "ctrl+t", "ctrl+n", "ctrl+h", "ctrl+s", "ctrl+o", "ctrl+q"},
    "flow control": {"ctrl+s", "ctrl+q"},
    "sent as another key": {"ctrl+i", "ctrl+m", "ctrl+h"},
}


def test_without_changes_all_keys_are_those_of_the_table() -> None:
    keymap = build_keymap({})
    assert keymap.problems == ()
    assert {name: keymap.keys_for(name) for name in BY_ID} == {action.id: action.keys for action in ACTIONS}


def test_ids_are_unique_and_every_action_has_words_and_a_key_or_a_name_to_type() -> None:
    assert len(BY_ID) == len(ACTIONS)
    for action in ACTIONS:
        assert action.keys or name_of(action.id)
        assert action.label
        assert action.help
        assert len(set(action.keys)) == len(action.keys)


def test_no_two_actions_of_a_place_have_the_same_key() -> None:
    for one, other in combinations(ACTIONS, 2):
        assert one.where != other.where or not set(one.keys) & set(other.keys), (one.id, other.id)


@pytest.mark.parametrize("who", TAKEN)
def test_no_key_is_one_that_somebody_else_takes(who: str) -> None:
    assert not [action.id for action in ACTIONS if TAKEN[who] & set(action.keys)]


def test_a_key_is_replaced_or_taken_away() -> None:
    keymap = build_keymap({"chat.stop": ("ctrl+x", "ctrl+e"), "app.mouse": ()})
    assert keymap.problems == ()
    assert keymap.keys_for("chat.stop") == ("ctrl+x", "ctrl+e")
    assert keymap.keys_for("app.mouse") == ()
    assert keymap.keys_for("app.help") == BY_ID["app.help"].keys


def test_an_action_without_a_key_may_get_one_and_is_called_by_its_name_until_then() -> None:
    assert BY_ID["app.theme"].keys == ()
    assert shown_keys(build_keymap({}))["app.theme"] == "/theme"
    assert shown_keys(build_keymap({"app.theme": ("alt+y",)}))["app.theme"] == "Alt+Y"
    assert shown_keys(build_keymap({"log.next": ()}))["log.next"] == "–"


def test_an_unknown_action_is_told_with_the_nearest_one() -> None:
    keymap = build_keymap({"chat.stopp": ("ctrl+x",), "zzz": ()})
    assert keymap.problems == (
        '[keys] "chat.stopp" is not an action; did you mean "chat.stop"?',
        '[keys] "zzz" is not an action',
    )


def test_a_key_that_is_taken_is_told_and_the_default_stays() -> None:
    keymap = build_keymap({"chat.stop": ("f1",)})
    assert keymap.problems == ('[keys] "chat.stop" = "f1": that key is taken by "app.help"',)
    assert keymap.keys_for("chat.stop") == BY_ID["chat.stop"].keys
    assert keymap.keys_for("app.help") == ("f1",)


def test_of_several_keys_those_that_are_free_are_used() -> None:
    assert build_keymap({"chat.stop": ("f1", "ctrl+x")}).keys_for("chat.stop") == ("ctrl+x",)


def test_keys_of_other_places_may_be_used_again() -> None:
    keymap = build_keymap({"message.copy": ("f1",)})
    assert BY_ID["message.copy"].where is Where.LOG
    assert keymap.problems == ()
    assert keymap.keys_for("message.copy") == ("f1",)


def test_two_actions_may_change_their_keys() -> None:
    one, other = BY_ID["app.help"].keys, BY_ID["model.pick"].keys
    keymap = build_keymap({"app.help": other, "model.pick": one})
    assert keymap.problems == ()
    assert (keymap.keys_for("app.help"), keymap.keys_for("model.pick")) == (other, one)


def test_a_key_that_was_freed_may_be_used() -> None:
    keymap = build_keymap({"chat.stop": ("f1",), "app.help": ()})
    assert keymap.problems == ()
    assert keymap.keys_for("chat.stop") == ("f1",)


def test_a_default_that_another_action_got_does_not_come_back() -> None:
    keymap = build_keymap({"app.help": BY_ID["model.pick"].keys, "model.pick": ("f3",)})
    assert keymap.problems == ('[keys] "model.pick" = "f3": that key is taken by "sidebar.toggle"',)
    assert keymap.keys_for("app.help") == ("f2",)
    assert keymap.keys_for("model.pick") == ()


def test_a_key_named_twice_is_used_once() -> None:
    assert build_keymap({"chat.stop": ("ctrl+x", "ctrl+x")}).keys_for("chat.stop") == ("ctrl+x",)
