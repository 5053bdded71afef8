"""A terminal chat for language models that never loses a token that reached the machine."""

__version__ = "0.1.0"
