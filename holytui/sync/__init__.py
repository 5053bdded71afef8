"""Exchange of changes with the same history on other hosts: over SSH, or by files in a folder."""
