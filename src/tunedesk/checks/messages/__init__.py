"""What is said of each problem: title, sentence and advice, by code."""
