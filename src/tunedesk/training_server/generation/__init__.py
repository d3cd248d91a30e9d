"""Talking to models: loaded once, asked many times."""
