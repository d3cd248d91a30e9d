"""Spelling in the texts of messages."""
