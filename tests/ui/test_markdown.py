from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from holytui.ui.markdown import mathematics
from holytui.ui.markdown.document import CodeBlock, MarkdownDocument
from tests.ui.markdown_fragments import extended, sources


def plain(source: str, width: int = 60) -> list[str]:
    return [line.text for line in MarkdownDocument(source).lines(width)]


def look(document: MarkdownDocument, width: int) -> list[object]:
    return [(line.text, tuple(line.content.spans), line.indent, line.joint) for line in document.lines(width)]


@given(st.integers(0, 60), st.integers(12, 70))
def test_the_line_near_a_place_is_near_it(number: int, width: int) -> None:
    source = "".join(
        f"- item w{n}w\n" if n % 7 else f"\n```\ncode\nmore\n```\nText w{n}w and words after it.\n\n" for n in range(61)
    )
    word = f"w{number}w"
    shown = next(y for y, line in enumerate(plain(source, width)) if word in line)
    assert abs(MarkdownDocument(source).line_near(width, source.index(word)) - shown) <= 2


def test_a_document_without_text_has_no_place() -> None:
    assert MarkdownDocument("").line_near(40, 5) == 0


RENDERINGS = [
    pytest.param("", [], id="nothing"),
    pytest.param("a *b* **c** `d` ~~e~~", ["a b c d e"], id="emphasis"),
    pytest.param(r"\(a*b\) \[x_1 = *y*_{\] \[z", [r"a*b \[x_1 = *y*_{\] [z"], id="formulas"),
    pytest.param("see $$a*b*\n\\frac{1}{2}$$ *c* $5", ["see a*b* 1/2 c $5"], id="formula of two lines"),
    pytest.param(r"$\pi r^2$, not \$a$ or US$5 for $6", ["πr², not $a$ or US$5 for $6"], id="dollars"),
    pytest.param(
        "$5 and $6, $5-$10, $5 (US$), $HOME and `$PATH`", ["$5 and $6, $5-$10, $5 (US$), $HOME and $PATH"], id="money"
    ),
    pytest.param("So:\n$$\na &= b \\\\\n- c &= d\n$$.\nend", ["So:", "a = b", "- c = d.", "end"], id="display"),
    pytest.param(
        "$$\n\\oops{*a*}\n$$\n\\[\n*b*\n\n*c*",
        ["$$", r"\oops{*a*}", "$$", r"\[", "*b*", "", "c"],
        id="unreadable display",
    ),
    pytest.param(
        "a[^1] b[^n]\n\n[^1]: One\n[^n]: Two\n    more\n\n    again\n\nend",
        ["a[1] b[^n]", "", "[1] One", "[^n] Two", "     more", "", "     again", "", "end"],
        id="footnotes",
    ),
    pytest.param(
        "Term\n: one\n: two\n\nOther\n:   three\n\ntext\n\n: text",
        ["Term", "  one", "  two", "", "Other", "  three", "", "text", "", ": text"],
        id="definitions",
    ),
    pytest.param("one\ntwo\n: three", ["one", "two", ": three"], id="no term of two lines"),
    pytest.param(
        "<details>\n<summary><b>T</b></summary>\n\na\n\n- b\n</details>\nc",
        ["▾ T", "", "│ a", "│", "│ • b", "", "c"],
        id="details",
    ),
    pytest.param(
        "<details open>\na\n<details><summary>\nT\n</summary>\nb\n</details>\n</details>\n</details>",
        ["▾ Details", "│ a", "│ ▾ T", "│ │ b", "", "</details>"],
        id="details in details",
    ),
    pytest.param("<details class=x>\na <details>", ["<details class=x>", "a <details>"], id="other details are text"),
    pytest.param("https://a.b/c_(d), (https://e.f).", ["https://a.b/c_(d), (https://e.f)."], id="addresses"),
    pytest.param("one\ntwo  \nthree\\\nfour", ["one", "two", "three", "four"], id="breaks are kept"),
    pytest.param("# Title #\ntext", ["Title", "", "text"], id="heading"),
    pytest.param("Title\n=====\ntext", ["Title", "", "text"], id="underlined heading"),
    pytest.param("[a](http://b.c/d)", ["a (http://b.c/d)"], id="link"),
    pytest.param('[a](http://b.c "t")', ['a (http://b.c "t")'], id="link with title"),
    pytest.param("<http://b.c> [http://b.c](http://b.c)", ["http://b.c http://b.c"], id="link that is its address"),
    pytest.param("![alt *x*](http://b.c/d.png)", ["alt x (http://b.c/d.png)"], id="image is text"),
    pytest.param("[a][1]\n\n[1]: http://b.c", ["[a][1]", "", "[1]: http://b.c"], id="references stay text"),
    pytest.param("- a\n- b\n  - c\n\n- d", ["• a", "• b", "  • c", "", "• d"], id="bullets"),
    pytest.param("3. a\n7. b\n\n1) c", ["3. a", "4. b", "", "1) c"], id="numbers"),
    pytest.param("9. a\n10. b\n    c", ["9. a", "10. b", "    c"], id="numbers of two digits"),
    pytest.param("- [ ] a\n- [x] b\n- [X] c\n- [y] d", ["[ ] a", "[x] b", "[x] c", "• [y] d"], id="tasks"),
    pytest.param("-\n- a\n-", ["•", "• a", "•"], id="empty items"),
    pytest.param("> a\n> > b\n\nc", ["▎ a", "▎ ▎ b", "", "c"], id="quotes"),
    pytest.param("> a\n>\n> b\nlazy", ["▎ a", "▎", "▎ b", "▎ lazy"], id="quote of two paragraphs"),
    pytest.param("- a\n\n  > b\n  > ```\n  > c", ["• a", "", "  ▎ b", "  ▎", "  ▎ 1", "  ▎   c"], id="nested"),
    pytest.param(
        "```py x=1\na\n\n\tb\n```\n~~~\nc\n~~~", ["1 py x=1", "  a", "", "      b", "", "2", "  c"], id="code"
    ),
    pytest.param("a\n\n    b\n\n      c\n\nd", ["a", "", "1", "  b", "", "    c", "", "d"], id="indented code"),
    pytest.param("a\n\n---\nb", ["a", "", "─" * 60, "", "b"], id="rule"),
    pytest.param("<div>\n<b>x</b>\n</div>", ["<div>", "<b>x</b>", "</div>"], id="html is text"),
    pytest.param("&lt;&amp;&copy; &#x202e;x &#27;", ["<&© <U+202E>x \ufffd"], id="entities are made safe"),
    pytest.param("[/foo] [b]x[/] [@click=app.quit]y[/]", ["[/foo] [b]x[/] [@click=app.quit]y[/]"], id="no markup"),
    pytest.param("[x](javascript:alert)", ["[x](javascript:alert)"], id="unsafe link is text"),
    pytest.param(
        "| a | b |\n|---|--:|\n| 日本語 | 1 |\n| x \\| `y` | 22 |",
        ["a        │    b", "─────────┼─────", "日本語   │    1", "x | y    │   22"],
        id="table",
    ),
    pytest.param("a|b\n-|-\n1|2|3\n4", ["a    │ b", "─────┼─────────", "1    │ 2 | 3", "4    │"], id="uneven table"),
]


