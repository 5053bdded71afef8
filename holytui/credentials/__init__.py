"""API keys: where they come from, and how long they are kept."""
