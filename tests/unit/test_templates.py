from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holytui.config.templates import FilledPrompt, fill, fill_from_line, variables
from holytui.errors import PromptUnusable

PROMPTS = {"translate": "Translate into {language}, {tone}: ", "brief": "Be brief.", "json": 'Write {"a": {"b": {x}}}'}


def render(text: str, **values: str) -> str:
    return FilledPrompt("p", text, values).render()


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("{a} and {a}", "1 and 1"),
        ("{{a}}", "{a}"),
        ("{{{a}", "{1"),
        ("{{ and }", "{ and }"),
        ('{"k": {"n": {a}}}', '{"k": {"n": 1}}'),
        ("{} {1} { a } {a!r}", "{} {1} { a } {a!r}"),
        ("{tên} {a-b}", "An 2"),
    ],
)
def test_a_name_in_braces_is_a_variable_and_doubled_braces_are_text(text: str, rendered: str) -> None:
    assert render(text, a="1", **{"tên": "An", "a-b": "2"}) == rendered


@given(st.text(alphabet="{}ab1 \n"), st.text(alphabet="{}ab"))
def test_values_are_never_read_as_variables(text: str, value: str) -> None:
    names = variables(text)
    once = FilledPrompt("p", text, dict.fromkeys(names, "\x00")).render()
    assert FilledPrompt("p", text, dict.fromkeys(names, value)).render() == once.replace("\x00", value)


def test_words_give_values_and_the_rest_follows() -> None:
    filled = fill(PROMPTS, "translate", ["language=Old French", "tone=formal=very", "good", "day"])
    assert filled.render() == "Translate into Old French, formal=very: "
    assert filled.rest == "good day"


def test_a_line_is_split_as_a_shell_does() -> None:
    assert fill_from_line(PROMPTS, 'translate language="Old French" tone=').render() == "Translate into Old French, : "
    assert fill_from_line(PROMPTS, "brief don't").rest == "don't"


def test_missing_values_are_named() -> None:
    with pytest.raises(PromptUnusable, match="The prompt “translate” needs values for language, tone") as raised:
        fill(PROMPTS, "translate", []).render()
    assert raised.value.hint == "Add language=… tone=…."
    with pytest.raises(PromptUnusable, match="needs a value for tone"):
        fill(PROMPTS, "translate", ["language=x"]).render()


@pytest.mark.parametrize(
    ("name", "words", "title", "hint"),
    [
        ("translat", [], "There is no prompt “translat” in [prompts]", 'Did you mean "translate"?'),
        ("zzzzzz", [], "There is no prompt “zzzzzz” in [prompts]", "The prompts: translate, brief, json"),
        ("translate", ["langage=x"], "The prompt “translate” has no variable “langage”", 'Did you mean "language"?'),
        ("translate", ["zzzz=x"], "The prompt “translate” has no variable “zzzz”", "Its variables: language, tone"),
        ("brief", ["a=1"], "The prompt “brief” has no variable “a”", "It has no variables."),
    ],
)
def test_an_unknown_name_is_reported_with_the_nearest_one(name: str, words: list[str], title: str, hint: str) -> None:
    with pytest.raises(PromptUnusable) as raised:
        fill(PROMPTS, name, words)
    assert (raised.value.title, raised.value.hint) == (title, hint)


def test_without_prompts_that_is_said() -> None:
    with pytest.raises(PromptUnusable) as raised:
        fill_from_line({}, "")
    assert raised.value.hint == "The configuration has no prompts."
