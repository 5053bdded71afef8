"""Incremental Markdown rendering for text that arrives a token at a time; no character of the source is lost."""

from holytui.ui.markdown.budget import Spent, never, within
from holytui.ui.markdown.document import CodeBlock, MarkdownDocument
from holytui.ui.markdown.wrap import Line

__all__ = ["CodeBlock", "Line", "MarkdownDocument", "Spent", "never", "within"]
