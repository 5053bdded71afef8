"""The settings screen, and reading the configuration again."""
