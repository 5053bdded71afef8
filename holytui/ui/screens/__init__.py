"""Screens: each wires widgets together."""
