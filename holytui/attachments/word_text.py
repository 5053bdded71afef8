"""The text of a Word document's main part (WordprocessingML), parsed as it is unpacked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn
from xml.parsers import expat

_HEADING = re.compile(r"(?i)heading ?([1-6])\Z")
_TEXT_NAMESPACE = "wordprocessingml"


class DocumentTypeError(Exception):
    """The XML is malformed, or declares a document type, which may define entities that grow without limit."""


class WordText:
    """Collects paragraphs: headings get `#`, items of lists `-`, and the cells of a table row are joined by `|`.

    Deleted text, and the alternatives for older programs that repeat a text, are left out.
    """

    def __init__(self) -> None:
        self.length = 0
        """Characters collected so far."""
        self._done: list[str] = []
        self._runs: list[str] = []
        self._prefix = ""
        self._cells: list[list[str]] = []
        """Paragraphs of the cells of the current row."""
        self._tables = 0
        self._in_text = False
        self._fallbacks = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, data: bytes) -> None:
        """Parse a block. Raises DocumentTypeError."""
        self._parse(data, is_last=False)

    def close(self) -> str:
        """Parse the end; return the text."""
        self._parse(b"", is_last=True)
        return "".join(self._done)

    def _parse(self, data: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(data, is_last)
        except expat.ExpatError as error:
            raise DocumentTypeError(str(error)) from error

    @staticmethod
    def _refuse(*_declaration: object) -> NoReturn:
        raise DocumentTypeError("document type")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        if tag == "Fallback":
            self._fallbacks += 1
        if _TEXT_NAMESPACE not in space or self._fallbacks:
            return
        match tag:
            case "t":
                self._in_text = True
            case "tab":
                self._add("\t" if not self._in_properties(attributes) else "")
            case "br" | "cr":
                self._add("\n")
            case "pStyle":
                style = next((value for key, value in attributes.items() if key.endswith(" val")), "")
                if heading := _HEADING.match(style):
                    self._prefix = "#" * int(heading[1]) + " "
            case "numPr":
                self._prefix = self._prefix or "- "
            case "tbl":
                self._tables += 1
            case "tr" if self._tables == 1:
                self._cells = []
            case "tc" if self._tables == 1:
                self._cells.append([])

    @staticmethod
    def _in_properties(attributes: Mapping[str, str]) -> bool:
        """Whether a `tab` is a tab stop of the properties, which has attributes, rather than a character."""
        return bool(attributes)

    def _end(self, name: str) -> None:
        space, _, tag = name.rpartition(" ")
        if tag == "Fallback":
            self._fallbacks -= 1
        if _TEXT_NAMESPACE not in space or self._fallbacks:
            return
        match tag:
            case "t":
                self._in_text = False
            case "p":
                self._end_paragraph()
            case "tbl":
                self._tables -= 1
                if not self._tables:
                    self._done.append("\n")
            case "tr" if self._tables == 1:
                row = " | ".join(" ".join(cell) for cell in self._cells)
                self._done.append(f"| {row} |\n")
                self._cells = []

    def _end_paragraph(self) -> None:
        text = "".join(self._runs)
        self._runs.clear()
        prefix, self._prefix = self._prefix, ""
        if not text.strip():
            return
        if self._cells:
            self._cells[-1].append(" ".join(text.split()))
        else:
            self._done.append(f"{prefix}{text}\n" if prefix == "- " else f"{prefix}{text}\n\n")

    def _characters(self, text: str) -> None:
        if self._in_text and not self._fallbacks:
            self._add(text)

    def _add(self, text: str) -> None:
        self._runs.append(text)
        self.length += len(text)
