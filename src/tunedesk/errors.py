"""The two exceptions that are not bugs: a sentence for the user, and work that the user stopped."""


class UserError(Exception):
    """Something went wrong that the user can understand and act on.

    Attributes:
        sentence: What is wrong, in one plain sentence.
        advice: What to do next; may be empty.
    """

    def __init__(self, sentence: str, advice: str = "") -> None:
        super().__init__(f"{sentence} {advice}".strip())
        self.sentence = sentence
        self.advice = advice


class Cancelled(Exception):  # noqa: N818  it is an outcome, not an error
    """The user stopped the work; raised by a progress callback, silent in the window."""
