"""What find and replace looks for: the choices of the dialog as a pattern."""

import re
from typing import NamedTuple

from tunedesk.errors import UserError
from tunedesk.i18n import _

_REASONS = {
    "nothing to repeat": _("nothing stands before a sign of repetition (*, + or ?)"),
    "multiple repeat": _("two signs of repetition stand side by side"),
    "unterminated character set": _("a bracket [ is not closed"),
    "missing ), unterminated subpattern": _("a parenthesis ( is not closed"),
    "unbalanced parenthesis": _("a parenthesis ) was never opened"),
    "bad escape (end of pattern)": _("it ends in a single backslash"),
    "unknown extension ?<": _("the sign after (? is not known"),
}


class FindOptions(NamedTuple):
    r"""What to find and what to put in its place.

    Attributes:
        find: The words, or a regular expression.
        replacement: What comes in their place; with a regular expression `\1` is its first group.
        match_case: Whether capitals count.
        whole_words: Whether only whole words are found.
        regular: Whether `find` is a regular expression.
        roles: The roles of the messages looked at; None for all.
    """

    find: str
    replacement: str = ""
    match_case: bool = False
    whole_words: bool = False
    regular: bool = False
    roles: frozenset[str] | None = None

    def pattern(self) -> re.Pattern[str]:
        """The choices as a pattern.

        Raises:
            UserError: The regular expression, or the replacement that goes with it, is wrong.
        """
        source = self.find if self.regular else re.escape(self.find)
        flags = re.NOFLAG if self.match_case else re.IGNORECASE
        try:
            pattern = re.compile(source, flags)
            if self.whole_words:
                pattern = re.compile(rf"(?<!\w)(?:{source})(?!\w)", flags)
        except (re.error, OverflowError, RecursionError) as error:
            raise UserError(
                _("This regular expression cannot be read: {reason}.").format(reason=_why(error)),
                _("Mend it, or switch “Regular expression” off to find the words as they are."),
            ) from error
        if self.regular:
            self._refuse_wrong_groups(pattern)
        return pattern

    def _refuse_wrong_groups(self, pattern: re.Pattern[str]) -> None:
        try:
            pattern.sub(self.replacement, "")
        except (re.error, IndexError) as error:
            raise UserError(
                _("The replacement cannot be read: {reason}.").format(reason=error),
                _(r"\1 stands for the first group of the expression; write \\ for a backslash."),
            ) from error


def _why(error: Exception) -> str:
    message = error.msg if isinstance(error, re.error) else str(error)
    reason = _REASONS.get(message, message)
    if isinstance(error, re.error) and error.pos is not None:
        return _("{reason}, at character {place}").format(reason=reason, place=error.pos + 1)
    return reason
