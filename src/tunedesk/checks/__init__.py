"""Is an example right, what is wrong with it in words, what can be fixed, and how long it is."""
