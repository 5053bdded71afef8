"""The command `holytui ask`."""
