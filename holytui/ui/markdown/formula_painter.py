"""A formula in lines of its own, into lines of a width."""

from __future__ import annotations

from collections.abc import Sequence

from holytui.ui.markdown import extras, marks, mathematics
from holytui.ui.markdown.blocks import Leaf
from holytui.ui.markdown.inline import MATHEMATICS, Run, as_written
from holytui.ui.markdown.prefix import prefix_of
from holytui.ui.markdown.seams import marked
from holytui.ui.markdown.wrap import Line, Wrapper


class FormulaPainter:
    """Draws one formula at one width. It is short, so all of it is drawn whenever it grew."""

    def __init__(self, leaf: Leaf, width: int) -> None:
        self.lines: list[Line] = []
        self.leaf = leaf
        self.done = True
        self._width = width
        self._prefix = prefix_of(leaf).fitting(width)

    def paint(self, seams: Sequence[int]) -> int:
        source, behind = extras.parts(self.leaf)
        text = mathematics.shown(source[2:-2]) if source and not seams else ""
        wrapper = Wrapper(self._width, self._prefix)
        self.lines = wrapper.preview(self._converted(text, source, behind) if text else self._written(seams))
        return 0

    def _converted(self, text: str, source: str, behind: str) -> list[Run]:
        runs: list[Run] = []
        for number, row in enumerate(text.split("\n")):
            if number:
                runs.append(("\n", ""))
            mark = marks.formula(source, self.leaf.start, number)
            runs += as_written(row, f"{MATHEMATICS}{mark}")
        return [*runs, (behind, "")]

    def _written(self, seams: Sequence[int]) -> list[Run]:
        lines = marked(self.leaf, seams) if seams else self.leaf.lines
        return as_written("\n".join(lines).replace("\t", " "), "")
