"""Conversion of LaTeX formulas to Unicode text, with pylatexenc's parser and symbol table.

A formula with any construct that has no readable form is not converted at all, so that no part of it gets lost.
Imports pylatexenc; `mathematics` decides when to import this module.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pylatexenc import latex2text, latexwalker, macrospec

_MAX_DEPTH: Final = 24
"""Maximum nesting of braces, since parser and converter are recursive."""
_TEXT: Final = frozenset(
    ("text", "textrm", "textnormal", "mbox", "mathrm", "operatorname", "textsf", "texttt", "mathsf")
)
_BOLD: Final = frozenset(("textbf", "textit", "mathit", "boldsymbol", "bm", "mathtt", "boxed", "mathop", "mathbin"))
"""Macros replaced by their argument."""
_ALPHABETS: Final = frozenset(("mathbb", "mathcal", "mathfrak", "mathscr", "mathbf"))
_ACCENTS: Final = frozenset(("hat", "bar", "vec", "dot", "ddot", "tilde", "check", "breve", "acute", "grave"))
_ACCENT_OF: Final = {"overline": "bar", "widehat": "hat", "widetilde": "tilde", "overrightarrow": "vec"}
_FRACTIONS: Final = frozenset(("frac", "dfrac", "tfrac", "cfrac"))
_BINOMIALS: Final = frozenset(("binom", "dbinom", "tbinom"))
_SIZES: Final = frozenset(
    f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")
) | {"left", "right", "middle"}  # fmt: skip
_IGNORED: Final = frozenset(
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
"""Symbols missing from pylatexenc's table."""
_MATRICES: Final = {
    "matrix": ("[", "]"), "smallmatrix": ("[", "]"), "array": ("[", "]"), "pmatrix": ("(", ")"), "bmatrix": ("[", "]"),
    "Bmatrix": ("{", "}"), "vmatrix": ("|", "|"), "Vmatrix": ("‖", "‖"), "cases": ("{ ", " }"),
}  # fmt: skip
_ROWS: Final = frozenset(
    ("aligned", "align", "align*", "split", "gather", "gather*", "gathered", "equation", "equation*", "alignedat")
)
_ROOTS: Final = {"": "√", "2": "√", "3": "∛", "4": "∜"}
_BARE: Final = frozenset("√∛∜′°∂∇∞")
"""Symbols that, like letters and digits, need no brackets in a fraction or under a root."""
_OPENING: Final = "([{⟨⌈⌊"
_BREAK, _CELL = "\n", "\x1f"
"""Placeholders for the end of a row and of a cell; the second never occurs in received text."""


class UnreadableError(ValueError):
    """The formula contains a construct without a readable form."""


def _scripts(tag: str) -> dict[int, str]:
    """Map each character to its superscript (`<super>`) or subscript (`<sub>`) form, where Unicode has one."""
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
    """Build the parser context: all macros with arguments; unknown macros take none."""
    context = macrospec.LatexContextDb()
    one = (*_TEXT, *_BOLD, *_ALPHABETS, *_ACCENTS, *_ACCENT_OF, *_SIZES, "not", "pmod", "tag", "label")
    macros = [macrospec.MacroSpec(name, "{") for name in one]
    macros += [macrospec.MacroSpec(name, "{{") for name in (*_FRACTIONS, *_BINOMIALS)]
    macros += [macrospec.MacroSpec("sqrt", "[{"), macrospec.MacroSpec("\\", "*[")]
    arguments = {"array": "{", "alignedat": "{"}
    environments = [macrospec.EnvironmentSpec(name, arguments.get(name, "")) for name in (*_MATRICES, *_ROWS)]
    specials = [macrospec.SpecialsSpec(sign, args_parser=macrospec.MacroStandardArgsParser("{")) for sign in "^_"]
    specials += [macrospec.SpecialsSpec(sign) for sign in "&~"]
    context.add_context_category("formulas", macros=macros, environments=environments, specials=specials)
    context.set_unknown_macro_spec(macrospec.MacroSpec(""))
    context.set_unknown_environment_spec(macrospec.EnvironmentSpec(""))
    return context


logging.getLogger("pylatexenc").setLevel(logging.CRITICAL + 1)  # its messages would appear on the screen
_CONTEXT: Final = _context()
_SYMBOL_TABLE: Final = latex2text.get_default_latex_context_db()
_CONVERTER: Final = latex2text.LatexNodes2Text()


def to_unicode(formula: str) -> str:
    """Convert a formula without its delimiters; each row becomes a line.

    Raises `UnreadableError`, or an error of pylatexenc, if the formula is malformed or has no readable form.
    """
    depth = 0
    for char in formula:
        depth += (char == "{") - (char == "}")
        if depth > _MAX_DEPTH:
            raise UnreadableError(formula)
    walker = latexwalker.LatexWalker(formula, latex_context=_CONTEXT, tolerant_parsing=False)
    text = _text(walker.get_latex_nodes()[0])
    rows = [" ".join(row.replace(_CELL, " ").split()) for row in text.split(_BREAK)]
    shown = "\n".join(row for row in rows if row)
    if not shown:
        raise UnreadableError(formula)
    return shown


