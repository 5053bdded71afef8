"""Pages of text: help, attempts, plots."""
