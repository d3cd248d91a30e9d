"""Lets `python -m tunedesk` run the program."""

import sys

from tunedesk.cli import main

if __name__ == "__main__":
    sys.exit(main())
