"""What a training example is: its text, its messages and the pure edits of it."""
