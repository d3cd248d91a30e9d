"""Tunedesk: write, review and check conversations, and fine-tune language models on them."""

__version__ = "0.1.0"
