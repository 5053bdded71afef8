"""Exit statuses of the command line; scripts rely on them."""

OK = 0
FAILED = 1
USAGE = 2
"""Also: the configuration cannot be used."""
INTERRUPTED = 3
"""The answer was interrupted and could not be completed; its partial text was printed."""
DOUBT = 4
"""The answer ended, but may be incomplete (see `engine.ending.Doubt`); the reason was printed."""
LIMIT = 5
"""A limit of spending is reached; the question was kept and not sent."""
INVALID = 6
"""Two answers did not match the schema; the second one was printed."""
STOPPED = 130
