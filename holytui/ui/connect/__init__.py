"""The dialog that connects a provider."""
