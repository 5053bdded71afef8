"""The messages of the open conversation."""
