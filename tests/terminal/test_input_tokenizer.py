from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import constants, events

from holytui.terminal.textual_adapter.parser import SafeParser
from tests.terminal.test_parser import said

ASKED = ["\x1b[0n", "\x1b[2;4R", "\x1b[24;118R", "\x1b[?2026;2$y", "\x1b[?69;0$y", "\x1b[?62;22c", "\x1b[>1;3000;0c"]
UNASKED = [
    "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b]52;c;c2VjcmV0\x07", "\x1bP>|XTerm(390)\x1b\\", "\x1bP1+r4d73=1b\x1b\\",
    "\x1bP1$r0m\x9c", "\x1b_Gi=31;OK\x1b\\", "\x1b[8;24;80t", "\x1b[" + "1;" * 30 + "t", "\x1b[?" + "1;" * 600 + "c",
    "\x1b[?1;0;256S", "\x1b[48;99999999999;99999999999;1;1t", "\x1b[<0;99999999;5M", "\x1b[9999999999;1R",
]  # fmt: skip
BACKGROUNDS = {
    "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\": "\x1b]11;rgb:1e1e/1e1e/1e1e",
    "\x1b]11;#fdf6e3\x07": "\x1b]11;#fdf6e3",
    "\x1b[?997;2n": "light",
}
KEYS = {"\x1b[A": "up", "\x1b[1;5A": "ctrl+up", "\x1b[3;5~": "ctrl+delete", "\x1b[15~": "f5", "\x1b[3$": "shift+delete"}


class Terminal:
    """Input that comes in pieces, with time between them; `expected` is what is left of an answer's time."""

    def __init__(self, expected: float | None = None, *, notified: bool = False) -> None:
        self.now = 100.0
        self.late_at: float | None = None if expected is None else self.now + expected
        self.answers = 0
        self.heard: list[str] = []
        self.parser = SafeParser(
            self._answer,
            lambda *_: self._answer(),
            lambda: self.now,
            self._expected,
            on_colour=self.heard.append,
            on_scheme=self.heard.append,
            notified=lambda: notified,
        )

    def _answer(self) -> None:
        self.answers += 1

    def _expected(self) -> float | None:
        return None if self.late_at is None else max(0.0, self.late_at - self.now)

    def hear(self, text: str) -> list[str]:
        """The keys; where the cursor is interests only the driver."""
        return [name for name in said(list(self.parser.feed(text))) if name != "CursorPosition"]

    def wait(self, seconds: float) -> list[str]:
        """What comes while nothing is heard for so long, with the driver's ticks."""
        heard: list[str] = []
        end = self.now + seconds
        while (timeout := self.parser.timeout) is not None and self.now + timeout <= end:
            self.now += timeout
            heard += said(list(self.parser.tick()))
        self.now = end
        return heard


def cuts(answers: list[str], first: int = 1) -> list[tuple[str, int]]:
    return [(answer, at) for answer in answers for at in range(first, min(len(answer), 60))]


@pytest.mark.parametrize("pause", [0.0, 0.15, 0.9, 8.0])
def test_an_answer_that_is_cut_types_nothing(pause: float) -> None:
    for answer, at in cuts(ASKED):
        terminal = Terminal(expected=20.0)
        heard = terminal.hear("a" + answer[:at]) + terminal.wait(pause) + terminal.hear(answer[at:] + "b")
        # Escape itself is given out after a second at most, as a user may have pressed it
        assert heard == ["a", *(["escape"] if at == 1 and pause > 1 else []), "b"], (answer, at)


def test_a_late_answer_that_is_cut_types_nothing() -> None:
    for answer, at in cuts(ASKED):
        terminal = Terminal(expected=0.0)
        heard = terminal.hear(answer[:at]) + terminal.wait(5.0) + terminal.hear(answer[at:] + "[b")
        assert [key for key in heard if key != "escape"] == ["left_square_bracket", "b"], (answer, at)


@pytest.mark.parametrize("expected", [0.0, 20.0])
def test_a_colour_or_a_notification_cut_anywhere_is_heard_once_and_types_nothing(expected: float) -> None:
    for answer, heard in BACKGROUNDS.items():
        for places in itertools.combinations(range(1, len(answer)), 2):
            for pause in (0.0, 0.9, 12.0):
                if answer.startswith("\x1b[") and places == (1, 2) and pause > 1:
                    continue  # Escape, and a bracket a second later, are keys
                terminal = Terminal(expected)
                keys = terminal.hear("a")
                for start, end in itertools.pairwise((0, *places, len(answer))):
                    keys += terminal.hear(answer[start:end]) + terminal.wait(pause)
                keys += terminal.hear("]b")
                typed = [key for key in keys if key != "escape"]
                assert typed == ["a", "right_square_bracket", "b"], (answer, places, pause)
                assert terminal.heard == [heard], (answer, places, pause)


