"""Which of the guide's two languages a question is in, also when Vietnamese is typed without its accents."""

from __future__ import annotations

import re
from collections.abc import Iterable

from holytui.guide.topics import word_list
from holytui.text import fold, nfc

LANGUAGES = ("en", "vi")

# letters that hardly any other language has
_LETTERS = re.compile("[ăắằẳẵặấầẩẫậđếềểễệốồổỗộơớờởỡợưứừửữựạảẹẻẽịỉĩọỏụủũỵỷỹ]", re.IGNORECASE)
# letters with the tones that other languages have as well; they tell only where nothing says English
_TONES = re.compile("[àáèéìíòóùúýãõâêô]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


def language_of(questions: Iterable[str]) -> str:
    """The language of the first of `questions` (newest first) that tells it; English if none does."""
    for question in questions:
        found = _told(question)
        if found is not None:
            return found
    return "en"


def _told(question: str) -> str | None:
    question = nfc(question[:2000])
    if _LETTERS.search(question):
        return "vi"
    words = _WORD.findall(fold(question))
    # neither list has words of the other language
    known, foreign = word_list("vietnamese"), word_list("english")
    vietnamese = sum(word in known for word in words)
    english = sum(word in foreign for word in words)
    if vietnamese > english or (not english and _TONES.search(question)):
        return "vi"
    # a few bare words tell English only if they are English ones; "ctrl+j?" tells nothing
    if english or sum(len(word) > 2 and word not in known for word in words) > 1:
        return "en"
    return None
