"""Random Markdown, made of what answers are made of and of what breaks parsers."""

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
