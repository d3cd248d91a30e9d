"""The words for problems of examples and their messages."""

from functools import cache

from tunedesk.checks.wording.words import Words
from tunedesk.i18n import _


@cache
def example_words() -> dict[str, Words]:
    """The words by code."""
    return {
        "not_a_chat_example": Words(
            _("Not a conversation"),
            _("The row is {kind}; here only conversations (“messages”) can be trained on."),
            _("It is kept as it is. Leave it out of the export."),
        ),
        "messages_missing": Words(
            _("No messages"),
            _("The example has no “messages”."),
            _("Add messages, or delete the example."),
        ),
        "messages_not_a_list": Words(
            _("The messages are no list"),
            _("“messages” is {type}; it has to be a list of messages."),
            _("Mend it in the Raw JSON tab."),
        ),
        "messages_empty": Words(
            _("Empty conversation"),
            _("The example has no message."),
            _("Add messages, or delete the example."),
        ),
        "message_not_an_object": Words(
            _("A message without role and content"),
            _("Message {n} is {type}; a message is an object with a role and a content."),
            _("Mend it in the Raw JSON tab, or delete the message."),
        ),
        "unknown_key": Words(
            _("Additional fields"),
            _("The example has fields that training does not use: {keys}."),
            _("Most services ignore such fields. They are kept."),
        ),
        "unknown_message_key": Words(
            _("Unknown field in a message"),
            _("Message {n} has a field “{key}” that training does not know."),
            _("Delete the field if a service refuses it."),
        ),
        "key_misplaced": Words(
            _("Field on the wrong message"),
            _("Message {n} has “{key}”, which a message of the role {role} cannot have."),
            _("Delete the field, or change the role."),
        ),
        "role_missing": Words(
            _("Role missing"),
            _("Message {n} does not say who speaks."),
            _("Choose its role: system, user, assistant or tool."),
        ),
        "role_not_text": Words(
            _("Role is no text"),
            _("The role of message {n} is {type}."),
            _("Choose its role: system, user, assistant or tool."),
        ),
        "role_unknown": Words(
            _("Unknown role"),
            _("Message {n} has the role “{role}”, which no service knows."),
            _("Choose system, user, assistant or tool."),
        ),
        "role_developer": Words(
            _("Role developer"),
            _("Message {n} has the role developer, which training files do not know."),
            _("Fix it to make it a system message: it means the same."),
        ),
        "content_missing": Words(
            _("Content missing"),
            _("Message {n} has no content."),
            _("Write what is said, or delete the message."),
        ),
        "content_null": Words(
            _("Content is null"),
            _("The content of message {n} is null, and it calls no tool."),
            _("Write what is said, or delete the message."),
        ),
        "content_empty": Words(
            _("Empty text"),
            _("Message {n} ({role}) is empty: the model would learn from nothing."),
            _("Write what is said, or delete the message."),
        ),
        "content_blank": Words(
            _("Only blanks"),
            _("Message {n} ({role}) holds only blanks."),
            _("Write what is said, or delete the message."),
        ),
        "content_not_text": Words(
            _("Content is no text"),
            _("The content of message {n} is {type}; it has to be a text."),
            _("Fix it to make a text of a number; mend anything else in the Raw JSON tab."),
        ),
        "content_list_empty": Words(
            _("Empty list of parts"),
            _("The content of message {n} is an empty list."),
            _("Write what is said, or delete the message."),
        ),
        "parts_where_text_required": Words(
            _("List of parts in place of a text"),
            _("The content of message {n} ({role}) is a list; only users may send lists."),
            _("Fix it to join the texts of the list to one text."),
        ),
        "parts_only_text": Words(
            _("List of texts in place of a text"),
            _("The content of message {n} is a list without images; a plain text is safer."),
            _("Fix it to join the texts of the list to one text."),
        ),
        "part_not_an_object": Words(
            _("A part without a type"),
            _("A part of message {n} is {type}; a part is an object with a type."),
            _("Mend it in the Raw JSON tab."),
        ),
        "part_type_unknown": Words(
            _("Unknown kind of part"),
            _("A part of message {n} is of the type “{type_name}”; only text and image_url are."),
            _("Mend it in the Raw JSON tab, or delete the part."),
        ),
        "part_text_missing": Words(
            _("Part without text"),
            _("A text part of message {n} has no text."),
            _("Write its text, or delete the part."),
        ),
        "refusal_not_text": Words(
            _("Refusal is no text"),
            _("The refusal of message {n} is {type}; it has to be a text."),
            _("Write the refusal as a text, or delete it."),
        ),
        "name_not_text": Words(
            _("Name is no text"),
            _("The name in message {n} is {type}; it has to be a text."),
            _("Delete the name, or write it as a text."),
        ),
        "name_empty": Words(
            _("Empty name"),
            _("Message {n} has an empty name, which services refuse."),
            _("Fix it to take the empty name out."),
        ),
        "name_invalid": Words(
            _("Name with forbidden characters"),
            _("“{name}” in message {n} is no valid name: letters a to z, digits, _ and - only."),
            _("Fix it to put _ for what is forbidden."),
        ),
        "weight_invalid": Words(
            _("Weight is neither 0 nor 1"),
            _("The weight of message {n} is {value}; only 0 (do not train on it) and 1 exist."),
            _("Choose with “train on this”."),
        ),
        "weight_misplaced": Words(
            _("Weight on the wrong message"),
            _("Message {n} ({role}) has a weight; only assistant messages may."),
            _("Fix it to take the weight out: other messages are never trained on."),
        ),
        "no_assistant": Words(
            _("No answer to learn"),
            _("The assistant says nothing in this example, so there is nothing to train on."),
            _("Write the answer, or delete the example."),
        ),
        "all_weights_zero": Words(
            _("No answer is trained on"),
            _("Every assistant message has the weight 0, so there is nothing to train on."),
            _("Switch “train on this” on for at least one answer."),
        ),
        "last_not_assistant": Words(
            _("Does not end with an answer"),
            _("The last message is the {role}'s; what follows the last answer is never used."),
            _("Write the answer, or delete the last message."),
        ),
        "system_not_first": Words(
            _("System message not at the beginning"),
            _("Message {n} is a system message; it belongs at the beginning."),
            _("Fix it to move it to the beginning."),
        ),
        "system_repeated": Words(
            _("More than one system message"),
            _("Message {n} is a further system message; one, at the beginning, is usual."),
            _("Join the system messages to one."),
        ),
        "same_role_twice": Words(
            _("The same role twice in a row"),
            _("Messages {before} and {n} are both the {role}'s; user and assistant take turns."),
            _("Merge the two, or write what is missing between them."),
        ),
        "image_misplaced": Words(
            _("Image outside a user message"),
            _("Message {n} ({role}) holds an image; only user messages may."),
            _("Move the image into a user message, or delete it."),
        ),
        "image_url_missing": Words(
            _("Image without a picture"),
            _("An image of message {n} has neither an address nor a picture."),
            _("Choose a picture, or delete the image."),
        ),
        "image_url_invalid": Words(
            _("Image address is no web address"),
            _("“{url}” in message {n} is no web address; services cannot read files of yours."),
            _("Choose the picture, so that it is embedded, or give an https address."),
        ),
        "image_data_broken": Words(
            _("Damaged picture"),
            _("An embedded picture of message {n} is damaged and cannot be read."),
            _("Choose the picture again."),
        ),
        "image_type": Words(
            _("Picture of another kind"),
            _("A picture of message {n} is of the type {media}; JPEG, PNG and WEBP are accepted."),
            _("Save the picture as JPEG or PNG and choose it again."),
        ),
        "image_type_differs": Words(
            _("Picture named as another kind"),
            _("A picture of message {n} is {media} but is named as another type."),
            _("Fix it to name the type that it has."),
        ),
        "image_too_large": Words(
            _("Picture too large"),
            _("A picture of message {n} has {megabytes} MB; at most {limit_megabytes} are read."),
            _("Choose a smaller picture: 1,024 pixels on a side are enough."),
        ),
        "image_detail_invalid": Words(
            _("Unknown level of detail"),
            _("The detail of an image of message {n} is “{detail}”; low, high and auto exist."),
            _("Choose low, high or auto."),
        ),
        "too_many_images": Words(
            _("Too many images"),
            _("The example has {count} images; {target} takes at most {limit}."),
            _("Delete images, or split the example."),
        ),
        "over_token_limit": Words(
            _("Too long"),
            _(
                "The example has {tokens} tokens, more than {limit}: its end, from message "
                "{message} of {messages} on, is cut off, and with it the answer."
            ),
            _("Shorten the example, or split it into several."),
        ),
    }
