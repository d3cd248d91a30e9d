"""The files that are written, one module a format."""
