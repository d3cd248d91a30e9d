"""The project file: the only SQL, the changes and their undo, the queries."""
