"""Small dialogs: pick one of many, type one line, read a page."""
