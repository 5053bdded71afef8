"""The message that asks a model to continue an interrupted answer, for servers that do not continue a text.

The model is asked to start with words that are there already, which prove where its reply belongs, and to write a
marker at the end, as many models stop after the interrupted sentence. The wording was chosen with
`benchmarks.wordings`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from holytui.engine.resume.text_end import open_fence

END_MARKER = "[END]"
"""The marker that the model is asked to write after the end of its answer."""

_SENTENCES = (
    f"Your answer was cut off. Write the rest of it, to its very end, and then write {END_MARKER}.",
    "Begin your reply with exactly these words, and go on after them:",
    "You were inside a code block: go on with its code, without opening it.",
)
_TRANSLATED = (
    "Câu trả lời của bạn đã bị cắt ngang. Hãy viết phần còn lại",
    "Bắt đầu câu trả lời của bạn bằng chính xác những từ này",
    "Bắt đầu phản hồi của bạn bằng đúng những từ này",
    "你的回答被截断了。请写完剩下的部分",
    "请以这些文字开头",
    "あなたの回答は途中で切れました。残りを最後まで書いてください",
    "返信は次の言葉で始めてください",
    "답변이 중간에 끊겼습니다. 나머지를 끝까지 작성",
    "다음 단어로 답변을 시작하세요",
    "Votre réponse a été interrompue. Écrivez la suite",
    "Commencez votre réponse par exactement ces mots",
    "Ihre Antwort wurde abgeschnitten. Schreiben Sie den Rest",
    "Beginnen Sie Ihre Antwort mit genau diesen Worten",
    "Tu respuesta se cortó. Escribe el resto",
    "Comienza tu respuesta con exactamente estas palabras",
)
INSTRUCTION_SENTENCES = (*_SENTENCES, *_TRANSLATED)
"""Sentences of the instruction, and their translations by models; no answer contains them."""

_MIN_QUOTE = 24
_MAX_QUOTE = 240
_END_MARKER = re.compile(r"\s*\[(?:END|KẾT THÚC|HẾT|结束|終わり|끝|FIN|ENDE)\]", re.IGNORECASE)
_PARTIAL_END_MARKER = re.compile(r"\s*\[EN?D?\Z")
_MAX_MARKER = 12


@dataclass(frozen=True, slots=True)
class Instruction:
    """A message that asks for the rest of a text."""

    text: str
    quoted: str
    """The end of the text that the reply is asked to start with; unique in the text if it is short."""


def instruction(partial: str) -> Instruction:
    """The instruction for the rest of `partial`; in English, which models follow best."""
    quoted = quotation(partial)
    sentences = [*_SENTENCES[:1], *(_SENTENCES[2:] if open_fence(partial) else ()), _SENTENCES[1]]
    return Instruction(f"{' '.join(sentences)}\n{quoted}", quoted)


def quotation(partial: str) -> str:
    """The text to quote: the last line, or the last words of a long line.

    Earlier lines are added while it is short or not unique.
    """
    text = partial.rstrip()
    start = len(text)
    while start > 0:
        start = text.rfind("\n", 0, start - 1) + 1
        quoted = text[start:]
        if len(quoted) >= _MAX_QUOTE or (len(quoted.strip()) >= _MIN_QUOTE and text.count(quoted) == 1):
            break
    quoted = text[start:]
    if len(quoted) <= _MAX_QUOTE:
        return quoted
    space = text.find(" ", len(text) - _MAX_QUOTE)
    return text[space + 1 :] if 0 <= space < len(text) - _MIN_QUOTE else text[-_MAX_QUOTE:]


def find_end_marker(text: str) -> int | None:
    """The offset where the answer ends before an end marker; None without one."""
    found = _END_MARKER.search(text)
    return None if found is None else found.start()


def marker_hold_start(text: str) -> int:
    """The offset where trailing white space, or a possible start of the end marker, begins."""
    at = text.rfind("[", max(0, len(text) - _MAX_MARKER))
    if at < 0 or "]" in text[at:]:
        at = len(text)
    return len(text[:at].rstrip())


def find_partial_end_marker(text: str) -> int | None:
    """The offset of an incomplete end marker at the end of an interrupted text; None without one."""
    found = _PARTIAL_END_MARKER.search(text)
    return None if found is None else found.start()
