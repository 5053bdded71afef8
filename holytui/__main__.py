"""`python -m holytui` is the `holytui` command."""

import sys

from holytui.cli import main

if __name__ == "__main__":
    sys.exit(main())
