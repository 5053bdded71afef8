from __future__ import annotations

import pytest

from holytui.config.presets import PRESETS, Continuation, Prefill, continuation
from holytui.config.schema import Recover
from holytui.engine.resume.instruction import instruction, quotation
from holytui.engine.resume.strategy import (
    ResumeMode,
    ResumeProfile,
    Strategy,
    is_structured,
    refuses_prefill,
    request_for,
    resume_profile_key,
)
from holytui.engine.resume.text_end import OpenPart, can_end, goes_beyond, open_fence, open_part
from holytui.faults import Fault, FaultKind
from holytui.models import Role
from holytui.wire.request import ChatMessage, ChatRequest

PARTIAL = "Half of an answer that is long enough to go on "
YES = Continuation(Prefill.YES)
REQUEST = ChatRequest("m", (ChatMessage(Role.USER, "why?"),), {"temperature": 0.5})


@pytest.mark.parametrize(
    ("strategy", "how"),
    [
        (Strategy(), ResumeMode.INSTRUCT),
        (Strategy(continuation=YES), ResumeMode.PREFILL),
        (Strategy(continuation=YES, profile=ResumeProfile(ResumeMode.INSTRUCT)), ResumeMode.INSTRUCT),
        (Strategy(profile=ResumeProfile(ResumeMode.PREFILL)), ResumeMode.PREFILL),
        (Strategy(Recover.PREFILL), ResumeMode.PREFILL),
        (Strategy(Recover.PREFILL, profile=ResumeProfile(ResumeMode.INSTRUCT)), ResumeMode.INSTRUCT),
        (Strategy(Recover.INSTRUCT, YES), ResumeMode.INSTRUCT),
        (Strategy(Recover.RESTART, YES), ResumeMode.RESTART),
        (Strategy(Recover.ASK, YES), ResumeMode.PREFILL),
        (Strategy(continuation=YES, structured=True), ResumeMode.RESTART),
        (Strategy(continuation=continuation(PRESETS["openai"].provider(), "gpt-4o")), ResumeMode.INSTRUCT),
        (Strategy(continuation=continuation(PRESETS["anthropic"].provider(), "claude-opus-4-6")), ResumeMode.INSTRUCT),
    ],
)
def test_each_strategy_has_its_way(strategy: Strategy, how: ResumeMode) -> None:
    assert strategy.choose(PARTIAL) is how


def test_a_few_characters_are_asked_for_anew() -> None:
    assert Strategy().choose("Hi, ") is ResumeMode.RESTART
    assert Strategy(continuation=YES).choose(" \n") is ResumeMode.RESTART


AUTO = (ResumeMode.PREFILL, ResumeMode.INSTRUCT, ResumeMode.RESTART)


@pytest.mark.parametrize(
    ("strategy", "ways"),
    [
        (Strategy(continuation=YES), AUTO),
        (Strategy(), (ResumeMode.INSTRUCT, ResumeMode.PREFILL, ResumeMode.RESTART)),
        (Strategy(profile=ResumeProfile(ResumeMode.INSTRUCT)), (ResumeMode.INSTRUCT, ResumeMode.RESTART)),
        (Strategy(continuation=Continuation(Prefill.NO)), (ResumeMode.INSTRUCT, ResumeMode.RESTART)),
        (Strategy(Recover.PREFILL), (ResumeMode.PREFILL,)),
        (Strategy(Recover.INSTRUCT, YES), (ResumeMode.INSTRUCT,)),
        (Strategy(Recover.RESTART, YES), (ResumeMode.RESTART,)),
        (Strategy(structured=True, continuation=YES), (ResumeMode.RESTART,)),
    ],
)
def test_only_auto_has_more_than_one_way(strategy: Strategy, ways: tuple[ResumeMode, ...]) -> None:
    assert strategy.modes(PARTIAL) == ways
    tried: frozenset[ResumeMode] = frozenset()
    for how in ways:
        assert strategy.choose(PARTIAL, tried) is how
        tried |= {how}
    assert strategy.choose(PARTIAL, tried) is None


@pytest.mark.parametrize(
    "learnt",
    [
        ResumeProfile(),
        ResumeProfile(ResumeMode.INSTRUCT),
        ResumeProfile(ResumeMode.PREFILL),
        ResumeProfile(ResumeMode.PREFILL, "flags", echoes=True),
        ResumeProfile(ResumeMode.PREFILL, "trailing", echoes=False),
    ],
)
def test_what_was_learnt_is_read_as_it_was_written(learnt: ResumeProfile) -> None:
    assert ResumeProfile.parse(str(learnt)) == learnt


