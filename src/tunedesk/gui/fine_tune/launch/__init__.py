"""The launch page: what is trained on, where, on which model, what it takes, and off it goes."""
