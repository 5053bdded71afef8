"""The complete check: configuration, connection, terminal and history, for the command and the screen."""
