"""How the records of a file are found, one module a way in which they stand there."""
