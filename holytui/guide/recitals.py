"""Answers of any length and kind on request: numbers, lines, Markdown, a poem, reasoning."""

from __future__ import annotations

import re

from holytui.guide.phrases import PHRASES
from holytui.guide.request import GuideAnswer
from holytui.guide.topics import recital
from holytui.text import fold

MOST = 5000
"""Most numbers or lines."""
_DEFAULT_COUNT, _DEFAULT_LINES = 100, 300
_NUMBERS_PER_ROW = 10
_LINES_PER_SECTION = 25

_NUMBER = r"(?P<number>\d[\d.,]*)"
_QUESTION = re.compile(
    r"^\W*(how|why|when|where|what|which|is|does|do|lam sao|tai sao|nhu the nao|lam the nao|the nao)\b"
)
_COUNT = re.compile(rf"^\W*(?:\w+\W+){{0,4}}?(?:count|dem)\b(?:\D{{0,30}}(?:\d+\W+(?:to|den|toi)\s+)?{_NUMBER})?")
_LINES = re.compile(
    rf"\b{_NUMBER}\s+(?:lines|dong)\b"
    r"|\blong (?:answer|text|reply|message)\b"
    r"|\b(?:tra loi|viet|van ban) (?:that |rat )?dai\b"
)
_MARKDOWN = re.compile(
    r"\b(?:show|demo|example|sample|write|vi du|xem|hien|thu)\b.*\bmarkdown\b"
    r"|\bmarkdown\b.*\b(?:demo|example|sample|vi du|mau)\b"
)
_POEM = re.compile(r"\b(?:poem|poetry|truyen kieu|bai tho|(?:doc|ngam|lam)\b.*\btho)\b")
_REASONING = re.compile(
    r"\bshow\b.*\b(?:reasoning|thinking)\b"
    r"|\b(?:think|reason) aloud\b|\bthink step by step\b"
    r"|\b(?:cho|xem|hien|thu)\b.*\bsuy (?:luan|nghi)\b"
)


def recite(question: str, language: str) -> GuideAnswer | None:
    """Return the recital that `question` asks for, if it does."""
    asked = fold(question[:300])
    if _MARKDOWN.search(asked) and not _QUESTION.match(asked):
        return GuideAnswer(recital(language, "markdown.md"))
    if _QUESTION.match(asked):
        return None
    if found := _LINES.search(asked):
        return GuideAnswer(_lines(_number(found["number"], _DEFAULT_LINES), language))
    if (found := _COUNT.search(asked)) and (found["number"] or len(asked.split()) <= 3):
        return GuideAnswer(
            _count(_number(found["number"], _DEFAULT_COUNT), language, one_a_line="line" in asked or "dong" in asked)
        )
    if _POEM.search(asked):
        return GuideAnswer(recital(language, "kieu.md"))
    if _REASONING.search(asked):
        return GuideAnswer(PHRASES[language].reasoned, recital(language, "reasoning.md"))
    return None


def _number(digits: str | None, default: int) -> int:
    if digits is None:
        return default
    # a number of more than eight digits is too high in any case
    return max(1, int(re.sub(r"\D", "", digits)[:8]))


def _count(requested: int, language: str, *, one_a_line: bool) -> str:
    last = min(requested, MOST)
    row = 1 if one_a_line else _NUMBERS_PER_ROW
    rows = [", ".join(map(str, range(first, min(first + row, last + 1)))) for first in range(1, last + 1, row)]
    # two spaces keep Markdown from joining the rows
    text = "  \n".join(rows)
    return f"{text}\n\n{_capped(requested, language)}".rstrip()


def _lines(requested: int, language: str) -> str:
    phrases, words = PHRASES[language], recital(language, "images.txt").splitlines()
    count = min(requested, MOST)
    out = [phrases.lines.format(count=count)]
    for number in range(1, count + 1):
        if number % _LINES_PER_SECTION == 1:
            out.append(f"\n## {number}–{min(number + _LINES_PER_SECTION - 1, count)}\n")
        pick = (number * 7) % len(words), (number * 3 + number // len(words)) % len(words)
        line = phrases.line.format(number=number, count=count, words=f"{words[pick[0]]}, {words[pick[1]]}")
        out.append(f"- {line}")
    return "\n".join([*out, "", _capped(requested, language)]).rstrip()


def _capped(requested: int, language: str) -> str:
    return PHRASES[language].counted.format(limit=MOST) if requested > MOST else ""
