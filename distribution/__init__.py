"""Building and installing: completions, the man page, and `make install`. Not part of the installed package."""
