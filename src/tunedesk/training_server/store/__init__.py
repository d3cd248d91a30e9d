"""What the server remembers: one SQLite database of its own."""
