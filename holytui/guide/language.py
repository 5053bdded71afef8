"""Language detection for questions: English or Vietnamese, also without its accents."""

from __future__ import annotations

import re
from collections.abc import Iterable

from holytui.guide.topics import word_list
from holytui.text import fold, nfc

LANGUAGES = ("en", "vi")

# letters that hardly any other language has
_LETTERS = re.compile("[ăắằẳẵặấầẩẫậđếềểễệốồổỗộơớờởỡợưứừửữựạảẹẻẽịỉĩọỏụủũỵỷỹ]", re.IGNORECASE)
# letters with tones that other languages have too; they count only where no word is English
_TONES = re.compile("[àáèéìíòóùúýãõâêô]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


def language_of(questions: Iterable[str]) -> str:
    """Return the language of the first of `questions` (newest first) whose language is clear; else English."""
    for question in questions:
        language = _detect(question)
        if language is not None:
            return language
    return "en"


def _detect(question: str) -> str | None:
    question = nfc(question[:2000])
    if _LETTERS.search(question):
        return "vi"
    words = _WORD.findall(fold(question))
    # neither list has words of the other language
    vietnamese_words, english_words = word_list("vietnamese"), word_list("english")
    vietnamese = sum(word in vietnamese_words for word in words)
    english = sum(word in english_words for word in words)
    if vietnamese > english or (not english and _TONES.search(question)):
        return "vi"
    # one unknown word, as in "ctrl+j?", is not enough to call a question English
    if english or sum(len(word) > 2 and word not in vietnamese_words for word in words) > 1:
        return "en"
    return None
