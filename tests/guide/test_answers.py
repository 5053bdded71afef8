from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.guide.answers import Guide
from holytui.guide.chat_api import GuideMessage
from holytui.guide.language import LANGUAGES, language_of
from holytui.guide.phrases import PHRASES
from holytui.guide.topics import load
from holytui.text import sanitize

TITLES = {language: {topic.name: topic.title for topic in load(language)} for language in LANGUAGES}


def answer(*texts: str, keys: dict[str, str] | None = None) -> str:
    turns = [GuideMessage("assistant" if number % 2 else "user", text) for number, text in enumerate(texts)]
    return Guide(keys or {}).answer(turns).text


def told(*texts: str) -> str | None:
    """The name of the topic that the answer is."""
    text = answer(*texts)
    titles = [item for language in LANGUAGES for item in TITLES[language].items()]
    return next((name for name, title in titles if f"# {title}\n" in text), None)


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("how do I begin?", "start"),
        ("What is holytui?", "holytui"),
        ("what keys are there?", "keys"),
        ("which keyboard shortcuts can I use", "keys"),
        ("How do I stop an answer?", "stop"),
        ("what happens when the connection drops in the middle of an answer?", "recovery"),
        ("where is the config file?", "config"),
        ("how do I connect a model?", "connect"),
        ("how do I set up HolySheep?", "holysheep"),
        ("can I use ollama?", "ollama"),
        ("how do I use claude from anthropic", "providers"),
        ("where do API keys come from?", "apikeys"),
        ("are my keys safe?", "apikeys"),
        ("how do I copy over ssh?", "copy"),
        ("does it work in tmux?", "tmux"),
        ("how can I search my old conversations", "history"),
        ("export to html", "export"),
        ("how do I sync two computers?", "sync"),
        ("đồng bộ hai máy thế nào?", "sync"),
        ("import my chatgpt conversations", "export"),
        ("exit codes of holytui ask", "ask"),
        ("how do I switch the model?", "models"),
        ("how do I attach an image?", "files"),
        ("đính kèm ảnh thế nào?", "files"),
        ("gửi tệp thế nào?", "files"),
        ("how do I set a system prompt?", "system"),
        ("unikey does not work", "vietnamese"),
        ("my connection is very slow", "slow"),
        ("change the theme to light", "themes"),
        ("how do I fold the reasoning?", "reasoning"),
        ("how much does it cost?", "usage"),
        ("what data do you send to whom?", "privacy"),
        ("show me a fault", "faults"),
        ("I get a 401 wrong key", "trouble"),
        ("garbage on my screen after ssh dropped", "hangup"),
        ("who are you?", "guide"),
        ("làm sao để sao chép qua SSH?", "copy"),
        ("lam sao de copy", "copy"),
        ("phím tắt nào có?", "keys"),
        ("cấu hình nằm ở đâu?", "config"),
        ("mất mạng giữa chừng thì sao?", "recovery"),
        ("gõ tiếng Việt bị mất dấu", "vietnamese"),
        ("kết nối mô hình thế nào?", "connect"),
        ("đổi mô hình thế nào", "models"),
        ("xem lịch sử ở đâu", "history"),
        ("bạn là ai?", "guide"),
        ("khóa API để ở đâu cho an toàn", "apikeys"),
        ("mạng chậm quá", "slow"),
        ("doi ngon ngu sang tieng viet", "themes"),
        ("tốn bao nhiêu tiền?", "usage"),
        ("dung cau tra loi", "stop"),
        ("cài ollama", "ollama"),
        ("màn hình đầy ký tự rác", "hangup"),
        ("chỉ dẫn hệ thống là gì", "system"),
        ("dữ liệu của tôi đi đâu?", "privacy"),
        ("làm sao xuống dòng", "start"),
    ],
)
def test_a_question_gets_its_topic(question: str, topic: str) -> None:
    assert told(question) == topic


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_is_told_when_asked_for_by_its_title(language: str) -> None:
    assert {name: told(title) for name, title in TITLES[language].items()} == {name: name for name in TITLES[language]}


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "write a python function that sorts a list",
        "who won the world cup in 2018?",
        "how do I cook rice",
        "summarize this article about climate change",
        "how does a combustion engine work",
        "how to delete a file in linux",
        "translate good morning into German",
        "asdf qwer",
        "🐑",
    ],
)
def test_what_it_does_not_know_it_says(question: str) -> None:
    text = answer(question)
    assert "offline guide, not a language model" in text
    assert "I do not know that" in text
    assert "how do I connect a model?" in text


@pytest.mark.parametrize(
    "question", ["thủ đô nước Pháp là gì?", "viết cho tôi một hàm sắp xếp mảng", "kể chuyện cười đi"]
)
def test_what_it_does_not_know_it_says_in_vietnamese(question: str) -> None:
    text = answer(question)
    assert "không phải mô hình ngôn ngữ" in text
    assert "Tôi không biết điều đó" in text
    assert "kết nối mô hình thế nào?" in text


def test_only_the_first_answer_of_a_conversation_says_who_speaks() -> None:
    intro = PHRASES["en"].intro
    assert answer("export to html").startswith(f"{intro}\n\n")
    assert intro not in answer("hello", "Hello!", "export to html")


def test_what_it_does_not_know_is_never_said_without_saying_who_speaks() -> None:
    assert answer("hello", "Hello!", "who won the world cup?") == PHRASES["en"].unknown


