"""Hypothesis strategies for Markdown: typical content of answers and constructs that break parsers."""

from __future__ import annotations

from hypothesis import strategies as st

words = st.sampled_from(
    ["one", "two", "Tiếng Việt", "日本語テキスト", "**bold**", "*em*", "_x_", "`code`", "~~gone~~", "[a](http://b.c)",
     "snake_case", "2 * 3", "<b>x</b>", "[/foo]", "&amp;", "\\*", "!", "👩‍👩‍👧", "**", "`", "[", "](", "|", "a|b", "https://x.y/z",
     "\\(x_1", "b*\\)", "\\[", "\\]", "$$", "$5"]
)  # fmt: skip
sentences = st.lists(words, min_size=1, max_size=8).map(" ".join)
starts = st.sampled_from(
    ["", "", "", "- ", "* ", "+ ", "1. ", "2) ", "10. ", "> ", ">", "# ", "## ", "    ", "  ", "   ", "\t", "-", "1.",
     "- [ ] ", "- [x] ", "> - ", "- > ", "1. - ", "      "]
)  # fmt: skip
lines = st.one_of(
    st.tuples(starts, sentences).map("".join),
    st.tuples(starts, starts, sentences).map("".join),
    st.sampled_from(
        ["", "", "", "   ", "---", "***", "===", "-", "- - -", "```", "```python", "~~~", "````", "```a`", "  ```",
         "| a | b |", "|---|---|", "| --- | :-: |", "| 1 | 2 | 3 |", "a | b", "-|-", ":-:", "| `x` \\| y |", ">",
         "> ```", "def f(x):", "    return 1  # c", '"""doc', "/* c", "*/", "#", "- ```", "1. ```"]
    ),
)  # fmt: skip
sources = st.lists(lines, max_size=25).map("\n".join)
"""CommonMark with GFM tables."""

_extra_words = st.sampled_from(
    ["$x^2$", "$5 and $6,", "\\(\\frac{a}{b}\\)", "$$\\alpha$$", "[^1]", "[^note]", "[^", "$", "https://a.b/c_(d).",
     "<https://x.y>", "\\[x_1\\]", "$a", "b$", "\\)"]
)  # fmt: skip
_extra_lines = st.one_of(
    lines,
    st.tuples(starts, st.lists(_extra_words, min_size=1, max_size=4).map(" ".join)).map("".join),
    st.tuples(
        starts,
        st.sampled_from(
            ["[^1]: note", "[^long]:", "    more of it", "Term", ": definition", ":  more", ":", "<details>",
             "<details open>", "<summary>Title</summary>", "<summary>", "</summary>", "<details><summary>One</summary>",
             "<details><summary>Two", "</details>", "$$", "\\[", "\\]", "x^2 + y", "$$.", "a &= b \\\\", "- c",
             "\\begin{aligned}", "\\end{aligned}"]
        ),
    ).map("".join),
)  # fmt: skip
extended = st.lists(_extra_lines, max_size=25).map("\n".join)
"""Like `sources`, with all supported extensions."""