@pytest.mark.parametrize(("source", "lines"), RENDERINGS)
def test_markdown_is_shown_as(source: str, lines: list[str]) -> None:
    assert plain(source) == lines


def test_words_are_wrapped_and_wide_characters_counted() -> None:
    assert plain("one two three four five", 12) == ["one two", "three four", "five"]
    assert plain("日本語日本語日", 9) == ["日本語日", "本語日"]
    assert plain("- one two three four", 12) == ["• one two", "  three four"]
    assert plain("abcdefghijklmnopqrstuvwxyz", 10) == ["abcdefghij", "klmnopqrst", "uvwxyz"]


def test_closing_punctuation_does_not_begin_a_line() -> None:
    assert plain("漢字漢字漢。", 10) == ["漢字漢字", "漢。"]


def test_a_table_is_wrapped_where_it_is_too_wide() -> None:
    source = "| name | what it does |\n|---|---|\n| cat | joins files and shows them |"
    assert plain(source, 20) == [
        "name │ what it does",
        "─────┼──────────────",
        "cat  │ joins files",
        "     │ and shows",
        "     │ them",
    ]


def test_a_table_without_room_for_columns_becomes_lists() -> None:
    source = "|a|b|c|d|\n|-|-|-|-|\n|one one|two two|three|four|\n|x|y|z|w|"
    assert plain(source, 20) == [
        "a: one one", "b: two two", "c: three", "d: four", "────────", "a: x", "b: y", "c: z", "d: w",
    ]  # fmt: skip


def test_long_lines_of_code_are_folded_and_nothing_is_lost() -> None:
    document = MarkdownDocument("```\n" + "abcdefghij" * 5 + "\n```")
    assert [line.text for line in document.lines(20)][1:] == [
        "  abcdefghijabcdefgh",
        "  ijabcdefghijabcdef",
        "  ghijabcdefghij",
    ]
    assert [line.joint for line in document.lines(20)] == [None, None, "", ""]


def test_wrapped_lines_tell_what_stood_between_them() -> None:
    lines = MarkdownDocument("> one two\n> three").lines(10)
    assert [(line.text, line.indent, line.joint) for line in lines] == [
        ("▎ one two", 2, None), ("▎ three", 2, None),
    ]  # fmt: skip
    assert [line.joint for line in MarkdownDocument("one two three").lines(8)] == [None, " "]


def test_code_blocks_are_numbered_and_keep_their_tabs() -> None:
    document = MarkdownDocument("```make\nall:\n\tcc x\n```\n\n- ```\n  y\n  ```\n\ntext\n\n    z\n")
    assert document.code_blocks == (
        CodeBlock(1, "make", "all:\n\tcc x"), CodeBlock(2, "", "y"), CodeBlock(3, "", "z"),
    )  # fmt: skip


