"""Everything said, on disk: the history, its journal, search and transfer."""
