"""Rendering of display formulas."""

from __future__ import annotations

from collections.abc import Sequence

from holytui.ui.markdown import extensions, marks, mathematics
from holytui.ui.markdown.blocks import Leaf
from holytui.ui.markdown.prefix import prefix_of
from holytui.ui.markdown.runs import MATHEMATICS, Run, literal_runs
from holytui.ui.markdown.seams import with_seams
from holytui.ui.markdown.wrap import Line, Wrapper


class FormulaPainter:
    """Draws one display formula at one width. Formulas are short, so each change redraws all of it."""

    def __init__(self, leaf: Leaf, width: int) -> None:
        self.lines: list[Line] = []
        self.leaf = leaf
        self.done = True
        self._width = width
        self._prefix = prefix_of(leaf).fitting(width)

    def paint(self, seams: Sequence[int]) -> int:
        source, punctuation = extensions.formula_parts(self.leaf)
        text = mathematics.to_text(source[2:-2]) if source and not seams else ""
        wrapper = Wrapper(self._width, self._prefix)
        self.lines = wrapper.preview(self._converted(text, source, punctuation) if text else self._unconverted(seams))
        return 0

    def _converted(self, text: str, source: str, punctuation: str) -> list[Run]:
        runs: list[Run] = []
        for number, row in enumerate(text.split("\n")):
            if number:
                runs.append(("\n", ""))
            mark = marks.formula(source, self.leaf.start, number)
            runs += literal_runs(row, f"{MATHEMATICS}{mark}")
        return [*runs, (punctuation, "")]

    def _unconverted(self, seams: Sequence[int]) -> list[Run]:
        lines = with_seams(self.leaf, seams) if seams else self.leaf.lines
        return literal_runs("\n".join(lines).replace("\t", " "), "")