def test_a_notification_that_a_short_stall_cuts_types_nothing() -> None:
    notification = "\x1b[?997;1n"
    for places in itertools.combinations(range(1, len(notification)), 2):
        terminal = Terminal(notified=True)
        keys = []
        for start, end in itertools.pairwise((0, *places, len(notification))):
            keys += terminal.hear(notification[start:end]) + terminal.wait(0.9)
        assert [key for key in keys if key != "escape"] == [], places
        assert terminal.heard == ["dark"], places


def test_brackets_are_keys_after_a_second_where_notifications_may_come() -> None:
    for keys in ("\x1b[", "\x1b]"):
        terminal = Terminal(notified=True)
        assert terminal.hear(keys) + terminal.wait(1.0) == terminal_key(keys)
        assert terminal.hear("\x1b") + terminal.wait(0.2) == ["escape"]
        assert terminal.hear(keys[1]) + terminal.wait(1.0) == terminal_key(keys)


def terminal_key(keys: str) -> list[str]:
    """A bracket with Alt, which is the bracket alone for Textual."""
    return ["left_square_bracket" if keys[1] == "[" else "right_square_bracket"]


def test_a_bracket_after_escape_is_typed_with_the_next_key_while_a_colour_is_expected() -> None:
    terminal = Terminal(expected=0.0)
    assert terminal.hear("\x1b") + terminal.wait(0.2) == ["escape"]
    assert terminal.hear("]") + terminal.wait(5.0) == []
    assert terminal.hear("x") == ["right_square_bracket", "x"]
    calm = Terminal()
    assert calm.hear("\x1b") + calm.wait(0.2) + calm.hear("]") == ["escape", "right_square_bracket"]
    assert calm.hear("\x1b]") + calm.wait(0.2) == ["right_square_bracket"]


def test_a_long_string_is_no_report() -> None:
    terminal = Terminal(expected=1.0)
    assert terminal.hear("\x1b]11;rgb:" + "f" * 100 + "\x07a") == ["a"]
    assert terminal.heard == []


def test_an_answer_that_is_cut_twice_types_nothing() -> None:
    for answer in ASKED:
        for first, second in itertools.combinations(range(2, len(answer)), 2):
            terminal = Terminal(expected=0.3)
            pieces = answer[:first], answer[first:second], answer[second:]
            assert [key for piece in pieces for key in terminal.hear(piece) + terminal.wait(3.0)] == []


@pytest.mark.parametrize("pause", [0.0, 0.15, 5.0])
def test_what_was_not_asked_for_is_not_typed_either(pause: float) -> None:
    """Only its first two characters could be keys."""
    for answer, at in cuts(UNASKED, first=3):
        terminal = Terminal()
        heard = terminal.hear("a" + answer[:at]) + terminal.wait(pause) + terminal.hear(answer[at:] + "b")
        assert heard == ["a", "b"], (answer, at)


@pytest.mark.parametrize("pause", [0.0, 0.15, 5.0])
def test_a_key_between_the_pieces_is_not_lost(pause: float) -> None:
    for answer, at in cuts(ASKED, first=3):
        for key in ("k", "é"):
            terminal = Terminal(expected=0.3)
            heard = terminal.hear(answer[:at]) + terminal.wait(pause) + terminal.hear(key) + terminal.wait(pause)
            assert heard + terminal.hear(answer[at:] + "z") == [key, "z"], (answer, at)


@pytest.mark.parametrize("pause", [0.0, 0.15, 5.0])
def test_a_key_that_is_cut_is_that_key(pause: float) -> None:
    for (sequence, key), expected in itertools.product(KEYS.items(), (None, 0.3)):
        for at in range(3, len(sequence)):
            terminal = Terminal(expected)
            assert terminal.hear(sequence[:at]) + terminal.wait(pause) + terminal.hear(sequence[at:]) == [key]


def test_a_paste_whose_marker_is_cut_is_a_paste() -> None:
    for at in range(3, 6):
        terminal = Terminal()
        marker = "\x1b[200~"
        assert terminal.hear(marker[:at]) + terminal.wait(2.0) + terminal.hear(marker[at:] + "x\x1b[201~") == [
            "paste:x"
        ]


@pytest.mark.parametrize(("expected", "within"), [(None, 0.1), (0.0, 0.1), (0.25, 0.25), (30.0, 1.0)])
def test_escape_acts_in_time_whether_an_answer_is_outstanding_or_not(expected: float | None, within: float) -> None:
    terminal = Terminal(expected)
    assert terminal.hear("\x1b") + terminal.wait(within - 0.01) == []
    assert terminal.wait(0.02) == ["escape"]
    assert terminal.hear("abc[") + terminal.wait(2.0) == ["a", "b", "c", "left_square_bracket"]


