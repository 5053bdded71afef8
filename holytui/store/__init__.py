"""Conversations on disk: the history, its journal, search, import and export."""