def test_a_blank_line_of_code_stays_in_the_block_that_is_open() -> None:
    document = MarkdownDocument("    a\n\n")
    assert [line.text for line in document.lines(20)] == ["1", "  a"]
    document.append("    b")
    assert [line.text for line in document.lines(20)] == ["1", "  a", "", "  b"]


def test_dashes_below_text_are_not_taken_for_a_heading_before_their_line_ends() -> None:
    document = MarkdownDocument("Steps:\n-")
    assert [line.text for line in document.lines(20)] == ["Steps:", "-"]
    assert not document.lines(20)[0].content.spans
    document.append(" one")
    assert [line.text for line in document.lines(20)] == ["Steps:", "• one"]


def test_a_closed_document_takes_its_last_line_as_it_is() -> None:
    document = MarkdownDocument("Title\n---")
    document.close()
    assert [line.text for line in document.lines(20)] == ["Title"]
    document.append("\nmore")
    assert [line.text for line in document.lines(20)] == ["Title", "", "more"]


def test_an_update_that_continues_keeps_the_lines() -> None:
    document = MarkdownDocument("one\n\ntwo")
    first = document.lines(20)[0]
    document.update("one\n\ntwo three")
    assert document.lines(20)[0] is first
    assert document.source == "one\n\ntwo three"


def test_an_update_with_another_text_shows_it() -> None:
    document = MarkdownDocument("one\n\ntwo\n\nthree")
    document.lines(20)
    document.update("four")
    assert [line.text for line in document.lines(20)] == ["four"]
    assert document.take_changed(20) == 0


def test_no_nesting_is_deep_enough_to_hurt() -> None:
    lines = plain(">" * 5_000 + "x", 40)
    assert "".join(lines).count("x") == 1


def test_a_seam_is_marked_at_the_next_gap_between_words() -> None:
    document = MarkdownDocument("one **two** three")
    document.set_seams([9])
    assert [line.text for line in document.lines(40)] == ["one two ┊three"]
    assert [str(span.style) for span in document.lines(40)[0].content.spans] == ["bold", "$muted"]


def test_a_seam_in_code_is_marked_where_it_is_and_is_no_part_of_it() -> None:
    document = MarkdownDocument("```\nabcd\n```\n")
    document.set_seams([6])
    assert [line.text for line in document.lines(40)] == ["1", "  ab┊cd"]
    assert document.code_blocks[0].text == "abcd"


def test_a_seam_moves_on_to_the_block_that_begins_behind_it() -> None:
    document = MarkdownDocument("one\n\n")
    document.set_seams([5])
    document.append("two")
    assert [line.text for line in document.lines(40)] == ["one", "", "┊two"]
    document.set_seams([])
    assert [line.text for line in document.lines(40)] == ["one", "", "two"]


@settings(max_examples=80, deadline=None)
@given(sources, st.lists(st.integers(0, 400), max_size=3), st.sampled_from([20, 60]))
def test_seams_take_nothing_away(source: str, seams: list[int], width: int) -> None:
    document = MarkdownDocument(source)
    before = Counter("".join(line.text for line in document.lines(width)))
    document.set_seams(seams)
    after = Counter("".join(line.text for line in document.lines(width)))
    assert not {char for char in before - after if char.isalnum()}


@settings(max_examples=120, deadline=None)
@given(extended, st.data(), st.sampled_from([3, 20, 60]))
def test_the_pieces_that_text_comes_in_do_not_matter(source: str, data: st.DataObject, width: int) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(source)), max_size=10)))
    document = MarkdownDocument()
    shown: list[object] = []
    for start, end in zip([0, *cuts], [*cuts, len(source)], strict=True):
        document.append(source[start:end])
        if data.draw(st.booleans()):
            lines: list[object] = list(document.lines(width))
            changed = document.take_changed(width)
            assert all(old is new for old, new in zip(shown[:changed], lines[:changed], strict=True))
            assert look(document, width) == look(MarkdownDocument(source[:end]), width)
            shown = lines
    whole = MarkdownDocument(source)
    assert document.source == source
    assert look(document, width) == look(whole, width)
    assert document.code_blocks == whole.code_blocks
    document.close()
    whole.close()
    assert look(document, width) == look(whole, width)


@pytest.fixture
def literal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable the conversion of formulas."""
    monkeypatch.setattr(mathematics, "to_text", lambda _formula: "")


@pytest.mark.usefixtures("literal")
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(extended.filter(lambda source: "<" not in source), st.sampled_from([20, 33, 60]))
def test_no_letter_is_lost_and_no_line_is_too_wide(source: str, width: int) -> None:
    lines = MarkdownDocument(source).lines(width)
    shown = Counter("".join(line.text for line in lines))
    letters = Counter(char for char in source.replace("&amp;", "") if char.isalpha())
    assert not letters - shown
    assert all(cell_len(line.text) <= width for line in lines)
