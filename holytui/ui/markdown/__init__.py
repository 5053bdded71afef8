"""Markdown for a screen that is fed a token at a time: flat, incremental, and losing nothing of the text."""

from holytui.ui.markdown.document import CodeBlock, MarkdownDocument, Spent, never, within
from holytui.ui.markdown.wrap import Line

__all__ = ["CodeBlock", "Line", "MarkdownDocument", "Spent", "never", "within"]
