"""The model of changes that travel between hosts: stamps, records, and their merge. Pure."""