def test_nothing_is_learnt_from_words_of_another_version() -> None:
    assert (
        ResumeProfile.parse("telepathy")
        == ResumeProfile.parse("")
        == ResumeProfile.parse("restart exact")
        == ResumeProfile()
    )


def test_the_form_that_was_learnt_is_sent_and_an_unknown_server_gets_the_likeliest() -> None:
    assert Strategy(profile=ResumeProfile(ResumeMode.PREFILL, "prefix", echoes=True)).prefill == Continuation(
        message={"prefix": True}, echoes=True
    )
    assert Strategy(profile=ResumeProfile(ResumeMode.PREFILL, "trailing")).prefill == Continuation()
    assert Strategy().prefill.params == {"continue_final_message": True, "add_generation_prompt": False}
    assert Strategy(continuation=YES).prefill == YES


def test_a_prefill_is_the_text_as_it_came_with_the_fields_that_a_server_needs() -> None:
    request = request_for(REQUEST, ResumeMode.PREFILL, PARTIAL, continuation(PRESETS["vllm"].provider(), "m"))
    assert request.messages[-1] == ChatMessage(Role.ASSISTANT, PARTIAL)
    assert request.params == {"temperature": 0.5, "continue_final_message": True, "add_generation_prompt": False}
    assert request_for(REQUEST, ResumeMode.PREFILL, PARTIAL, continuation(PRESETS["mistral"].provider(), "m")).messages[
        -1
    ].extra == {"prefix": True}


@pytest.mark.parametrize("provider", ["llamacpp", "vllm"])
def test_llama_cpp_and_vllm_are_told_not_to_send_the_prefix_again(provider: str) -> None:
    found = continuation(PRESETS[provider].provider(), "m")
    assert request_for(REQUEST, ResumeMode.PREFILL, PARTIAL, found).params["continue_final_message"] is True


@pytest.mark.parametrize(("provider", "model"), [("anthropic", "claude-sonnet-4-5"), ("openrouter", "claude-3-haiku")])
def test_white_space_at_the_end_is_left_out_only_where_it_is_known_to_be_refused(provider: str, model: str) -> None:
    found = continuation(PRESETS[provider].provider(), model)
    assert request_for(REQUEST, ResumeMode.PREFILL, PARTIAL, found).messages[-1].content == PARTIAL.rstrip()
    assert request_for(REQUEST, ResumeMode.INSTRUCT, PARTIAL, found).messages[-2].content == PARTIAL


def test_an_instruction_quotes_the_end_of_the_text() -> None:
    request = request_for(REQUEST, ResumeMode.INSTRUCT, PARTIAL, Continuation())
    assert [message.role for message in request.messages] == [Role.USER, Role.ASSISTANT, Role.USER]
    assert str(request.messages[-1].content).endswith(f":\n{PARTIAL.rstrip()}")
    assert "code block" not in str(request.messages[-1].content)
    assert "code block" in instruction("```py\nx = 1").text


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("One.\n\nThe second line of two", "The second line of two"),
        ("The first line of a poem\nand short", "The first line of a poem\nand short"),
        ("a line that comes twice here\nx\na line that comes twice here\n", "x\na line that comes twice here"),
        ("short", "short"),
        ("", ""),
    ],
)
def test_a_quotation_is_long_enough_to_occur_once(text: str, quoted: str) -> None:
    found = quotation(text)
    assert found == quoted or (text.rstrip().endswith(found) and text.count(found) == 1)


