"""Start and end of the program: hang-ups, crash reports, unsent questions, notifications."""
