"""Colour themes: loading and choosing."""