class _LineBuilder:
    """Builds the text of a list of nodes."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._fraction = ""
        """The fraction just written, if any; it needs brackets next to a letter."""
        self._after_name = False
        """Whether a name such as `sin` was just written, which a space separates from a letter."""

    def write(self, text: str, *, name: bool = False, fraction: bool = False, script: bool = False) -> None:
        """Append text: a function `name`, a `fraction`, a superscript or subscript (`script`), or plain text."""
        if not text:
            return
        before = self.parts[-1][-1:] if self.parts else ""
        adjoins = text[0].isalnum() or text[0] in _BARE or text[0] in _OPENING
        if self._fraction and (adjoins or script):
            self.parts[-1] = f"({self._fraction})"
        elif self._after_name and not script and (text[0].isalnum() or text[0] in _BARE):
            self.parts.append(" ")
        if name and (before.isalnum() or before == ")"):
            self.parts.append(" ")
        self._fraction, self._after_name = "", name
        if fraction and before and (before.isalnum() or before in _BARE or before == ")"):
            text = f"({text})"
        elif fraction:
            self._fraction = text
        self.parts.append(text)

    def symbol(self, text: str, space: bool) -> None:
        """Append a symbol. With `space` after it in the source, an operator such as `≤` gets a space on both sides;
        letters and brackets get none."""
        space = space and not text.isalnum() and text not in _BARE and unicodedata.category(text[0]) not in ("Ps", "Pe")
        if (
            space
            and len(text) == 1
            and unicodedata.category(text) == "Sm"
            and self.parts
            and self.parts[-1][-1:] not in (" ", _BREAK, _CELL, *_OPENING)
        ):
            self.write(" ")
        self.write(text)
        if space:
            self.write(" ")


def _text(nodes: Iterable[Any]) -> str:
    line = _LineBuilder()
    for node in nodes:
        _write(node, line)
    return "".join(line.parts)


def _write(node: Any, line: _LineBuilder) -> None:
    match node:
        case latexwalker.LatexCharsNode():
            line.write(node.chars.replace("\n", " ").replace("''", "″").replace("'", "′"))
        case latexwalker.LatexGroupNode():
            line.write(_text(node.nodelist))
        case latexwalker.LatexMacroNode():
            _macro(node, line)
        case latexwalker.LatexSpecialsNode(specials_chars="^" | "_"):
            line.write(_script(node.specials_chars, _argument(node, 0)), script=True)
            if getattr(_node(node, 0), "macro_post_space", ""):
                line.write(" ")
        case latexwalker.LatexSpecialsNode(specials_chars="&"):
            line.write(_CELL)
        case latexwalker.LatexSpecialsNode(specials_chars="~"):
            line.write(" ")
        case latexwalker.LatexEnvironmentNode():
            line.write(_environment(node))
        case _:
            raise UnreadableError(type(node).__name__)


def _argument(node: Any, index: int) -> str:
    """Convert an argument; empty if it is missing."""
    found = _node(node, index)
    return "" if found is None else _text([found])


def _node(node: Any, index: int) -> Any:
    arguments = node.nodeargd.argnlist if node.nodeargd is not None else ()
    return arguments[index] if index < len(arguments) else None


def _macro(node: Any, line: _LineBuilder) -> None:
    name = node.macroname
    if name in _FRACTIONS:
        line.write(f"{_bracketed(_argument(node, 0))}/{_bracketed(_argument(node, 1), below=True)}", fraction=True)
    elif name in _BINOMIALS:
        line.write(f"C({_argument(node, 0)}, {_argument(node, 1)})")
    elif name == "sqrt":
        line.write(_root(node))
    elif name in _TEXT:
        line.write(_argument(node, 0), name=name == "operatorname")
    elif name in _BOLD:
        line.write(_argument(node, 0))
    elif name in _ALPHABETS or name in _ACCENTS or name in _ACCENT_OF:
        line.write(_styled_letter(node, name))
    elif name in _SIZES:
        delimiter = _argument(node, 0)
        line.write("" if delimiter == "." else delimiter)
    elif name in _NAMES:
        line.write(name, name=True)
    else:
        _symbol(node, name, line)


def _symbol(node: Any, name: str, line: _LineBuilder) -> None:
    """Write a macro other than an alphabet or accent."""
    if name == "not":
        line.symbol(unicodedata.normalize("NFC", _argument(node, 0).strip() + "\u0338"), space=True)
    elif name == "pmod":
        line.write(f" (mod {_argument(node, 0)})")
    elif name == "tag":
        line.write(f"  ({_argument(node, 0)})")
    elif name == "\\":
        line.write(_BREAK)
    elif name in _SPACES:
        line.write(_SPACES[name])
    elif name not in _IGNORED and name != "label":
        symbol = _SYMBOLS.get(name) or _from_table(name)
        line.symbol(symbol, space=bool(node.macro_post_space))


def _from_table(name: str) -> str:
    spec = _SYMBOL_TABLE.get_macro_spec(name)
    symbol = spec.simplify_repl if spec is not None else None
    if not isinstance(symbol, str) or not symbol.strip() or ("%" in symbol and symbol != "%"):  # a template
        raise UnreadableError(name)
    return symbol


def _styled_letter(node: Any, name: str) -> str:
    """Convert a letter of another alphabet or with an accent."""
    text = _argument(node, 0).strip()
    if len(text) != 1 and name == "mathbf":
        return text
    if len(text) != 1 or (name in _ALPHABETS and not (text.isascii() and text.isalnum())):
        raise UnreadableError(name)
    if name == "mathbf" and not text.isalpha():
        return text
    return str(_CONVERTER.latex_to_text(f"\\{_ACCENT_OF.get(name, name)}{{{text}}}"))


def _script(sign: str, text: str) -> str:
    """Convert a superscript or subscript."""
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
    """Convert a numerator, or a denominator if `below`, with brackets if needed; a denominator `2a` needs them."""
    text = text.strip()
    if not text or _BREAK in text or _CELL in text:
        raise UnreadableError(text)
    product = below and any("0" <= char <= "9" for char in text) and not text.lstrip("√∛∜").isdecimal()
    return text if _is_unit(text) and not product else f"({text})"


def _is_unit(text: str) -> bool:
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