def test_escape_acts_at_once_when_the_answer_comes_behind_it() -> None:
    terminal = Terminal(expected=30.0)
    assert terminal.hear("\x1b\x1b[0n") == ["escape"]
    assert terminal.answers == 1
    assert terminal.hear("\x1bx\x1b") == ["alt+x"]
    assert terminal.hear("\x1b[A") == ["escape", "up"]


def test_alt_keeps_its_short_delay() -> None:
    for character, key in {"[": "left_square_bracket", "]": "right_square_bracket", "P": "alt+shift+p"}.items():
        terminal = Terminal()
        assert terminal.hear("\x1b" + character) + terminal.wait(0.09) == []
        assert terminal.wait(0.02) == [key]
        assert terminal.hear("hello") == list("hello")
    assert Terminal().hear("\x1bPhello") == ["alt+shift+p", *"hello"]
    assert Terminal().hear("\x1b[é") == ["left_square_bracket", "é"]


def test_a_bracket_typed_after_escape_is_a_bracket() -> None:
    terminal = Terminal(expected=0.0)
    assert terminal.hear("\x1b") + terminal.wait(0.2) == ["escape"]
    assert terminal.hear("[") + terminal.wait(1.1) == ["left_square_bracket"]
    assert terminal.hear("\x1b") + terminal.wait(0.2) + terminal.hear("[x") == ["escape", "left_square_bracket", "x"]
    assert terminal.hear("\x1b") + terminal.wait(0.2) + terminal.hear("[") + terminal.hear("\x1b[A") == [
        "escape", "left_square_bracket", "up",
    ]  # fmt: skip


def test_a_string_that_lost_its_end_gives_the_keys_back() -> None:
    for key in "\r\x03":
        terminal = Terminal()
        assert terminal.hear("\x1b]11;rgb:") == []
        assert terminal.hear(key + "x") == [{"\r": "enter", "\x03": "ctrl+c"}[key], "x"]
    terminal = Terminal()
    assert terminal.hear("\x1b]11;rgb:\x1b[A") == ["up"]
    assert terminal.hear("\x1b]11;rgb:\x1b") + terminal.wait(11.0) == ["escape"]
    assert terminal.hear("\x1b]11;rgb:") + terminal.wait(11.0) + terminal.hear("ab") == ["a", "b"]


def test_a_string_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holytui.terminal.input_tokenizer._MAX_STRING", 100)
    terminal = Terminal()
    assert terminal.hear("\x1b]52;c;" + "A" * 50) + terminal.hear("A" * 100) + terminal.hear("b") == ["b"]


def test_a_sequence_that_lost_its_end_gives_the_keys_back() -> None:
    terminal = Terminal()
    assert terminal.hear("\x1b[0") + terminal.wait(61.0) + terminal.hear("n") == ["n"]
    assert terminal.hear("\x1b[0") + terminal.hear("\x1b[A") == ["up"]


EXTENDED = st.one_of(
    st.from_regex(r"\x1b\[[0-9:;?<>=]{0,40}[u~A-HPQRSMmtycn]", fullmatch=True),
    st.builds(
        "\x1b[{};{};{}u".format,
        *[st.sampled_from(["", "97", "55296", "57343", "1114111", "1114112", "9" * 30, "97:65", "13", "0", "57441"])]
        * 3,
    ),
    st.text(st.sampled_from("\x1b[]P0123456789:;?<>$uR~ABMmtO\x07\\é\x00k"), min_size=1, max_size=30),
)


@pytest.mark.parametrize("disabled", [False, True])
@settings(max_examples=50, deadline=None)
@given(inputs=st.lists(EXTENDED, max_size=8))
def test_no_input_raises_or_makes_keys_that_cannot_be_written(disabled: bool, inputs: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "DISABLE_KITTY_KEY", disabled)
        terminal = Terminal()
        for piece in [*inputs, "\x1b[" + "9" * 5000 + "u", "\x07"]:
            for message in terminal.parser.feed(piece):
                if isinstance(message, events.Key):
                    f"{message.key}{message.character or ''}".encode()
            terminal.wait(0.2)


@pytest.mark.parametrize("numbers", ["1114112", "55296", "97;999999999", ";;55296", "97:65", "0;;9::55296"])
def test_extended_keys_that_mean_nothing_are_dropped(numbers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DISABLE_KITTY_KEY", False)
    terminal = Terminal()
    assert terminal.hear(f"\x1b[{numbers}u") + terminal.wait(1.0) + terminal.hear("k") == ["k"]


def test_what_an_input_method_commits_at_once_is_not_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DISABLE_KITTY_KEY", False)
    word = "nghiêng ngả ạảấầ"
    commit = "\x1b[0;;" + ":".join(str(ord(letter)) for letter in word) + "u"
    assert len(commit) > 60
    heard = list(Terminal().parser.feed(commit))
    assert "".join(message.character or "" for message in heard if isinstance(message, events.Key)) == word
