"""What to say of problems of an example: its messages, tools and texts."""

from functools import cache

from tunedesk.checks.problem import ProblemMessage
from tunedesk.i18n import _


@cache
def conversation_messages() -> dict[str, ProblemMessage]:
    """The messages by code."""
    return {
        "not_a_chat_example": ProblemMessage(
            _("Not a conversation"),
            _("The row is {kind}; here only conversations (“messages”) can be trained on."),
            _("It is kept as it is. Leave it out of the export."),
        ),
        "messages_missing": ProblemMessage(
            _("No messages"),
            _("The example has no “messages”."),
            _("Add messages, or delete the example."),
            {
                "one_text": _(
                    "The row is one text without turns: nobody can tell what is asked and what is "
                    "answered."
                ),
            },
        ),
        "messages_not_a_list": ProblemMessage(
            _("The messages are not a list"),
            _("“messages” is {type}; it has to be a list of messages."),
            _("Fix it in the Raw JSON tab."),
        ),
        "messages_empty": ProblemMessage(
            _("Empty conversation"),
            _("The example has no message."),
            _("Add messages, or delete the example."),
        ),
        "message_not_an_object": ProblemMessage(
            _("A message without role and content"),
            _("Message {n} is {type}; a message is an object with a role and a content."),
            _("Fix it in the Raw JSON tab, or delete the message."),
        ),
        "unknown_key": ProblemMessage(
            _("Additional fields"),
            _("The example has fields that training does not use: {keys}."),
            _("Most services ignore such fields. They are kept."),
        ),
        "unknown_message_key": ProblemMessage(
            _("Unknown field in a message"),
            _("Message {n} has a field “{key}” that training does not know."),
            _("Delete the field if a service refuses it."),
        ),
        "pictures_not_sent": ProblemMessage(
            _("Pictures beside the conversation"),
            _("The pictures in “{key}” are not sent: they do not stand in a message."),
            _("“Embed pictures…” under “All examples” takes them from a folder of yours."),
            {
                "marked": _(
                    "The pictures in “{key}” are not sent, and their mark in the text (<image>) is "
                    "trained as letters."
                ),
            },
        ),
        "reasoning_field": ProblemMessage(
            _("Thoughts in a field of their own"),
            _("Message {n} has thoughts in “{key}”: services that do not know it leave them out."),
            _(
                "Keep them for models whose template reads them there. Fix it to move them into "
                "the text, in the tags that most reasoning models write."
            ),
        ),
        "key_misplaced": ProblemMessage(
            _("Field on the wrong message"),
            _("Message {n} has “{key}”, which a message of the role {role} cannot have."),
            _("Delete the field, or change the role."),
        ),
        "role_missing": ProblemMessage(
            _("Role missing"),
            _("Message {n} does not say who speaks."),
            _("Choose its role: system, user, assistant or tool."),
        ),
        "role_not_text": ProblemMessage(
            _("Role is not text"),
            _("The role of message {n} is {type}."),
            _("Choose its role: system, user, assistant or tool."),
        ),
        "role_unknown": ProblemMessage(
            _("Unknown role"),
            _("Message {n} has the role “{role}”, which no service knows."),
            _("Choose system, user, assistant or tool."),
        ),
        "role_developer": ProblemMessage(
            _("Role developer"),
            _("Message {n} has the role developer, which training files do not know."),
            _("Fix it to make it a system message: it means the same."),
        ),
        "content_missing": ProblemMessage(
            _("Content missing"),
            _("Message {n} has no content."),
            _("Write what is said, or delete the message."),
            {"system": _("The system message is empty: leave it out.")},
        ),
        "content_null": ProblemMessage(
            _("Content is null"),
            _("The content of message {n} is null, and it calls no tool."),
            _("Write what is said, or delete the message."),
            {"system": _("The system message is empty: leave it out.")},
        ),
        "content_empty": ProblemMessage(
            _("Empty text"),
            _("Message {n} ({role}) is empty: the model would learn from nothing."),
            _("Write what is said, or delete the message."),
        ),
        "content_blank": ProblemMessage(
            _("Only blanks"),
            _("Message {n} ({role}) holds only blanks."),
            _("Write what is said, or delete the message."),
            {"invisible": _("Message {n} ({role}) holds only invisible characters.")},
        ),
        "system_empty": ProblemMessage(
            _("Empty system message"),
            _("The system message is empty: leave it out."),
            _("Fix it to take the message out, or write what the model shall know."),
            {"invisible": _("The system message holds only invisible characters: leave it out.")},
        ),
        "content_not_text": ProblemMessage(
            _("Content is not text"),
            _("The content of message {n} is {type}; it has to be a text."),
            _("“Fix” makes a text of a number; change anything else in the Raw JSON tab."),
        ),
        "content_list_empty": ProblemMessage(
            _("Empty list of parts"),
            _("The content of message {n} is an empty list."),
            _("Write what is said, or delete the message."),
            {"system": _("The system message is empty: leave it out.")},
        ),
        "content_list_of_texts": ProblemMessage(
            _("List of texts in place of a text"),
            _("The content of message {n} is a list of texts; it has to be one text."),
            _("Fix it to join the texts of the list to one text."),
        ),
        "parts_under_value": ProblemMessage(
            _("Parts in the form of LLaMA-Factory"),
            _(
                "The content of message {n} has the form of LLaMA-Factory, with the text under "
                "“value”; services do not read it."
            ),
            _("Fix it to make a plain text of it; thoughts become the message's reasoning."),
        ),
        "image_part_foreign": ProblemMessage(
            _("Picture in the form of Qwen"),
            _("A picture of message {n} has the form of Qwen's tools; services read image_url."),
            _("“Embed pictures…” under “All examples” takes it from a folder of yours."),
            {
                "disk": _(
                    "A picture of message {n} is a path on somebody's disk (the form of Qwen's "
                    "tools); services cannot read it."
                ),
            },
        ),
        "parts_where_text_required": ProblemMessage(
            _("List of parts in place of a text"),
            _("The content of message {n} ({role}) is a list; only users may send lists."),
            _("Fix it to join the texts of the list to one text."),
        ),
        "parts_only_text": ProblemMessage(
            _("List of texts in place of a text"),
            _("The content of message {n} is a list without images; a plain text is safer."),
            _("Fix it to join the texts of the list to one text."),
        ),
        "part_not_an_object": ProblemMessage(
            _("A part without a type"),
            _("A part of message {n} is {type}; a part is an object with a type."),
            _("Fix it in the Raw JSON tab."),
        ),
        "part_type_unknown": ProblemMessage(
            _("Unknown kind of part"),
            _("A part of message {n} is of the type “{type_name}”; only text and image_url are."),
            _("Fix it in the Raw JSON tab, or delete the part."),
        ),
        "part_text_missing": ProblemMessage(
            _("Part without text"),
            _("A text part of message {n} has no text."),
            _("Write its text, or delete the part."),
        ),
        "refusal_not_text": ProblemMessage(
            _("Refusal is not text"),
            _("The refusal of message {n} is {type}; it has to be a text."),
            _("Write the refusal as a text, or delete it."),
        ),
        "name_not_text": ProblemMessage(
            _("Name is not text"),
            _("The name in message {n} is {type}; it has to be a text."),
            _("Delete the name, or write it as a text."),
        ),
        "name_empty": ProblemMessage(
            _("Empty name"),
            _("Message {n} has an empty name, which services refuse."),
            _("Fix it to take the empty name out."),
        ),
        "name_invalid": ProblemMessage(
            _("Name with forbidden characters"),
            _("“{name}” in message {n} is not a valid name: letters a to z, digits, _ and - only."),
            _("Fix it to put _ for what is forbidden."),
        ),
        "weight_invalid": ProblemMessage(
            _("Weight is neither 0 nor 1"),
            _("The weight of message {n} is {value}; only 0 (do not train on it) and 1 exist."),
            _("Choose with “train on this”."),
        ),
        "weight_misplaced": ProblemMessage(
            _("Weight on the wrong message"),
            _("Message {n} ({role}) has a weight; only assistant messages may."),
            _("Fix it to take the weight out: other messages are never trained on."),
        ),
        "no_assistant": ProblemMessage(
            _("No answer to learn"),
            _("The assistant says nothing in this example, so there is nothing to train on."),
            _("Write the answer, or delete the example."),
        ),
        "all_weights_zero": ProblemMessage(
            _("No answer is trained on"),
            _("Every assistant message has the weight 0, so there is nothing to train on."),
            _("Switch “train on this” on for at least one answer."),
        ),
        "last_not_assistant": ProblemMessage(
            _("Does not end with an answer"),
            _("The last message is the {role}'s; what follows the last answer is never used."),
            _("Write the answer, or delete the last message."),
        ),
        "no_user": ProblemMessage(
            _("Nobody asks"),
            _("No message is the user's: the model would learn to speak unasked."),
            _("Write what was asked, or delete the example."),
        ),
        "assistant_first": ProblemMessage(
            _("The assistant speaks first"),
            _("Message {n} is the assistant's, before the user has said anything."),
            _("Delete the greeting, or write what was asked; some base models refuse it."),
        ),
        "system_not_first": ProblemMessage(
            _("System message not at the beginning"),
            _("Message {n} is a system message; it belongs at the beginning."),
            _("Fix it to move it to the beginning."),
        ),
        "system_repeated": ProblemMessage(
            _("More than one system message"),
            _("Message {n} is a further system message; one, at the beginning, is usual."),
            _("Join the system messages to one."),
        ),
        "same_role_twice": ProblemMessage(
            _("The same role twice in a row"),
            _("Messages {before} and {n} are both the {role}'s; user and assistant take turns."),
            _("Merge the two, or write what is missing between them."),
        ),
        "over_token_limit": ProblemMessage(
            _("Too long"),
            _(
                "The example has {tokens} tokens, more than {limit}: its end, from message "
                "{message} of {messages} on, is cut off, and with it the answer."
            ),
            _("Shorten the example, or split it into several."),
        ),
    }


