"""LaTeX formulas as a line of Unicode, by pylatexenc's parser and its table of symbols.

Only what reads well is made: of a formula with anything else in it nothing is, so that no part of it gets lost. It
imports pylatexenc: see `mathematics` for when that happens.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pylatexenc import latex2text, latexwalker, macrospec

_DEEPEST: Final = 24
"""Braces in one another. Parser and painter call themselves for each."""
_TEXT: Final = frozenset(
    ("text", "textrm", "textnormal", "mbox", "mathrm", "operatorname", "textsf", "texttt", "mathsf")
)
_BOLD: Final = frozenset(("textbf", "textit", "mathit", "boldsymbol", "bm", "mathtt", "boxed", "mathop", "mathbin"))
"""Shown as what stands in them."""
_ALPHABETS: Final = frozenset(("mathbb", "mathcal", "mathfrak", "mathscr", "mathbf"))
_ACCENTS: Final = frozenset(("hat", "bar", "vec", "dot", "ddot", "tilde", "check", "breve", "acute", "grave"))
_ACCENT_OF: Final = {"overline": "bar", "widehat": "hat", "widetilde": "tilde", "overrightarrow": "vec"}
_FRACTIONS: Final = frozenset(("frac", "dfrac", "tfrac", "cfrac"))
_BINOMIALS: Final = frozenset(("binom", "dbinom", "tbinom"))
_SIZES: Final = frozenset(
    f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")
) | {"left", "right", "middle"}  # fmt: skip
_NOTHING: Final = frozenset(
    ("displaystyle", "textstyle", "limits", "nolimits", "nonumber", "notag", "!", "allowbreak", "scriptstyle")
)
_SPACES: Final = {",": " ", ":": " ", ";": " ", " ": " ", ">": " ", "quad": "  ", "qquad": "    "}
_NAMES: Final = frozenset(
    (
        *("arccos", "arcsin", "arctan", "arg", "argmax", "argmin", "cos", "cosh", "cot", "coth", "csc", "deg", "det"),
        *("dim", "exp", "gcd", "hom", "inf", "ker", "lg", "lim", "liminf", "limsup", "ln", "log", "max", "min", "Pr"),
        *("sec", "sin", "sinh", "sup", "tan", "tanh"),
    )
)
_SYMBOLS: Final = {
    "ne": "≠", "neg": "¬", "land": "∧", "lor": "∨", "iff": "⇔", "implies": "⇒", "impliedby": "⇐", "gets": "←",
    "Re": "ℜ", "Im": "ℑ", "bot": "⊥", "top": "⊤", "models": "⊨", "degree": "°", "Box": "□", "square": "□",
    "triangle": "△", "|": "‖", "lVert": "‖", "rVert": "‖", "lvert": "|", "rvert": "|", "colon": ":", "%": "%",
    "bmod": " mod ", "mod": " mod ",
}  # fmt: skip
"""What pylatexenc's table lacks."""
_MATRICES: Final = {
    "matrix": ("[", "]"), "smallmatrix": ("[", "]"), "array": ("[", "]"), "pmatrix": ("(", ")"), "bmatrix": ("[", "]"),
    "Bmatrix": ("{", "}"), "vmatrix": ("|", "|"), "Vmatrix": ("‖", "‖"), "cases": ("{ ", " }"),
}  # fmt: skip
_ROWS: Final = frozenset(
    ("aligned", "align", "align*", "split", "gather", "gather*", "gathered", "equation", "equation*", "alignedat")
)
_ROOTS: Final = {"": "√", "2": "√", "3": "∛", "4": "∜"}
_BARE: Final = frozenset("√∛∜′°∂∇∞")
"""Signs that may stand in a fraction or under a root without brackets, beside letters and digits."""
_OPENING: Final = "([{⟨⌈⌊"
_BREAK, _CELL = "\n", "\x1f"
"""Stand for the end of a row and of a cell; no text that arrives has the second."""


class UnreadableError(ValueError):
    """There is something in the formula of which nothing readable is known."""


def _scripts(tag: str) -> dict[int, str]:
    """Unicode's raised (`<super>`) or lowered (`<sub>`) form of each character that has one."""
    ranges = ((0xB2, 0xB4), (0xB9, 0xBA), (0x2B0, 0x2B9), (0x1D2C, 0x1DC0), (0x2070, 0x20A0), (0x2C7C, 0x2C7E))
    found: dict[int, str] = {}
    for first, end in ranges:
        for code in range(first, end):
            parts = unicodedata.decomposition(chr(code)).split()
            if len(parts) == 2 and parts[0] == tag:
                found[int(parts[1], 16)] = chr(code)
    found[ord("-")] = found[0x2212]
    return found


_RAISED: Final = _scripts("<super>") | {ord(sign): sign for sign in "°′″*†∗"} | {ord("∘"): "°"}
_LOWERED: Final = _scripts("<sub>")


