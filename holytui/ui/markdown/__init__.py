"""Incremental Markdown rendering for text that arrives a token at a time; no character of the source is lost."""
