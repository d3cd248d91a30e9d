"""The words for problems of tools and tool calls."""

from functools import cache

from tunedesk.checks.wording.words import Words
from tunedesk.i18n import _


@cache
def tool_words() -> dict[str, Words]:
    """The words by code."""
    return {
        "parallel_tool_calls_invalid": Words(
            _("parallel_tool_calls is not true or false"),
            _("“parallel_tool_calls” is {type}; it has to be true or false."),
            _("Mend it in the Raw JSON tab."),
        ),
        "tools_not_a_list": Words(
            _("The tools are no list"),
            _("“tools” is {type}; it has to be a list of tools."),
            _("Mend it in the tools editor."),
        ),
        "tool_invalid": Words(
            _("Incomplete tool"),
            _("Tool {tool_number} is not complete."),
            _("Mend it in the tools editor."),
            {
                "not_an_object": _("Tool {tool_number} is {type}; a tool is an object."),
                "type": _("Tool {tool_number} lacks “type”: “function”."),
                "function": _("Tool {tool_number} lacks the description of its function."),
                "name": _("Tool {tool_number} has no name."),
                "description": _("The description of tool {tool_number} is no text."),
                "strict": _("“strict” of tool {tool_number} is not true or false."),
                "parameters": _("The parameters of tool {tool_number} are no object."),
            },
        ),
        "tool_name_invalid": Words(
            _("Tool name with forbidden characters"),
            _("“{name}” is no valid name of a tool: letters a to z, digits, _ and -, at most 64."),
            _("Rename the tool, and the calls to it."),
        ),
        "tool_repeated": Words(
            _("Two tools of one name"),
            _("The tool “{name}” is declared twice."),
            _("Delete one of the two."),
        ),
        "too_many_tools": Words(
            _("Too many tools"),
            _("The example declares {count} tools; at most {limit} are accepted."),
            _("Delete the tools that the example does not need."),
        ),
        "tool_parameters_invalid": Words(
            _("Parameters are no JSON Schema"),
            _("The parameters of tool {tool_number} are no valid JSON Schema: {reason}"),
            _("Mend them in the tools editor."),
        ),
        "tool_calls_not_a_list": Words(
            _("Tool calls are no list"),
            _("“tool_calls” of message {n} is {type}; it has to be a list."),
            _("Mend it in the Raw JSON tab."),
        ),
        "tool_calls_empty": Words(
            _("Empty list of tool calls"),
            _("Message {n} has an empty list of tool calls."),
            _("Fix it to take the empty list out."),
        ),
        "tool_call_invalid": Words(
            _("Incomplete tool call"),
            _("A tool call of message {n} is not complete."),
            _("Give the call an id, a tool and its arguments."),
            {
                "not_an_object": _("A tool call of message {n} is {type}; a call is an object."),
                "id": _("A tool call of message {n} has no id."),
                "type": _("A tool call of message {n} lacks “type”: “function”."),
                "function": _("A tool call of message {n} does not say which tool it calls."),
                "name": _("A tool call of message {n} does not name its tool."),
                "arguments": _("A tool call of message {n} has no arguments."),
            },
        ),
        "tool_unknown": Words(
            _("Call of an undeclared tool"),
            _("Message {n} calls the tool “{tool}”, which the example does not declare."),
            _("Declare the tool in the example, or correct the name."),
        ),
        "arguments_not_text": Words(
            _("Arguments are no text"),
            _("The arguments of the call of “{tool}” in message {n} are {type}, not a JSON text."),
            _("Fix it to write them as a text, as services expect."),
        ),
        "arguments_not_json": Words(
            _("Arguments are not JSON"),
            _("The arguments of the call of “{tool}” in message {n} are not valid JSON."),
            _("Correct the arguments: the model would learn to make the same mistake."),
        ),
        "arguments_double_encoded": Words(
            _("Arguments wrapped twice"),
            _("The arguments of the call of “{tool}” in message {n} are wrapped in a second text."),
            _("Fix it to take the second wrapping off."),
        ),
        "arguments_not_an_object": Words(
            _("Arguments without names"),
            _("The arguments of the call of “{tool}” in message {n} are {type}, not an object."),
            _("Give each argument its name."),
        ),
        "arguments_do_not_fit": Words(
            _("Arguments do not fit the tool"),
            _("The arguments of “{tool}” in message {n} do not fit its parameters: {reason}"),
            _("Correct the arguments, or the parameters of the tool."),
        ),
        "tool_call_id_missing": Words(
            _("Answer of a tool without its call"),
            _("Message {n} is a tool's answer but does not say to which call (tool_call_id)."),
            _("Choose the call that it answers."),
        ),
        "tool_call_id_unknown": Words(
            _("Answer to a call that was not made"),
            _("Message {n} answers the call “{id}”, which no message before it makes."),
            _("Choose the call that it answers, or delete the message."),
        ),
        "tool_call_id_repeated": Words(
            _("Two open calls with one id"),
            _("Message {n} makes a call with the id “{id}” while another with that id is open."),
            _("Give each call an id of its own."),
        ),
        "tool_call_unanswered": Words(
            _("Call without an answer"),
            _("Message {n} calls “{tool}”, and no later message answers the call."),
            _("Add the tool's answer, or delete the call."),
        ),
        "function_call_legacy": Words(
            _("Older form of tool calls"),
            _("The example uses “{key}” in the older form of tool calls."),
            _("Fix it to write the example in the form of today."),
            {},
        ),
        "function_call_invalid": Words(
            _("Incomplete function call"),
            _("The function call of message {n} is not complete."),
            _("Give it a name and arguments."),
        ),
    }
