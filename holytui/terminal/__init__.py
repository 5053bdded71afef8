"""What the terminal is told, and what it is asked."""