def test_a_quotation_of_a_long_line_is_its_last_words() -> None:
    text = "word " * 400 + "end"
    assert quotation(text).endswith("word end")
    assert len(quotation(text)) <= 240
    assert len(quotation("文" * 900)) == 240


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", OpenPart.SENTENCE),
        ("Hello", OpenPart.SENTENCE),
        ("Here are:", OpenPart.SENTENCE),
        ("- December", OpenPart.SENTENCE),
        ("3. Cherry\n4", OpenPart.SENTENCE),
        ("3. Cherry\n4.", OpenPart.ITEM),
        ("- one.\n- ", OpenPart.ITEM),
        ("## Title", OpenPart.ITEM),
        ("```py\nx = 1", OpenPart.FENCE),
        ("| TCP | UDP |\n| --- | --- |\n", OpenPart.TABLE),
        ("| TCP | UDP |\n| --- | --- |\n| 1 |", OpenPart.TABLE),
        ("| TCP | UDP |\n| --- | --- |\n| 1 | 2", OpenPart.TABLE),
        ("See (and so on.", OpenPart.BRACKET),
        ('He said "yes.', OpenPart.QUOTATION),
        ("Er sagte «ja.", OpenPart.QUOTATION),
        ("use `x.", OpenPart.SPAN),
        ("**bold.", OpenPart.SPAN),
        ("được sử dụng để trao", OpenPart.SENTENCE),
        ("서울은 한국의 수도", OpenPart.SENTENCE),
        ("Hello.", None),
        ('He said "yes."', None),
        ("**Done.**", None),
        ("北京是一个城市。", None),
        ("```py\nx = 1\n```", None),
        ("| a | b |\n| --- | --- |\n| 1 | 2 |", None),
        ('{\n "a": [1, 2]\n}', None),
        ("Xong rồi 🎉", None),
        ("1) One.\n2) Two.", None),
    ],
)
def test_the_open_part_of_a_text_is_found(text: str, part: OpenPart | None) -> None:
    assert open_part(text) is part
    assert can_end(text) is (part is None)


def test_a_restart_is_the_same_request() -> None:
    assert request_for(REQUEST, ResumeMode.RESTART, PARTIAL, YES) is REQUEST
    assert request_for(REQUEST, None, "", YES) is REQUEST


@pytest.mark.parametrize(
    "words",
    [
        "This model does not support assistant message prefill. The conversation must end with a user message.",
        "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant",
        "Cannot set both continue_final_message and add_generation_prompt",
        "Assistant response prefill is incompatible with enable_thinking.",
        "Conversation roles must alternate user/assistant/user",
    ],
)
def test_a_refused_prefill_is_known_by_its_words(words: str) -> None:
    assert refuses_prefill(Fault(FaultKind.STATUS, words, 400))


def test_other_refusals_are_not_about_prefill() -> None:
    assert not refuses_prefill(Fault(FaultKind.STATUS, "temperature is too high", 400))
    assert not refuses_prefill(Fault(FaultKind.STATUS, "assistant", 500))
    assert not refuses_prefill(Fault(FaultKind.STATUS, "the prefix is long", 400, "context_length_exceeded"))


def test_structured_output_is_known_by_its_parameters() -> None:
    assert is_structured({"response_format": {"type": "json_object"}})
    assert is_structured({"guided_json": {}})
    assert not is_structured({"response_format": {"type": "text"}})
    assert is_structured({"text": {"format": {"type": "json_schema"}}})
    assert not is_structured({"text": {"format": {"type": "text"}, "verbosity": "low"}})
    assert not is_structured({"temperature": 1})


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("", ""),
        ("```\ncode", "```"),
        ("```py\ncode\n```\n", ""),
        ("````\n```\n", "````"),
        ("~~~\n```\n", "~~~"),
        ("- item\n  ```js\n  x", "```"),
        ("1. ```js\n   x", "```"),
        ("inline ``` is none", ""),
        ("```py\n```python is no end", "```"),
        ("\u2028```\n", ""),
    ],
)
def test_open_fences_are_found(text: str, marker: str) -> None:
    assert open_fence(text) == marker


def test_what_was_learnt_is_kept_by_address_and_model() -> None:
    assert resume_profile_key("http://h/v1/", "m") == resume_profile_key("http://h/v1", "m")
    assert resume_profile_key("http://h/v1", "m") != resume_profile_key("http://h/v1", "n")


@pytest.mark.parametrize(
    ("added", "beyond"),
    [
        (" process.", False),
        ("です。冬は、寒い季節です。", False),
        ("oken. And a second one.", False),
        ("oken. And a second. And a third.", True),
        (" process.\n- Threads are light.", True),
        ("\n\nThe next paragraph", True),
        ("\n```\n", False),
        ("", False),
    ],
)
def test_the_rest_of_what_was_cut_is_not_the_rest_of_the_answer(added: str, beyond: bool) -> None:
    assert goes_beyond(added) is beyond
