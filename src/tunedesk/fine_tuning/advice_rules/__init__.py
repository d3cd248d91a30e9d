"""The rules of the advice, each a function with its reason."""
