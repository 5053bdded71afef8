"""The terminal's input: no exception whatever comes, whole sequences however they are cut, and keys that work again.

Input: kind of input and of what is expected, how to cut (a byte each), then bytes of a terminal, or (odd kinds) numbers
of whole sequences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import events
from textual.message import Message

from holytui.terminal.textual_adapter.parser import SafeParser
from tests.fuzz.pieces import CONTROLS, calls, pieces

_WHOLE = (
    *("a", "Z", "é", "漢", " ", "\r", "\x7f", "\x01", "\t"),
    *("\x1b[A", "\x1b[1;5A", "\x1b[3;5~", "\x1b[15~", "\x1bOP", "\x1b[[A", "\x1b[Z", "\x1b[I", "\x1b[O", "\x1b[H"),
    *("\x1b[<0;3;4M", "\x1b[<65;30;40m", "\x1b[7;9R", "\x1b[0n", "\x1b[?2026;2$y", "\x1b[?62;22c", "\x1b[>1;3000;0c"),
    *("\x1b[8;24;80t", "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b]52;c;c2VjcmV0\x07", "\x1bP>|XTerm(390)\x1b\\"),
    *("\x1bP1+r4d73=1b\x1b\\", "\x1b_Gi=1;OK\x1b\\", "\x1b[97u", "\x1b[97;5u", "\x1b[13;2u", "\x1b[?1u", "\x1b[57399u"),
    *("\x1b[200~\x1b[201~", "\x1b[200~one\r\ntwo\x1b[A\x03\x1b[201~", "\x1b[200~\x1b[20\x1b[201~"),
)
_EXPECTED = (None, 0.0, 0.5)
_MOST_CALLS = 120
"""A character, in pieces of one: Textual's own parser is a part of it."""
_PATIENCE = 100.0


def seeds() -> Iterator[bytes]:
    """Each whole sequence by its number and as its bytes, and what is not whole."""
    for number, text in enumerate(_WHOLE):
        yield bytes((1, 0, number, 0, number))
        yield bytes((number % 3 * 2, number)) + b"x" + text.encode() + b"y"
    for data in (
        b"\x1b",
        b"\x1b[",
        b"\x1bO",
        b"\x1b[200~half",
        b"\x1b]11;",
        b"\x1b[M !!",
        b"\x1b\x1b[A",
        b"\x1b[38;5;",
    ):
        yield b"\0\0" + data
    yield b"\1\0" + bytes(range(len(_WHOLE)))


class _Ear:
    def __init__(self, expected: float | None) -> None:
        self.now = 0.0
        self.answers: list[tuple[int, int]] = []
        self.parser = SafeParser(
            lambda: self.answers.append((-1, 0)),
            lambda mode, value: self.answers.append((mode, value)),
            lambda: self.now,
            lambda: expected,
        )

    def hear(self, parts: Sequence[str]) -> list[Message]:
        return [message for part in parts for message in self.parser.feed(part)]

    def wait(self) -> list[Message]:
        """What comes when nothing more does."""
        said: list[Message] = []
        for _ in range(3):
            self.now += _PATIENCE
            said += self.parser.tick()
        return said


def check(data: bytes) -> None:
    """No exception; sound messages; linear work; and after a while an ordinary key is a key."""
    if len(data) < 3:
        return
    expected, salt = _EXPECTED[data[0] // 2 % 3], data[1]
    if data[0] % 2:
        text = "".join(_WHOLE[number % len(_WHOLE)] for number in data[2:42])
        whole, cut = _Ear(expected), _Ear(expected)
        heard = list(map(_told, whole.hear([text])))
        assert list(map(_told, cut.hear(pieces(text, salt)))) == heard, "the reads change the keys"
        assert cut.answers == whole.answers, "the reads change the answers"
    else:
        text = data[2:].decode("utf-8", "replace")
    ear = _Ear(expected)
    parts = pieces(text, salt)
    said = ear.hear(parts)
    for message in (*said, *ear.wait()):
        _sound(message)
    ear.hear(["\x07"])  # a string that has begun again ends here at the latest
    ear.wait()
    assert "k" in map(_told, ear.hear(["k"])), "a key is lost"
    if len(text) < 300:
        count = calls(lambda: _Ear(expected).hear(parts))
        assert count < _MOST_CALLS * (len(text) + 20), f"{count} calls for {len(text)} characters"


def _told(message: Message) -> str:
    match message:
        case events.Key():
            return message.key
        case events.Paste():
            return f"paste:{message.text}"
        case events.MouseEvent():
            return f"{type(message).__name__}:{message.x},{message.y},{message.button}"
    return type(message).__name__


def _sound(message: Message) -> None:
    match message:
        case events.Paste():
            assert CONTROLS.isdisjoint(message.text), "a control character in a paste"
        case events.Key():
            (message.key + (message.character or "")).encode()
