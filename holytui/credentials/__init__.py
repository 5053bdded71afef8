"""API keys: their sources and their cache."""
