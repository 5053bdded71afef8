"""`holytui --plain`: chat in plain lines."""
