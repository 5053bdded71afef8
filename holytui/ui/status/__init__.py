"""The status bar and the line of key hints."""
