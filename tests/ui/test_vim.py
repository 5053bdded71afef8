"""Vim's modes without a widget: the same results as real Vim, whose results `vim_oracle.py` stored."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.ui.composer.vim import edits
from holytui.ui.composer.vim.editor import VimEditor
from holytui.ui.composer.vim.lines import Line, split_clusters, to_lines, to_text
from holytui.ui.composer.vim.state import Mode
from tests.ui.vim_oracle import Case, cases

_NAMES = {"<Esc>": "escape", "<CR>": "enter", "<BS>": "backspace", "<Space>": " ", "<C-r>": "ctrl+r"}


def _keys(written: str) -> list[str]:
    return [_NAMES.get(key, key) for key in re.findall(r"<(?:Esc|CR|BS|Space|C-r)>|.", written, re.DOTALL)]


def _press(editor: VimEditor, key: str) -> VimEditor:
    """The editor after a key; in insert mode as a text area would edit."""
    if editor.mode is not Mode.INSERT:
        return editor.press(key)
    row, column = editor.cursor
    if key == "escape":
        return editor.left_insert(editor.lines, editor.cursor)
    if key == "backspace":
        line: Line = editor.lines[row]
        lines = (*editor.lines[:row], line[: column - 1] + line[column:], *editor.lines[row + 1 :])
        return replace(editor, lines=lines, cursor=(row, column - 1))
    text = "\n" if key == "enter" else key
    edited = edits.insert(editor.lines, editor.cursor, text, editor.split)
    # a typed mark joins the letter before it
    at = len(split_clusters("".join(edited.lines[edited.cursor[0]][: edited.cursor[1]])))
    return replace(editor, lines=to_lines(to_text(edited.lines), editor.split), cursor=(edited.cursor[0], at))


def _run(text: str, written: str, editor: VimEditor | None = None) -> VimEditor:
    editor = editor or VimEditor(to_lines(text, split_clusters), mode=Mode.NORMAL)
    for key in _keys(written):
        editor = _press(editor, key)
    return editor


def _by_text() -> dict[str, list[Case]]:
    grouped: dict[str, list[Case]] = defaultdict(list)
    for case in cases():
        grouped[case.text].append(case)
    return grouped


@pytest.mark.parametrize("text", _by_text())
def test_same_results_as_vim(text: str) -> None:
    """The text and the cursor after each sequence of keys are Vim's."""
    different = []
    for case in _by_text()[text]:
        editor = _run(text, case.keys)
        for key in ("escape", "escape"):
            editor = _press(editor, key) if editor.mode is not Mode.NORMAL or editor.pending else editor
        found = (to_text(editor.lines), editor.cursor)
        if found != (case.result, case.cursor):
            different.append(f"{case.keys}: {found}, not {(case.result, case.cursor)}")
    assert not different, f"{len(different)} differ:\n" + "\n".join(different)


FAMILY, FLAG, CHIP = "👨‍👩‍👧", "🇻🇳", "[paste 1: 40 lines]"


def _split(line: str) -> Line:
    before, chip, after = line.partition(CHIP)
    return split_clusters(before) + ((chip,) if chip else ()) + split_clusters(after)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("x", f"e\u0302\u0301m {FLAG} see {CHIP}. ok"),
        ("lx", f"{FAMILY}m {FLAG} see {CHIP}. ok"),
        ("lrX", f"{FAMILY}Xm {FLAG} see {CHIP}. ok"),
        ("l~", f"{FAMILY}E\u0302\u0301m {FLAG} see {CHIP}. ok"),
        ("wiX<Esc>", f"{FAMILY}Xe\u0302\u0301m {FLAG} see {CHIP}. ok"),
        (f"f{CHIP[0]}", f"{FAMILY}e\u0302\u0301m {FLAG} see {CHIP}. ok"),
        ("wwx", f"{FAMILY}e\u0302\u0301m  see {CHIP}. ok"),
        ("4wx", f"{FAMILY}e\u0302\u0301m {FLAG} see . ok"),
        ("4wdw", f"{FAMILY}e\u0302\u0301m {FLAG} see . ok"),
        ("4wdiw$p", f"{FAMILY}e\u0302\u0301m {FLAG} see . ok{CHIP}"),
        ("4wi, <Esc>", f"{FAMILY}e\u0302\u0301m {FLAG} see , {CHIP}. ok"),
        ("$X.", f"{FAMILY}e\u0302\u0301m {FLAG} see {CHIP}.k"),
        ("gUU", f"{FAMILY}E\u0302\u0301M {FLAG} SEE {CHIP}. OK"),
        ("4wrX", f"{FAMILY}e\u0302\u0301m {FLAG} see X. ok"),
    ],
)
def test_clusters_and_chips_stay_whole(keys: str, expected: str) -> None:
    text = f"{FAMILY}e\u0302\u0301m {FLAG} see {CHIP}. ok"
    assert (
        to_text(_run(text, keys, VimEditor(to_lines(text, _split), mode=Mode.NORMAL, split=_split)).lines) == expected
    )


def test_counts_make_no_endless_text() -> None:
    assert len(_run("abc", "yy999p").lines) == 1_000
    assert len(_run("", "yy99999p").lines) == 1
    assert to_text(_run("abc", "99999iabc<Esc>").lines) == "abcabc"
    assert len(to_text(_run("abc", "V99999>").lines)) < 1_000


_ANY_KEY = st.sampled_from(sorted({key for case in cases() for key in _keys(case.keys)} | {"ctrl+r", "delete", "u"}))


@given(st.text("ab (\n)\"{}ế'\u0301😀", max_size=40), st.lists(_ANY_KEY, max_size=25))
@settings(max_examples=150, deadline=None)
def test_the_cursor_stays_in_the_text(text: str, keys: list[str]) -> None:
    """After any keys the cursor is on a unit; after the last one only where text is inserted or selected."""
    editor = VimEditor(to_lines(text, split_clusters), mode=Mode.NORMAL)
    for key in keys:
        if editor.mode is not Mode.INSERT or key != "backspace" or editor.cursor[1]:
            editor = _press(editor, key)
        row, column = editor.cursor
        on_text = editor.mode is Mode.NORMAL
        assert 0 <= column <= max(0, len(editor.lines[row]) - on_text)
