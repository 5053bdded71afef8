"""The terminal's part of a check, from facts and from a real pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import termios
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pyte
import pytest
from rich.cells import cell_len

from holytui.diagnosis.terminal_link import TerminalCheck
from holytui.engine.check.findings import CheckTopic, Finding, FindingStatus
from holytui.keymap import build_keymap
from holytui.terminal import probe
from holytui.terminal.facts import TerminalFacts
from holytui.terminal.probe import SAMPLES, probe_terminal

UTF8 = {"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}
GOOD = TerminalFacts(
    100,
    40,
    answers=True,
    sync=True,
    round_trip=0.02,
    kitty_keys=False,
    texts=tuple(replace(sample, found=sample.expected) for sample in SAMPLES),
)


def found(
    facts: TerminalFacts | None,
    environ: Mapping[str, str] = UTF8,
    keys: Mapping[str, tuple[str, ...]] | None = None,
    tmux: Mapping[str, str] | None = None,
    programs: Sequence[str] = (),
) -> dict[CheckTopic, Finding]:
    def run(command: Sequence[str], _data: bytes) -> bytes:
        return (tmux or {}).get(command[-1], "").encode()

    check = TerminalCheck(
        environ, build_keymap(keys or {}), run=run, which=lambda name: name if name in programs else None
    )
    return {entry.finding.topic: entry.finding for entry in check.entries(facts)}


def test_without_a_terminal_nothing_fails() -> None:
    (finding,) = found(None).values()
    assert (finding.status, finding.text) == (FindingStatus.SKIPPED, "not a terminal")


def test_a_good_terminal_has_no_warning() -> None:
    lines = found(GOOD)
    assert {finding.status for finding in lines.values()} == {FindingStatus.OK}
    assert lines[CheckTopic.SIZE].text == "100 columns, 40 rows"
    assert lines[CheckTopic.ROUND_TRIP].text == "20 ms"
    assert lines[CheckTopic.COLOURS].text == "256"


@pytest.mark.parametrize(
    ("topic", "facts", "environ", "words"),
    [
        (CheckTopic.TERMINAL, replace(GOOD, answers=False), UTF8, "does not answer"),
        (CheckTopic.SIZE, replace(GOOD, columns=30), UTF8, "30 columns"),
        (CheckTopic.CHARACTERS, GOOD, {"TERM": "xterm", "LANG": "C"}, "not UTF-8"),
        (CheckTopic.CHARACTERS, GOOD, {**UTF8, "LC_ALL": "en_US.ISO-8859-1"}, "not UTF-8"),
        (CheckTopic.INPUT_METHOD, GOOD, {**UTF8, "TEXTUAL_DISABLE_KITTY_KEY": ""}, "may lose letters"),
    ],
)
def test_what_is_amiss_has_a_next_step(
    topic: CheckTopic, facts: TerminalFacts, environ: Mapping[str, str], words: str
) -> None:
    finding = found(facts, environ)[topic]
    assert finding.status is FindingStatus.WARNING
    assert words in finding.text
    assert finding.hints


def test_a_wrong_width_names_text_and_columns() -> None:
    texts = (replace(SAMPLES[0], found=12), *GOOD.texts[1:]) if GOOD.texts else ()
    finding = found(replace(GOOD, texts=texts))[CheckTopic.CHARACTERS]
    assert finding.status is FindingStatus.WARNING
    assert finding.text == "decomposed Vietnamese: 12 columns instead of 10"
    assert "Ctrl+L repaints" in finding.hints[0]


def test_widths_are_those_of_the_layout() -> None:
    assert [cell_len(sample.text) for sample in SAMPLES] == [sample.expected for sample in SAMPLES]


@pytest.mark.parametrize(
    ("environ", "programs", "words"),
    [
        ({**UTF8, "DISPLAY": ":0"}, ["xclip"], "by the program xclip"),
        (UTF8, ["xclip"], "by OSC 52"),
        ({**UTF8, "DISPLAY": ":0", "SSH_TTY": "/dev/pts/1"}, ["xclip"], "by OSC 52, which"),
        ({**UTF8, "TMUX": "x"}, [], "by tmux"),
    ],
)
def test_the_clipboard_names_its_way(environ: Mapping[str, str], programs: Sequence[str], words: str) -> None:
    tmux = {"-V": "tmux 3.4", "set-clipboard": "external", "terminal-features": "xterm*:clipboard"}
    assert words in found(GOOD, environ, tmux=tmux, programs=programs)[CheckTopic.CLIPBOARD].text


def test_tmux_that_keeps_copied_text_and_knows_no_utf8() -> None:
    tmux = {"-V": "tmux 3.4", "set-clipboard": "off", "terminal-features": "clipboard", "#{client_utf8}": "0"}
    lines = found(GOOD, {**UTF8, "TMUX": "x"}, tmux=tmux)
    assert lines[CheckTopic.CLIPBOARD].status is FindingStatus.WARNING
    assert "set -s set-clipboard on" in lines[CheckTopic.CLIPBOARD].hints[0]
    assert lines[CheckTopic.CHARACTERS].hints == ("Attach again with: tmux -u attach",)


def test_a_key_that_cannot_be_sent_has_another_one() -> None:
    keys = {"prompt.newline": ("shift+enter", "ctrl+j"), "chat.new": ("ctrl+shift+n",)}
    finding = found(GOOD, keys=keys)[CheckTopic.KEYS]
    assert finding.status is FindingStatus.WARNING
    assert finding.text == "the terminal cannot send Ctrl+Shift+N, Shift+Enter"
    assert finding.hints == (
        'Choose another key for chat.new in [keys] than "ctrl+shift+n".',
        "Instead of Shift+Enter, press Ctrl+J for prompt.newline.",
    )
    by_kitty = {**UTF8, "TEXTUAL_DISABLE_KITTY_KEY": "0"}
    assert found(replace(GOOD, kitty_keys=True), by_kitty, keys)[CheckTopic.KEYS].status is FindingStatus.OK


def test_every_default_key_can_be_sent() -> None:
    assert found(GOOD)[CheckTopic.KEYS].status is FindingStatus.OK


# -- a terminal that answers

_QUERY = re.compile(rb"\x1b\[6n|\x1b\[c|\x1b\[\?2026\$p|\x1b\[\?u")


@contextmanager
def terminal(answer: Callable[[bytes, pyte.Screen], bytes | None]) -> Iterator[tuple[int, pyte.Screen, int]]:
    """A pseudo-terminal that pyte shows; `answer` gives the report for a query. The values are the program's end, the
    screen, and the terminal's end."""
    master, slave = pty.openpty()
    screen = pyte.Screen(80, 24)
    stream = pyte.ByteStream(screen)

    def show() -> None:
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:
                return
            at = 0
            for query in _QUERY.finditer(data):
                stream.feed(re.sub(rb"\x1b\[\?\d*u", b"", data[at : query.start()]))
                if report := answer(query.group(), screen):
                    os.write(master, report)
                at = query.end()
            stream.feed(re.sub(rb"\x1b\[\?\d*u", b"", data[at:]))

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield slave, screen, master
    finally:
        os.close(slave)
        thread.join(5)
        os.close(master)


