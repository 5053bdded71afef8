"""Which of the guide's two languages a question is in, also when Vietnamese is typed without its accents."""

from __future__ import annotations

import re
from collections.abc import Iterable

from holytui.text import fold, nfc

LANGUAGES = ("en", "vi")

# letters that no other language written in Latin letters uses, but for đ and the circumflexes
_LETTERS = re.compile("[ăắằẳẵặấầẩẫậđếềểễệốồổỗộơớờởỡợưứừửữựạảẹẻẽịỉĩọỏụủũỵỷỹ]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")

# frequent syllables as they are typed without accents; none is an English word
_VIETNAMESE = frozenset(
    "lam sao nao gi khong duoc phim cua nhung nhu voi toi cach bang trong ngoai duong tiep tuc hoi dung lich su tim kiem "
    "cau hinh mo khoa chep nhan xoa doi ngon ngu giao dien mang tra loi hien giup xin chao biet muon noi viet dem tho "
    "vi du nua dau tai sao ket thoat thu lai chuyen xuat nhap gia tien hoat dong nhieu chua roi thi nay vay nhe ban hay "
    "chon dat ten o dau suy luan bi loi bao mat rieng tu qua xem huong dan chu de".split()
)
_ENGLISH = frozenset(
    "the a an is are do does how what why where when which who can could i you it to of in on for with and or my me show "
    "tell about use this that not no key keys hello hi hey thanks help more model please write make set get be have "
    "from if there work works give".split()
)
_SHARED = frozenset({"ban", "can", "hay", "do", "to", "me", "an", "in", "on", "no", "vi", "be", "bao", "qua", "ten", "bi", "de"})


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
    vietnamese = sum(word in _VIETNAMESE and word not in _SHARED for word in words)
    english = sum(word in _ENGLISH and word not in _SHARED for word in words)
    if vietnamese > english:
        return "vi"
    # a few bare words tell English only if they are English ones; "ctrl+j?" tells nothing
    if english or sum(len(word) > 2 and word not in _VIETNAMESE for word in words) > 1:
        return "en"
    return None