@cache
def tool_messages() -> dict[str, ProblemMessage]:
    """The messages by code."""
    return {
        "parallel_tool_calls_invalid": ProblemMessage(
            _("parallel_tool_calls is not true or false"),
            _("“parallel_tool_calls” is {type}; it has to be true or false."),
            _("Fix it in the Raw JSON tab."),
        ),
        "tools_not_a_list": ProblemMessage(
            _("The tools are not a list"),
            _("“tools” is {type}; it has to be a list of tools."),
            _("Fix it in the tools editor."),
            {
                "nothing": _("“tools” is a text that stands for no tools; it has to be left out."),
                "spelled": _("“tools” is the text of a list; it has to be the list itself."),
                "cut_off": _("“tools” is the text of a list that was cut off."),
                "object": _("“tools” is one object; it has to be a list of tools."),
            },
        ),
        "tool_invalid": ProblemMessage(
            _("Incomplete tool"),
            _("Tool {tool_number} is not complete."),
            _("Fix it in the tools editor."),
            {
                "not_an_object": _("Tool {tool_number} is {type}; a tool is an object."),
                "type": _("Tool {tool_number} lacks “type”: “function”."),
                "frame": _("Tool {tool_number} is a bare function: “type” around it is missing."),
                "function": _("Tool {tool_number} lacks the description of its function."),
                "name": _("Tool {tool_number} has no name."),
                "description": _("The description of tool {tool_number} is not text."),
                "strict": _("“strict” of tool {tool_number} is not true or false."),
                "parameters": _("The parameters of tool {tool_number} are not an object."),
            },
        ),
        "tool_name_invalid": ProblemMessage(
            _("Tool name with forbidden characters"),
            _("“{name}” is not a valid tool name: letters a to z, digits, _ and -, at most 64."),
            _("Rename the tool, and the calls to it."),
        ),
        "tool_repeated": ProblemMessage(
            _("Two tools of one name"),
            _("The tool “{name}” is declared twice."),
            _("Delete one of the two."),
        ),
        "too_many_tools": ProblemMessage(
            _("Too many tools"),
            _("The example declares {count} tools; at most {limit} are accepted."),
            _("Delete the tools that the example does not need."),
        ),
        "tool_parameters_invalid": ProblemMessage(
            _("Parameters are not a JSON Schema"),
            _("The parameters of tool {tool_number} are not a valid JSON Schema."),
            _("Fix them in the tools editor."),
            {
                "at": _(
                    "The parameters of tool {tool_number} are not a valid JSON Schema: “{at}” is "
                    "something that a schema cannot have there."
                ),
                "outside": _(
                    "The parameters of tool {tool_number} name a schema that does not stand in "
                    "them ($ref); nothing is fetched."
                ),
            },
        ),
        "tool_calls_not_a_list": ProblemMessage(
            _("Tool calls are not a list"),
            _("“tool_calls” of message {n} is {type}; it has to be a list."),
            _("Fix it in the Raw JSON tab."),
            {
                "nothing": _(
                    "“tool_calls” of message {n} is a text that stands for no calls; it has to be "
                    "left out."
                ),
                "spelled": _(
                    "“tool_calls” of message {n} is the text of a list; it has to be the list "
                    "itself."
                ),
                "cut_off": _("“tool_calls” of message {n} is the text of a list that was cut off."),
                "object": _("“tool_calls” of message {n} is one object; it has to be a list."),
            },
        ),
        "tool_calls_empty": ProblemMessage(
            _("Empty list of tool calls"),
            _("Message {n} has an empty list of tool calls."),
            _("Fix it to take the empty list out."),
        ),
        "tool_call_invalid": ProblemMessage(
            _("Incomplete tool call"),
            _("A tool call of message {n} is not complete."),
            _("Give the call an id, a tool and its arguments."),
            {
                "not_an_object": _("A tool call of message {n} is {type}; a call is an object."),
                "id": _("A tool call of message {n} has no id."),
                "type": _("A tool call of message {n} lacks “type”: “function”."),
                "frame": _(
                    "A tool call of message {n} lacks “function” around its name and arguments."
                ),
                "function": _("A tool call of message {n} does not say which tool it calls."),
                "name": _("A tool call of message {n} does not name its tool."),
                "arguments": _("A tool call of message {n} has no arguments."),
            },
        ),
        "tool_unknown": ProblemMessage(
            _("Call of an undeclared tool"),
            _("Message {n} calls the tool “{tool}”, which the example does not declare."),
            _("Declare the tool in the example, or correct the name."),
        ),
        "arguments_not_text": ProblemMessage(
            _("Arguments are not a text"),
            _("The arguments of the call of “{tool}” in message {n} are {type}, not a JSON text."),
            _("Fix it to write them as a text, as services expect."),
        ),
        "arguments_not_json": ProblemMessage(
            _("Arguments are not JSON"),
            _("The arguments of the call of “{tool}” in message {n} are not valid JSON."),
            _("Correct the arguments: the model would learn to make the same mistake."),
        ),
        "arguments_double_encoded": ProblemMessage(
            _("Arguments wrapped twice"),
            _("The arguments of the call of “{tool}” in message {n} are wrapped in a second text."),
            _("Fix it to take the second wrapping off."),
        ),
        "arguments_not_an_object": ProblemMessage(
            _("Arguments without names"),
            _("The arguments of the call of “{tool}” in message {n} are {type}, not an object."),
            _("Give each argument its name."),
        ),
        "arguments_do_not_fit": ProblemMessage(
            _("Arguments do not fit the tool"),
            _("The arguments of “{tool}” in message {n} do not fit its parameters."),
            _("Correct the arguments, or the parameters of the tool."),
            {
                "type": _(
                    "The argument “{at}” of “{tool}” in message {n} is {type}; its parameters ask "
                    "for {expected}."
                ),
                "required": _("The argument “{at}” of “{tool}” in message {n} is missing."),
                "additionalProperties": _(
                    "The parameters of “{tool}” know no argument “{at}”, which message {n} gives."
                ),
                "enum": _(
                    "The argument “{at}” of “{tool}” in message {n} is not one of the values that "
                    "its parameters allow: {expected}."
                ),
                "const": _(
                    "The argument “{at}” of “{tool}” in message {n} is not the one value that its "
                    "parameters allow: {expected}."
                ),
                "minimum": _(
                    "The argument “{at}” of “{tool}” in message {n} is less than {expected}, the "
                    "least that its parameters allow."
                ),
                "maximum": _(
                    "The argument “{at}” of “{tool}” in message {n} is more than {expected}, the "
                    "most that its parameters allow."
                ),
                "minItems": _(
                    "The argument “{at}” of “{tool}” in message {n} has too few entries: the least "
                    "is {expected}."
                ),
                "maxItems": _(
                    "The argument “{at}” of “{tool}” in message {n} has too many entries: the most "
                    "is {expected}."
                ),
                "minLength": _(
                    "The argument “{at}” of “{tool}” in message {n} is too short: the least is "
                    "{expected} characters."
                ),
                "maxLength": _(
                    "The argument “{at}” of “{tool}” in message {n} is too long: the most is "
                    "{expected} characters."
                ),
                "pattern": _(
                    "The argument “{at}” of “{tool}” in message {n} does not have the form that "
                    "its parameters ask for: {expected}."
                ),
                "anyOf": _(
                    "The argument “{at}” of “{tool}” in message {n} has none of the forms that its "
                    "parameters allow."
                ),
            },
        ),
        "tool_call_id_missing": ProblemMessage(
            _("Answer of a tool without its call"),
            _("Message {n} is a tool's answer but does not say to which call (tool_call_id)."),
            _("Choose the call that it answers."),
        ),
        "tool_call_id_unknown": ProblemMessage(
            _("Answer to a call that was not made"),
            _("Message {n} answers the call “{id}”, which no message before it makes."),
            _("Choose the call that it answers, or delete the message."),
        ),
        "tool_call_id_repeated": ProblemMessage(
            _("Two open calls with one id"),
            _("Message {n} makes a call with the id “{id}” while another with that id is open."),
            _("Give each call an id of its own."),
        ),
        "tool_call_unanswered": ProblemMessage(
            _("Call without an answer"),
            _("Message {n} calls “{tool}”, and no later message answers the call."),
            _("Add the tool's answer, or delete the call."),
        ),
        "function_call_legacy": ProblemMessage(
            _("Older form of tool calls"),
            _("The example uses “{key}” in the older form of tool calls."),
            _("Fix it to write the example in the form of today."),
            {},
        ),
        "function_call_invalid": ProblemMessage(
            _("Incomplete function call"),
            _("The function call of message {n} is not complete."),
            _("Give it a name and arguments."),
        ),
    }
