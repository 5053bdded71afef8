"""The chat screen, and what wires its parts together."""
