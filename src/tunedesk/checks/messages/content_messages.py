"""What to say of problems of what a message holds: its texts and its pictures."""

from functools import cache

from tunedesk.checks.problem import ProblemMessage
from tunedesk.i18n import _


@cache
def text_messages() -> dict[str, ProblemMessage]:
    """The messages by code."""
    return {
        "replacement_character": ProblemMessage(
            _("Lost letters (\ufffd)"),
            _("Message {n} holds \ufffd where a letter was lost ({count} in all)."),
            _("Write the lost letters again."),
        ),
        "mojibake": ProblemMessage(
            _("Garbled letters"),
            _("Message {n} holds garbled letters: “{found}” was mostly “{meant}”."),
            _("Fix it to put the letters right."),
        ),
        "control_character": ProblemMessage(
            _("Invisible control characters"),
            _("Message {n} holds invisible control characters ({code}, {count} in all)."),
            _("Fix it to take them out."),
            {
                "windows": _(
                    "Message {n} holds invisible control characters that were letters of "
                    "Windows-1252 ({code}, {count} in all)."
                ),
            },
        ),
        "thoughts_never_opened": ProblemMessage(
            _("Thoughts without their beginning"),
            _("Message {n} closes thoughts with {tag} that it never opened."),
            _("Fix it to put the opening tag at the beginning, or delete the thoughts."),
        ),
        "thoughts_never_closed": ProblemMessage(
            _("Thoughts without their end"),
            _("Message {n} opens thoughts with {tag} and never closes them: all is thought."),
            _("Write the closing tag where the answer begins, or delete the tag."),
        ),
        "thoughts_opened_twice": ProblemMessage(
            _("Thoughts opened twice"),
            _("Message {n} opens thoughts with {tag} although thoughts are open already."),
            _("Write the closing tag where the answer begins, and keep one opening tag."),
        ),
        "thoughts_in_text": ProblemMessage(
            _("Thoughts within the text"),
            _("Message {n} begins with its thoughts in tags."),
            _(
                "Models that write their thoughts in tags learn them so. Fix it to move them into "
                "“reasoning_content”, for models whose template reads them there."
            ),
        ),
        "templated_text": ProblemMessage(
            _("Text with the marks of a chat template"),
            _("Message {n} holds marks of the template {family}, which are learnt as letters."),
            _("Take the marks out: the trainer puts the right ones in by itself."),
        ),
        "blanks_around": ProblemMessage(
            _("Blanks around the text"),
            _("Message {n} begins or ends with blanks or empty lines."),
            _("Fix it to take them off."),
            {
                "before": _("Message {n} begins with blanks or empty lines."),
                "after": _("Message {n} ends with blanks or empty lines."),
            },
        ),
        "placeholder": ProblemMessage(
            _("Placeholder not filled in"),
            _("Message {n} holds {text}: a placeholder that nobody filled in?"),
            _("Write what belongs there, if it is not meant to stay."),
        ),
        "placeholder_perhaps": ProblemMessage(
            _("Perhaps a placeholder"),
            _("Message {n} holds {text}: perhaps a placeholder."),
            _("Write what belongs there, if it is not meant to stay."),
        ),
        "special_token_text": ProblemMessage(
            _("Text that looks like a special token"),
            _("Message {n} holds {text}, which some models take for a sign of their own."),
            _("Delete it if it came by copying. Fix it to take off marks that end the text."),
        ),
    }


@cache
def image_messages() -> dict[str, ProblemMessage]:
    """The messages by code."""
    return {
        "image_misplaced": ProblemMessage(
            _("Image outside a user message"),
            _("Message {n} ({role}) holds an image; only user messages may."),
            _("Move the image into a user message, or delete it."),
        ),
        "image_url_missing": ProblemMessage(
            _("Image without a picture"),
            _("An image of message {n} has neither an address nor a picture."),
            _("Choose a picture, or delete the image."),
        ),
        "image_url_invalid": ProblemMessage(
            _("Image address is not a web address"),
            _("“{url}” in message {n} is not a web address; services cannot read files of yours."),
            _("Choose the picture, so that it is embedded, or give an https address."),
        ),
        "image_data_broken": ProblemMessage(
            _("Damaged picture"),
            _("An embedded picture of message {n} is damaged and cannot be read."),
            _("Choose the picture again."),
            {"cut_off": _("An embedded picture of message {n} is cut off: its end is missing.")},
        ),
        "image_turned": ProblemMessage(
            _("Picture that lies on its side"),
            _("A picture of message {n} is stored turned; a note in it says how to show it."),
            _("Fix it to turn it upright: a service may look at it as it is stored."),
        ),
        "image_type": ProblemMessage(
            _("Picture of another kind"),
            _("A picture of message {n} is of the type {media}; JPEG, PNG and WEBP are accepted."),
            _("Save the picture as JPEG or PNG and choose it again."),
        ),
        "image_type_differs": ProblemMessage(
            _("Picture named as another kind"),
            _("A picture of message {n} is {media} but is named as another type."),
            _("Fix it to name the type that it has."),
        ),
        "image_too_large": ProblemMessage(
            _("Picture too large"),
            _("A picture of message {n} has {megabytes} MB; at most {limit_megabytes} are read."),
            _("Choose a smaller picture: 1,024 pixels on a side are enough."),
        ),
        "image_detail_invalid": ProblemMessage(
            _("Unknown level of detail"),
            _("The detail of an image of message {n} is “{detail}”; low, high and auto exist."),
            _("Choose low, high or auto."),
        ),
        "too_many_images": ProblemMessage(
            _("Too many images"),
            _("The example has {count} images; {target} takes at most {limit}."),
            _("Delete images, or split the example."),
        ),
    }