def reports(query: bytes, screen: pyte.Screen) -> bytes | None:
    match query:
        case b"\x1b[6n":
            return f"\x1b[{screen.cursor.y + 1};{screen.cursor.x + 1}R".encode()
        case b"\x1b[?2026$p":
            return b"\x1b[?2026;2$y"
        case b"\x1b[?u":
            return b"\x1b[?0u"
        case _:
            return b"\x1b[?62;22c"


def test_a_terminal_that_answers_is_measured_and_left_as_it_was() -> None:
    with terminal(reports) as (slave, screen, _master):
        before = termios.tcgetattr(slave)
        facts = probe_terminal(slave, slave, UTF8, limit=20.0)
        assert termios.tcgetattr(slave) == before
    assert (facts.answers, facts.sync, facts.kitty_keys) == (True, True, True)
    assert facts.round_trip is not None
    assert facts.texts is not None
    assert [text.found for text in facts.texts][:2] == [10, 8]  # pyte gives a joined emoji more columns
    assert screen.display[0].strip() == "", "the samples are erased"


def test_a_terminal_that_does_not_answer_ends_at_the_limit() -> None:
    times = iter([0.0, 0.0, 0.0, 9.0, 9.0])
    with terminal(lambda _query, _screen: None) as (slave, _screen, _master):
        before = termios.tcgetattr(slave)
        facts = probe_terminal(slave, slave, UTF8, limit=0.0, clock=lambda: next(times))
        assert termios.tcgetattr(slave) == before
    assert not facts.answers
    assert facts.texts is None


def test_ctrl_c_ends_it_and_the_terminal_is_restored() -> None:
    with terminal(lambda _query, _screen: b"\x03") as (slave, _screen, _master):
        before = termios.tcgetattr(slave)
        with pytest.raises(KeyboardInterrupt):
            probe_terminal(slave, slave, UTF8, limit=20.0)
        assert termios.tcgetattr(slave) == before


def test_a_dumb_terminal_is_not_queried(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(_target: int, data: bytes) -> None:
        raise AssertionError(data)

    monkeypatch.setattr(probe, "_write", write)
    with terminal(lambda _query, _screen: None) as (slave, _screen, _master):
        assert not probe_terminal(slave, slave, {"TERM": "dumb"}).answers