def _context() -> Any:
    """The macros that take arguments; of all others none does."""
    context = macrospec.LatexContextDb()
    one = (*_TEXT, *_BOLD, *_ALPHABETS, *_ACCENTS, *_ACCENT_OF, *_SIZES, "not", "pmod", "tag", "label")
    macros = [macrospec.MacroSpec(name, "{") for name in one]
    macros += [macrospec.MacroSpec(name, "{{") for name in (*_FRACTIONS, *_BINOMIALS)]
    macros += [macrospec.MacroSpec("sqrt", "[{"), macrospec.MacroSpec("\\", "*[")]
    wanted = {"array": "{", "alignedat": "{"}
    environments = [macrospec.EnvironmentSpec(name, wanted.get(name, "")) for name in (*_MATRICES, *_ROWS)]
    specials = [macrospec.SpecialsSpec(sign, args_parser=macrospec.MacroStandardArgsParser("{")) for sign in "^_"]
    specials += [macrospec.SpecialsSpec(sign) for sign in "&~"]
    context.add_context_category("formulas", macros=macros, environments=environments, specials=specials)
    context.set_unknown_macro_spec(macrospec.MacroSpec(""))
    context.set_unknown_environment_spec(macrospec.EnvironmentSpec(""))
    return context


logging.getLogger("pylatexenc").setLevel(logging.CRITICAL + 1)  # what it has to say would land on the screen
_CONTEXT: Final = _context()
_TABLE: Final = latex2text.get_default_latex_context_db()
_BY_LIBRARY: Final = latex2text.LatexNodes2Text()


def to_unicode(formula: str) -> str:
    """The formula, without its delimiters, as text; each of its rows is a line.

    Raises `UnreadableError`, or what pylatexenc raises, if it is broken or would not read well.
    """
    depth = 0
    for char in formula:
        depth += (char == "{") - (char == "}")
        if depth > _DEEPEST:
            raise UnreadableError(formula)
    walker = latexwalker.LatexWalker(formula, latex_context=_CONTEXT, tolerant_parsing=False)
    text = _text(walker.get_latex_nodes()[0])
    rows = [" ".join(row.replace(_CELL, " ").split()) for row in text.split(_BREAK)]
    shown = "\n".join(row for row in rows if row)
    if not shown:
        raise UnreadableError(formula)
    return shown


