"""Vim's normal and visual mode on immutable text: no widget, no Textual."""
