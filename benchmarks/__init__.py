"""Figures of speed and size; each script prints a table. None is a test."""
