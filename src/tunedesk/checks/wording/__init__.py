"""The words for each problem, in tables by what they concern."""
