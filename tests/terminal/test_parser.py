from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events

from holytui.terminal.textual_adapter.parser import SafeParser
from holytui.text import sanitize


class Ears:
    def __init__(self) -> None:
        self.now = 0.0
        self.status = 0
        self.modes: list[tuple[int, int]] = []
        self.parser = SafeParser(self._status, lambda mode, value: self.modes.append((mode, value)), lambda: self.now)

    def _status(self) -> None:
        self.status += 1

    def hear(self, *pieces: str) -> list[object]:
        return [message for piece in pieces for message in self.parser.feed(piece)]


def said(messages: list[object]) -> list[str]:
    out = []
    for message in messages:
        if isinstance(message, events.Paste):
            out.append(f"paste:{message.text}")
        elif isinstance(message, events.Key):
            out.append(message.key)
        else:
            out.append(type(message).__name__)
    return out


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    marks = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[a:b] for a, b in itertools.pairwise(marks)]


PASTED = st.text(st.sampled_from("ab\x1b[201~\r\n\x03\x04m;é漢"), max_size=30).filter(lambda t: "\x1b[201~" not in t)


@settings(max_examples=300, deadline=None)
@given(PASTED, st.lists(st.integers(0, 60), max_size=6))
def test_a_paste_is_one_paste_however_it_is_cut(text: str, cuts: list[int]) -> None:
    ears = Ears()
    heard = said(ears.hear(*pieces_of(f"x\x1b[200~{text}\x1b[201~y", cuts)))
    first = text.find("\x1b[201~")
    assert first == -1
    want = sanitize(text.replace("\r\n", "\n").replace("\r", "\n"))
    assert heard == ["x", f"paste:{want}", "y"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=8))
def test_answers_between_keys_are_taken_out_however_they_are_cut(cuts: list[int]) -> None:
    ears = Ears()
    heard = said(ears.hear(*pieces_of("a\x1b[0nb\x1b[?2026;2$y\x1b[A\x1b[?69;0$yc\x1b[0n", cuts)))
    assert heard == ["a", "b", "up", "c"]
    assert ears.status == 2
    assert ears.modes == [(2026, 2), (69, 0)]


STRANGE = [
    "\x1b[3n", "\x1b[?0n", "\x1b[n", "\x1b[?69$y", "\x1b[?62;22c", "\x1b[>1;3000;0c", "\x1b[8;24;80t",
    "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b]52;c;c2VjcmV0\x07", "\x1bP>|XTerm(390)\x1b\\", "\x1bP1+r4d73=1b\x1b\\",
]  # fmt: skip


@pytest.mark.parametrize("answer", STRANGE)
def test_an_answer_that_nobody_understands_is_not_typed(answer: str) -> None:
    ears = Ears()
    assert said(ears.hear(f"a{answer}b{answer}", f"\x1b[200~x{answer}\x1b[201~")) == [
        "a",
        "b",
        f"paste:x{sanitize(answer)}",
    ]


@pytest.mark.parametrize(
    ("sequence", "heard"),
    [
        ("\x1b[[A", "f1"),
        ("\x1b[1;5A", "ctrl+up"),
        ("\x1b[3;5~", "ctrl+delete"),
        ("\x1b[<0;3;4M", "MouseDown"),
        ("\x1b[<65;3;4M", "MouseScrollDown"),
        ("\x1b[I", "AppFocus"),
        ("\x1b[7;9R", "CursorPosition"),
        ("\x1b]", "right_square_bracket"),
    ],
)
def test_what_is_understood_still_is(sequence: str, heard: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.ESCAPE_DELAY", 0.0)
    ears = Ears()
    assert said([*ears.hear(sequence), *ears.parser.tick()]) == [heard]


def test_a_lone_escape_is_still_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.ESCAPE_DELAY", 0.0)
    ears = Ears()
    assert ears.hear("\x1b") == []
    assert ears.parser.timeout == 0.0
    assert said(list(ears.parser.tick())) == ["escape"]
    assert said(ears.hear("[200~")) == ["left_square_bracket", "2", "0", "0", "tilde"]


def test_input_methods_keep_their_bursts() -> None:
    ears = Ears()
    assert said(ears.hear("a\x7fâ\x7fấ")) == ["a", "backspace", "â", "backspace", "ấ"]
    assert [key.character for key in ears.hear("e\u0302\u0301") if isinstance(key, events.Key)] == [
        "e", "\u0302", "\u0301",
    ]  # fmt: skip


def test_a_paste_without_end_gives_the_keys_back_after_a_while() -> None:
    ears = Ears()
    assert ears.hear("\x1b[200~half") == []
    ears.now = 29.0
    assert list(ears.parser.tick()) == []
    assert ears.parser.timeout == pytest.approx(1.0)
    ears.now = 31.0
    assert said(list(ears.parser.tick())) == ["paste:half"]
    assert said(ears.hear("k")) == ["k"]


def test_a_paste_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holytui.terminal.textual_adapter.parser._MAX_PASTED", 10)
    ears = Ears()
    assert said(ears.hear("\x1b[200~12345", "678901234", "\x1b[201~")) == ["paste:1234567890"]


def test_an_empty_paste_is_a_paste() -> None:
    assert said(Ears().hear("\x1b[200~\x1b[201~")) == ["paste:"]
