"""Connecting a provider: its address, key and model, tested and written into the configuration."""
