from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.ui.markdown.highlight import WHOLE_LIMIT, Highlighter

SAMPLES = {
    "python": 'def f(x: int) -> str:\n    """Say\n    it."""\n    # why\n    return f"{x!r} {1.5}"\n'
    "class A(B):\n    @property\n    def y(self): ...\n",
    "javascript": "/**\n * Doc 'x'\n */\nconst a = `one\n${b} two`; // c\nif (a /* b\nc */ > 1) { f('x') }\n",
    "c": "/* one\n two */\n#include <stdio.h>\nint main(void) { return 0; } // x\n",
    "bash": "cat > x <<'EOF'\nfor it's me\nEOF\necho \"$x\" 'one\ntwo' # c\nif true; then ls; fi\n",
    "json": '{\n  "a": [1, 2.5, null],\n  "b": "c"\n}\n',
    "sql": "SELECT a, 'b' FROM t -- c\nWHERE x = 1;\n/* d\ne */\n",
    "html": "<!-- a\nb -->\n<p class='x'>text</p>\n",
    "haskell": '{- a\nb -}\nmain = putStrLn "x"\n',
    "diff": "--- a\n+++ b\n@@ -1 +1 @@\n-one\n+two\n",
    "toml": "[a]\nb = 'c' # d\n",
}


@pytest.mark.parametrize("language", SAMPLES)
def test_lines_get_the_colours_of_the_whole_as_they_come(language: str) -> None:
    lines = SAMPLES[language].split("\n")
    highlighter = Highlighter(language)
    assert [highlighter.line(line) for line in lines] == highlighter.whole(lines)


@pytest.mark.parametrize("language", SAMPLES)
def test_something_is_coloured(language: str) -> None:
    runs = Highlighter(language).whole(SAMPLES[language].split("\n"))
    assert runs is not None
    assert {style for line in runs for _, style in line} - {""}


def test_a_preview_changes_nothing() -> None:
    highlighter = Highlighter("python")
    assert highlighter.preview('"""open') == highlighter.preview('"""open')
    assert highlighter.line("x = 1") == Highlighter("python").line("x = 1")


def test_an_unknown_language_is_plain() -> None:
    highlighter = Highlighter("no-such-language")
    assert highlighter.line("def f(): pass") == [("def f(): pass", "")]
    assert highlighter.whole(["x"]) is None


def test_what_is_too_long_is_plain() -> None:
    line = "x = 1;" * 500
    assert Highlighter("python").line(line) == [(line, "")]
    assert Highlighter("python").whole(["x" * 80] * (WHOLE_LIMIT // 80)) is None


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([*SAMPLES, "yaml", "ruby", "perl", "rust", "go", "markdown", "css", ""]),
    st.lists(st.text(st.sampled_from("ab1 \"'`/*<>!-#{}()[]\\$=;:@\n.,日"), max_size=12), max_size=6),
)
def test_no_character_is_changed(language: str, pieces: list[str]) -> None:
    lines = "\n".join(pieces).split("\n")
    highlighter = Highlighter(language)
    assert ["".join(text for text, _ in highlighter.line(line)) for line in lines] == lines
    whole = highlighter.whole(lines)
    assert whole is None or ["".join(text for text, _ in runs) for runs in whole] == lines
