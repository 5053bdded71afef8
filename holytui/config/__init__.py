"""Configuration: TOML read into frozen dataclasses, with problems located by file, line and key."""
