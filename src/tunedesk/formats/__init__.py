"""Files in and out: what a file is, its records as a stream, and the file that is written."""
