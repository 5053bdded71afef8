"""The terminal: output, input, and the programs that share it."""
