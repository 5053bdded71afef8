"""Tests that hold for every history: a new one is added to `HISTORIES` in `factories.py` and must pass them all."""
