"""Text from outside is made safe here, once, on its way in; and other pure helpers on text.

A terminal obeys control characters wherever they come from, so a model's answer could set the clipboard
or fake the screen. They are replaced by visible signs, not dropped: nobody is to miss that they were there.
"""

from __future__ import annotations

import re
import unicodedata

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
_UNSAFE = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}\u2028\u2029\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def _visible(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if code <= 0x9F or 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if code in (0x2028, 0x2029):
        return "\n"
    return f"<U+{code:04X}>"


def _join_pair(match: re.Match[str]) -> str:
    return match.group().encode("utf-16", "surrogatepass").decode("utf-16")


def sanitize(text: str) -> str:
    """`text` with nothing in it that a terminal would obey.

    Newlines (`\\r\\n` becomes `\\n`) and tabs stay; other C0 controls become their pictures (U+2400…), C1 controls
    and lone surrogates U+FFFD, bidirectional controls and the byte order mark `<U+202E>` and the like.
    The joiners of emoji and of Indic and Persian scripts stay. `sanitize(sanitize(t)) == sanitize(t)`.
    """
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    if _UNSAFE.search(text) is None:
        return text
    return _UNSAFE.sub(_visible, _PAIR.sub(_join_pair, text))


def sanitize_line(text: str) -> str:
    """`sanitize` for what stands on one line: titles, names, messages of servers."""
    return " ".join(sanitize(text).split())


class Sanitizer:
    """`sanitize` over a stream: what it returns, joined, equals `sanitize` of the pieces joined.

    A carriage return or half a surrogate pair at a piece's end waits for the next piece, so a cut between two
    pieces changes nothing.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """The safe text that is settled by now."""
        text = self._held + piece
        self._held = ""
        if text and (text[-1] == "\r" or "\ud800" <= text[-1] <= "\udbff"):
            text, self._held = text[:-1], text[-1]
        return sanitize(text)

    def close(self) -> str:
        """What was still held back."""
        held, self._held = self._held, ""
        return sanitize(held)


def nfc(text: str) -> str:
    """Composed form: input methods send `e` + `̂` + `́` as three key presses, history and search want `ế`."""
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """`text` for searching: case, and the accents of Latin letters, are dropped; `đ` is `d`.

    Marks on other scripts stay: `か` and `が` are different letters.
    """
    out: list[str] = []
    latin = False
    # case first, then apart again: folding the case of "ᾳ" or "ﬁ" gives letters that can carry marks themselves
    for char in unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold()):
        if unicodedata.category(char) == "Mn":
            if not latin:
                out.append(char)
            continue
        latin = char < "\u0250"
        out.append("d" if char == "đ" else char)
    return unicodedata.normalize("NFC", "".join(out))


def title_of(question: str, limit: int = 60) -> str:
    """A conversation's title from its first question: its first words, at most `limit` characters."""
    lines = (sanitize_line(line).lstrip("#>*- ").strip() for line in question.splitlines())
    line = next((line for line in lines if line), "")
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > limit // 2 else cut).rstrip() + "…"


def nearest(word: str, known: list[str]) -> str | None:
    """The known name that the user probably meant by `word`, if one is close."""
    import difflib

    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else None
