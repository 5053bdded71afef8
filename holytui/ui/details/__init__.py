"""The details page (F6)."""
