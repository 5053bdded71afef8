"""Answers of any length and kind on request, to try things with: numbers, lines, Markdown, a poem, reasoning."""

from __future__ import annotations

import re

from holytui.guide.phrases import PHRASES
from holytui.guide.request import Answer
from holytui.guide.topics import recital
from holytui.text import fold

MOST = 5000
"""Numbers or lines at most."""
_USUAL_COUNT, _USUAL_LINES = 100, 300
_IN_A_ROW = 10
_LINES_IN_A_PART = 25

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


def recite(question: str, language: str) -> Answer | None:
    """What `question` asks to be recited, if it does."""
    asked = fold(question[:300])
    if _MARKDOWN.search(asked) and not _QUESTION.match(asked):
        return Answer(recital(language, "markdown.md"))
    if _QUESTION.match(asked):
        return None
    if found := _LINES.search(asked):
        return Answer(_lines(_number(found["number"], _USUAL_LINES), language))
    if (found := _COUNT.search(asked)) and (found["number"] or len(asked.split()) <= 3):
        return Answer(
            _count(_number(found["number"], _USUAL_COUNT), language, one_a_line="line" in asked or "dong" in asked)
        )
    if _POEM.search(asked):
        return Answer(recital(language, "kieu.md"))
    if _REASONING.search(asked):
        return Answer(PHRASES[language].reasoned, recital(language, "reasoning.md"))
    return None


def _number(digits: str | None, usual: int) -> int:
    if digits is None:
        return usual
    # at most eight digits: all that matters of a longer number is that it is too high
    return max(1, int(re.sub(r"\D", "", digits)[:8]))


def _count(wanted: int, language: str, *, one_a_line: bool) -> str:
    last = min(wanted, MOST)
    row = 1 if one_a_line else _IN_A_ROW
    rows = [", ".join(map(str, range(first, min(first + row, last + 1)))) for first in range(1, last + 1, row)]
    # two spaces keep Markdown from joining the rows
    text = "  \n".join(rows)
    return f"{text}\n\n{_capped(wanted, language)}".rstrip()


def _lines(wanted: int, language: str) -> str:
    said, words = PHRASES[language], recital(language, "images.txt").splitlines()
    count = min(wanted, MOST)
    out = [said.lines.format(count=count)]
    for number in range(1, count + 1):
        if number % _LINES_IN_A_PART == 1:
            out.append(f"\n## {number}–{min(number + _LINES_IN_A_PART - 1, count)}\n")
        pick = (number * 7) % len(words), (number * 3 + number // len(words)) % len(words)
        line = said.line.format(number=number, count=count, words=f"{words[pick[0]]}, {words[pick[1]]}")
        out.append(f"- {line}")
    return "\n".join([*out, "", _capped(wanted, language)]).rstrip()


def _capped(wanted: int, language: str) -> str:
    return PHRASES[language].counted.format(limit=MOST) if wanted > MOST else ""
