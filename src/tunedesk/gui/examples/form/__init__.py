"""The form: one example in the form of its kind, as tools and as raw JSON."""
