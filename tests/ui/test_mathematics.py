"""Conversion of formulas to Unicode, formulas left unconverted, and addresses of links."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holytui.ui.markdown import mathematics
from holytui.ui.markdown.addresses import links
from holytui.ui.markdown.document import MarkdownDocument
from holytui.ui.markdown.marks import safe_address


@pytest.fixture(autouse=True, scope="module")
def converter() -> None:
    mathematics.to_text("x")
    mathematics.wait()


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"\frac{-b \pm \sqrt{b^2-4ac}}{2a}", "(-b ± √(b²-4ac))/(2a)"),
        (r"\sum_{i=0}^{n} i^2", "∑ᵢ₌₀ⁿ i²"),
        (r"\frac{1}{2}x + \frac{\partial f}{\partial x}", "(1/2)x + ∂f/∂x"),
        (r"\sqrt[3]{2} \ne \sqrt[n]{x}", "∛2 ≠ ⁿ√x"),
        (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", "(a, b; c, d)"),
        (r"\lim_{n\to\infty}\left(1+\frac{1}{n}\right)^n", "lim_(n→∞)(1+1/n)ⁿ"),
        (r"\mathbb{R}^n \to \text{if } x \not\in S, 90^\circ", "ℝⁿ → if x ∉ S, 90°"),
        (r"O(n \log_2 n), f''(x), \sin\theta", "O(n log₂ n), f″(x), sin θ"),
        (r"x^q e^{-x^2}", "x^q e^(-x²)"),
    ],
)
def test_what_reads_well_is_converted(formula: str, text: str) -> None:
    assert mathematics.to_text(formula) == text


@pytest.mark.parametrize(
    "formula",
    [
        *(
            "\\",
            "{",
            r"\frac{a",
            r"\unknown{x}",
            r"\input{/etc/passwd}",
            r"\overline{ab}",
            r"\underbrace{a}_b",
            "a % b",
        ),
        *("{" * 900, "x^{" * 300 + "}" * 300, r"\frac" * 150, r"\begin{aligned}" * 60, r"\\[" * 200, "^" * 900, " "),
        "x" * (mathematics.MAX_LENGTH + 1),
    ],
)
def test_what_is_broken_or_hostile_stays_as_it_is(formula: str) -> None:
    assert mathematics.to_text(formula) == ""


@settings(max_examples=50, deadline=None)
@given(st.text(st.sampled_from(r"\{}[]^_&$ab2 %~" + "\n"), max_size=60))
def test_no_formula_raises(formula: str) -> None:
    mathematics.to_text(formula)


def test_a_formula_is_shown_as_it_was_written_until_its_converter_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = mathematics._Converter()
    monkeypatch.setattr(fresh, "start", lambda: None)
    monkeypatch.setattr(mathematics, "_converter", fresh)
    document = MarkdownDocument("$x^2$", lambda: lambda: True)
    assert [line.text for line in document.lines(20)] == ["$x^2$"]
    assert document.behind(20)
    fresh._load()
    document.advance(20, lambda: False)
    assert [line.text for line in document.lines(20)] == ["x²"]
    assert not document.behind(20)


def test_without_the_extra_formulas_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = mathematics._Converter()
    monkeypatch.setitem(__import__("sys").modules, "holytui.ui.markdown.latex", None)
    monkeypatch.setattr(mathematics, "_converter", fresh)
    document = MarkdownDocument("$x^2$ and *a*")
    assert [line.text for line in document.lines(20)] == ["$x^2$ and a"]
    assert not document.behind(20)


def test_the_addresses_of_a_text_are_those_that_it_shows() -> None:
    source = (
        "[a](https://a.b/ü) <https://c.d> https://e.f/(g). `https://no.no`\n\n    https://no.no\n\n"
        "| x | [y](https://h.i) |\n|---|---|\n| https://a.b/ü | ![j](https://k.l) |\n"
    )
    expected = ["https://a.b/ü", "https://c.d", "https://e.f/(g)", "https://h.i", "https://k.l"]
    found = links(source)
    assert found[:3] == expected[:3]
    assert sorted(found) == sorted(expected)


def test_an_address_for_a_terminal_is_ascii_without_quotes_or_controls() -> None:
    assert safe_address("https://a.b/ü'\x1b\\ \u202e?q=%20&x") == "https://a.b/%C3%BC%27%1B%5C%20%E2%80%AE?q=%20&x"
    assert safe_address("file:///x") == safe_address("javascript:x") == safe_address("https://" + "a" * 1_000) == ""