class _Line:
    """What is written so far of a list of nodes."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._loose = ""
        """A fraction that was written last: next to a letter it needs brackets."""
        self._name = False
        """A name such as `sin` was written last: a letter stands apart from it."""

    def put(self, text: str, *, name: bool = False, fraction: bool = False, script: bool = False) -> None:
        """Write more: the `name` of a function, a `fraction`, an exponent or index (`script`), or anything else."""
        if not text:
            return
        before = self.parts[-1][-1:] if self.parts else ""
        close = text[0].isalnum() or text[0] in _BARE or text[0] in _OPENING
        if self._loose and (close or script):
            self.parts[-1] = f"({self._loose})"
        elif self._name and not script and (text[0].isalnum() or text[0] in _BARE):
            self.parts.append(" ")
        if name and (before.isalnum() or before == ")"):
            self.parts.append(" ")
        self._loose, self._name = "", name
        if fraction and before and (before.isalnum() or before in _BARE or before == ")"):
            text = f"({text})"
        elif fraction:
            self._loose = text
        self.parts.append(text)

    def symbol(self, text: str, space: bool) -> None:
        """Write a symbol. With `space` behind it in the source a sign such as `≤` gets some on both sides; letters and
        brackets need none."""
        space = space and not text.isalnum() and text not in _BARE and unicodedata.category(text[0]) not in ("Ps", "Pe")
        if (
            space
            and len(text) == 1
            and unicodedata.category(text) == "Sm"
            and self.parts
            and self.parts[-1][-1:] not in (" ", _BREAK, _CELL, *_OPENING)
        ):
            self.put(" ")
        self.put(text)
        if space:
            self.put(" ")


def _text(nodes: Iterable[Any]) -> str:
    line = _Line()
    for node in nodes:
        _write(node, line)
    return "".join(line.parts)


def _write(node: Any, line: _Line) -> None:
    match node:
        case latexwalker.LatexCharsNode():
            line.put(node.chars.replace("\n", " ").replace("''", "″").replace("'", "′"))
        case latexwalker.LatexGroupNode():
            line.put(_text(node.nodelist))
        case latexwalker.LatexMacroNode():
            _macro(node, line)
        case latexwalker.LatexSpecialsNode(specials_chars="^" | "_"):
            line.put(_script(node.specials_chars, _argument(node, 0)), script=True)
            if getattr(_node(node, 0), "macro_post_space", ""):
                line.put(" ")
        case latexwalker.LatexSpecialsNode(specials_chars="&"):
            line.put(_CELL)
        case latexwalker.LatexSpecialsNode(specials_chars="~"):
            line.put(" ")
        case latexwalker.LatexEnvironmentNode():
            line.put(_environment(node))
        case _:
            raise UnreadableError(type(node).__name__)


def _argument(node: Any, index: int) -> str:
    """An argument as text."""
    found = _node(node, index)
    return "" if found is None else _text([found])


def _node(node: Any, index: int) -> Any:
    arguments = node.nodeargd.argnlist if node.nodeargd is not None else ()
    return arguments[index] if index < len(arguments) else None


def _macro(node: Any, line: _Line) -> None:
    name = node.macroname
    if name in _FRACTIONS:
        line.put(f"{_bracketed(_argument(node, 0))}/{_bracketed(_argument(node, 1), below=True)}", fraction=True)
    elif name in _BINOMIALS:
        line.put(f"C({_argument(node, 0)}, {_argument(node, 1)})")
    elif name == "sqrt":
        line.put(_root(node))
    elif name in _TEXT:
        line.put(_argument(node, 0), name=name == "operatorname")
    elif name in _BOLD:
        line.put(_argument(node, 0))
    elif name in _ALPHABETS or name in _ACCENTS or name in _ACCENT_OF:
        line.put(_letter(node, name))
    elif name in _SIZES:
        delimiter = _argument(node, 0)
        line.put("" if delimiter == "." else delimiter)
    elif name in _NAMES:
        line.put(name, name=True)
    else:
        _sign(node, name, line)


def _sign(node: Any, name: str, line: _Line) -> None:
    """A macro without letters under it."""
    if name == "not":
        line.symbol(unicodedata.normalize("NFC", _argument(node, 0).strip() + "\u0338"), space=True)
    elif name == "pmod":
        line.put(f" (mod {_argument(node, 0)})")
    elif name == "tag":
        line.put(f"  ({_argument(node, 0)})")
    elif name == "\\":
        line.put(_BREAK)
    elif name in _SPACES:
        line.put(_SPACES[name])
    elif name not in _NOTHING and name != "label":
        symbol = _SYMBOLS.get(name) or _from_table(name)
        line.symbol(symbol, space=bool(node.macro_post_space))


def _from_table(name: str) -> str:
    spec = _TABLE.get_macro_spec(name)
    symbol = spec.simplify_repl if spec is not None else None
    if not isinstance(symbol, str) or not symbol.strip() or ("%" in symbol and symbol != "%"):  # it takes arguments
        raise UnreadableError(name)
    return symbol


def _letter(node: Any, name: str) -> str:
    """A letter of another alphabet, or with an accent."""
    text = _argument(node, 0).strip()
    if len(text) != 1 and name == "mathbf":
        return text
    if len(text) != 1 or (name in _ALPHABETS and not (text.isascii() and text.isalnum())):
        raise UnreadableError(name)
    if name == "mathbf" and not text.isalpha():
        return text
    return str(_BY_LIBRARY.latex_to_text(f"\\{_ACCENT_OF.get(name, name)}{{{text}}}"))


def _script(sign: str, text: str) -> str:
    """An exponent or an index."""
    tight = "".join(text.split())
    table = _RAISED if sign == "^" else _LOWERED
    if tight and all(ord(char) in table for char in tight):
        return tight.translate(table)
    if not tight or _BREAK in text or _CELL in text:
        raise UnreadableError(text)
    return f"{sign}{tight if len(tight) == 1 else f'({text.strip()})'}"


def _root(node: Any) -> str:
    degree = _argument(node, 0).strip()
    sign = _ROOTS.get(degree)
    if sign is None:
        if not all(ord(char) in _RAISED for char in degree):
            raise UnreadableError(degree)
        sign = degree.translate(_RAISED) + "√"
    text = _argument(node, 1).strip()
    return f"{sign}{text if len(text) == 1 or text.isdecimal() else f'({text})'}"


def _bracketed(text: str, *, below: bool = False) -> str:
    """A part of a fraction, in brackets unless it holds together by itself; `below` the line `2a` does not."""
    text = text.strip()
    if not text or _BREAK in text or _CELL in text:
        raise UnreadableError(text)
    product = below and any("0" <= char <= "9" for char in text) and not text.lstrip("√∛∜").isdecimal()
    return text if _holds_together(text) and not product else f"({text})"


def _holds_together(text: str) -> bool:
    if all(char.isalnum() or char in _BARE or unicodedata.combining(char) for char in text):
        return True
    text = text[1:] if text[0].isalpha() else text.lstrip("√∛∜")
    if text[:1] != "(" or text[-1:] != ")":
        return False
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return at == len(text) - 1
    return False


def _environment(node: Any) -> str:
    name = node.environmentname
    if name in _ROWS:
        return _text(node.nodelist)
    if name not in _MATRICES:
        raise UnreadableError(name)
    opening, closing = _MATRICES[name]
    rows = [_cells(row) for row in _text(node.nodelist).split(_BREAK)]
    return f"{opening}{'; '.join(row for row in rows if row)}{closing}"


def _cells(row: str) -> str:
    cells: Sequence[str] = [" ".join(cell.split()) for cell in row.split(_CELL)]
    return ", ".join(cells) if any(cells) else ""
