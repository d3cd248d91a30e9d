"""Reading a file whole, for the tests of this room."""

from tunedesk.examples.json_text import JsonSyntaxError, parse
from tunedesk.formats.inspect_file import inspect_file
from tunedesk.formats.read_records import read_batches


class Reading:
    """All that was read from a file."""

    def __init__(self, path, data=None, batch_bytes=262_144):
        if data is not None:
            path.write_bytes(data)
        self.info = inspect_file(path)
        self.lines, self.texts, self.problems = [], [], []
        for batch in read_batches(path, self.info, batch_bytes):
            assert len(batch.lines) == len(batch.texts)
            assert 0 <= batch.bytes_read <= path.stat().st_size
            self.lines += batch.lines
            self.texts += batch.texts
            self.problems += [(line, problem.code) for line, problem in batch.problems]

    @property
    def unreadable(self):
        """The lines of the records that are no JSON objects."""
        rows = zip(self.lines, self.texts, strict=True)
        return [line for line, text in rows if not _is_object(text)]

    @property
    def counts(self):
        """How many records are examples, and how many are unreadable."""
        return len(self.texts) - len(self.unreadable), len(self.unreadable)


def _is_object(text):
    try:
        return parse(text.decode()).kind == "object"
    except JsonSyntaxError:
        return False
