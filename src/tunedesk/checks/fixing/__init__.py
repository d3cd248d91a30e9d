"""The safe fixes, each from text to text; only the span of what is fixed changes."""