@pytest.mark.parametrize("greeting", ["hello", "Hi!", "hey", "Good morning.", "", "  "])
def test_a_greeting_gets_a_welcome_with_three_things_to_try(greeting: str) -> None:
    text = answer(greeting)
    assert "Hello!" in text
    assert [line[:2] for line in text.splitlines() if line[:1].isdigit()] == ["1.", "2.", "3."]


@pytest.mark.parametrize("greeting", ["xin chào", "Xin chào!", "xin chao", "chào bạn"])
def test_a_vietnamese_greeting_gets_a_vietnamese_welcome(greeting: str) -> None:
    assert "Xin chào! Tôi có thể chỉ bạn" in answer(greeting)


@pytest.mark.parametrize(
    ("question", "meaning"),
    [
        ("what does Esc do?", "**Esc** – Stop the answer and keep the text so far *(Everywhere)*"),
        ("what is the escape key for?", "**Esc** – Stop the answer"),
        ("ctrl+j?", "**Ctrl+J, Alt+Enter** – Insert a new line"),
        ("Alt-Enter", "**Ctrl+J, Alt+Enter** – Insert a new line"),
        ("^F", "**Ctrl+F** – Search all conversations"),
        ("Ctrl+X?", "**Ctrl+X** does nothing in holytui"),
        ("what happens if I press ctrl+x?", "**Ctrl+X** does nothing in holytui"),
        ("phím F2 làm gì", "**F2** – Chọn mô hình"),
        ("phim F8 de lam gi", "**F8** – Sao chép câu trả lời cuối"),
        ("what does y do?", "**y** – Copy the text selected with the mouse, or else the selected message"),
        ("what does Y do?", "**Y** – Copy the whole conversation"),
        ('what does "}" do?', "**}** – Select the next question"),
        ("what does the key { do?", "**{** – Select the previous question"),
        ("key 4", "**1–9** – Copy code block 1 to 9"),
        ("page down", "**PgDn** – Scroll down a page"),
        ("what does space do?", "**Space** – Expand or collapse the reasoning"),
        ("phím / làm gì", "**/** – Tìm trong cuộc trò chuyện này"),
    ],
)
def test_a_question_about_a_key_gets_its_row(question: str, meaning: str) -> None:
    assert meaning in answer(question)


def test_a_key_with_two_meanings_gets_both_and_where_they_hold() -> None:
    text = answer("what does u do?")
    assert "*(On a message)*" in text
    assert "*(In the sidebar)*" in text


def test_a_changed_key_is_told_as_it_is_now() -> None:
    keys = {"chat.stop": "Ctrl+K"}
    assert "**Ctrl+K** – Stop the answer" in answer("ctrl+k?", keys=keys)
    assert "Stop the answer" not in answer("esc?", keys=keys)
    assert "Ctrl+K" in answer("How do I stop an answer?", keys=keys)


def test_a_question_with_a_key_in_it_is_not_one_about_the_key() -> None:
    assert told("how do I copy over ssh with F8") == "copy"


@pytest.mark.parametrize("follow", ["more", "More?", "tell me more", "anything else?"])
def test_more_gives_topics_related_to_the_last(follow: str) -> None:
    text = answer("how do I copy over ssh?", "…", follow)
    assert TITLES["en"]["tmux"] in text
    assert f"- {TITLES['en']['copy']}" not in text


def test_more_in_vietnamese_gives_topics_related_to_the_last() -> None:
    text = answer("sao chép qua ssh", "…", "còn gì nữa không?")
    assert TITLES["vi"]["tmux"] in text


def test_more_does_not_name_what_was_told_already() -> None:
    text = answer("how do I copy over ssh?", "…", "does it work in tmux?", "…", "more")
    assert f"- {TITLES['en']['copy']}" not in text


def test_more_without_a_topic_before_lists_all_topics() -> None:
    assert all(title in answer("more") for title in TITLES["en"].values())


@pytest.mark.parametrize(
    ("questions", "language"),
    [
        (["how are you"], "en"),
        (["chào bạn nhé"], "vi"),
        (["lam sao de mo phan suy luan"], "vi"),
        (["dung lai"], "vi"),
        (["cài ollama"], "vi"),
        (["ctrl+j?"], "en"),
        (["ctrl+j?", "phím tắt"], "vi"),
        (["ctrl+j?", "which keys are there"], "en"),
        (["the café is closed"], "en"),
        (["中文"], "en"),
    ],
)
def test_the_language_is_that_of_the_question(questions: list[str], language: str) -> None:
    assert language_of(questions) == language


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_any_conversation_has_one_answer_that_is_safe(texts: list[str]) -> None:
    texts = texts if len(texts) % 2 else texts[:-1] or ["?"]
    clean = [sanitize(text) for text in texts]
    text = answer(*clean)
    assert text
    assert text == answer(*clean)
    assert sanitize(text) == text


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("xin chào, làm sao để kết nối HolySheep?", "# HolySheep"),
        ("hello, how can I use holysheep with my key?", "# HolySheep"),
        ("Hey there! how do I stop an answer", "# Stop, retry, continue"),
    ],
)
def test_a_greeting_before_a_question_is_no_part_of_it(question: str, title: str) -> None:
    assert title in Guide().answer([GuideMessage("user", question)]).text
