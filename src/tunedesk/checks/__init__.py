"""Is an example right, how long is it, and what would training on it cost."""
