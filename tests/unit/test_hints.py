"""Hints are sentences with marks of keys, rendered where they are read."""

from __future__ import annotations

import pytest

from holytui.commands.plain import input as plain_input
from holytui.errors import HolytuiError
from holytui.hints import KEYLESS, ActionNames, sentences
from holytui.keymap import Where, build_keymap
from holytui.models import Problem
from holytui.ui.bindings import names

HINT = sentences(
    "Top it up.", "{Press:message.resume} to get the rest.", "", "Or {press:model.pick}, or {key:chat.new}."
)


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        (Where.PROMPT, "Top it up. Type /continue to get the rest. Or press F2, or F4."),
        (Where.LOG, "Top it up. Press c to get the rest. Or press F2, or F4."),
        (Where.SIDEBAR, "Top it up. Type /continue to get the rest. Or press F2, or F4."),
    ],
)
def test_a_key_is_named_where_it_acts_and_else_the_command(where: Where, shown: str) -> None:
    assert names(build_keymap({}), where).render(HINT) == shown


def test_plain_mode_names_its_commands_and_a_script_neither() -> None:
    assert (
        plain_input.names().render(HINT) == "Top it up. Type /continue to get the rest. Or type /model NAME, or /new."
    )
    assert KEYLESS.render(HINT) == "Top it up."


@pytest.mark.parametrize(
    ("keys", "where", "shown"),
    [
        ({"model.pick": ("ctrl+t",)}, Where.PROMPT, "Ctrl+T"),
        ({"model.pick": ()}, Where.PROMPT, "/model"),
        ({"model.pick": ("m",)}, Where.PROMPT, "/model"),  # the prompt would write it
        ({"model.pick": ("m", "f2")}, Where.PROMPT, "F2"),
        ({"model.pick": ("m",)}, Where.LOG, "m"),
        ({"model.pick": ("j",)}, Where.LOG, "/model"),  # the messages' own j comes first
        ({"message.resume": ("w",), "message.retry": ("c",)}, Where.LOG, "F2"),
    ],
)
def test_changed_keys_are_named_as_they_act(keys: dict[str, tuple[str, ...]], where: Where, shown: str) -> None:
    assert names(build_keymap(keys), where).render("{key:model.pick}") == shown


def test_a_sentence_without_a_name_for_its_action_is_left_out() -> None:
    only = ActionNames(keys={"model.pick": "F2"})
    assert only.render(HINT) == "Top it up."
    assert only.render("Kept.\n{Press:model.pick} to choose.") == "Kept. Press F2 to choose."
    assert only.render("{Press:chat.new} to start.") == ""


def test_a_text_that_names_no_key_is_not_touched() -> None:
    for text in ("", "Check {this}.", "{key}", "{key:}", "100 %", "{press:x}"):
        assert KEYLESS.render(text) == text


def test_errors_and_problems_as_text_name_no_keys() -> None:
    assert str(HolytuiError("It failed", HINT)) == "It failed. Top it up."
    assert str(HolytuiError("It failed")) == "It failed"
    assert str(Problem("It failed", "{Press:message.retry} to try again.")) == "It failed"
    assert str(Problem("It failed.", HINT)) == "It failed. Top it up."
    assert (
        names(build_keymap({}), Where.LOG)
        .render(HolytuiError("It failed", HINT).full_text)
        .startswith("It failed. Top")
    )
