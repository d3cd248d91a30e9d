"""The form: one example as cards, as tools and as raw JSON."""
