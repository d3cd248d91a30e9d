"""Trying a tuned model: a question, and its answer as it is written."""
