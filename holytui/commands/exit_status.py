"""Exit statuses of the command line; scripts rely on them."""

OK = 0
FAILED = 1
USAGE = 2
"""Also: the configuration cannot be used."""
INTERRUPTED = 3
"""The answer was cut and could not be brought home; its partial text was printed."""
DOUBT = 4
"""The answer ended, but not proven to be whole: see `engine.ending.Doubt`. What is doubtful was told."""
STOPPED = 130
