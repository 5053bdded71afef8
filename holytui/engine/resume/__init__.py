"""Continuing a cut answer: which way to ask for the rest, and how the two parts are joined."""
