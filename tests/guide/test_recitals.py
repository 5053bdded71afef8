from __future__ import annotations

import re

import pytest

from holytui.guide.recitals import MOST, recite


def text_of(question: str, language: str = "en") -> str:
    found = recite(question, language)
    assert found is not None
    return found.text


@pytest.mark.parametrize(
    ("question", "language", "last"),
    [
        ("count to 500", "en", 500),
        ("Please count from 1 to 42.", "en", 42),
        ("can you count up to 1,000?", "en", 1000),
        ("count", "en", 100),
        ("đếm đến 500", "vi", 500),
        ("dem tu 1 den 30", "vi", 30),
        ("count to 1", "en", 1),
        ("count to 0", "en", 1),
    ],
)
def test_it_counts_as_far_as_asked(question: str, language: str, last: int) -> None:
    assert [int(number) for number in re.findall(r"\d+", text_of(question, language))] == list(range(1, last + 1))


def test_it_counts_one_a_line_when_asked() -> None:
    assert [line.strip() for line in text_of("count to 12, one number per line").splitlines()] == [
        str(number) for number in range(1, 13)
    ]


@pytest.mark.parametrize("question", ["count to 5001", "count to 99999999999999999999999999999999"])
def test_it_counts_no_further_than_its_limit_and_says_so(question: str) -> None:
    numbers, note = text_of(question).rsplit("\n\n", 1)
    assert len(re.findall(r"\d+", numbers)) == MOST
    assert str(MOST) in note


@pytest.mark.parametrize(
    ("question", "count"), [("write 300 lines", 300), ("viết 7 dòng", 7), ("write a long answer", 300)]
)
def test_it_writes_as_many_lines_as_asked(question: str, count: int) -> None:
    lines = [line for line in text_of(question).splitlines() if line.startswith("- ")]
    assert len(lines) == count
    assert len(set(lines)) == count


def test_it_writes_no_more_lines_than_its_limit() -> None:
    lines = [line for line in text_of("write 999999 lines").splitlines() if line.startswith("- ")]
    assert len(lines) == MOST


@pytest.mark.parametrize("question", ["show me markdown", "markdown demo", "ví dụ markdown", "cho xem markdown"])
def test_the_markdown_has_everything(question: str) -> None:
    text = text_of(question)
    for part in ("\n## ", "\n  - ", "\n1. ", "|---", "```python", "```sh", "```json", "\n> ", "](https://", "<b>"):
        assert part in text
    for letters in ("漢字", "🐑", "đường"):
        assert letters in text


@pytest.mark.parametrize("question", ["recite a poem", "đọc thơ", "đọc Truyện Kiều", "read me some poetry"])
def test_the_poem_is_kieu(question: str) -> None:
    assert "Trăm năm trong cõi người ta" in text_of(question, "vi")


@pytest.mark.parametrize("question", ["show reasoning", "show me your thinking", "cho xem suy luận", "think aloud"])
def test_reasoning_comes_beside_the_answer(question: str) -> None:
    found = recite(question, "en")
    assert found is not None
    assert "17 sheep" in found.reasoning
    assert "17 sheep" not in found.text


@pytest.mark.parametrize(
    "question",
    [
        "how do I show the reasoning?",
        "what does markdown export do",
        "the count of tokens is wrong, why",
        "how long are lines",
        "làm sao để xem suy luận",
    ],
)
def test_a_question_about_something_is_not_a_wish_to_hear_it(question: str) -> None:
    assert recite(question, "en") is None
