"""Asking models: loaded once, asked many times, each token told as it comes."""
