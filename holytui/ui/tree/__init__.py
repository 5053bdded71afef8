"""The page with the tree of a conversation, and comparisons of its messages."""
