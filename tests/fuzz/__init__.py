"""Coverage-guided fuzzing of what parses bytes from outside.

Each target is a module with `seeds()`, inputs to begin with, and `check(data)`, which raises AssertionError (or
whatever the code under test raised) if one of its promises is broken; `mutated(data, random)`, where there is one, is
a mutation that knows the form of the input, beside those of libFuzzer. `make fuzz` mutates the seeds with atheris;
`test_replay` runs the seeds and every input in `found/TARGET`, without it. To keep a finding, move the file that
`make fuzz` names to `found/TARGET/`, under a name that says what broke.
"""

TARGETS = ("answers", "refusals", "configuration", "imports", "keys", "markdown")
