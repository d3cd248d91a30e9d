"""Lets `python -m tunedesk` run the program."""

if __name__ == "__main__":
    # Worker processes load this module too, under another name, and need nothing of it.
    import sys

    from tunedesk.cli import main

    sys.exit(main())
