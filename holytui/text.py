"""The two rules for text from outside, and other pure helpers on text.

Arrival, `sanitize`: a terminal obeys control characters wherever they come from, so a model's answer could set the
clipboard or fake the screen. They are replaced by visible signs, not dropped: nobody is to miss that they were there.
All else is kept, so that stored, copied, exported, piped and sent text is what came.

Display, `visible`: what a terminal would not show, or would reorder its row by, becomes a sign where it is shown, and
only there.
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
"""Each a character, or the first and the last of several."""
INVISIBLE: Final = tuple(chr(code) for pair in _RANGES for code in range(ord(pair[0]), ord(pair[-1]) + 1))
"""The characters that are not seen themselves, of which `visible` makes signs: Unicode's format characters and its two
separators of lines and paragraphs.

Not the joiners U+200C and U+200D, which emoji and the scripts of India and Persia need, and not the Arabic, Syriac and
Kaithi signs that are format characters by name only.
"""
WORD_GAP: Final = "\u200b"
_UNSPACED = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9ff\uaa60-\uaa7f"
"""Thai, Lao, Burmese and Khmer: `WORD_GAP` stands between their words, as a space does in other scripts."""
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
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")  # with more of its ranges the class above would be four times as slow
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
    """`text` as it may be kept: the rule for all that arrives, from a server, a file or a paste.

    C0 controls become their pictures (U+2400…), C1 controls and lone surrogates U+FFFD. Newlines and tabs stay.
    `\\r\\n` becomes `\\n`: a terminal obeys a carriage return, so one may not stay in a text that is piped to one, and
    before a newline it says no more than the newline does. Everything else is kept as it is.
    `sanitize(sanitize(t)) == sanitize(t)`.
    """
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    if _CONTROL.search(text) is None:
        return text
    return _CONTROL.sub(_picture, _PAIR.sub(_join_pair, text))


def one_line(text: str) -> str:
    """`sanitize` for what is kept as one line, such as a title."""
    return " ".join(sanitize(text).split())


def visible(text: str, *, breaks: bool = True) -> str:
    """`text` as a terminal may show it: the rule for all that is painted or printed, and for nothing that is kept.

    `sanitize`, and format characters (directions, tags, the byte order mark and the like) become `<U+202E>`, a soft
    hyphen `-`. The line and the paragraph separator become newlines, or signs too if not `breaks`. Joiners, variation
    selectors and flags stay. `visible(visible(t)) == visible(t)`.
    """
    if text.isprintable():
        return text
    text = sanitize(text)
    if _SUSPECT.search(text) is None and _ASTRAL.search(text) is None:
        return text
    return replace_invisible(text, _sign_or_break if breaks else _sign).replace(WORD_GAP, "")


def replace_invisible(text: str, sign: Callable[[str], str]) -> str:
    """`text` with `sign` of each format character in its place, but for those that its writer surely needs: in a flag,
    or between two words of a script without spaces (`WORD_GAP`)."""
    return _SHOWN.sub(lambda match: match.group() if match.lastgroup else sign(match.group()), text)


def _sign_or_break(char: str) -> str:
    return "\n" if char in "\u2028\u2029" else _sign(char)


def _sign(char: str) -> str:
    return "-" if char == "\u00ad" else f"<U+{ord(char):04X}>"


def addresses(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, and which of them are addresses of the web: one ends before punctuation, but with the
    brackets that are opened in it."""
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
    """`visible` for what is shown on one line: names, paths, messages of servers. See `one_line` for what is kept."""
    return " ".join(visible(text).split())


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


class VisibleStream:
    """`visible` over a stream of sanitized text: what it returns, joined, equals `visible` of the pieces joined.

    What may be the beginning of a flag waits for the next piece, as tokens are often shorter than one.
    """

    __slots__ = ("_before", "_held")

    def __init__(self) -> None:
        self._before = ""
        """The last character, if what follows depends on it."""
        self._held = ""

    def feed(self, piece: str) -> str:
        """The text that is settled by now, as it may be shown."""
        text = self._before + self._held + piece
        found = _UNSETTLED.search(text)
        end = found.start() if found else len(text)
        return self._show(text[:end], text[end:])

    def close(self) -> str:
        """What was still held back."""
        shown = self._show(self._before + self._held, "")
        self._before = ""
        return shown

    def _show(self, text: str, held: str) -> str:
        shown = visible(text)[len(self._before) :]
        self._before = text[-1:] if _LETTER.fullmatch(text[-1:]) else ""
        self._held = held
        return shown


def nfc(text: str) -> str:
    """Composed form: input methods send `e` + `̂` + `́` as three key presses, history and search want `ế`."""
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """`text` for searching: case, and the accents of Latin letters, are dropped; `đ` is `d`.

    Marks on other scripts stay: `か` and `が` are different letters.
    """
    if text.isascii():
        return text.lower()
    # case first, then apart again: folding the case of "ᾳ" or "ﬁ" gives letters that can carry marks themselves
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())
    if _LATIN.fullmatch(apart):  # ten times as fast; the list of conversations folds thousands of titles at each key
        return unicodedata.normalize("NFC", _MARKS.sub("", apart).replace("đ", "d"))
    out: list[str] = []
    latin = False
    for char in apart:
        if unicodedata.category(char) == "Mn":
            if not latin:
                out.append(char)
            continue
        latin = char < "\u0250"
        out.append("d" if char == "đ" else char)
    return unicodedata.normalize("NFC", "".join(out))


def title_of(question: str, limit: int = 60) -> str:
    """A conversation's title from its first question: its first words, at most `limit` characters."""
    lines = (one_line(line).lstrip("#>*- ").strip() for line in question.splitlines())
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
