"""`holytui history` and its subcommands."""
