"""The Examples page: the table, the form of message cards and the side panel."""
