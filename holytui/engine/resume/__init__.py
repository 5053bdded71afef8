"""Resuming an interrupted answer: how the rest is requested, and how the parts are joined."""
