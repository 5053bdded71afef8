"""Sanitising of untrusted text, and other pure functions on text.

On arrival, `sanitize` replaces control characters by visible symbols: a terminal obeys them from any source, so an
answer could set the clipboard or fake the screen. Everything else is unchanged, so that stored, copied, exported, piped
and sent text is the text received.

For display only, `visible` also replaces characters that are invisible or reorder the row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff"
_RANGES = (
    *("\u00ad", "\u061c", "\u180e", "\u200b", "\u200e\u200f", "\u2028\u202e", "\u2060\u206f", "\ufeff", "\ufff9\ufffb"),
    *("\U00013430\U0001343f", "\U0001bca0\U0001bca3", "\U0001d173\U0001d17a", "\U000e0000\U000e007f"),
)
"""Each entry is one character, or the first and last of a range."""
INVISIBLE: Final = tuple(chr(code) for pair in _RANGES for code in range(ord(pair[0]), ord(pair[-1]) + 1))
"""Invisible characters that `visible` replaces: Unicode's format characters, and its line and paragraph separators.

Not the joiners U+200C and U+200D, which emoji and Indic and Persian scripts need, and not the Arabic, Syriac and Kaithi
signs, which are visible although they are format characters.
"""
WORD_GAP: Final = "\u200b"
_UNSPACED = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaa7f"
"""Thai, Lao, Burmese and Khmer, which separate words by `WORD_GAP`."""
_FLAG, _TAGS = "\U0001f3f4", "\U000e0030-\U000e0039\U000e0061-\U000e007a\U000e007f"
_FLAGS = "|".join(
    _FLAG + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
"""England, Scotland, Wales: the only flags of tag characters that Unicode recommends (UTS #51, RGI)."""

_FORMATS = "".join("-".join(pair) for pair in _RANGES)
_CONTROL = re.compile(f"[{_CONTROLS}]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_SUSPECT = re.compile("[" + "".join("-".join(pair) for pair in _RANGES if pair < "\U00010000") + "]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")  # separate, as its ranges would make the class above four times as slow
_SHOWN = re.compile(f"(?P<flag>{_FLAGS})|(?P<gap>(?<=[{_UNSPACED}])\u200b(?=[{_UNSPACED}]))|[{_FORMATS}]")
_UNSETTLED = re.compile(f"(?:{_FLAG}[{_TAGS}]{{0,5}}|(?<=[{_UNSPACED}])\u200b)\\Z")
_LATIN = re.compile("[\0-\u024f][\0-\u024f\u0300-\u036f]*")
_MARKS = re.compile("[\u0300-\u036f]+")
_LETTER = re.compile(f"[{_UNSPACED}]")
_ADDRESS = re.compile(r"https?://[^\s<>\"`]*[^\s<>\"`.,;:!?'*_~)\]}]")


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def _join_pair(match: re.Match[str]) -> str:
    return match.group().encode("utf-16", "surrogatepass").decode("utf-16")


def sanitize(text: str) -> str:
    """Return `text` safe for storage. Applied to all text received from a server, a file or a paste.

    C0 controls become their pictures (U+2400…), C1 controls and lone surrogates U+FFFD. Newlines and tabs are kept.
    `\\r\\n` becomes `\\n`: a terminal to which text is piped would obey carriage returns, and before a newline they
    have no meaning. Everything else is unchanged.
    `sanitize(sanitize(t)) == sanitize(t)`.
    """
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    if _CONTROL.search(text) is None:
        return text
    return _CONTROL.sub(_picture, _PAIR.sub(_join_pair, text))


def one_line(text: str) -> str:
    """Like `sanitize`, for stored text on one line, such as a title."""
    return " ".join(sanitize(text).split())


def visible(text: str, *, breaks: bool = True) -> str:
    """Return `text` safe for display. Applied to all text that is painted or printed, never to stored text.

    Like `sanitize`, and format characters (directions, tags, the byte order mark and others) become `<U+202E>`, a soft
    hyphen `-`. The line and paragraph separators become newlines, or `<U+2028>` if not `breaks`. Joiners, variation
    selectors and flags are kept. `visible(visible(t)) == visible(t)`.
    """
    if text.isprintable():
        return text
    text = sanitize(text)
    if _SUSPECT.search(text) is None and _ASTRAL.search(text) is None:
        return text
    return replace_invisible(text, _sign_or_break if breaks else _sign).replace(WORD_GAP, "")


def replace_invisible(text: str, sign: Callable[[str], str]) -> str:
    """Return `text` with each invisible character replaced by `sign` of it.

    Kept are those in a flag, and `WORD_GAP` between letters of scripts without spaces.
    """
    return _SHOWN.sub(lambda match: match.group() if match.lastgroup else sign(match.group()), text)


def _sign_or_break(char: str) -> str:
    return "\n" if char in "\u2028\u2029" else _sign(char)


def _sign(char: str) -> str:
    return "-" if char == "\u00ad" else f"<U+{ord(char):04X}>"


def addresses(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the text in pieces, and whether each is a web address.

    An address does not include punctuation that follows it, except a bracket that closes one in it.
    """
    at = 0
    for found in _ADDRESS.finditer(text):
        end = found.end()
        if text[end : end + 1] == ")" and found.group().count("(") > found.group().count(")"):
            end += 1
        yield text[at : found.start()], False
        yield text[found.start() : end], True
        at = end
    yield text[at:], False


def sanitize_line(text: str) -> str:
    """Like `visible`, for one line: names, paths, messages of servers. For stored text use `one_line`."""
    return " ".join(visible(text).split())


class Sanitizer:
    """Incremental `sanitize`: the joined output equals `sanitize` of the joined pieces.

    A carriage return or half a surrogate pair at the end of a piece is held back until the next piece.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """Return the text that no later piece can change."""
        text = self._held + piece
        self._held = ""
        if text and (text[-1] == "\r" or "\ud800" <= text[-1] <= "\udbff"):
            text, self._held = text[:-1], text[-1]
        return sanitize(text)

    @property
    def idle(self) -> bool:
        """No text is held back."""
        return not self._held

    def close(self) -> str:
        """Return the text held back."""
        held, self._held = self._held, ""
        return sanitize(held)


class VisibleStream:
    """Incremental `visible` of sanitised text: the joined output equals `visible` of the joined pieces.

    A possible beginning of a flag is held back until the next piece.
    """

    __slots__ = ("_before", "_held")

    def __init__(self) -> None:
        self._before = ""
        """Last character, if the display of the next one depends on it."""
        self._held = ""

    def feed(self, piece: str) -> str:
        """Return the displayed text that no later piece can change."""
        text = self._before + self._held + piece
        found = _UNSETTLED.search(text)
        end = found.start() if found else len(text)
        return self._show(text[:end], text[end:])

    def close(self) -> str:
        """Return the displayed text held back."""
        shown = self._show(self._before + self._held, "")
        self._before = ""
        return shown

    def _show(self, text: str, held: str) -> str:
        shown = visible(text)[len(self._before) :]
        self._before = text[-1:] if _LETTER.fullmatch(text[-1:]) else ""
        self._held = held
        return shown


def nfc(text: str) -> str:
    """Return the composed form: input methods send `e` + `̂` + `́` as three key presses, search needs `ế`."""
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Return `text` for searching, without case and accents of Latin letters; `đ` becomes `d`.

    Marks on other scripts are kept: `か` and `が` are different letters.
    """
    if text.isascii():
        return text.lower()
    # decomposed again after case folding, which turns "ᾳ" or "ﬁ" into letters that can carry marks
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())
    if _LATIN.fullmatch(decomposed):  # ten times as fast; each key in the list's filter folds thousands of titles
        return unicodedata.normalize("NFC", _MARKS.sub("", decomposed).replace("đ", "d"))
    out: list[str] = []
    latin = False
    for char in decomposed:
        if unicodedata.category(char) == "Mn":
            if not latin:
                out.append(char)
            continue
        latin = char < "\u0250"
        out.append("d" if char == "đ" else char)
    return unicodedata.normalize("NFC", "".join(out))


def title_of(question: str, limit: int = 60) -> str:
    """Return a conversation's title: the first words of its first question, at most `limit` characters."""
    lines = (one_line(line).lstrip("#>*- ").strip() for line in question.splitlines())
    line = next((line for line in lines if line), "")
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > limit // 2 else cut).rstrip() + "…"


def nearest(word: str, known: list[str]) -> str | None:
    """Return the known name that the user probably meant by `word`; None if none is close."""
    import difflib

    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else None


def excerpt(text: str, longest: int = 60) -> str:
    """Return the beginning of a text as one safe line of at most `longest` characters."""
    line = sanitize_line(text)
    return line if len(line) <= longest else line[: longest - 1] + "…"
