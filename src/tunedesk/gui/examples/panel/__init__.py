"""The side panel: the problems, the tokens and the history of examples."""
